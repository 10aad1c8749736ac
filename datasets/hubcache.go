package datasets

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/gofrs/flock"
)

// lockPause is how often a file that another process fetches is looked at.
const lockPause = 100 * time.Millisecond

// locate returns the path of a pin's file, having fetched it if need be.
func (h *Hub) locate(ctx context.Context, p Pin) (string, error) {
	if err := checkPin(p); err != nil {
		return "", err
	}
	file := h.cached(p)
	switch ok, err := isFile(file); {
	case err != nil:
		return "", err
	case ok:
		return file, nil
	case h.o.Offline:
		return "", &OfflineError{Path: file, Pin: p}
	case p.Host == "github":
		return file, h.fetchGitHub(ctx, p, file)
	}
	return h.fetchHub(ctx, p)
}

// OfflineError is a file that isn't there while requests are forbidden.
type OfflineError struct {
	Path string // where it is wanted
	Pin  Pin
}

func (e *OfflineError) Error() string {
	return fmt.Sprintf("offline, and no file at %s: pull it while online (unset HF_HUB_OFFLINE), or put %s of %s at revision %s there",
		e.Path, e.Pin.Path, e.Pin.Repo, e.Pin.Revision)
}

func (e *OfflineError) Unwrap() error { return fs.ErrNotExist }

// checkPin refuses pins whose parts could lead out of the cache.
func checkPin(p Pin) error {
	if p.Host != "hub" && p.Host != "hub-model" && p.Host != "github" {
		return fmt.Errorf("pin of %q: unknown host %q", p.Name, p.Host)
	}
	for _, part := range []string{p.Repo, p.Revision, p.Path} {
		if err := checkName(part); err != nil {
			return fmt.Errorf("pin of %q: %w", p.Name, err)
		}
	}
	return nil
}

func isCommit(revision string) bool { return isHex(revision, 40) }

func isSHA256(s string) bool { return isHex(s, 64) }

// isHex says whether s is n lower-case hex digits.
func isHex(s string, n int) bool {
	return len(s) == n && strings.Trim(s, "0123456789abcdef") == ""
}

// repoFolder is a repository's folder in the hub's cache: datasets--owner--name
// or models--owner--name.
func (h *Hub) repoFolder(p Pin) string {
	return filepath.Join(h.o.Cache, repoName(p))
}

func repoName(p Pin) string {
	if p.Host == "hub-model" {
		return "models--" + strings.ReplaceAll(p.Repo, "/", "--")
	}
	return "datasets--" + strings.ReplaceAll(p.Repo, "/", "--")
}

// cached is the path at which a pin's file is kept, whether or not it is
// there.
func (h *Hub) cached(p Pin) string {
	if p.Host == "github" {
		return filepath.Join(h.o.GitHubCache, filepath.FromSlash(p.Repo), p.Revision, filepath.FromSlash(p.Path))
	}
	commit := p.Revision
	if !isCommit(commit) {
		// A branch or tag: refs holds the commit that it was last seen at.
		ref, err := os.ReadFile(filepath.Join(h.repoFolder(p), "refs", filepath.FromSlash(p.Revision)))
		if c := strings.TrimSpace(string(ref)); err == nil && isCommit(c) {
			commit = c
		}
	}
	return h.pointer(p, commit)
}

func (h *Hub) pointer(p Pin, commit string) string {
	return filepath.Join(h.repoFolder(p), "snapshots", filepath.FromSlash(commit), filepath.FromSlash(p.Path))
}

func (h *Hub) fetchGitHub(ctx context.Context, p Pin, file string) error {
	return h.locked(ctx, file+".lock", func() error {
		if ok, err := isFile(file); ok || err != nil {
			return err // another process has fetched it meanwhile
		}
		d := &download{
			hub: h, name: p.Name, sum: p.SHA256, size: p.Size, page: isPagePath(p.Path),
			address: h.o.GitHub + "/" + escapePath(p.Repo) + "/" + escapePath(p.Revision) + "/" + escapePath(p.Path),
			part:    file + ".incomplete", final: file,
		}
		return d.run(ctx)
	})
}

// locked runs do while holding the lock file. The official clients lock the
// same way (flock), so that the two wait for each other.
func (h *Hub) locked(ctx context.Context, file string, do func() error) error {
	if err := os.MkdirAll(filepath.Dir(file), 0o777); err != nil {
		return explainDisk(err, filepath.Dir(file), 0)
	}
	lock := flock.New(file)
	switch ok, err := lock.TryLockContext(ctx, lockPause); {
	case ctx.Err() != nil:
		return ctx.Err()
	case err != nil:
		return fmt.Errorf("lock %s: %w", file, err)
	case !ok:
		return fmt.Errorf("lock %s: held by another process", file)
	}
	err := do()
	return errors.Join(err, lock.Unlock())
}

// metadata is what the hub tells about a file ahead of its bytes.
type metadata struct {
	commit string
	etag   string
	size   int64
}

// fetchHub fetches a file into the cache and returns its path there.
func (h *Hub) fetchHub(ctx context.Context, p Pin) (string, error) {
	kind := "/datasets/"
	if p.Host == "hub-model" {
		kind = "/"
	}
	address := h.o.Endpoint + kind + escapePath(p.Repo) + "/resolve/" + url.PathEscape(p.Revision) + "/" + escapePath(p.Path)
	m, err := h.ask(ctx, p, address)
	if err != nil {
		return "", err
	}
	if err := m.fits(p); err != nil {
		return "", err
	}
	blob := filepath.Join(h.repoFolder(p), "blobs", m.etag)
	file := h.pointer(p, m.commit)
	lock := filepath.Join(h.o.Cache, ".locks", repoName(p), m.etag+".lock")
	return file, h.locked(ctx, lock, func() error {
		if ok, err := isFile(file); ok || err != nil {
			return err // another process has fetched it meanwhile
		}
		if ok, err := isFile(blob); err != nil {
			return err
		} else if !ok {
			d := &download{
				hub: h, name: p.Name, address: address, sum: wantedSum(p, m), size: m.size,
				page: isPagePath(p.Path), part: blob + ".incomplete", final: blob,
			}
			if err := d.run(ctx); err != nil {
				return err
			}
		}
		return errors.Join(h.link(blob, file), h.writeRef(p, m.commit))
	})
}

// wantedSum is the sha256 to check a download against: the pin's, or what the
// hub's etag says (large files are named by their sha256).
func wantedSum(p Pin, m metadata) string {
	if p.SHA256 == "" && isSHA256(m.etag) {
		return m.etag
	}
	return p.SHA256
}

// fits compares what the hub tells with the pin, before any byte is fetched.
func (m metadata) fits(p Pin) error {
	switch {
	case isCommit(p.Revision) && m.commit != p.Revision:
		return fmt.Errorf("%s: the hub answers with commit %s, want %s", p.Repo, m.commit, p.Revision)
	case p.SHA256 != "" && isSHA256(m.etag) && m.etag != p.SHA256:
		return fmt.Errorf("the hub offers another file than the pinned one: %w",
			&HashError{File: p.Repo + "/" + p.Path, Got: m.etag, Want: p.SHA256})
	case p.Size > 0 && m.size > 0 && m.size != p.Size:
		return fmt.Errorf("%s/%s: the hub offers %d bytes, want %d", p.Repo, p.Path, m.size, p.Size)
	}
	return nil
}

// ask makes the HEAD request that the official client makes: redirects within
// the host (a renamed repository) are followed, the one to the store of large
// files is not, since it is the hub that knows commit, etag and size.
func (h *Hub) ask(ctx context.Context, p Pin, address string) (metadata, error) {
	for failures := 1; ; failures++ {
		m, err := h.askOnce(ctx, p, address)
		if ctx.Err() != nil {
			return m, ctx.Err()
		}
		var again *transientError
		if !errors.As(err, &again) {
			return m, err
		}
		if failures >= h.o.Attempts {
			return m, fmt.Errorf("given up after %d attempts: %w", failures, err)
		}
		if err := h.pause(ctx, failures, again.after); err != nil {
			return m, err
		}
	}
}

func (h *Hub) askOnce(parent context.Context, p Pin, address string) (metadata, error) {
	silent := &transientError{err: fmt.Errorf("no answer for %v", h.o.Stall)}
	ctx, cancel := context.WithTimeoutCause(parent, h.o.Stall, silent)
	defer cancel()
	resp, err := h.web.get(ctx, http.MethodHead, address, nil, func(from, to *url.URL) bool {
		return from.Scheme == to.Scheme && from.Host == to.Host
	})
	if err != nil {
		return metadata{}, err
	}
	if err := errors.Join(h.web.checkStatus(resp, isPagePath(p.Path)), resp.Body.Close()); err != nil {
		return metadata{}, err
	}
	m := metadata{commit: resp.Header.Get("X-Repo-Commit")}
	if !isCommit(m.commit) {
		if m.commit = p.Revision; !isCommit(m.commit) {
			return m, fmt.Errorf("%s: the endpoint doesn't tell the commit of %q: is HF_ENDPOINT a hub?", bare(resp.Request.URL), p.Revision)
		}
	}
	m.etag = blobName(firstOf(resp.Header.Get("X-Linked-ETag"), resp.Header.Get("ETag")), p)
	if m.etag == "" {
		return m, fmt.Errorf("%s: the endpoint sent no ETag: is HF_ENDPOINT a hub?", bare(resp.Request.URL))
	}
	length := resp.Header.Get("X-Linked-Size")
	if length == "" && resp.StatusCode < 300 {
		length = resp.Header.Get("Content-Length")
	}
	if n, err := strconv.ParseInt(length, 10, 64); err == nil && n > 0 {
		m.size = n
	} else {
		m.size = p.Size
	}
	return m, nil
}

// blobName makes a file name of an ETag, as the official client does: without
// the mark of weakness and the quotes. One that is no plain word is replaced
// by the pin's sha256.
func blobName(etag string, p Pin) string {
	name := strings.Trim(strings.TrimPrefix(etag, "W/"), `"`)
	for i, c := range name {
		plain := '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || c == '_' || c == '-' || c == '.' && i > 0
		if !plain || len(name) > 128 {
			return p.SHA256
		}
	}
	return firstOf(name, p.SHA256)
}

// link makes the snapshot's entry: a relative link to the blob, or a copy
// where links don't work.
func (h *Hub) link(blob, file string) error {
	if err := os.MkdirAll(filepath.Dir(file), 0o777); err != nil {
		return explainDisk(err, filepath.Dir(file), 0)
	}
	target, err := filepath.Rel(filepath.Dir(file), blob)
	if err != nil {
		return err
	}
	fresh := file + ".lcbench"
	if err := os.Remove(fresh); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := h.symlink(target, fresh); err != nil {
		if err := copyFile(blob, fresh); err != nil {
			return explainDisk(err, filepath.Dir(file), 0)
		}
	}
	return os.Rename(fresh, file)
}

func copyFile(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close() //nolint:errcheck // read only
	out, err := os.Create(to)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Close())
}

// writeRef notes the commit that a branch or tag stands for.
func (h *Hub) writeRef(p Pin, commit string) error {
	if p.Revision == commit {
		return nil
	}
	file := filepath.Join(h.repoFolder(p), "refs", filepath.FromSlash(path.Clean(p.Revision)))
	if err := os.MkdirAll(filepath.Dir(file), 0o777); err != nil {
		return err
	}
	return os.WriteFile(file, []byte(commit), 0o666)
}
