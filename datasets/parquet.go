package datasets

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"

	"github.com/parquet-go/parquet-go"
)

// parquetBatch is how many rows are read together. Contexts are long: more
// would only cost memory.
const parquetBatch = 8

// Parquet streams the rows of a parquet file, each as the JSON object that a
// jsonl file would hold: strings, numbers, booleans, null, lists and groups.
// Bytes that aren't UTF-8 text and numbers that JSON lacks (NaN) make a row a
// *RowError, and the stream goes on; a corrupt file ends it with an error.
// One page of each column is held in memory at a time. Number counts rows
// from 1.
func Parquet(ctx context.Context, src Source, name string) iter.Seq2[Line, error] {
	return func(yield func(Line, error) bool) {
		f, err := openAt(ctx, src, name)
		if err != nil {
			yield(Line{}, err)
			return
		}
		err = readParquet(ctx, f, name, yield)
		closed := f.Close()
		switch {
		case errors.Is(err, errStopped):
		case ctx.Err() != nil && err != nil:
			yield(Line{}, ctx.Err())
		case err != nil || closed != nil:
			yield(Line{}, fmt.Errorf("%s: %w", name, errors.Join(err, closed)))
		}
	}
}

func readParquet(ctx context.Context, f File, name string, yield func(Line, error) bool) error {
	t, err := openTable(f)
	if err != nil {
		return err
	}
	number := 0
	for i := range t.groups {
		g, err := t.group(i)
		if err != nil {
			return fmt.Errorf("row group %d: %w", i, err)
		}
		err = g.each(ctx, func(text []byte, bad error) bool {
			number++
			l := Line{Number: number, Text: text}
			if bad != nil {
				l, bad = Line{}, rowError(name, number, bad)
			}
			return yield(l, bad)
		})
		if err = errors.Join(err, g.close()); err != nil {
			return err
		}
	}
	return nil
}

// table is an open parquet file. The library panics on some broken files;
// every call into it goes through guard.
type table struct {
	file   *parquet.File
	in     File
	groups []parquet.RowGroup
}

// guard turns a panic of the library into an error.
func guard(call func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("corrupt parquet file: %.200v", p)
		}
	}()
	return call()
}

func openTable(in File) (*table, error) {
	if err := checkFooter(in); err != nil {
		return nil, err
	}
	t := &table{in: in}
	return t, guard(func() (err error) {
		t.file, err = parquet.OpenFile(in, in.Size(), parquet.SkipPageIndex(true), parquet.SkipBloomFilters(true),
			parquet.FileReadMode(parquet.ReadModeSync), parquet.ReadBufferSize(64<<10))
		if err == nil {
			t.groups = t.file.RowGroups()
		}
		return err
	})
}

func (t *table) group(i int) (*rowGroup, error) {
	meta := t.file.Metadata()
	if i >= len(meta.RowGroups) {
		return nil, errors.New("corrupt parquet file: row group without metadata")
	}
	for _, c := range meta.RowGroups[i].Columns {
		if err := checkPages(t.in, c.MetaData); err != nil {
			return nil, err
		}
	}
	g := &rowGroup{schema: t.file.Schema()}
	return g, guard(func() error {
		g.rows = t.groups[i].Rows()
		return nil
	})
}

type rowGroup struct {
	schema *parquet.Schema
	rows   parquet.Rows
}

func (g *rowGroup) close() error {
	return guard(func() error { return g.rows.Close() })
}

// each calls row for every row of the group until it returns false. What
// guard must not swallow, a panic of the consumer, stays outside of it.
func (g *rowGroup) each(ctx context.Context, row func(text []byte, bad error) bool) error {
	batch := make([]parquet.Row, parquetBatch)
	w := rowWriter{}
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		var n int
		var end error
		err := guard(func() error {
			n, end = g.rows.ReadRows(batch)
			return nil
		})
		if err != nil {
			return err
		}
		for _, r := range batch[:n] {
			var text []byte
			var bad error
			if err := guard(func() error { text, bad = w.row(g.schema, r); return nil }); err != nil {
				bad = err
			}
			if !row(text, bad) {
				return errStopped
			}
		}
		switch {
		case errors.Is(end, io.EOF):
			return nil
		case end != nil:
			return fmt.Errorf("corrupt parquet file: %w", end)
		case n == 0:
			return io.ErrNoProgress
		}
	}
}
