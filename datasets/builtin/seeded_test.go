package builtin

import (
	"context"
	"errors"
	"io/fs"
	"testing"
)

func TestASeededSourceHasItsSeedAndNoFiles(t *testing.T) {
	s := Seeded(7)
	if o := s.Origin(); o.Kind != "builtin" || o.Place != "seed 7" || len(o.Files) > 0 {
		t.Errorf("origin %+v", o)
	}
	if _, err := s.Open(t.Context(), "a.jsonl"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v, want an error that wraps fs.ErrNotExist", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.Open(ctx, "a.jsonl"); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}
