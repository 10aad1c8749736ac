package datasets

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"sync"
)

// FolderSource is a Source over a local folder: the user's own copy of the
// files, which may differ from the official ones.
type FolderSource struct {
	dir    string
	pins   []Pin
	limits Limits
	files  record

	mu     sync.Mutex
	hashes map[string]string // of zip files, by path
}

var (
	_ Source       = (*FolderSource)(nil)
	_ RandomAccess = (*FolderSource)(nil)
	_ Lister       = (*FolderSource)(nil)
)

// Folder returns a source over dir. The file N is looked for as dir/N,
// dir/data/N, both with .gz or .zst behind them, at the place that its pin
// has in the official repository, and last inside of the zip files that pins
// with Members name.
//
// Files are hashed as they are stored while they stream; a stream that is
// closed early is hashed to its end then, unless the context was cancelled
// (the file is left out of Origin in that case). Reads and Close of one stream
// must not overlap.
func Folder(dir string, pins []Pin) *FolderSource {
	return &FolderSource{dir: dir, pins: pins, hashes: map[string]string{}}
}

// WithLimits sets the limits on what compressed files may expand to.
func (s *FolderSource) WithLimits(l Limits) *FolderSource {
	return &FolderSource{dir: s.dir, pins: s.pins, limits: l, hashes: map[string]string{}}
}

// Origin tells the folder and what was read of it.
func (s *FolderSource) Origin() Origin {
	return Origin{Kind: "folder", Place: s.dir, Files: s.files.list()}
}

// Open opens a file, decompressed.
func (s *FolderSource) Open(ctx context.Context, name string) (io.ReadCloser, error) {
	if err := checkName(name); err != nil {
		return nil, err
	}
	file, tried, err := s.find(name)
	if err != nil {
		return nil, err
	}
	if file != "" {
		return s.openPlain(ctx, name, file)
	}
	r, zips, err := s.openMember(ctx, name)
	if err != nil || r != nil {
		return r, err
	}
	return nil, &fs.PathError{Op: "open", Path: name, Err: fmt.Errorf("%w: looked for %s",
		fs.ErrNotExist, strings.Join(append(tried, zips...), ", "))}
}

// Names lists the files of a folder below the source's, "." for its own, in the
// order of their names; a missing folder is an error that wraps fs.ErrNotExist.
func (s *FolderSource) Names(ctx context.Context, dir string) ([]string, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if dir != "." {
		if err := checkName(dir); err != nil {
			return nil, err
		}
	}
	entries, err := os.ReadDir(filepath.Join(s.dir, filepath.FromSlash(dir)))
	if err != nil {
		return nil, err
	}
	var names []string
	for _, e := range entries {
		name := path.Join(dir, e.Name())
		if ok, err := isFile(filepath.Join(s.dir, filepath.FromSlash(name))); err != nil {
			return nil, err
		} else if ok && checkName(name) == nil {
			names = append(names, name)
		}
	}
	return names, nil
}

// checkName refuses logical names that could leave a folder.
func checkName(name string) error {
	if !fs.ValidPath(name) || name == "." || !filepath.IsLocal(filepath.FromSlash(name)) || strings.Contains(name, `\`) {
		return fmt.Errorf("%q is no file name of a data set: %w", name, fs.ErrInvalid)
	}
	return nil
}

// find returns the path of the file called name, "" if there is none, and
// the paths where it looked.
func (s *FolderSource) find(name string) (file string, tried []string, err error) {
	places := []string{name, path.Join("data", name)}
	names := places
	for _, end := range []string{".gz", ".zst"} {
		for _, p := range places {
			names = append(names, p+end)
		}
	}
	for _, p := range s.pins {
		if p.Name == name && p.Path != name && checkName(p.Path) == nil {
			names = append(names, p.Path)
		}
	}
	for _, n := range names {
		file = filepath.Join(s.dir, filepath.FromSlash(n))
		tried = append(tried, file)
		switch ok, err := isFile(file); {
		case err != nil:
			return "", nil, err
		case ok:
			return file, tried, nil
		}
	}
	return "", tried, nil
}

// isFile says whether a file (not a folder) stands at a path; only not being
// there is no error.
func isFile(file string) (bool, error) {
	info, err := os.Stat(file)
	switch {
	case errors.Is(err, fs.ErrNotExist) || errors.Is(err, errNotDir):
		return false, nil
	case err != nil:
		return false, err
	}
	return !info.IsDir(), nil
}

func (s *FolderSource) openPlain(ctx context.Context, name, file string) (io.ReadCloser, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	h := newHashReader(f)
	r, err := decompress(h, file, s.limits)
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	note := func() error {
		if h.finish(ctx) == nil {
			s.files.add(FileInfo{Name: name, SHA256: h.hex(), Bytes: h.n, Pinned: s.pinned(name, h.hex())})
		}
		return nil
	}
	return &stackedReader{Reader: r, closers: []func() error{r.Close, note, f.Close}}, nil
}

// pinned says whether sum is what the pins name for a file or an entry.
func (s *FolderSource) pinned(name, sum string) bool {
	for _, p := range s.pins {
		if p.Name == name && p.SHA256 != "" && p.SHA256 == sum {
			return true
		}
		if p.Members != "" && p.MemberSHA256[name] == sum {
			return true
		}
	}
	return false
}

// zipPlaces are the paths at which the pinned zip file p may stand.
func (s *FolderSource) zipPlaces(p Pin) []string {
	var places []string
	for _, n := range []string{p.Name, p.Path, path.Base(p.Path)} {
		file := filepath.Join(s.dir, filepath.FromSlash(n))
		if n != "" && checkName(n) == nil && (len(places) == 0 || places[len(places)-1] != file) {
			places = append(places, file)
		}
	}
	return places
}

// openMember opens name as an entry of one of the pinned zip files. It
// returns nil if no zip file has it.
func (s *FolderSource) openMember(ctx context.Context, name string) (r io.ReadCloser, tried []string, err error) {
	for _, p := range s.pins {
		if p.Members == "" {
			continue
		}
		for _, file := range s.zipPlaces(p) {
			tried = append(tried, "in "+file)
			if ok, err := isFile(file); err != nil {
				return nil, nil, err
			} else if !ok {
				continue
			}
			r, err := s.openEntry(ctx, p, file, name)
			if !errors.Is(err, fs.ErrNotExist) {
				return r, nil, err
			}
		}
	}
	return nil, tried, nil
}

func (s *FolderSource) openEntry(ctx context.Context, p Pin, file, name string) (io.ReadCloser, error) {
	r, err := openEntry(file, p.Members+name, s.limits)
	if err != nil {
		return nil, err
	}
	whole, err := s.zipHash(ctx, file)
	if err != nil {
		return nil, errors.Join(err, r.Close())
	}
	official := p.SHA256 != "" && p.SHA256 == whole
	h := newHashReader(r)
	note := func() error {
		if h.finish(ctx) == nil {
			s.files.add(FileInfo{Name: name, SHA256: h.hex(), Bytes: h.n, Pinned: official || s.pinned(name, h.hex())})
		}
		return nil
	}
	plain, err := decompress(h, name, s.limits)
	if err != nil {
		return nil, errors.Join(err, r.Close())
	}
	return &stackedReader{Reader: plain, closers: []func() error{plain.Close, note, r.Close}}, nil
}

// zipHash returns the sha256 of a zip file, computed once, and notes the file
// as opened.
func (s *FolderSource) zipHash(ctx context.Context, file string) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if sum, ok := s.hashes[file]; ok {
		return sum, nil
	}
	sum, size, err := hashFile(ctx, file)
	if err != nil {
		return "", err
	}
	s.hashes[file] = sum
	name := filepath.Base(file)
	for _, p := range s.pins {
		if p.Members != "" && (p.Name == name || path.Base(p.Path) == name) {
			s.files.add(FileInfo{Name: p.Name, SHA256: sum, Bytes: size, Pinned: p.SHA256 == sum})
		}
	}
	return sum, nil
}
