package results

import (
	"errors"
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
		return PickRows(partPath(dir), nil)
	}
	return ReadRows(path)
}
