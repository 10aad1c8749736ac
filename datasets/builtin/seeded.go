package builtin

import (
	"context"
	"fmt"
	"io"
	"io/fs"

	"github.com/lcbench/lcbench/datasets"
)

// Seeded returns a source without files, for benchmarks that draw their
// contexts themselves: every file is an error that wraps fs.ErrNotExist.
func Seeded(seed uint64) datasets.Source { return seeded(seed) }

type seeded uint64

var _ datasets.Source = seeded(0)

// Origin implements datasets.Source.
func (s seeded) Origin() datasets.Origin {
	return datasets.Origin{Kind: "builtin", Place: fmt.Sprintf("seed %d", uint64(s))}
}

// Open implements datasets.Source.
func (s seeded) Open(ctx context.Context, name string) (io.ReadCloser, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return nil, fmt.Errorf("builtin: %w", &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist})
}
