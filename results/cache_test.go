package results

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lcbench/lcbench/runners"
)

func response(text string) runners.Response {
	return runners.Response{Text: text, FinishReason: "stop", Model: "m-1", Usage: runners.Usage{Known: true, Prompt: 10, Completion: 2}}
}

func openCache(t testing.TB, dir string) *Cache {
	t.Helper()
	c, err := OpenCache(dir, "http://user:sk-secret@host/v1", "m")
	must(t, err)
	t.Cleanup(func() { must(t, c.Close()) })
	return c
}

// key is a key of the shape that runs use.
func key(i int) string { return fmt.Sprintf("%064x", i) }

func TestCacheGivesBackWhatWasPutAcrossRuns(t *testing.T) {
	dir := t.TempDir()
	want := response("text\nwith \"quotes\" and 日本")
	want.Reasoning, want.Total = "thought", 5
	c := openCache(t, dir)
	if _, ok := c.Get(key(1)); ok {
		t.Error("an empty cache has an answer")
	}
	must(t, c.Put(key(1), want))
	for range 2 {
		got, ok := c.Get(key(1))
		if diff := cmp.Diff(want, got); !ok || diff != "" {
			t.Errorf("found %v: %s", ok, diff)
		}
		must(t, c.Close())
		c = openCache(t, dir)
	}
	if _, ok := c.Get(key(2)); ok {
		t.Error("another key has an answer")
	}
	must(t, c.Put(key(1), response("newer")))
	must(t, c.Close())
	if got, ok := openCache(t, dir).Get(key(1)); !ok || got.Text != "newer" {
		t.Errorf("after a second Put: %q, %v", got.Text, ok)
	}
}

func TestEndpointsAndModelsDontShareAnswers(t *testing.T) {
	dir := t.TempDir()
	must(t, openCache(t, dir).Put(key(1), response("x")))
	for _, other := range [][2]string{{"http://other/v1", "m"}, {"http://user:sk-secret@host/v1", "m2"}} {
		c, err := OpenCache(dir, other[0], other[1])
		must(t, err)
		if _, ok := c.Get(key(1)); ok {
			t.Errorf("%v has the other's answer", other)
		}
		must(t, c.Close())
	}
	must(t, filepath.Walk(dir, func(path string, info os.FileInfo, err error) error {
		if err != nil || info.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		if strings.Contains(path+string(data), "secret") {
			t.Errorf("%s holds the endpoint's password", path)
		}
		if info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s can be read by others: %v", path, info.Mode())
		}
		return err
	}))
}

func TestTwoProcessesSeeEachOthersAnswers(t *testing.T) {
	dir := t.TempDir()
	a, b := openCache(t, dir), openCache(t, dir)
	var wait sync.WaitGroup
	for n, c := range []*Cache{a, b} {
		wait.Go(func() {
			for i := range 200 {
				if err := c.Put(key(2*i+n), response(fmt.Sprint(2*i+n))); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wait.Wait()
	for i := range 400 {
		for _, c := range []*Cache{a, b} {
			if got, ok := c.Get(key(i)); !ok || got.Text != fmt.Sprint(i) {
				t.Fatalf("entry %d: %q, %v", i, got.Text, ok)
			}
		}
	}
}

func TestADamagedCacheOnlyMisses(t *testing.T) {
	dir := t.TempDir()
	c := openCache(t, dir)
	for i := range 3 {
		must(t, c.Put(key(i), response(fmt.Sprint("answer ", i))))
	}
	path := c.path
	must(t, c.Close())
	whole, err := os.ReadFile(path)
	must(t, err)
	for cut := len(whole) / 2; cut <= len(whole); cut++ {
		must(t, os.WriteFile(path, whole[:cut], 0o600))
		c, err := OpenCache(dir, "http://user:sk-secret@host/v1", "m")
		must(t, err)
		must(t, c.Put(key(9), response("new")))
		if got, ok := c.Get(key(9)); !ok || got.Text != "new" {
			t.Fatalf("cut at %d: the entry put behind the torn one is lost", cut)
		}
		for i := range 3 {
			if got, ok := c.Get(key(i)); ok && got.Text != fmt.Sprint("answer ", i) {
				t.Fatalf("cut at %d: entry %d: %q", cut, i, got.Text)
			} else if !ok && cut == len(whole) {
				t.Fatalf("whole: entry %d missed", i)
			}
		}
		must(t, c.Close())
	}
	// A damaged entry in the middle is a miss, and may be put again.
	broken := strings.Replace(string(whole), "answer 1", "answ\"r 1", 1)
	must(t, os.WriteFile(path, []byte(broken), 0o600))
	c = openCache(t, dir)
	if _, ok := c.Get(key(1)); ok {
		t.Error("a damaged entry was returned")
	}
	must(t, c.Put(key(1), response("again")))
	if got, ok := c.Get(key(1)); !ok || got.Text != "again" {
		t.Errorf("put again: %q, %v", got.Text, ok)
	}
	if got, ok := c.Get(key(2)); !ok || got.Text != "answer 2" {
		t.Errorf("the entry behind: %q, %v", got.Text, ok)
	}
}

func TestACacheThatIsEmptiedMeanwhileMisses(t *testing.T) {
	dir := t.TempDir()
	c := openCache(t, dir)
	must(t, c.Put(key(1), response("x")))
	if _, ok := c.Get(key(1)); !ok {
		t.Fatal("missed")
	}
	must(t, os.Truncate(c.path, 0))
	if _, ok := c.Get(key(1)); ok {
		t.Error("an entry that is gone was returned")
	}
	must(t, c.Put(key(2), response("y")))
	if got, ok := c.Get(key(2)); !ok || got.Text != "y" {
		t.Errorf("got %q, %v", got.Text, ok)
	}
}

func TestKeysThatArentHashesAreRefused(t *testing.T) {
	c := openCache(t, t.TempDir())
	for _, bad := range []string{"", `with "quotes"`, `back\slash`, "line\nfeed"} {
		if err := c.Put(bad, response("x")); err == nil {
			t.Errorf("key %q was taken", bad)
		}
	}
	must(t, c.Close())
	if err := c.Put(key(1), response("x")); err == nil {
		t.Error("a closed cache took an entry")
	}
	if _, ok := c.Get(key(1)); ok {
		t.Error("a closed cache answered")
	}
}

func FuzzCache(f *testing.F) {
	f.Add([]byte(`{"key":"` + key(1) + `","response":{"text":"x"}}` + "\n\n{\"key\":\"\x00"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > 1<<16 {
			t.Skip()
		}
		dir := t.TempDir()
		path := openCache(t, dir).path
		must(t, os.WriteFile(path, data, 0o600))
		c := openCache(t, dir)
		c.Get(key(1))
		must(t, c.Put(key(2), response("mine")))
		if got, ok := c.Get(key(2)); !ok || got.Text != "mine" {
			t.Errorf("got %q, %v", got.Text, ok)
		}
	})
}
