package builtin

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"

	"github.com/lcbench/lcbench/datasets"
)

// generated is a source of files that are made when they are first opened.
type generated struct {
	world *World
	// file makes one file; an error that wraps fs.ErrNotExist says that there is
	// none of that name.
	file func(name string) ([]byte, error)

	mu     sync.Mutex
	made   map[string][]byte
	opened []datasets.FileInfo
}

var _ datasets.Source = (*generated)(nil)

// Origin implements datasets.Source.
func (s *generated) Origin() datasets.Origin {
	s.mu.Lock()
	defer s.mu.Unlock()
	files := slices.Clone(s.opened)
	slices.SortFunc(files, func(a, b datasets.FileInfo) int { return strings.Compare(a.Name, b.Name) })
	return datasets.Origin{Kind: "builtin", Place: fmt.Sprintf("seed %d", s.world.Seed()), Files: files}
}

// Open implements datasets.Source.
func (s *generated) Open(ctx context.Context, name string) (io.ReadCloser, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	raw, ok := s.made[name]
	if !ok {
		var err error
		if raw, err = s.file(name); err != nil {
			return nil, fmt.Errorf("builtin: %w", err)
		}
		if s.made == nil {
			s.made = map[string][]byte{}
		}
		s.made[name] = raw
		sum := sha256.Sum256(raw)
		s.opened = append(s.opened, datasets.FileInfo{Name: name, SHA256: hex.EncodeToString(sum[:]), Bytes: int64(len(raw))})
	}
	return io.NopCloser(bytes.NewReader(raw)), nil
}
