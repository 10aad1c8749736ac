package datasets

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"path"
	"strings"
)

// Rows streams the rows of a file, each turned into a T by decode, which gets
// a row's JSON text and must not keep it. The name tells the format: .json is
// an array of objects (JSONArray), .parquet a table whose rows are given as JSON
// objects (Parquet), anything else one object a line (Lines); .gz and .zst
// behind it don't matter.
//
// A row that cannot be read, or that decode refuses, is yielded as a *RowError
// with a zero T, and the stream goes on; a *FieldError in decode's error names
// the field. A broken source or a cancelled context is yielded last.
func Rows[T any](ctx context.Context, src Source, name string, decode func(line []byte) (T, error)) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for line, err := range texts(ctx, src, name) {
			var row T
			if err == nil {
				if row, err = decode(line.Text); err != nil {
					var zero T
					row, err = zero, rowError(name, line.Number, err)
				}
			}
			if !yield(row, err) {
				return
			}
		}
	}
}

func texts(ctx context.Context, src Source, name string) iter.Seq2[Line, error] {
	plain := strings.TrimSuffix(strings.TrimSuffix(name, ".gz"), ".zst")
	switch path.Ext(plain) {
	case ".json":
		return JSONArray(ctx, src, name)
	case ".parquet":
		return Parquet(ctx, src, name)
	}
	return Lines(ctx, src, name)
}

func rowError(name string, number int, err error) error {
	e := &RowError{File: name, Line: number, Err: err}
	var field *FieldError
	if errors.As(err, &field) {
		e.Field, e.Err = field.Field, field.Err
	}
	return e
}

// ReadFile reads a small file whole; one of more than limit bytes is an error.
func ReadFile(ctx context.Context, src Source, name string, limit int64) ([]byte, error) {
	r, err := src.Open(ctx, name)
	if err != nil {
		return nil, err
	}
	b, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err = errors.Join(err, r.Close()); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if int64(len(b)) > limit {
		return nil, fmt.Errorf("%s: longer than %d bytes", name, limit)
	}
	return b, nil
}
