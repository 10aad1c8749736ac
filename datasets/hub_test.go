package datasets

import (
	"bytes"
	"errors"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
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
	if e := r.Header.Get("Accept-Encoding"); e != "identity" {
		f.t.Errorf("the CDN may compress: %q", e) // sizes and ranges would be of other bytes
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
