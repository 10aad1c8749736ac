package datasets

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync"
)

// Hub is a Source over pinned official files: data sets of the Hugging Face
// hub and raw files of GitHub, fetched at first use and kept on disk. Files
// from the hub are kept as the official clients keep them, so that what one
// of them has fetched is found by the others. It is safe for concurrent use.
type Hub struct {
	pins  []Pin
	o     HubOptions
	web   *web
	files record
	// symlink makes the links of the cache; tests break it.
	symlink func(target, link string) error

	mu     sync.Mutex
	gates  map[string]chan struct{} // one file is fetched and checked once at a time
	hashed map[string]FileInfo      // checked in this process, by path
}

var (
	_ Source       = (*Hub)(nil)
	_ RandomAccess = (*Hub)(nil)
)

// NewHub returns a source over pins. It makes no request yet.
func NewHub(pins []Pin, o HubOptions) *Hub {
	o = o.withDefaults()
	h := &Hub{
		pins: pins, o: o, symlink: os.Symlink,
		gates: map[string]chan struct{}{}, hashed: map[string]FileInfo{},
	}
	// A bad endpoint shows in the first request; the token goes nowhere then.
	home, err := url.Parse(o.Endpoint)
	if err != nil {
		home = nil
	}
	h.web = &web{transport: o.Transport, home: home, token: o.Token}
	return h
}

// Origin names the repositories and what was opened so far.
func (h *Hub) Origin() Origin {
	var places []string
	for _, p := range h.pins {
		if place := fmt.Sprintf("%s:%s@%s", p.Host, p.Repo, p.Revision); !slices.Contains(places, place) {
			places = append(places, place)
		}
	}
	return Origin{Kind: "hub", Place: strings.Join(places, " "), Files: h.files.list()}
}

// Open opens a pinned file, or an entry of a pinned zip file, decompressed.
// The file is fetched if it isn't there yet, and its sha256 is checked once a
// process, before the first byte is handed out: what doesn't match is a
// *HashError. While offline a missing file is an error that wraps
// fs.ErrNotExist and tells the path wanted.
func (h *Hub) Open(ctx context.Context, name string) (io.ReadCloser, error) {
	if err := checkName(name); err != nil {
		return nil, err
	}
	if i := slices.IndexFunc(h.pins, func(p Pin) bool { return p.Name == name }); i >= 0 {
		return h.openPin(ctx, h.pins[i])
	}
	var missing error
	for _, p := range h.pins {
		if p.Members == "" {
			continue
		}
		r, err := h.openMember(ctx, p, name)
		if !errors.Is(err, errNoMember) {
			return r, err
		}
		missing = err
	}
	if missing != nil {
		return nil, missing
	}
	return nil, &fs.PathError{Op: "open", Path: name, Err: fmt.Errorf("%w: no pinned file has this name", fs.ErrNotExist)}
}

func (h *Hub) openPin(ctx context.Context, p Pin) (io.ReadCloser, error) {
	file, err := h.checked(ctx, p)
	if err != nil {
		return nil, err
	}
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	r, err := decompress(f, p.Path, h.o.Limits)
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return &stackedReader{Reader: r, closers: []func() error{r.Close, f.Close}}, nil
}

// errNoMember says that a zip file is there but lacks an entry.
var errNoMember = fmt.Errorf("no such entry: %w", fs.ErrNotExist)

func (h *Hub) openMember(ctx context.Context, p Pin, name string) (io.ReadCloser, error) {
	file, err := h.checked(ctx, p)
	if err != nil {
		return nil, err
	}
	r, err := openEntry(file, p.Members+name, h.o.Limits)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s: %s has no entry %s%s: %w", name, file, p.Members, name, errNoMember)
	}
	if err != nil {
		return nil, err
	}
	sum := newHashReader(r)
	note := func() error {
		if sum.finish(ctx) == nil {
			h.noteMember(p, name, sum)
		}
		return nil
	}
	plain, err := decompress(sum, name, h.o.Limits)
	if err != nil {
		return nil, errors.Join(err, r.Close())
	}
	return &stackedReader{Reader: plain, closers: []func() error{plain.Close, note, r.Close}}, nil
}

func (h *Hub) noteMember(p Pin, name string, sum *hashReader) {
	got := sum.hex()
	h.files.add(FileInfo{Name: name, SHA256: got, Bytes: sum.n, Pinned: p.SHA256 != "" || p.MemberSHA256[name] == got})
}

// Path returns where a pinned file lies on this machine, fetched if it wasn't
// there and checked, for readers that map it.
func (h *Hub) Path(ctx context.Context, name string) (string, error) {
	for _, p := range h.pins {
		if p.Name == name {
			return h.checked(ctx, p)
		}
	}
	return "", fmt.Errorf("%s: not among the pinned files", name)
}

// OpenAt opens a pinned file that is stored as it is for random access.
func (h *Hub) OpenAt(ctx context.Context, name string) (File, error) {
	i := slices.IndexFunc(h.pins, func(p Pin) bool { return p.Name == name })
	if i < 0 || strings.HasSuffix(name, ".gz") || strings.HasSuffix(name, ".zst") {
		return nil, fmt.Errorf("%s: not a plain file: %w", name, errors.ErrUnsupported)
	}
	file, err := h.checked(ctx, h.pins[i])
	if err != nil {
		return nil, err
	}
	return openPlainFile(file)
}

// checked returns the path of a pin's file, fetched and with the right
// sha256.
func (h *Hub) checked(ctx context.Context, p Pin) (string, error) {
	leave, err := h.enter(ctx, p)
	if err != nil {
		return "", err
	}
	defer leave()
	file, err := h.locate(ctx, p)
	if ctx.Err() != nil {
		return "", ctx.Err()
	}
	if err != nil {
		return "", fmt.Errorf("%s: %w", p.Name, err)
	}
	info, err := h.hash(ctx, p, file)
	if err != nil {
		return "", err
	}
	if p.SHA256 != "" && info.SHA256 != p.SHA256 {
		return "", fmt.Errorf("the kept copy is not the pinned file: remove it and pull again: %w",
			&HashError{File: file, Got: info.SHA256, Want: p.SHA256})
	}
	h.files.add(info)
	return file, nil
}

// enter waits until no one else in this process works on a pin's file.
func (h *Hub) enter(ctx context.Context, p Pin) (leave func(), err error) {
	key := p.Host + "\x00" + p.Repo + "\x00" + p.Revision + "\x00" + p.Path
	h.mu.Lock()
	gate, ok := h.gates[key]
	if !ok {
		gate = make(chan struct{}, 1)
		h.gates[key] = gate
	}
	h.mu.Unlock()
	select {
	case gate <- struct{}{}:
		return func() { <-gate }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// hash returns a kept file's size and sha256, computed once a process as long
// as the file's size and time of change stay.
func (h *Hub) hash(ctx context.Context, p Pin, file string) (FileInfo, error) {
	stat, err := os.Stat(file)
	if err != nil {
		return FileInfo{}, err
	}
	key := fmt.Sprintf("%s %d %d", file, stat.Size(), stat.ModTime().UnixNano())
	h.mu.Lock()
	info, ok := h.hashed[key]
	h.mu.Unlock()
	if !ok {
		sum, size, err := hashFile(ctx, file)
		if err != nil {
			return FileInfo{}, err
		}
		info = FileInfo{SHA256: sum, Bytes: size}
		h.mu.Lock()
		h.hashed[key] = info
		h.mu.Unlock()
	}
	info.Name, info.Pinned = p.Name, p.SHA256 != "" && p.SHA256 == info.SHA256
	return info, nil
}
