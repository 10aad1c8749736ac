package datasets

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
)

// RandomAccess is a source that can open plain files for reading at any
// place, as parquet needs it.
type RandomAccess interface {
	Source
	// OpenAt opens a file that is stored as it is (not inside of an archive,
	// not compressed as a whole); errors.ErrUnsupported for others.
	OpenAt(ctx context.Context, name string) (File, error)
}

// File is an open file of known size.
type File interface {
	io.ReaderAt
	io.Closer
	Size() int64
}

type plainFile struct {
	*os.File
	size int64
}

func (f plainFile) Size() int64 { return f.size }

func openPlainFile(file string) (File, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return plainFile{f, info.Size()}, nil
}

// OpenAt opens a plain file. It is hashed first: whoever reads at random
// never reads it all.
func (s *FolderSource) OpenAt(ctx context.Context, name string) (File, error) {
	if err := checkName(name); err != nil {
		return nil, err
	}
	file, _, err := s.find(name)
	if err != nil {
		return nil, err
	}
	if file == "" || path.Ext(file) != path.Ext(name) {
		return nil, fmt.Errorf("%s: not a plain file: %w", name, errors.ErrUnsupported)
	}
	sum, size, err := hashFile(ctx, file)
	if err != nil {
		return nil, err
	}
	s.files.add(FileInfo{Name: name, SHA256: sum, Bytes: size, Pinned: s.pinned(name, sum)})
	return openPlainFile(file)
}

// memoryLimit is the largest file that openAt reads into memory.
const memoryLimit = 256 << 20

// openAt opens a file for random access from any source: directly where that
// is offered, otherwise by reading it into memory, if it is small enough.
func openAt(ctx context.Context, src Source, name string) (File, error) {
	if ra, ok := src.(RandomAccess); ok {
		f, err := ra.OpenAt(ctx, name)
		if !errors.Is(err, errors.ErrUnsupported) {
			return f, err
		}
	}
	b, err := ReadFile(ctx, src, name, memoryLimit)
	if err != nil {
		return nil, err
	}
	return memoryFile{bytes.NewReader(b)}, nil
}

type memoryFile struct{ *bytes.Reader }

func (memoryFile) Close() error { return nil }
