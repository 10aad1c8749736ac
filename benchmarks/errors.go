package benchmarks

import (
	"errors"

	"github.com/lcbench/lcbench/datasets"
)

// ErrSample marks an error that costs one sample; the stream goes on.
var ErrSample = errors.New("sample not made")

// SampleError says why a sample could not be made at the length asked for.
type SampleError struct {
	SampleID string
	// Reason is the cause without this sample's own figures: the same text for
	// all samples that miss for the same cause.
	Reason string
	// Err wraps ErrSample or ErrContextOverflow.
	Err error
}

func (e *SampleError) Error() string { return e.SampleID + ": " + e.Err.Error() }

func (e *SampleError) Unwrap() error { return e.Err }

func asRowError(err error) (*datasets.RowError, bool) {
	var row *datasets.RowError
	ok := errors.As(err, &row)
	return row, ok
}
