package results

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// readSoFar returns the ids of a folder's rows and the first error.
func readSoFar(dir string) (ids []string, err error) {
	for row, rowErr := range RowsSoFar(dir) {
		if rowErr != nil {
			return ids, rowErr
		}
		ids = append(ids, row.ID)
	}
	return ids, nil
}

// A run that was killed has its rows as they came, the last of them torn.
func TestRowsSoFarOfAKilledRun(t *testing.T) {
	dir := t.TempDir()
	if _, err := readSoFar(dir); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no rows at all: %v, want fs.ErrNotExist", err)
	}
	w, err := NewWriter(dir, nil)
	must(t, err)
	must(t, w.Add(result("t", 1, 1)))
	must(t, w.Add(result("t", 0, 1)))
	must(t, w.buffered.Flush())
	must(t, os.Truncate(partPath(dir), w.size-10))
	if ids, err := readSoFar(dir); err != nil || strings.Join(ids, " ") != "t/0001" {
		t.Errorf("got %q, %v, want the one whole row", ids, err)
	}
	must(t, w.Close())
	w, err = NewWriter(dir, nil)
	must(t, err)
	must(t, w.Add(result("t", 1, 1)))
	must(t, w.Add(result("t", 0, 1)))
	must(t, w.Finish())
	if ids, err := readSoFar(dir); err != nil || strings.Join(ids, " ") != "t/0000 t/0001" {
		t.Errorf("got %q, %v, want the rows in file order", ids, err)
	}
}

func TestRowsSoFarNamesABrokenLine(t *testing.T) {
	dir := t.TempDir()
	must(t, os.WriteFile(partPath(dir), []byte("{\"id\":\"a\",\"task\":\"t\"}\n{\"id\":7}\n"), 0o644))
	if _, err := readSoFar(dir); err == nil || !strings.Contains(err.Error(), filepath.Base(partPath(dir))+":2: ") {
		t.Errorf("got %v", err)
	}
}

// A page keeps to its width and lets no control character through.
func TestPage(t *testing.T) {
	var out strings.Builder
	must(t, WritePage(&out, Page{
		Title: "A title\x1b[31m", Lines: []string{strings.Repeat("word ", 30)},
		Tables: []PageTable{{Header: []string{"Task", "N"}, Rows: [][]string{{strings.Repeat("n", 100), "1"}}, Left: 1}},
		Notes:  []PageNote{{Text: "a note", Warning: true}},
	}, TableOptions{Color: true}))
	for line := range strings.Lines(strings.NewReplacer("\x1b[1m", "", "\x1b[0m", "", "\x1b[33m", "").Replace(out.String())) {
		if n := terminalWidth(strings.TrimRight(line, "\n")); n > 80 || strings.Contains(line, "\x1b") {
			t.Errorf("%d columns: %q", n, line)
		}
	}
	if !strings.Contains(out.String(), "\x1b[33ma note\x1b[0m") {
		t.Errorf("a warning has no colour: %q", out.String())
	}
}
