package results

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lcbench/lcbench/runners"
)

// openJournal opens a journal that is closed with the test.
func openJournal(t testing.TB, path string) *Journal {
	t.Helper()
	j, err := OpenJournal(path)
	must(t, err)
	t.Cleanup(func() { must(t, j.Close()) })
	return j
}

// journalOf writes answers to the ids and returns the file's bytes.
func journalOf(t testing.TB, ids ...string) []byte {
	t.Helper()
	path := filepath.Join(t.TempDir(), "journal.jsonl")
	j, err := OpenJournal(path)
	must(t, err)
	for _, id := range ids {
		must(t, j.Append(answer(id)))
	}
	must(t, j.Close())
	data, err := os.ReadFile(path)
	must(t, err)
	return data
}

func TestJournalGivesBackWhatWasAppended(t *testing.T) {
	path := filepath.Join(t.TempDir(), "journal.jsonl")
	want := answer("a/1")
	want.Text = "line\nline\u2028 <b> \x00 é 日本"
	want.First, want.Reasoning, want.Error = "first", "because", ""
	for _, start := range []string{"same start", "after reopening"} {
		j, err := OpenJournal(path)
		must(t, err)
		if start == "same start" {
			must(t, j.Append(want))
		}
		got, ok, err := j.Find("a/1")
		if err != nil || !ok {
			t.Fatalf("%s: found %v, error %v", start, ok, err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", start, diff)
		}
		if _, ok, err := j.Find("a/2"); ok || err != nil {
			t.Errorf("%s: an answer that was never given: %v, %v", start, ok, err)
		}
		must(t, j.Close())
		must(t, j.Close())
	}
}

func TestTheLastFinalAnswerCounts(t *testing.T) {
	failed := runners.Answer{SampleID: "a", Status: runners.Failed, Error: "HTTP 500", Usage: runners.Usage{Known: true, Prompt: 7}}
	first, second := answer("a"), answer("a")
	second.Text = "second"
	overflow := runners.Answer{SampleID: "a", Status: runners.ContextOverflow}
	cached := answer("a")
	cached.FromCache = true
	tests := []struct {
		name    string
		records []runners.Answer
		want    string // text; "-" for none
		spent   int
	}{
		{"a failed attempt is asked again", []runners.Answer{failed}, "-", 7},
		{"an answer after a failure", []runners.Answer{failed, first}, first.Text, 1007},
		{"a failure doesn't hide an answer", []runners.Answer{first, failed}, first.Text, 1007},
		{"the later of two answers", []runners.Answer{first, second}, "second", 2000},
		{"an overflow is final", []runners.Answer{overflow}, "", 0},
		{"an answer from the cache wasn't paid", []runners.Answer{cached}, first.Text, 0},
	}
	for _, tt := range tests {
		path := filepath.Join(t.TempDir(), "journal.jsonl")
		for _, start := range []string{"same start", "after reopening"} {
			j := openJournal(t, path)
			if start == "same start" {
				for _, r := range tt.records {
					must(t, j.Append(r))
				}
			}
			got, ok, err := j.Find("a")
			must(t, err)
			if ok != (tt.want != "-") || ok && got.Text != tt.want {
				t.Errorf("%s, %s: got %q (found %v), want %q", tt.name, start, got.Text, ok, tt.want)
			}
			if j.Spent().Prompt != tt.spent {
				t.Errorf("%s, %s: spent %d tokens, want %d", tt.name, start, j.Spent().Prompt, tt.spent)
			}
			n := 0
			for a, err := range j.All() {
				must(t, err)
				n++
				if a.Text != tt.want {
					t.Errorf("%s, %s: stream has %q", tt.name, start, a.Text)
				}
			}
			if n != j.Len() {
				t.Errorf("%s, %s: stream of %d, Len %d", tt.name, start, n, j.Len())
			}
			must(t, j.Close())
		}
	}
}

// TestJournalCutAtEveryByteLosesOnlyTheTornRecord is what kill -9 can do to the
// end of the file.
func TestJournalCutAtEveryByteLosesOnlyTheTornRecord(t *testing.T) {
	whole := journalOf(t, "a", "b", "c")
	ends := []int{}
	for i, b := range whole {
		if b == '\n' {
			ends = append(ends, i)
		}
	}
	path := filepath.Join(t.TempDir(), "journal.jsonl")
	for cut := ends[1] - 1; cut <= len(whole); cut++ {
		must(t, os.WriteFile(path, whole[:cut], 0o644))
		j, err := OpenJournal(path)
		must(t, err)
		want := 0
		for _, end := range ends {
			if cut >= end { // whole, with or without its line feed
				want++
			}
		}
		if j.Len() != want {
			t.Fatalf("cut at %d: %d answers, want %d", cut, j.Len(), want)
		}
		torn := cut > ends[want-1]+1
		if (len(j.Warnings()) > 0) != torn {
			t.Fatalf("cut at %d: warnings %v, torn %v", cut, j.Warnings(), torn)
		}
		must(t, j.Append(answer("d")))
		must(t, j.Close())
		j, err = OpenJournal(path)
		must(t, err)
		if j.Len() != want+1 || len(j.Warnings()) > 0 {
			t.Fatalf("cut at %d, then appended: %d answers, want %d; %v", cut, j.Len(), want+1, j.Warnings())
		}
		for _, id := range []string{"a", "b", "c"}[:want] {
			if a, ok, err := j.Find(id); err != nil || !ok || a.Text != "the answer to "+id {
				t.Fatalf("cut at %d: %s: %v, %v", cut, id, ok, err)
			}
		}
		must(t, j.Close())
	}
}

func TestABrokenLineInTheMiddleIsNamedAndKept(t *testing.T) {
	record := string(journalOf(t, "a"))
	tests := []struct {
		name, broken, want string
	}{
		{"half a record glued to nothing", `{"id":"x","status":"o`, "unexpected end of JSON input"},
		{"zeros, as a power cut leaves them", strings.Repeat("\x00", 40), "invalid character"},
		{"another object", `{"foo":1}`, `no "id"`},
		{"an unknown status", `{"id":"x","status":"fine"}`, `unknown "status" "fine"`},
		{"a blank line", "", "unexpected end of JSON input"},
		{"a wrong type", `{"id":7}`, "cannot unmarshal"},
	}
	for _, tt := range tests {
		path := filepath.Join(t.TempDir(), "journal.jsonl")
		content := record + tt.broken + "\n" + strings.Replace(record, `"id":"a"`, `"id":"b"`, 1)
		must(t, os.WriteFile(path, []byte(content), 0o644))
		j := openJournal(t, path)
		if j.Len() != 2 {
			t.Errorf("%s: %d answers, want 2", tt.name, j.Len())
		}
		w := j.Warnings()
		if len(w) != 1 || w[0].Line != 2 || !strings.Contains(w[0].String(), tt.want) {
			t.Errorf("%s: warnings %v, want one of journal.jsonl:2 with %q", tt.name, w, tt.want)
		}
		if after, err := os.ReadFile(path); err != nil || string(after) != content {
			t.Errorf("%s: the file was changed (%v)", tt.name, err)
		}
	}
}

func TestAppendersShareSyncs(t *testing.T) {
	path := filepath.Join(t.TempDir(), "journal.jsonl")
	f, err := os.Create(path)
	must(t, err)
	const appends = 256
	counted := &countingFile{appendFile: f, all: appends, written: make(chan struct{})}
	d := newDurable(path, counted, 0)
	var wait sync.WaitGroup
	for range appends {
		wait.Go(func() {
			if _, err := d.append([]byte("record\n")); err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	must(t, d.close())
	if counted.writes != appends {
		t.Errorf("%d writes for %d appends", counted.writes, appends)
	}
	if counted.syncs != 2 { // of the first record, and of all that came meanwhile
		t.Errorf("%d syncs for %d appends at once, want 2", counted.syncs, appends)
	}
}

// countingFile counts what is done to a file.
type countingFile struct {
	appendFile
	mu            sync.Mutex
	writes, syncs int
	// A sync lasts until all have been written, if all isn't 0: then written is
	// closed.
	all     int
	written chan struct{}
}

func (f *countingFile) WriteAt(p []byte, off int64) (int, error) {
	f.mu.Lock()
	if f.writes++; f.writes == f.all {
		close(f.written)
	}
	f.mu.Unlock()
	return f.appendFile.WriteAt(p, off)
}

func (f *countingFile) Sync() error {
	f.mu.Lock()
	f.syncs++
	f.mu.Unlock()
	if f.all > 0 {
		<-f.written
	}
	return f.appendFile.Sync()
}

// fullDisk takes room bytes, then half of what doesn't fit, then nothing.
type fullDisk struct {
	appendFile
	room    int
	syncErr error
}

func (f *fullDisk) WriteAt(p []byte, off int64) (int, error) {
	if len(p) <= f.room {
		f.room -= len(p)
		return f.appendFile.WriteAt(p, off)
	}
	n, err := f.appendFile.WriteAt(p[:len(p)/2], off)
	return n, errors.Join(err, syscall.ENOSPC)
}

func (f *fullDisk) Sync() error {
	if f.syncErr != nil {
		return f.syncErr
	}
	return f.appendFile.Sync()
}

func TestAFullDiskIsAnErrorAndLeavesTheJournalWhole(t *testing.T) {
	path := filepath.Join(t.TempDir(), "journal.jsonl")
	j, err := OpenJournal(path)
	must(t, err)
	must(t, j.Append(answer("a")))
	disk := &fullDisk{appendFile: j.log.file, room: 10}
	j.log.file = disk
	err = j.Append(answer("b"))
	if !errors.Is(err, syscall.ENOSPC) || !strings.Contains(err.Error(), path) {
		t.Errorf("got %v, want no space left, with the path", err)
	}
	if _, ok, _ := j.Find("b"); ok {
		t.Error("an answer that wasn't written is found")
	}
	disk.room = 1 << 20 // somebody made room
	must(t, j.Append(answer("c")))
	must(t, j.Close())
	again := openJournal(t, path)
	if len(again.Warnings()) > 0 || again.Len() != 2 {
		t.Errorf("reopened: %d answers, want 2; %v", again.Len(), again.Warnings())
	}
}

func TestAfterAFailedSyncNothingIsTakenAnyMore(t *testing.T) {
	j, err := OpenJournal(filepath.Join(t.TempDir(), "journal.jsonl"))
	must(t, err)
	disk := &fullDisk{appendFile: j.log.file, room: 1 << 20, syncErr: syscall.EIO}
	j.log.file = disk
	var wait sync.WaitGroup
	for i := range 8 {
		wait.Go(func() {
			if err := j.Append(answer(fmt.Sprint(i))); !errors.Is(err, syscall.EIO) {
				t.Errorf("got %v, want EIO", err)
			}
		})
	}
	wait.Wait()
	disk.syncErr = nil
	if err := j.Append(answer("later")); !errors.Is(err, syscall.EIO) {
		t.Errorf("after the failed sync: got %v, want EIO", err)
	}
	if j.Len() != 0 {
		t.Errorf("%d answers are said to be safe", j.Len())
	}
	must(t, j.Close())
}

func TestAppendToAFullDevice(t *testing.T) {
	f, err := os.OpenFile("/dev/full", os.O_RDWR, 0)
	if err != nil {
		t.Skip(err)
	}
	d := newDurable("/dev/full", f, 0)
	if _, err := d.append([]byte("x\n")); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("got %v, want ENOSPC", err)
	}
	must(t, d.close())
}

func TestAppendAfterCloseIsAnError(t *testing.T) {
	j, err := OpenJournal(filepath.Join(t.TempDir(), "journal.jsonl"))
	must(t, err)
	must(t, j.Close())
	if err := j.Append(answer("a")); !errors.Is(err, errClosed) {
		t.Errorf("got %v, want %v", err, errClosed)
	}
}

func TestJournalInAMissingFolderNamesIt(t *testing.T) {
	path := filepath.Join(t.TempDir(), "missing", "journal.jsonl")
	if _, err := OpenJournal(path); !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), path) {
		t.Errorf("got %v, want not exist, with the path", err)
	}
}

func TestConcurrentAppendersAndReaders(t *testing.T) {
	path := filepath.Join(t.TempDir(), "journal.jsonl")
	j := openJournal(t, path)
	const workers, each = 32, 10
	var wait sync.WaitGroup
	for w := range workers {
		wait.Go(func() {
			for i := range each {
				id := fmt.Sprintf("%d/%d", w, i)
				if err := j.Append(answer(id)); err != nil {
					t.Error(err)
				}
				if a, ok, err := j.Find(id); err != nil || !ok || a.SampleID != id {
					t.Errorf("%s: %v, %v", id, ok, err)
				}
				for _, err := range j.All() {
					if err != nil {
						t.Error(err)
					}
					break
				}
			}
		})
	}
	wait.Wait()
	again, err := OpenJournal(path) // reading it meanwhile does no harm
	must(t, err)
	if again.Len() != workers*each || len(again.Warnings()) > 0 {
		t.Errorf("reopened: %d answers, %v", again.Len(), again.Warnings())
	}
	must(t, again.Close())
}

func FuzzJournal(f *testing.F) {
	whole := journalOf(f, "a", "b")
	f.Add(whole)
	f.Add(whole[:len(whole)-5])
	f.Add([]byte("{\"id\":\"a\",\"status\":\"ok\"}\n\n\x00\x00\n{\"id\":\"b\",\"status\":\"ok\"}"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > 1<<16 {
			t.Skip()
		}
		path := filepath.Join(t.TempDir(), "journal.jsonl")
		must(t, os.WriteFile(path, data, 0o644))
		j, err := OpenJournal(path)
		must(t, err)
		before := j.Len()
		for a, err := range j.All() {
			must(t, err)
			if a.SampleID == "" {
				t.Error("an answer without an id")
			}
		}
		fresh := answer("a new one")
		_, had, err := j.Find(fresh.SampleID)
		must(t, err)
		must(t, j.Append(fresh))
		must(t, j.Close())
		j = openJournal(t, path)
		if want := before + 1; !had && j.Len() != want || had && j.Len() != before {
			t.Errorf("%d answers, then one more, then %d", before, j.Len())
		}
	})
}

func TestLinesLongerThanTheBufferAreWhole(t *testing.T) {
	path := filepath.Join(t.TempDir(), "journal.jsonl")
	long := answer("long")
	long.Text = strings.Repeat("0123456789", 50_000)
	j := openJournal(t, path)
	must(t, j.Append(answer("a")))
	must(t, j.Append(long))
	must(t, j.Append(answer("b")))
	again := openJournal(t, path)
	got, ok, err := again.Find("long")
	if err != nil || !ok || got.Text != long.Text || again.Len() != 3 {
		t.Errorf("found %v of %d, %v, %d bytes", ok, again.Len(), err, len(got.Text))
	}
}
