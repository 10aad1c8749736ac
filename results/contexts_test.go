package results

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/klauspost/compress/zstd"
)

func openContexts(t testing.TB, dir string) *Contexts {
	t.Helper()
	c, err := OpenContexts(dir)
	must(t, err)
	t.Cleanup(func() { must(t, c.Close()) })
	return c
}

func put(t testing.TB, c *Contexts, text string) string {
	t.Helper()
	ref, err := c.Put(text)
	must(t, err)
	return ref
}

func TestContextsAreKeptOnceAndGivenBack(t *testing.T) {
	dir := t.TempDir()
	texts := []string{"one", "", strings.Repeat("two \xff日本 ", 10_000), "one"}
	var refs []string
	c := openContexts(t, dir)
	for _, text := range texts {
		refs = append(refs, put(t, c, text))
	}
	if c.Len() != 3 || refs[0] != refs[3] {
		t.Errorf("%d contexts, refs %v", c.Len(), refs)
	}
	if want := hexSum([]byte("one")); refs[0] != want {
		t.Errorf("ref %s, want %s", refs[0], want)
	}
	must(t, c.Close())
	c = openContexts(t, dir)
	for i, ref := range refs {
		if got, err := c.Get(ref); err != nil || got != texts[i] {
			t.Errorf("text %d: %d bytes, %v", i, len(got), err)
		}
	}
	before, err := os.Stat(filepath.Join(dir, "contexts.zst"))
	must(t, err)
	put(t, c, "one")
	if after, err := os.Stat(filepath.Join(dir, "contexts.zst")); err != nil || after.Size() != before.Size() {
		t.Errorf("a known context was written again: %v", err)
	}
	if _, err := c.Get(hexSum([]byte("never"))); !errors.Is(err, ErrNoContext) {
		t.Errorf("unknown context: %v", err)
	}
	if _, err := c.Get("../../etc"); err == nil || errors.Is(err, ErrNoContext) {
		t.Errorf("not a hash: %v", err)
	}
}

func TestAPlainDecoderReadsAllContexts(t *testing.T) {
	dir := t.TempDir()
	c := openContexts(t, dir)
	for i := range 5 {
		put(t, c, fmt.Sprintf("context %d;", i))
	}
	must(t, c.Close())
	f, err := os.Open(filepath.Join(dir, "contexts.zst"))
	must(t, err)
	defer func() { must(t, f.Close()) }()
	d, err := zstd.NewReader(f)
	must(t, err)
	defer d.Close()
	got, err := io.ReadAll(d)
	if want := "context 0;context 1;context 2;context 3;context 4;"; err != nil || string(got) != want {
		t.Errorf("got %q, %v", got, err)
	}
}

// TestContextsCutAnywhereLoseOnlyWhatWasCut cuts both files at every byte of their
// second half, as a crash or a power cut may.
func TestContextsCutAnywhereLoseOnlyWhatWasCut(t *testing.T) {
	texts := []string{"the first", "the second one", "the third, which is last"}
	dir := t.TempDir()
	c := openContexts(t, dir)
	for _, text := range texts {
		put(t, c, text)
	}
	must(t, c.Close())
	for _, name := range []string{"contexts.zst", "contexts.idx.jsonl"} {
		whole, err := os.ReadFile(filepath.Join(dir, name))
		must(t, err)
		for cut := len(whole) / 2; cut <= len(whole); cut++ {
			damaged := t.TempDir()
			must(t, os.CopyFS(damaged, os.DirFS(dir)))
			must(t, os.Truncate(filepath.Join(damaged, name), int64(cut)))
			checkRepaired(t, damaged, texts, fmt.Sprintf("%s cut at %d", name, cut), cut == len(whole))
		}
		// As long as before, but the last bytes never reached the disk.
		for zeroed := 1; zeroed < 40; zeroed += 3 {
			damaged := t.TempDir()
			must(t, os.CopyFS(damaged, os.DirFS(dir)))
			torn := bytes.Clone(whole)
			clear(torn[len(torn)-zeroed:])
			must(t, os.WriteFile(filepath.Join(damaged, name), torn, 0o644))
			checkRepaired(t, damaged, texts, fmt.Sprintf("%s with %d zeros", name, zeroed), false)
		}
	}
}

// checkRepaired opens damaged contexts, wants a prefix of texts, stores all
// again, and wants them all after reopening.
func checkRepaired(t *testing.T, dir string, texts []string, what string, whole bool) {
	t.Helper()
	c, err := OpenContexts(dir)
	must(t, err)
	if whole && c.Len() != len(texts) {
		t.Fatalf("%s: %d contexts", what, c.Len())
	}
	for i, text := range texts {
		got, err := c.Get(hexSum([]byte(text)))
		if i < c.Len() && (err != nil || got != text) {
			t.Fatalf("%s: context %d of %d: %q, %v", what, i, c.Len(), got, err)
		}
	}
	for _, text := range texts {
		put(t, c, text)
	}
	must(t, c.Close())
	c, err = OpenContexts(dir)
	must(t, err)
	for i, text := range texts {
		if got, err := c.Get(hexSum([]byte(text))); err != nil || got != text {
			t.Fatalf("%s, stored again: context %d: %q, %v", what, i, got, err)
		}
	}
	if strings.Contains(what, "zst") && len(c.Warnings()) > 0 {
		t.Fatalf("%s, stored again: %v", what, c.Warnings())
	}
	must(t, c.Close())
}

func TestADamagedContextIsNamedNotReturned(t *testing.T) {
	dir := t.TempDir()
	c := openContexts(t, dir)
	ref := put(t, c, strings.Repeat("first ", 100))
	put(t, c, "last")
	must(t, c.Close())
	path := filepath.Join(dir, "contexts.zst")
	data, err := os.ReadFile(path)
	must(t, err)
	data[12] ^= 0x55
	must(t, os.WriteFile(path, data, 0o644))
	c = openContexts(t, dir)
	if got, err := c.Get(ref); err == nil || !strings.Contains(err.Error(), ref) {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestContextsOnAFullDiskStayWhole(t *testing.T) {
	for _, full := range []string{"frames", "index"} {
		dir := t.TempDir()
		c := openContexts(t, dir)
		put(t, c, "before")
		frames, index := &fullDisk{appendFile: c.frames, room: 1 << 20}, &fullDisk{appendFile: c.index, room: 1 << 20}
		c.frames, c.index = frames, index
		if full == "frames" {
			frames.room = 4
		} else {
			index.room = 4
		}
		if _, err := c.Put("too much"); !errors.Is(err, syscall.ENOSPC) {
			t.Errorf("%s: got %v, want ENOSPC", full, err)
		}
		frames.room, index.room = 1<<20, 1<<20
		ref := put(t, c, "after")
		must(t, c.Close())
		c = openContexts(t, dir)
		if got, err := c.Get(ref); err != nil || got != "after" || c.Len() != 2 || len(c.Warnings()) > 0 {
			t.Errorf("%s: %q, %v, %d contexts, %v", full, got, err, c.Len(), c.Warnings())
		}
	}
}

func TestManyMayPutTheSameContext(t *testing.T) {
	c := openContexts(t, t.TempDir())
	var wait sync.WaitGroup
	for w := range 16 {
		wait.Go(func() {
			for i := range 20 {
				text := fmt.Sprintf("context %d", (i+w)%7)
				ref, err := c.Put(text)
				if err != nil {
					t.Error(err)
				}
				if got, err := c.Get(ref); err != nil || got != text {
					t.Errorf("%q, %v", got, err)
				}
			}
		})
	}
	wait.Wait()
	if c.Len() != 7 {
		t.Errorf("%d contexts, want 7", c.Len())
	}
}

func FuzzContexts(f *testing.F) {
	dir := f.TempDir()
	c := openContexts(f, dir)
	put(f, c, "one")
	put(f, c, "two")
	must(f, c.Close())
	frames, err := os.ReadFile(filepath.Join(dir, "contexts.zst"))
	must(f, err)
	index, err := os.ReadFile(filepath.Join(dir, "contexts.idx.jsonl"))
	must(f, err)
	f.Add(frames, index)
	f.Add(frames[:10], index)
	f.Add([]byte{}, []byte(`{"sha256":"`+hexSum(nil)+`","offset":0,"length":1,"bytes":1073741824}`+"\n"))
	f.Fuzz(func(t *testing.T, frames, index []byte) {
		if len(frames)+len(index) > 1<<16 {
			t.Skip()
		}
		dir := t.TempDir()
		must(t, os.WriteFile(filepath.Join(dir, "contexts.zst"), frames, 0o644))
		must(t, os.WriteFile(filepath.Join(dir, "contexts.idx.jsonl"), index, 0o644))
		c := openContexts(t, dir)
		ref := put(t, c, "fresh")
		must(t, c.Close())
		c = openContexts(t, dir)
		// Unless a damaged frame claims to be it already.
		if got, err := c.Get(ref); err == nil && got != "fresh" {
			t.Errorf("got %q", got)
		}
	})
}

func TestAnIndexThatNamesTheWrongFrameIsNotBelieved(t *testing.T) {
	dir := t.TempDir()
	c := openContexts(t, dir)
	one, two := put(t, c, "text one"), put(t, c, "text two")
	put(t, c, "text three")
	must(t, c.Close())
	path := filepath.Join(dir, "contexts.idx.jsonl")
	index, err := os.ReadFile(path)
	must(t, err)
	swapped := strings.NewReplacer(one, two, two, one).Replace(string(index))
	must(t, os.WriteFile(path, []byte(swapped), 0o644))
	c = openContexts(t, dir)
	for _, ref := range []string{one, two} {
		if got, err := c.Get(ref); err == nil || !strings.Contains(err.Error(), "another sha256") {
			t.Errorf("got %q, %v", got, err)
		}
	}
}
