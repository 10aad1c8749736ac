package datasets

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"testing"
)

// memory is a Source over byte slices, which may lie about reading.
type memory struct {
	files map[string][]byte
	// chunk, if not 0, is the most that one Read gives.
	chunk int
	// broken, if not nil, is what Read returns at the end of the bytes.
	broken error
	closed int
}

func (m *memory) Open(_ context.Context, name string) (io.ReadCloser, error) {
	b, ok := m.files[name]
	if !ok {
		return nil, fmt.Errorf("%s: %w", name, fs.ErrNotExist)
	}
	return &memoryStream{m: m, r: bytes.NewReader(b)}, nil
}

func (m *memory) Origin() Origin { return Origin{Kind: "test"} }

type memoryStream struct {
	m *memory
	r *bytes.Reader
}

func (s *memoryStream) Read(p []byte) (int, error) {
	if s.m.chunk > 0 && len(p) > s.m.chunk {
		p = p[:s.m.chunk]
	}
	n, err := s.r.Read(p)
	if errors.Is(err, io.EOF) && s.m.broken != nil {
		err = s.m.broken
	}
	return n, err
}

func (s *memoryStream) Close() error {
	s.m.closed++
	return nil
}

// drain collects a stream's rows as "number text" and its errors as strings.
func drain(seq iter.Seq2[Line, error]) (rows, errs []string) {
	for l, err := range seq {
		if err != nil {
			errs = append(errs, err.Error())
			continue
		}
		rows = append(rows, fmt.Sprintf("%d %s", l.Number, l.Text))
	}
	return rows, errs
}

// sharedFile returns the path of a file of the reference data, skipping the
// test where there is none; under CI it fails.
func sharedFile(tb testing.TB, name string) string {
	tb.Helper()
	dir := os.Getenv("LCBENCH_SHARED")
	if dir == "" {
		dir = filepath.Join("..", "..", "shared")
	}
	file := filepath.Join(dir, "data", filepath.FromSlash(name))
	if _, err := os.Stat(file); err != nil {
		if os.Getenv("CI") != "" {
			tb.Fatalf("reference data: %v (set LCBENCH_SHARED)", err)
		}
		tb.Skipf("no reference data: %v (set LCBENCH_SHARED)", err)
	}
	return file
}

func write(tb testing.TB, file string, b []byte) {
	tb.Helper()
	if err := os.MkdirAll(filepath.Dir(file), 0o777); err != nil {
		tb.Fatal(err)
	}
	if err := os.WriteFile(file, b, 0o666); err != nil {
		tb.Fatal(err)
	}
}
