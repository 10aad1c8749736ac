package results

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"github.com/gofrs/flock"
)

func TestRowLinesSayWhereTheyStand(t *testing.T) {
	text := "{\"a\":1}\n\n{\"b\":22}\n{\"torn"
	var got []string
	for line, err := range RowLines(strings.NewReader(text[8:]), 8) {
		must(t, err)
		if string(line.Data) != text[line.Offset:line.Offset+int64(line.Length)] {
			t.Errorf("line %q doesn't stand at %d", line.Data, line.Offset)
		}
		got = append(got, string(line.Data))
	}
	if want := []string{"", `{"b":22}`}; !slices.Equal(got, want) {
		t.Errorf("lines %q, want %q: the last has no end yet", got, want)
	}
	for range RowLines(strings.NewReader(text), 0) {
		break // and nothing more is yielded
	}
	broken := errors.New("broken")
	var last error
	for _, err := range RowLines(iotest.ErrReader(broken), 0) {
		last = err
	}
	if !errors.Is(last, broken) {
		t.Errorf("error %v, want the reader's", last)
	}
}

func TestInUse(t *testing.T) {
	dir := t.TempDir()
	ask := func(want bool) {
		t.Helper()
		if got, err := InUse(dir); err != nil || got != want {
			t.Errorf("in use: %v, %v, want %v", got, err, want)
		}
	}
	ask(false)
	if left, _ := filepath.Glob(filepath.Join(dir, "*")); len(left) > 0 {
		t.Errorf("asking made %q", left)
	}
	if _, err := os.Stat(filepath.Join(dir, lockFile)); err == nil {
		t.Error("asking made a lock")
	}
	run, err := Open(dir, testManifest())
	must(t, err)
	ask(true)
	ask(true)
	must(t, run.Close())
	ask(false)
	lock := flock.New(filepath.Join(dir, lockFile))
	if held, err := lock.TryLock(); err != nil || !held {
		t.Errorf("asking keeps the lock: %v", err)
	}
	must(t, lock.Close())
}

// Rows reach the file while a run goes on, though not each for itself.
func TestRowsShowWhileTheyCome(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		w, err := NewWriter(dir, nil)
		must(t, err)
		shown := func() int {
			data, err := os.ReadFile(UnsortedRowsFile(dir))
			must(t, err)
			return strings.Count(string(data), "\n")
		}
		for i, want := range []int{1, 1, 1} {
			must(t, w.Add(result("t", i, 1)))
			if got := shown(); got != want {
				t.Errorf("%d rows show after %d in no time, want %d", got, i+1, want)
			}
		}
		time.Sleep(showEvery)
		must(t, w.Add(result("t", 3, 1)))
		if got := shown(); got != 4 {
			t.Errorf("%d rows show after a second, want 4", got)
		}
		must(t, w.Close())
	})
}
