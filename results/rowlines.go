package results

import (
	"errors"
	"fmt"
	"io"
	"iter"
)

// RowLine is a line of a file of rows, and where it stands.
type RowLine struct {
	Offset int64 // of its first byte
	Length int   // without the line feed
	// Data is the line, valid until the next one; nil if it is longer than a row
	// may be.
	Data []byte
}

// RowLines streams the lines of a file of rows from r's position, which is
// offset. A last line without its end, which may still be being written, is left
// out. An error of r is yielded last.
func RowLines(r io.Reader, offset int64) iter.Seq2[RowLine, error] {
	return func(yield func(RowLine, error) bool) {
		stop := errors.New("stop")
		err := scanLines(r, offset, func(l line) error {
			if !l.torn && !yield(RowLine{l.offset, l.length, l.data}, nil) {
				return stop
			}
			return nil
		})
		if err != nil && !errors.Is(err, stop) {
			yield(RowLine{}, fmt.Errorf("results: rows: %w", err))
		}
	}
}

// ParseRow reads a line of a file of rows.
func ParseRow(data []byte) (Row, error) { return parseRow(data) }

// UnsortedRowsFile is where a run that runs, or was killed, has its rows in the
// order in which they came; it may lie beside the rows of an earlier start.
func UnsortedRowsFile(dir string) string { return partPath(dir) }
