package benchmarks

import (
	"errors"

	"github.com/lcbench/lcbench/datasets"
)

// ErrSample marks an error that costs one sample; the stream goes on.
var ErrSample = errors.New("sample not made")

func asRowError(err error) (*datasets.RowError, bool) {
	var row *datasets.RowError
	ok := errors.As(err, &row)
	return row, ok
}
