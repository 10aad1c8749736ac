package results

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"
)

// maxRecord bounds one line of a journal, an index or a cache: longer ones are
// taken for damage and skipped without being held in memory.
const maxRecord = 64 << 20

// line is one line of an append-only file.
type line struct {
	number int   // from 1
	offset int64 // of its first byte
	length int   // without the line feed
	// data is the line without its line feed, valid until the next line; nil if
	// it is longer than maxRecord.
	data []byte
	// torn says that the file ends before a line feed.
	torn bool
}

// end is where the next line starts.
func (l line) end() int64 {
	if l.torn {
		return l.offset + int64(l.length)
	}
	return l.offset + int64(l.length) + 1
}

// scanLines calls visit for each line from r's position, which is offset. It
// holds one line at a time.
func scanLines(r io.Reader, offset int64, visit func(line) error) error {
	in := bufio.NewReaderSize(r, 64<<10)
	var long []byte
	for number := 1; ; number++ {
		l := line{number: number, offset: offset}
		long = long[:0]
		tooLong := false
		for {
			piece, err := in.ReadSlice('\n')
			l.length += len(piece)
			if errors.Is(err, bufio.ErrBufferFull) || len(long) > 0 || tooLong {
				if tooLong = tooLong || len(long)+len(piece) > maxRecord; !tooLong {
					long = append(long, piece...)
					piece = long
				}
			}
			if errors.Is(err, bufio.ErrBufferFull) {
				continue
			}
			if err != nil && !errors.Is(err, io.EOF) {
				return err
			}
			l.torn = err != nil
			l.data = piece
			break
		}
		if l.length == 0 {
			return nil
		}
		if !l.torn {
			l.length--
		}
		if tooLong {
			l.data = nil
		} else {
			l.data = bytes.TrimSuffix(l.data, []byte{'\n'})
		}
		if err := visit(l); err != nil {
			return err
		}
		offset = l.end()
	}
}

// marshalLine encodes v as one line with its line feed. Unlike json.Marshal it
// leaves <, > and & as they are, for people who read the file.
func marshalLine(v any) ([]byte, error) {
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}
