package datasets

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const (
	commit = "2e00731f8d0b2e00731f8d0b2e00731f8d0b0000"
	secret = "hf_secret"
)

// fakeHub speaks the hub's protocol on one port and stands for the store of
// large files (the CDN) on another.
type fakeHub struct {
	t        *testing.T
	hub, cdn *httptest.Server
	file     []byte
	repo     string

	mu sync.Mutex
	// gets counts the requests to the CDN, heads those to the hub by HEAD.
	gets, heads int
	ranges      []string
	// Faults: each is asked with the number of the request, from 1.
	onHub, onCDN func(n int, w http.ResponseWriter, r *http.Request) (done bool)
	needToken    bool
	// etag, commit, size: what the hub tells; "" is the truth.
	etag, commit, size string
}

func newFakeHub(t *testing.T, file []byte) *fakeHub {
	f := &fakeHub{t: t, file: file, repo: "THUDM/LongBench"}
	f.hub = httptest.NewServer(http.HandlerFunc(f.serveHub))
	f.cdn = httptest.NewServer(http.HandlerFunc(f.serveCDN))
	t.Cleanup(f.hub.Close)
	t.Cleanup(f.cdn.Close)
	return f
}

func (f *fakeHub) serveHub(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if r.Method == http.MethodHead {
		f.heads++
	}
	if f.needToken && r.Header.Get("Authorization") != "Bearer "+secret {
		w.Header().Set("X-Error-Code", "GatedRepo")
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	if f.onHub != nil && f.onHub(f.heads, w, r) {
		return
	}
	path := "/datasets/" + f.repo + "/resolve/"
	if !strings.HasPrefix(r.URL.Path, path) {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("X-Repo-Commit", firstOf(f.commit, commit))
	w.Header().Set("X-Linked-ETag", `"`+firstOf(f.etag, sumOf(f.file))+`"`)
	w.Header().Set("X-Linked-Size", firstOf(f.size, strconv.Itoa(len(f.file))))
	w.Header().Set("ETag", `"of-the-redirect"`)
	http.Redirect(w, r, f.cdn.URL+"/store/blob?signature=s3cr3t", http.StatusFound)
}

func (f *fakeHub) serveCDN(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.gets++
	f.ranges = append(f.ranges, r.Header.Get("Range"))
	if a := r.Header.Get("Authorization"); a != "" {
		f.t.Errorf("the token reached the CDN: %s", a)
	}
	if f.onCDN != nil && f.onCDN(f.gets, w, r) {
		return
	}
	w.Header().Set("Content-Type", "application/octet-stream")
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(f.file))
}

func (f *fakeHub) pin() Pin {
	return Pin{
		Name: "data.jsonl", Host: "hub", Repo: "THUDM/LongBench", Revision: commit, Path: "data/data.jsonl",
		SHA256: sumOf(f.file), Size: int64(len(f.file)),
	}
}

func (f *fakeHub) options() HubOptions {
	dir := f.t.TempDir()
	return HubOptions{
		Endpoint: f.hub.URL, Token: secret, Cache: filepath.Join(dir, "hub"), GitHubCache: filepath.Join(dir, "github"),
		Backoff: time.Millisecond, Attempts: 3, Stall: 10 * time.Second,
	}
}

func bigFile() []byte { return bytes.Repeat([]byte("{\"a\":\"0123456789\"}\n"), 30000) }

func TestHubFetchesOnceAndKeepsTheOfficialLayout(t *testing.T) {
	f := newFakeHub(t, bigFile())
	f.needToken = true
	o := f.options()
	var last [2]int64
	o.Progress = func(name string, done, total int64) {
		if name != "data.jsonl" || done < last[0] {
			t.Errorf("progress %s %d/%d behind %v", name, done, total, last)
		}
		last = [2]int64{done, total}
	}
	h := NewHub([]Pin{f.pin()}, o)
	for range 2 {
		if got, err := readAll(h, "data.jsonl"); err != nil || got != string(f.file) {
			t.Fatalf("%d bytes, %v", len(got), err)
		}
	}
	if f.heads != 1 || f.gets != 1 {
		t.Errorf("%d HEAD and %d GET", f.heads, f.gets)
	}
	if n := int64(len(f.file)); last != [2]int64{n, n} {
		t.Errorf("progress ended at %v", last)
	}
	repo := filepath.Join(o.Cache, "datasets--THUDM--LongBench")
	link, err := os.Readlink(filepath.Join(repo, "snapshots", commit, "data", "data.jsonl"))
	if want := filepath.Join("..", "..", "..", "blobs", sumOf(f.file)); err != nil || link != want {
		t.Errorf("link to %s %v, want %s", link, err, want)
	}
	if _, err := os.Stat(filepath.Join(repo, "blobs", sumOf(f.file)+".incomplete")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a part is left: %v", err)
	}
	if _, err := os.Stat(filepath.Join(repo, "refs")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a ref for a commit: %v", err)
	}
	want := Origin{Kind: "hub", Place: "hub:THUDM/LongBench@" + commit, Files: []FileInfo{
		{Name: "data.jsonl", SHA256: sumOf(f.file), Bytes: int64(len(f.file)), Pinned: true},
	}}
	if diff := cmp.Diff(want, h.Origin()); diff != "" {
		t.Error(diff)
	}
}

func TestHubFindsWhatTheOfficialClientFetched(t *testing.T) {
	f := newFakeHub(t, []byte("text"))
	o := f.options()
	o.Offline = true
	repo := filepath.Join(o.Cache, "datasets--THUDM--LongBench")
	write(t, filepath.Join(repo, "blobs", "etag"), f.file)
	at := filepath.Join(repo, "snapshots", commit, "data", "data.jsonl")
	write(t, filepath.Join(filepath.Dir(at), "other"), nil)
	if err := os.Symlink(filepath.Join("..", "..", "..", "blobs", "etag"), at); err != nil {
		t.Skip(err)
	}
	write(t, filepath.Join(repo, "refs", "main"), []byte(commit))
	branch := f.pin()
	branch.Name, branch.Revision = "by-branch", "main"
	h := NewHub([]Pin{f.pin(), branch}, o)
	for _, name := range []string{"data.jsonl", "by-branch"} {
		if got, err := readAll(h, name); err != nil || got != "text" {
			t.Errorf("%s: got %q %v", name, got, err)
		}
	}
	if f.heads+f.gets != 0 {
		t.Error("requests while offline")
	}
}

func TestHubUsesABlobThatAnotherRevisionBrought(t *testing.T) {
	f := newFakeHub(t, []byte("text"))
	o := f.options()
	write(t, filepath.Join(o.Cache, "datasets--THUDM--LongBench", "blobs", sumOf(f.file)), f.file)
	if got, err := readAll(NewHub([]Pin{f.pin()}, o), "data.jsonl"); err != nil || got != "text" || f.gets != 0 {
		t.Errorf("got %q %v with %d requests", got, err, f.gets)
	}
}

func TestHubNotesTheCommitOfABranch(t *testing.T) {
	f := newFakeHub(t, []byte("text"))
	o := f.options()
	p := f.pin()
	p.Revision = "main"
	if _, err := readAll(NewHub([]Pin{p}, o), p.Name); err != nil {
		t.Fatal(err)
	}
	ref, err := os.ReadFile(filepath.Join(o.Cache, "datasets--THUDM--LongBench", "refs", "main"))
	if err != nil || string(ref) != commit {
		t.Errorf("ref %q %v", ref, err)
	}
}

func TestHubCopiesWhereLinksDontWork(t *testing.T) {
	f := newFakeHub(t, []byte("text"))
	h := NewHub([]Pin{f.pin()}, f.options())
	h.symlink = func(string, string) error { return errors.ErrUnsupported }
	if got, err := readAll(h, "data.jsonl"); err != nil || got != "text" {
		t.Fatalf("got %q %v", got, err)
	}
	info, err := os.Lstat(h.cached(f.pin()))
	if err != nil || !info.Mode().IsRegular() {
		t.Errorf("%v %v", info, err)
	}
}

func TestHubFollowsARenamedRepositoryWithItsToken(t *testing.T) {
	f := newFakeHub(t, []byte("text"))
	f.needToken = true
	f.repo = "zai-org/LongBench"
	f.onHub = func(_ int, w http.ResponseWriter, r *http.Request) bool {
		if !strings.Contains(r.URL.Path, "THUDM") {
			return false
		}
		http.Redirect(w, r, strings.Replace(r.URL.Path, "THUDM", "zai-org", 1), http.StatusTemporaryRedirect)
		return true
	}
	if got, err := readAll(NewHub([]Pin{f.pin()}, f.options()), "data.jsonl"); err != nil || got != "text" {
		t.Errorf("got %q %v", got, err)
	}
}

// part is the path of the unfinished download.
func (f *fakeHub) part(o HubOptions) string {
	return filepath.Join(o.Cache, "datasets--THUDM--LongBench", "blobs", sumOf(f.file)+".incomplete")
}

func TestHubResumesWhatAnEarlierRunLeft(t *testing.T) {
	file := bigFile()
	half := len(file) / 2
	ignore := func(f *fakeHub) func(int, http.ResponseWriter, *http.Request) bool {
		return func(_ int, w http.ResponseWriter, _ *http.Request) bool {
			_, err := w.Write(f.file)
			return err == nil
		}
	}
	for _, c := range []struct {
		name  string
		part  []byte
		onCDN func(f *fakeHub) func(int, http.ResponseWriter, *http.Request) bool
		want  []string // Range headers
	}{
		{"half of the file", file[:half], nil, []string{fmt.Sprintf("bytes=%d-", half)}},
		{"all of it", file, nil, nil},
		{"more than all of it", append(bytes.Clone(file), 'x'), nil, []string{""}},
		{"other bytes", bytes.Repeat([]byte("y"), half), nil, []string{fmt.Sprintf("bytes=%d-", half), ""}},
		{"all of other bytes", bytes.Repeat([]byte("y"), len(file)), nil, []string{""}},
		{"half, and the host ignores ranges", file[:half], ignore, []string{fmt.Sprintf("bytes=%d-", half)}},
		{"half, and the host refuses to go on", file[:half], func(*fakeHub) func(int, http.ResponseWriter, *http.Request) bool {
			return func(n int, w http.ResponseWriter, _ *http.Request) bool {
				if n == 1 {
					w.WriteHeader(http.StatusRequestedRangeNotSatisfiable)
				}
				return n == 1
			}
		}, []string{fmt.Sprintf("bytes=%d-", half), ""}},
		{"half, and the host sends another part", file[:half], func(f *fakeHub) func(int, http.ResponseWriter, *http.Request) bool {
			return func(n int, w http.ResponseWriter, _ *http.Request) bool {
				if n == 1 {
					w.Header().Set("Content-Range", fmt.Sprintf("bytes 5-%d/%d", len(f.file)-1, len(f.file)))
					w.WriteHeader(http.StatusPartialContent)
				}
				return n == 1
			}
		}, []string{fmt.Sprintf("bytes=%d-", half), ""}},
		{"half, and the file's size has changed", file[:half], func(f *fakeHub) func(int, http.ResponseWriter, *http.Request) bool {
			return func(n int, w http.ResponseWriter, _ *http.Request) bool {
				if n == 1 {
					w.Header().Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", half, len(f.file)+6, len(f.file)+7))
					w.WriteHeader(http.StatusPartialContent)
				}
				return n == 1
			}
		}, []string{fmt.Sprintf("bytes=%d-", half), ""}},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := newFakeHub(t, file)
			if c.onCDN != nil {
				f.onCDN = c.onCDN(f)
			}
			o := f.options()
			write(t, f.part(o), c.part)
			if got, err := readAll(NewHub([]Pin{f.pin()}, o), "data.jsonl"); err != nil || got != string(file) {
				t.Fatalf("%d bytes, %v", len(got), err)
			}
			if diff := cmp.Diff(c.want, f.ranges); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// hangUp sends some bytes and breaks the connection.
func hangUp(w http.ResponseWriter, total int, b []byte) {
	w.Header().Set("Content-Length", strconv.Itoa(total))
	_, _ = w.Write(b)
	panic(http.ErrAbortHandler)
}

func TestHubGoesOnAfterTransientFaults(t *testing.T) {
	file := bigFile()
	type fault = func(f *fakeHub) func(int, http.ResponseWriter, *http.Request) bool
	status := func(codes ...int) fault {
		return func(*fakeHub) func(int, http.ResponseWriter, *http.Request) bool {
			return func(n int, w http.ResponseWriter, _ *http.Request) bool {
				if n > len(codes) {
					return false
				}
				w.WriteHeader(codes[n-1])
				return true
			}
		}
	}
	for _, c := range []struct {
		name       string
		hub, store fault
		gets       int
	}{
		{"the hub is down twice", status(503, 500), nil, 1},
		{"the hub is busy", status(429), nil, 1},
		{"the store is down twice", nil, status(502, 504), 3},
		{"the store hangs up in the middle, many times", nil, func(f *fakeHub) func(int, http.ResponseWriter, *http.Request) bool {
			return func(n int, w http.ResponseWriter, r *http.Request) bool {
				from := 0
				if _, err := fmt.Sscanf(r.Header.Get("Range"), "bytes=%d-", &from); err == nil {
					w.Header().Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", from, len(f.file)-1, len(f.file)))
					w.Header().Set("Content-Length", strconv.Itoa(len(f.file)-from))
					w.WriteHeader(http.StatusPartialContent)
				}
				if n <= 5 {
					hangUp(w, len(f.file)-from, f.file[from:from+80<<10])
				}
				_, err := w.Write(f.file[from:])
				return err == nil
			}
		}, 6},
		{"the store hangs up at once", nil, func(*fakeHub) func(int, http.ResponseWriter, *http.Request) bool {
			return func(n int, _ http.ResponseWriter, _ *http.Request) bool {
				if n <= 2 {
					panic(http.ErrAbortHandler)
				}
				return false
			}
		}, 3},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := newFakeHub(t, file)
			if c.hub != nil {
				f.onHub = c.hub(f)
			}
			if c.store != nil {
				f.onCDN = c.store(f)
			}
			if got, err := readAll(NewHub([]Pin{f.pin()}, f.options()), "data.jsonl"); err != nil || got != string(file) {
				t.Fatalf("%d bytes, %v", len(got), err)
			}
			if f.gets != c.gets {
				t.Errorf("%d requests, want %d", f.gets, c.gets)
			}
		})
	}
}

func TestHubGivesUpAndSaysWhy(t *testing.T) {
	always := func(code int) func(int, http.ResponseWriter, *http.Request) bool {
		return func(_ int, w http.ResponseWriter, _ *http.Request) bool {
			w.WriteHeader(code)
			return true
		}
	}
	page := func(_ int, w http.ResponseWriter, _ *http.Request) bool {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = w.Write([]byte("<!DOCTYPE html><html>please log in</html>"))
		return true
	}
	for _, c := range []struct {
		name  string
		setup func(f *fakeHub)
		gets  int
		want  []string
	}{
		{"the hub is down", func(f *fakeHub) { f.onHub = always(500) }, 0, []string{"given up after 3 attempts", "HTTP 500"}},
		{"the store is down", func(f *fakeHub) { f.onCDN = always(503) }, 3, []string{"given up after 3 attempts", "HTTP 503"}},
		{"no such file", func(f *fakeHub) { f.onHub = always(404) }, 0, []string{"HTTP 404", "file does not exist"}},
		{"a page from the hub", func(f *fakeHub) { f.onHub = page }, 0, []string{"a web page instead of data"}},
		{"a page from the store", func(f *fakeHub) { f.onCDN = page }, 1, []string{"a web page instead of data"}},
		{"a page that claims to be data", func(f *fakeHub) {
			f.onCDN = func(_ int, w http.ResponseWriter, _ *http.Request) bool {
				w.Header().Set("Content-Type", "application/octet-stream")
				_, _ = w.Write(append([]byte("\n <HTML>"), make([]byte, len(f.file)-8)...))
				return true
			}
		}, 1, []string{"a web page instead of data"}},
		{"another commit", func(f *fakeHub) { f.commit = strings.Repeat("1", 40) }, 0, []string{"answers with commit 1111", "want " + commit}},
		{"another file", func(f *fakeHub) { f.etag = strings.Repeat("0", 64) }, 0, []string{"offers another file", strings.Repeat("0", 64)}},
		{"another size", func(f *fakeHub) { f.size = "7" }, 0, []string{"offers 7 bytes"}},
		{"the store offers another size", func(f *fakeHub) {
			f.onCDN = func(_ int, w http.ResponseWriter, _ *http.Request) bool { _, _ = w.Write([]byte("x")); return true }
		}, 1, []string{"offers 1 bytes"}},
		{"redirects without end", func(f *fakeHub) {
			f.onCDN = func(_ int, w http.ResponseWriter, r *http.Request) bool {
				http.Redirect(w, r, "/again", http.StatusFound)
				return true
			}
		}, 9, []string{"more than 10 redirects"}},
		{"wrong bytes", func(f *fakeHub) {
			f.onCDN = func(_ int, w http.ResponseWriter, _ *http.Request) bool {
				_, _ = w.Write(bytes.ToUpper(f.file))
				return true
			}
		}, 1, []string{"sha256 is " + sumOf(bytes.ToUpper(bigFile())), "want " + sumOf(bigFile())}},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := newFakeHub(t, bigFile())
			c.setup(f)
			o := f.options()
			_, err := readAll(NewHub([]Pin{f.pin()}, o), "data.jsonl")
			if err == nil {
				t.Fatal("no error")
			}
			for _, want := range append(c.want, "data.jsonl") {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%v doesn't say %q", err, want)
				}
			}
			for _, never := range []string{secret, "s3cr3t"} {
				if strings.Contains(err.Error(), never) {
					t.Errorf("%v holds a secret", err)
				}
			}
			if f.gets != c.gets {
				t.Errorf("%d requests to the store, want %d", f.gets, c.gets)
			}
			if _, err := os.Stat(f.part(o)); c.name == "wrong bytes" && !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("the wrong bytes are still there: %v", err)
			}
		})
	}
}

func TestHubReadsFromAMirrorThatSendsNoHeadersOfTheHub(t *testing.T) {
	f := newFakeHub(t, []byte("text"))
	f.onHub = func(_ int, w http.ResponseWriter, _ *http.Request) bool {
		_, err := w.Write(f.file)
		return err == nil
	}
	if got, err := readAll(NewHub([]Pin{f.pin()}, f.options()), "data.jsonl"); err != nil || got != "text" {
		t.Errorf("got %q %v", got, err)
	}
	p := f.pin()
	p.SHA256 = ""
	if _, err := readAll(NewHub([]Pin{p}, f.options()), "data.jsonl"); err == nil || !strings.Contains(err.Error(), "is HF_ENDPOINT a hub?") {
		t.Errorf("without a pinned hash: %v", err)
	}
}

func TestTheHubsOwnHashServesWhereNoneIsPinned(t *testing.T) {
	f := newFakeHub(t, []byte("text"))
	f.etag = sumOf([]byte("next"))
	p := f.pin()
	p.SHA256 = ""
	_, err := readAll(NewHub([]Pin{p}, f.options()), "data.jsonl")
	var wrong *HashError
	if !errors.As(err, &wrong) || wrong.Want != f.etag {
		t.Errorf("got %v", err)
	}
}

func TestHubTellsOfTokens(t *testing.T) {
	for _, c := range []struct{ name, token, want string }{
		{"none given", "", "HTTP 401 GatedRepo: a token that may read it is needed: set HF_TOKEN"},
		{"a wrong one", "hf_wrong", "HTTP 401 GatedRepo: the token in HF_TOKEN may not read it"},
	} {
		f := newFakeHub(t, []byte("text"))
		f.needToken = true
		o := f.options()
		o.Token = c.token
		_, err := readAll(NewHub([]Pin{f.pin()}, o), "data.jsonl")
		var access *AccessError
		if !errors.As(err, &access) || access.Status != 401 || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v", c.name, err)
		}
		if c.token != "" && strings.Contains(err.Error(), c.token) {
			t.Errorf("%v holds the token", err)
		}
		if f.heads != 1 {
			t.Errorf("%s: asked %d times", c.name, f.heads)
		}
	}
}

func TestOfflineNamesThePathWanted(t *testing.T) {
	f := newFakeHub(t, []byte("text"))
	o := f.options()
	o.Offline = true
	gh := Pin{Name: "config.json", Host: "github", Repo: "THUDM/LongBench", Revision: commit, Path: "config/c.json"}
	h := NewHub([]Pin{f.pin(), gh}, o)
	for name, want := range map[string]string{
		"data.jsonl":  filepath.Join(o.Cache, "datasets--THUDM--LongBench", "snapshots", commit, "data", "data.jsonl"),
		"config.json": filepath.Join(o.GitHubCache, "THUDM", "LongBench", commit, "config", "c.json"),
	} {
		_, err := h.Open(t.Context(), name)
		var off *OfflineError
		if !errors.Is(err, fs.ErrNotExist) || !errors.As(err, &off) || off.Path != want || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %s in it", name, err, want)
		}
	}
	if f.heads+f.gets != 0 {
		t.Error("requests while offline")
	}
	if _, err := h.Open(t.Context(), "nope"); !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), "nope") {
		t.Errorf("got %v", err)
	}
}

func TestHubOpensEntriesOfAPinnedZipFile(t *testing.T) {
	f := newFakeHub(t, zipped(t, entry{"data/a.jsonl", "one"}, entry{"data/b.jsonl", "two"}))
	p := f.pin()
	p.Name, p.Path, p.Members = "data.zip", "data.zip", "data/"
	h := NewHub([]Pin{p}, f.options())
	for name, want := range map[string]string{"a.jsonl": "one", "b.jsonl": "two"} {
		if got, err := readAll(h, name); err != nil || got != want {
			t.Errorf("%s: got %q %v", name, got, err)
		}
	}
	if _, err := h.Open(t.Context(), "c.jsonl"); !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), "data/c.jsonl") {
		t.Errorf("got %v", err)
	}
	if f.gets != 1 {
		t.Errorf("fetched %d times", f.gets)
	}
	want := []FileInfo{
		{Name: "a.jsonl", SHA256: sumOf([]byte("one")), Bytes: 3, Pinned: true},
		{Name: "b.jsonl", SHA256: sumOf([]byte("two")), Bytes: 3, Pinned: true},
		{Name: "data.zip", SHA256: sumOf(f.file), Bytes: int64(len(f.file)), Pinned: true},
	}
	if diff := cmp.Diff(want, h.Origin().Files); diff != "" {
		t.Error(diff)
	}
}

func TestConcurrentOpensFetchOnce(t *testing.T) {
	f := newFakeHub(t, bigFile())
	o := f.options()
	// Two hubs stand for two processes: only the lock file is between them.
	hubs := []*Hub{NewHub([]Pin{f.pin()}, o), NewHub([]Pin{f.pin()}, o)}
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			if got, err := readAll(hubs[i%2], "data.jsonl"); err != nil || got != string(f.file) {
				t.Errorf("%d bytes, %v", len(got), err)
			}
		})
	}
	wg.Wait()
	if f.gets != 1 {
		t.Errorf("fetched %d times", f.gets)
	}
}

func TestCancellationEndsAFetchAtOnce(t *testing.T) {
	f := newFakeHub(t, bigFile())
	ctx, cancel := context.WithCancel(t.Context())
	f.onCDN = func(_ int, w http.ResponseWriter, r *http.Request) bool {
		w.Header().Set("Content-Length", strconv.Itoa(len(f.file)))
		_, _ = w.Write(f.file[:1000])
		_ = http.NewResponseController(w).Flush()
		cancel()
		<-r.Context().Done()
		return true
	}
	_, err := NewHub([]Pin{f.pin()}, f.options()).Open(ctx, "data.jsonl")
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestASilentHostIsLeftAndTriedAgain(t *testing.T) {
	f := newFakeHub(t, bigFile())
	f.onCDN = func(n int, w http.ResponseWriter, r *http.Request) bool {
		if n > 1 {
			return false
		}
		w.Header().Set("Content-Length", strconv.Itoa(len(f.file)))
		_, _ = w.Write(f.file[:1000])
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
		return true
	}
	o := f.options()
	o.Stall = 100 * time.Millisecond
	if got, err := readAll(NewHub([]Pin{f.pin()}, o), "data.jsonl"); err != nil || got != string(f.file) {
		t.Fatalf("%d bytes, %v", len(got), err)
	}
	if diff := cmp.Diff([]string{"", "bytes=1000-"}, f.ranges); diff != "" {
		t.Error(diff)
	}
}

func TestAFullDiskIsNamed(t *testing.T) {
	if _, err := os.Stat("/dev/full"); err != nil {
		t.Skip("no /dev/full here")
	}
	f := newFakeHub(t, bigFile())
	o := f.options()
	write(t, filepath.Join(filepath.Dir(f.part(o)), "x"), nil)
	if err := os.Symlink("/dev/full", f.part(o)); err != nil {
		t.Fatal(err)
	}
	_, err := readAll(NewHub([]Pin{f.pin()}, o), "data.jsonl")
	want := fmt.Sprintf("disk full in %s: %d more bytes are needed", filepath.Dir(f.part(o)), len(f.file))
	if !errors.Is(err, syscall.ENOSPC) || !strings.Contains(err.Error(), want) {
		t.Errorf("got %v, want %s", err, want)
	}
}

func TestADamagedCopyIsAnErrorThatPullMends(t *testing.T) {
	f := newFakeHub(t, []byte("text"))
	h := NewHub([]Pin{f.pin()}, f.options())
	if _, err := readAll(h, "data.jsonl"); err != nil {
		t.Fatal(err)
	}
	blob, err := filepath.EvalSymlinks(h.cached(f.pin()))
	if err != nil {
		t.Fatal(err)
	}
	write(t, blob, []byte("damaged"))
	_, err = readAll(h, "data.jsonl")
	var wrong *HashError
	if !errors.As(err, &wrong) || wrong.Got != sumOf([]byte("damaged")) || wrong.Want != sumOf(f.file) {
		t.Errorf("got %v", err)
	}
	list, err := Verify(t.Context(), h)
	if err != nil || len(list) != 1 || list[0].State != StateDiffers {
		t.Fatalf("got %+v %v", list, err)
	}
	if list, err = Pull(t.Context(), h); err != nil || list[0].State != StateOK {
		t.Fatalf("got %+v %v", list, err)
	}
	if got, err := readAll(h, "data.jsonl"); err != nil || got != "text" {
		t.Errorf("got %q %v", got, err)
	}
}

func TestGitHubFilesNeedNoTokenAndHaveTheirOwnCache(t *testing.T) {
	f := newFakeHub(t, []byte(`{"a":"b"}`))
	gh := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if a := r.Header.Get("Authorization"); a != "" {
			t.Errorf("the token reached GitHub: %s", a)
		}
		if want := "/THUDM/LongBench/" + commit + "/Long%20Bench/c.json"; r.URL.EscapedPath() != want {
			t.Errorf("asked for %s, want %s", r.URL.EscapedPath(), want)
		}
		_, _ = w.Write(f.file)
	}))
	defer gh.Close()
	o := f.options()
	o.GitHub = gh.URL + "/"
	p := Pin{Name: "config/c.json", Host: "github", Repo: "THUDM/LongBench", Revision: commit, Path: "Long Bench/c.json"}
	h := NewHub([]Pin{p}, o)
	if got, err := readAll(h, "config/c.json"); err != nil || got != string(f.file) {
		t.Fatalf("got %q %v", got, err)
	}
	if b, err := os.ReadFile(filepath.Join(o.GitHubCache, "THUDM", "LongBench", commit, "Long Bench", "c.json")); err != nil || !bytes.Equal(b, f.file) {
		t.Errorf("got %q %v", b, err)
	}
	if files := h.Origin().Files; len(files) != 1 || files[0].Pinned {
		t.Errorf("got %+v", files)
	}
}

func TestPinsCannotLeadOutOfTheCache(t *testing.T) {
	for _, change := range []func(*Pin){
		func(p *Pin) { p.Repo = "../x" }, func(p *Pin) { p.Revision = "../../x" }, func(p *Pin) { p.Path = "/etc/passwd" },
		func(p *Pin) { p.Host = "ftp" },
	} {
		f := newFakeHub(t, []byte("x"))
		p := f.pin()
		change(&p)
		if _, err := NewHub([]Pin{p}, f.options()).Open(t.Context(), p.Name); err == nil {
			t.Errorf("%+v passed", p)
		}
		if f.heads+f.gets > 0 {
			t.Errorf("%+v was asked for", p)
		}
	}
	// An ETag that is no file name gives way to the pinned hash.
	for etag, want := range map[string]string{`W/"abc"`: "abc", `"../../evil"`: "sum", `"..."`: "sum", `""`: "sum", `"a/b"`: "sum"} {
		if got := blobName(etag, Pin{SHA256: "sum"}); got != want {
			t.Errorf("%s: got %s, want %s", etag, got, want)
		}
	}
}
