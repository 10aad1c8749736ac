package datasets

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// states gives the name and state of each file.
func states(list []Stored) map[string]State {
	m := map[string]State{}
	for _, s := range list {
		m[s.Name] = s.State
	}
	return m
}

func TestVerifyTellsWhatAFolderHolds(t *testing.T) {
	z := zipped(t, entry{"data/a.jsonl", "one"})
	pins := []Pin{
		{Name: "good.txt", Path: "good.txt", SHA256: sumOf([]byte("good"))},
		{Name: "own.txt", Path: "own.txt", SHA256: sumOf([]byte("official"))},
		{Name: "gone.txt", Path: "gone.txt", SHA256: sumOf([]byte("gone"))},
		{Name: "free.txt", Path: "free.txt"},
		{Name: "data.zip", Path: "data.zip", Members: "data/", SHA256: sumOf(z),
			MemberSHA256: map[string]string{"a.jsonl": sumOf([]byte("one")), "b.jsonl": sumOf([]byte("two"))}},
	}
	dir := t.TempDir()
	for name, text := range map[string]string{"good.txt": "good", "own.txt": "own", "data/free.txt": "free"} {
		write(t, filepath.Join(dir, filepath.FromSlash(name)), []byte(text))
	}
	src := Folder(dir, pins)
	verify := func(want map[string]State, names ...string) {
		t.Helper()
		list, err := Verify(t.Context(), src, names...)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, states(list)); diff != "" {
			t.Error(diff)
		}
	}
	plain := func(more map[string]State) map[string]State {
		m := map[string]State{"good.txt": StateOK, "own.txt": StateDiffers, "gone.txt": StateMissing, "free.txt": StateUnpinned}
		for name, s := range more {
			m[name] = s
		}
		return m
	}
	verify(plain(map[string]State{"data.zip": StateMissing}))
	write(t, filepath.Join(dir, "data", "a.jsonl"), []byte("one"))
	verify(plain(map[string]State{"a.jsonl": StateOK, "b.jsonl": StateMissing}))
	verify(map[string]State{"a.jsonl": StateOK, "good.txt": StateOK}, "a.jsonl", "good.txt")
	verify(map[string]State{"a.jsonl": StateOK, "b.jsonl": StateMissing}, "data.zip")
	write(t, filepath.Join(dir, "data.zip"), z)
	verify(plain(map[string]State{"data.zip": StateOK}))

	if _, err := List(src, "unknown"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v", err)
	}
}

func TestPullFetchesWhatIsMissingAndGoesOnAfterAFault(t *testing.T) {
	f := newFakeHub(t, []byte("text"))
	bad := f.pin()
	bad.Name, bad.Path, bad.Size, bad.SHA256 = "bad.jsonl", "bad.jsonl", 0, sumOf([]byte("other"))
	o := f.options()
	h := NewHub([]Pin{bad, f.pin()}, o)

	list, err := List(h)
	if err != nil || list[1].State != StateMissing || list[1].Path != h.cached(f.pin()) {
		t.Fatalf("got %+v %v", list, err)
	}
	list, err = Pull(t.Context(), h)
	var wrong *HashError
	if !errors.As(err, &wrong) {
		t.Errorf("got %v", err)
	}
	if diff := cmp.Diff(map[string]State{"bad.jsonl": StateMissing, "data.jsonl": StateOK}, states(list)); diff != "" {
		t.Error(diff)
	}
	if list[1].Bytes != 4 || list[1].SHA256 != sumOf(f.file) {
		t.Errorf("got %+v", list[1])
	}
	f.heads, f.gets = 0, 0
	if _, err := Pull(t.Context(), h, "data.jsonl"); err != nil || f.heads+f.gets != 0 {
		t.Errorf("pulled again: %v with %d requests", err, f.heads+f.gets)
	}
	list, err = List(h, "data.jsonl")
	if err != nil || len(list) != 1 || list[0].State != StatePresent || list[0].SHA256 != "" {
		t.Errorf("got %+v %v", list, err)
	}
}

func TestPullLeavesALinkOutOfTheCacheAlone(t *testing.T) {
	f := newFakeHub(t, []byte("text"))
	h := NewHub([]Pin{f.pin()}, f.options())
	outside := filepath.Join(t.TempDir(), "precious")
	write(t, outside, []byte("precious"))
	at := h.cached(f.pin())
	write(t, filepath.Join(filepath.Dir(at), "x"), nil)
	if err := os.Symlink(outside, at); err != nil {
		t.Skip(err)
	}
	if _, err := Pull(t.Context(), h); err == nil {
		t.Error("no error")
	}
	if b, err := os.ReadFile(outside); err != nil || string(b) != "precious" {
		t.Errorf("%q %v", b, err)
	}
}

func TestPullWhileOfflineKeepsADifferingCopy(t *testing.T) {
	f := newFakeHub(t, []byte("text"))
	o := f.options()
	o.Offline = true
	h := NewHub([]Pin{f.pin()}, o)
	write(t, h.cached(f.pin()), []byte("other"))
	list, err := Pull(t.Context(), h)
	var wrong *HashError
	if !errors.As(err, &wrong) || list[0].State != StateDiffers {
		t.Errorf("got %+v %v", list, err)
	}
	if _, err := os.Stat(h.cached(f.pin())); err != nil {
		t.Error(err)
	}
}
