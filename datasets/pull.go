package datasets

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
)

// State is what became of a pinned file on this machine.
type State string

// The states of a pinned file.
const (
	StateOK       State = "ok"       // there, with the pinned sha256
	StateMissing  State = "missing"  // not there
	StateDiffers  State = "differs"  // there, with another sha256
	StateUnpinned State = "unpinned" // there, but no sha256 is known to compare with
	StatePresent  State = "present"  // there, not looked into (List)
)

// Stored is a pinned file and its copy on this machine.
type Stored struct {
	Pin Pin
	// Name is the pin's, or that of an entry of its zip file where a folder
	// holds the unpacked entries.
	Name   string
	Path   string // where it is, or where it is wanted
	Bytes  int64  // of the copy; 0 if there is none
	SHA256 string // of the copy; "" if it was not computed
	State  State
}

// Local is a source that knows the copies of pinned files on this machine:
// *Hub and *FolderSource.
type Local interface {
	Source
	// stored lists the copies, without looking into them.
	stored() ([]Stored, error)
}

var (
	_ Local = (*Hub)(nil)
	_ Local = (*FolderSource)(nil)
)

// List tells of each pinned file whether and where it is, without reading it.
func List(src Local, names ...string) ([]Stored, error) {
	all, err := src.stored()
	if err != nil {
		return nil, err
	}
	return choose(all, names)
}

// Verify reads each pinned file that is there and compares its sha256.
func Verify(ctx context.Context, src Local, names ...string) ([]Stored, error) {
	list, err := List(src, names...)
	if err != nil {
		return nil, err
	}
	for i := range list {
		if err := list[i].verify(ctx); err != nil {
			return nil, err
		}
	}
	return list, nil
}

func (s *Stored) verify(ctx context.Context) error {
	if s.State == StateMissing {
		return nil
	}
	var err error
	if s.SHA256, s.Bytes, err = hashFile(ctx, s.Path); err != nil {
		return err
	}
	want := s.Pin.SHA256
	if s.Name != s.Pin.Name {
		want = s.Pin.MemberSHA256[s.Name]
	}
	switch want {
	case "":
		s.State = StateUnpinned
	case s.SHA256:
		s.State = StateOK
	default:
		s.State = StateDiffers
	}
	return nil
}

// choose picks the files called names, all if there are none.
func choose(all []Stored, names []string) ([]Stored, error) {
	if len(names) == 0 {
		return all, nil
	}
	var list []Stored
	for _, name := range names {
		before := len(list)
		for _, s := range all {
			if s.Name == name || s.Pin.Name == name {
				list = append(list, s)
			}
		}
		if len(list) == before {
			return nil, fmt.Errorf("%s: %w: no pinned file has this name", name, fs.ErrNotExist)
		}
	}
	return list, nil
}

// Pull fetches the pinned files called names (all if there are none) that are
// not here yet, and replaces copies that differ from their pins. It goes on
// after a file that could not be had and joins the errors.
func Pull(ctx context.Context, h *Hub, names ...string) ([]Stored, error) {
	list, err := Verify(ctx, h, names...)
	if err != nil {
		return nil, err
	}
	var errs []error
	for i := range list {
		s := &list[i]
		if s.State == StateDiffers && !h.o.Offline {
			if err := h.forget(s.Path); err != nil {
				errs = append(errs, err)
				continue
			}
		}
		if s.State == StateOK || s.State == StateUnpinned {
			continue
		}
		if err := h.pull(ctx, s); err != nil {
			errs = append(errs, err)
		}
		if ctx.Err() != nil {
			return list, ctx.Err()
		}
	}
	return list, errors.Join(errs...)
}

func (h *Hub) pull(ctx context.Context, s *Stored) error {
	file, err := h.checked(ctx, s.Pin)
	if err != nil {
		return err
	}
	s.Path, s.State = file, StatePresent
	return s.verify(ctx)
}

// forget removes a kept copy and the blob that it links to.
func (h *Hub) forget(file string) error {
	info, err := os.Lstat(file)
	if err != nil {
		return err
	}
	if info.Mode()&fs.ModeSymlink == 0 {
		return os.Remove(file)
	}
	blob, err := filepath.EvalSymlinks(file)
	if err != nil {
		return err
	}
	cache, err := filepath.EvalSymlinks(h.o.Cache)
	if err != nil {
		return err
	}
	if !within(cache, blob) {
		return fmt.Errorf("%s: links out of the cache, to %s: remove it by hand", file, blob)
	}
	return errors.Join(os.Remove(file), os.Remove(blob))
}

func within(dir, file string) bool {
	rel, err := filepath.Rel(dir, file)
	return err == nil && filepath.IsLocal(rel)
}

// present completes a Stored by looking whether its file is there.
func (s Stored) present() (Stored, error) {
	s.State = StateMissing
	info, err := os.Stat(s.Path)
	switch {
	case err == nil && !info.IsDir():
		s.State, s.Bytes = StatePresent, info.Size()
	case err != nil && !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, errNotDir):
		return s, err
	}
	return s, nil
}

func (h *Hub) stored() ([]Stored, error) {
	list := make([]Stored, 0, len(h.pins))
	for _, p := range h.pins {
		if err := checkPin(p); err != nil {
			return nil, err
		}
		s, err := Stored{Pin: p, Name: p.Name, Path: h.cached(p)}.present()
		if err != nil {
			return nil, err
		}
		list = append(list, s)
	}
	return list, nil
}

func (s *FolderSource) stored() ([]Stored, error) {
	var list []Stored
	for _, p := range s.pins {
		found, err := s.copies(p)
		if err != nil {
			return nil, err
		}
		list = append(list, found...)
	}
	return list, nil
}

// copies finds a pin's file in the folder: itself, or the entries of its zip
// file that are known and lie there unpacked.
func (s *FolderSource) copies(p Pin) ([]Stored, error) {
	whole, err := s.copy(p, p.Name)
	if err != nil {
		return nil, err
	}
	for _, file := range s.zipPlaces(p) {
		if whole.State != StateMissing || p.Members == "" {
			break
		}
		whole.Path = file
		if whole, err = whole.present(); err != nil {
			return nil, err
		}
	}
	if whole.State != StateMissing || p.Members == "" {
		return []Stored{whole}, nil
	}
	var list []Stored
	found := false
	for _, name := range slices.Sorted(maps.Keys(p.MemberSHA256)) {
		entry, err := s.copy(p, name)
		if err != nil {
			return nil, err
		}
		found = found || entry.State != StateMissing
		list = append(list, entry)
	}
	if !found {
		return []Stored{whole}, nil
	}
	return list, nil
}

func (s *FolderSource) copy(p Pin, name string) (Stored, error) {
	st := Stored{Pin: p, Name: name, Path: filepath.Join(s.dir, filepath.FromSlash(name)), State: StateMissing}
	if err := checkName(name); err != nil {
		return st, err
	}
	file, _, err := s.find(name)
	if err != nil || file == "" {
		return st, err
	}
	st.Path = file
	return st.present()
}
