// Package replay is the model that answers from a file of recorded answers:
// one JSON object a line, {"id", "answer"}, or a run's own samples.jsonl and
// journal, {"id", "text", …}.
package replay

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/lcbench/lcbench/runners"
)

// Model answers requests by their SampleID. It holds where each record stands
// in the file, and no texts. Close it after use.
type Model struct {
	name  string
	file  *os.File
	lines map[string]line
}

var _ runners.Model = (*Model)(nil)

// line is a record's place in the file, in bytes.
type line struct {
	at     int64
	length int
	number int // from 1
}

// Open reads the whole file once. A line that isn't a record, and a second
// answer to the same sample, are errors that name the line. Records of samples
// that have no answer (a run's status "error" or "context_overflow") are
// passed over.
func Open(path string) (*Model, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("replay: %w", err)
	}
	m := &Model{name: filepath.Base(path), file: file, lines: map[string]line{}}
	if err := m.index(path); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return m, nil
}

// Close closes the file.
func (m *Model) Close() error { return m.file.Close() }

// Len is the number of samples that have an answer.
func (m *Model) Len() int { return len(m.lines) }

// Generate implements runners.Model. A sample without a recorded answer is a
// request error that names it.
func (m *Model) Generate(ctx context.Context, r runners.Request) (runners.Response, error) {
	if err := ctx.Err(); err != nil {
		return runners.Response{}, err
	}
	l, ok := m.lines[r.SampleID]
	if !ok {
		return runners.Response{}, requestError("replay: %s has no answer to %s", m.name, r.SampleID)
	}
	raw := make([]byte, l.length)
	if _, err := m.file.ReadAt(raw, l.at); err != nil {
		return runners.Response{}, requestError("replay: %s:%d: %w", m.name, l.number, err)
	}
	rec, err := decode(raw)
	if err != nil || rec.ID != r.SampleID {
		return runners.Response{}, requestError("replay: %s:%d: the file has changed since it was opened", m.name, l.number)
	}
	return rec.response(r), nil
}

func requestError(format string, args ...any) error {
	return &runners.CallError{Kind: runners.ErrRequest, Err: fmt.Errorf(format, args...)}
}

// index notes where each answer stands.
func (m *Model) index(path string) error {
	info, err := m.file.Stat()
	if err != nil {
		return fmt.Errorf("replay: %w", err)
	}
	if info.IsDir() {
		return fmt.Errorf("replay: %s is a folder, want a jsonl file of answers", path)
	}
	return eachLine(m.file, func(raw []byte, l line) error {
		if err := m.add(raw, l); err != nil {
			return fmt.Errorf("replay: %s:%d: %w", path, l.number, err)
		}
		return nil
	})
}

func (m *Model) add(raw []byte, l line) error {
	rec, err := decode(raw)
	if err != nil {
		return err
	}
	if rec.Status.Lost() {
		return nil
	}
	if first, twice := m.lines[rec.ID]; twice {
		return fmt.Errorf("a second answer to %s, the first is in line %d", rec.ID, first.number)
	}
	m.lines[rec.ID] = l
	return nil
}
