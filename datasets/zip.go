package datasets

import (
	"archive/zip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"strings"

	"github.com/klauspost/compress/flate"
)

// archive is an open zip file whose entries have been looked over. Entries
// are streamed, never unpacked to disk.
type archive struct {
	zr      *zip.Reader
	entries map[string]*zip.File
	limits  Limits
}

// newArchive reads the directory of a zip file. It refuses the archive as a
// whole if a single entry has a name that points out of it, stands twice or
// is a symbolic link: a data set has none of these, an attack does.
func newArchive(r io.ReaderAt, size int64, limits Limits) (*archive, error) {
	zr, err := zip.NewReader(r, size)
	if err != nil && !errors.Is(err, zip.ErrInsecurePath) {
		return nil, fmt.Errorf("not a whole zip file: %w", err)
	}
	zr.RegisterDecompressor(zip.Deflate, flate.NewReader)
	a := &archive{zr: zr, entries: make(map[string]*zip.File, len(zr.File)), limits: limits}
	for _, f := range zr.File {
		if err := checkEntry(f); err != nil {
			return nil, fmt.Errorf("unsafe zip file: entry %.200q %w", f.Name, err)
		}
		name := strings.TrimSuffix(f.Name, "/")
		if _, twice := a.entries[name]; twice {
			return nil, fmt.Errorf("unsafe zip file: entry %.200q stands twice", f.Name)
		}
		a.entries[name] = f
	}
	return a, nil
}

func checkEntry(f *zip.File) error {
	name := strings.TrimSuffix(f.Name, "/")
	switch {
	case strings.Contains(name, `\`):
		return errors.New("has a backslash in its name")
	case path.IsAbs(name):
		return errors.New("has an absolute path")
	case !fs.ValidPath(name) || name == "." || strings.Contains(name, ":") || strings.Contains(name, "\x00"):
		return errors.New("has a path that leaves the archive or is not clean")
	case f.Mode()&fs.ModeSymlink != 0:
		return errors.New("is a symbolic link")
	case !f.Mode().IsRegular() && !f.Mode().IsDir():
		return errors.New("is no regular file")
	}
	return nil
}

// open streams an entry, no more of it than it claims to hold.
func (a *archive) open(name string) (io.ReadCloser, error) {
	f, ok := a.entries[name]
	if !ok || f.Mode().IsDir() {
		return nil, fmt.Errorf("no entry %q in the zip file: %w", name, fs.ErrNotExist)
	}
	if f.Flags&1 != 0 {
		return nil, fmt.Errorf("entry %q is encrypted", name)
	}
	if f.UncompressedSize64 > 1<<62 || f.CompressedSize64 > 1<<62 {
		return nil, fmt.Errorf("entry %q claims an impossible size", name)
	}
	if err := a.limits.check(int64(f.CompressedSize64), int64(f.UncompressedSize64)); err != nil {
		return nil, fmt.Errorf("entry %q %w", name, err)
	}
	r, err := f.Open()
	if err != nil {
		return nil, fmt.Errorf("entry %q: %w", name, err)
	}
	return &entryReader{name: name, r: r}, nil
}

// entryReader names the entry in errors. That it holds no more than it claims
// is seen to by archive/zip, and its checksum too.
type entryReader struct {
	name string
	r    io.ReadCloser
}

func (e *entryReader) Read(p []byte) (int, error) {
	n, err := e.r.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		err = fmt.Errorf("entry %q: %w", e.name, err)
	}
	return n, err
}

func (e *entryReader) Close() error { return e.r.Close() }

// openEntry opens one entry of the zip file at path; the file is closed with
// the stream.
func openEntry(file, entry string, limits Limits) (io.ReadCloser, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	r, err := entryOf(f, entry, limits)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", file, err), f.Close())
	}
	return &stackedReader{Reader: r, closers: []func() error{r.Close, f.Close}}, nil
}

func entryOf(f *os.File, entry string, limits Limits) (io.ReadCloser, error) {
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	a, err := newArchive(f, info.Size(), limits)
	if err != nil {
		return nil, err
	}
	return a.open(entry)
}

// stackedReader is a reader over others that are to be closed with it,
// outermost first.
type stackedReader struct {
	io.Reader
	closers []func() error
	closed  bool
}

func (s *stackedReader) Close() error {
	if s.closed {
		return nil
	}
	s.closed = true
	var errs []error
	for _, c := range s.closers {
		errs = append(errs, c())
	}
	return errors.Join(errs...)
}
