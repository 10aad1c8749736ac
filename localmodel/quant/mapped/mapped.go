// Package mapped opens weight files as read-only memory. A model of some
// gigabytes is then open at once, its pages are read when they are used, and
// two processes share them.
package mapped

import (
	"fmt"
	"os"
	"sync"
)

// File is an open weight file.
type File struct {
	// Data is the whole file. It must not be written to, and not be used after
	// Close. Where it is mapped (unix, windows), a file that another process
	// shortens takes this process down when the lost part is read: replace model
	// files by renaming, not by overwriting.
	Data []byte

	once    sync.Once
	release func([]byte) error
	err     error
}

// Open maps the regular file path. An empty file has empty Data.
func Open(path string) (*File, error) {
	f, err := openRegular(path)
	if err != nil {
		return nil, err
	}
	defer f.Close() //nolint:errcheck // read only, and a mapping outlives its descriptor
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if info.Size() == 0 {
		return &File{}, nil
	}
	if int64(int(info.Size())) != info.Size() {
		return nil, fmt.Errorf("%s: %d bytes are too many for this machine", path, info.Size())
	}
	data, err := acquire(f, int(info.Size()))
	if err != nil {
		return nil, fmt.Errorf("%s: mapping %d bytes: %w", path, info.Size(), err)
	}
	return &File{Data: data, release: release}, nil
}

// openRegular asks what path is before opening it: opening a named pipe would
// wait for a writer.
func openRegular(path string) (*os.File, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if info.IsDir() {
		return nil, fmt.Errorf("%s: is a folder, want a file", path)
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s: not a regular file", path)
	}
	return os.Open(path)
}

// Close gives the memory back. Further calls return what the first returned.
func (f *File) Close() error {
	f.once.Do(func() {
		if f.release != nil {
			f.err = f.release(f.Data)
		}
		f.Data = nil
	})
	return f.err
}
