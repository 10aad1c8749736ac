package results

import (
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
)

// RowsSoFar streams the rows of a run's folder as far as it got: samples.jsonl,
// or, of a run that was killed before it was written, the rows in the order in
// which they came. Of those a last line that was being written is left out. A
// line that isn't a row is yielded as an error that names it. The error of a
// folder without rows is fs.ErrNotExist.
func RowsSoFar(dir string) iter.Seq2[Row, error] {
	path := filepath.Join(dir, samplesFile)
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return wholeRows(partPath(dir))
	}
	return ReadRows(path)
}

// wholeRows are the rows of a file that may end within a line.
func wholeRows(path string) iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		f, err := os.Open(path)
		if err != nil {
			yield(Row{}, fmt.Errorf("results: %w", err))
			return
		}
		defer func() { _ = f.Close() }() // nothing was written
		stop := errors.New("stop")
		err = scanLines(f, 0, func(l line) error {
			if l.torn {
				return nil
			}
			row, err := parseRow(l.data)
			if err != nil {
				err = fmt.Errorf("results: %s: %w", place(path, l.number), err)
			}
			if !yield(row, err) {
				return stop
			}
			return nil
		})
		if err != nil && !errors.Is(err, stop) {
			yield(Row{}, fmt.Errorf("results: %s: %w", path, err))
		}
	}
}
