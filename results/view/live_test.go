package view

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gofrs/flock"
	"golang.org/x/sync/errgroup"

	"github.com/lcbench/lcbench/results"
)

func TestAListGrowsWhileARunWrites(t *testing.T) {
	root := t.TempDir()
	v := viewer(t, root)
	wants(t, page(t, v, "/"), "No run yet.", "Runs show here as soon as")

	g := grow(t, filepath.Join(root, "suite", "needles"), 20)
	lookAgain(v)
	wants(t, page(t, v, "/live/runs"), "1 run: 1 running.", `data-key="suite/needles"`, `<span class="tag running">running</span>`, `<td class="done">0</td>`)
	wants(t, page(t, v, "/samples?run=suite/needles"), "none has been answered yet")
	wants(t, page(t, v, "/report?run=suite/needles"), `<span class="tag warn">running</span>`)

	g.write(t, strings.Join(g.lines[:6], ""))
	must(t, g.Update(func(m *results.Manifest) { m.Total = 20 }))
	wants(t, page(t, v, "/live/runs"), `<progress max="20" value="6"`, "6 of 20", "so far, plain mean", "<b>87.5</b>")

	// Half a line is no row yet; with its end it is.
	g.write(t, g.lines[6][:50])
	wants(t, page(t, v, "/live/samples?run=suite/needles&rows=4"), "6 of 20", "2 samples came since")
	refuses(t, page(t, v, "/samples?run=suite/needles"), g.lines[6][7:15], "couldn’t be read")
	g.write(t, g.lines[6][50:])
	text := page(t, v, "/samples?run=suite/needles")
	wants(t, text, "7 of 20", "single/6", "1–7 of 7")
	wants(t, page(t, v, "/live/runs"), `<td class="lost">1</td>`) // the seventh
	wants(t, page(t, v, "/sample?run=suite/needles&id=single/6"), "<h1><bdi>single/6</bdi></h1>")

	// The run ends: rows come in file order, in another file.
	must(t, g.file.Close())
	must(t, os.WriteFile(filepath.Join(g.Dir(), "samples.jsonl"), []byte(strings.Join(g.lines, "")), 0o644))
	must(t, g.Finish(results.Complete))
	must(t, g.Close())
	must(t, os.RemoveAll(results.UnsortedRowsFile(g.Dir())))
	wants(t, page(t, v, "/live/runs"), "1 run: 1 finished.")
	wants(t, page(t, v, "/samples?run=suite/needles"), "1–20 of 20")
}

func TestAKilledRunIsInterruptedAndAStoppedOneStopped(t *testing.T) {
	root := t.TempDir()
	v := viewer(t, root)
	f := begin(t, root+"/killed", "local:tiny")
	wants(t, page(t, v, "/live/runs"), `<span class="tag running">running</span>`)
	must(t, f.Close()) // without a Finish, like one that was killed
	wants(t, page(t, v, "/live/runs"), `<span class="tag interrupted">interrupted</span>`)
	f = begin(t, root+"/killed", "local:tiny") // the same command goes on
	wants(t, page(t, v, "/live/runs"), `<span class="tag running">running</span>`)
	f.add(t, 9, nil)
	f.end(t, results.Partial)
	wants(t, page(t, v, "/live/runs"), `<span class="tag stopped">stopped</span>`, `<td class="done">9</td>`)
}

// Who starts a run must not find the viewer holding its lock: of a run that
// nobody works on the lock is asked for once.
func TestAFreeLockIsAskedForOnce(t *testing.T) {
	root := t.TempDir()
	must(t, begin(t, root+"/killed", "local:tiny").Close())
	v := viewer(t, root)
	wants(t, page(t, v, "/live/runs"), "interrupted")
	lock := flock.New(root + "/killed/.lock")
	if held, err := lock.TryLock(); err != nil || !held {
		t.Fatalf("the viewer keeps the lock: %v", err)
	}
	defer lock.Unlock()
	wants(t, page(t, v, "/live/runs"), "interrupted") // it wasn't asked for again
	must(t, os.Chtimes(root+"/killed/manifest.json", time.Time{}, time.Now().Add(time.Minute)))
	wants(t, page(t, v, "/live/runs"), "running") // who has the lock wrote a manifest
}

// Whatever becomes of a folder while it is looked at, the page says it in a
// line.
func TestFoldersThatBreakWhileOneLooks(t *testing.T) {
	for _, c := range []struct {
		name  string
		spoil func(t *testing.T, dir string)
		list  string
		codes map[string]int // by page; the others are 200
	}{
		{"the folder is deleted", func(t *testing.T, dir string) { must(t, os.RemoveAll(dir)) }, "No run yet.",
			map[string]int{"/report?run=run": 404, "/samples?run=run": 404, "/sample?run=run&id=single/0": 404}},
		{"the manifest is half written", func(t *testing.T, dir string) {
			must(t, os.WriteFile(dir+"/manifest.json", []byte(`{"format":`), 0o644))
		},
			"unexpected end of JSON input", map[string]int{"/report?run=run": 409}},
		{"the manifest is of a later lcbench", func(t *testing.T, dir string) {
			must(t, os.WriteFile(dir+"/manifest.json", []byte(`{"format":99,"benchmark":"x"}`), 0o644))
		}, "written by a newer lcbench", map[string]int{"/report?run=run": 409}},
		{"the summary is broken", func(t *testing.T, dir string) { must(t, os.WriteFile(dir+"/summary.json", []byte(`[`), 0o644)) },
			"summary.json", map[string]int{"/report?run=run": 409}},
		{"the rows are gone", func(t *testing.T, dir string) { must(t, os.Remove(dir+"/samples.jsonl")) }, "finished",
			map[string]int{"/sample?run=run&id=single/0": 404}},
		{"rows are no rows", func(t *testing.T, dir string) {
			must(t, os.WriteFile(dir+"/samples.jsonl", []byte("\x00\n{}\nnull\n[1]\n{\"id\":\"single/0\",\"task\":\"single\",\"score\":7}\n{\"id\":3}\n"), 0o644))
		}, "finished", nil},
		{"the contexts are gone", func(t *testing.T, dir string) { must(t, os.Remove(dir+"/contexts.zst")) }, "finished", nil},
		{"the contexts are broken", func(t *testing.T, dir string) { must(t, os.WriteFile(dir+"/contexts.zst", make([]byte, 4000), 0o644)) }, "finished", nil},
		{"the contexts' index is broken", func(t *testing.T, dir string) {
			must(t, os.WriteFile(dir+"/contexts.idx.jsonl", []byte("{\n"), 0o644))
		}, "finished", nil},
		{"the rows are a folder", func(t *testing.T, dir string) {
			must(t, os.Remove(dir+"/samples.jsonl"))
			must(t, os.Mkdir(dir+"/samples.jsonl", 0o755))
		}, "finished", map[string]int{"/sample?run=run&id=single/0": 404}},
	} {
		t.Run(c.name, func(t *testing.T) {
			root := t.TempDir()
			finishedRun(t, root+"/run", 9)
			v := viewer(t, root)
			pages := []string{"/", "/live/runs", "/report?run=run", "/live/report?run=run", "/samples?run=run", "/sample?run=run&id=single/0"}
			for _, path := range pages {
				page(t, v, path)
			}
			c.spoil(t, root+"/run")
			lookAgain(v)
			for _, b := range v.reports.kept {
				b.at = b.at.Add(-2 * b.patience())
			}
			wants(t, page(t, v, "/"), c.list)
			for _, path := range pages {
				w := ask(v, path)
				want := 200
				if code, ok := c.codes[path]; ok {
					want = code
				} else if c.codes["/samples?run=run"] == 404 && strings.HasPrefix(path, "/live/report") {
					want = 404
				}
				if w.Code != want {
					t.Errorf("%s: status %d, want %d\n%s", path, w.Code, want, w.Body)
				}
				refuses(t, w.Body.String(), "goroutine", "panic", ".go:")
			}
		})
	}
}

// Rows that are written anew into the same file are read anew, whether the file
// has become shorter or not.
func TestRowsThatAreWrittenAnew(t *testing.T) {
	root := t.TempDir()
	g := grow(t, filepath.Join(root, "run"), 30)
	v := viewer(t, root)
	g.write(t, strings.Join(g.lines[:5], ""))
	wants(t, page(t, v, "/samples?run=run"), "single/0", "1–5 of 5")
	must(t, g.file.Truncate(0))
	g.write(t, g.lines[7])
	text := page(t, v, "/samples?run=run")
	wants(t, text, "single/7", "1–1 of 1")
	refuses(t, text, "single/0")
	must(t, g.file.Truncate(0))
	g.write(t, strings.Join(g.lines[10:30], ""))
	text = page(t, v, "/samples?run=run")
	wants(t, text, "single/10", "1–20 of 20")
	refuses(t, text, "single/7<")
}

// An index of a file that changed behind its back gives no other row for the one
// that was asked for.
func TestARowThatMovedIsNotTakenForAnother(t *testing.T) {
	path := filepath.Join(t.TempDir(), "rows.jsonl")
	row := func(id string) string { return `{"id":"` + id + `","task":"t"}` + "\n" }
	must(t, os.WriteFile(path, []byte(row("a")+row("b")), 0o644))
	x := &rowIndex{}
	must(t, x.refresh(path, true))
	must(t, os.WriteFile(path, []byte(row("c")+row("d")), 0o644))
	if err := x.read([]int{0}, func(r results.Row) { t.Errorf("got %q for a", r.ID) }); !errors.Is(err, errMoved) {
		t.Errorf("error %v, want %v", err, errMoved)
	}
	must(t, x.refresh(path, true)) // the next look is at the file as it is
	if x.rows != 2 || x.id(0) != "c" || x.id(1) != "d" {
		t.Errorf("%d rows, %q", x.rows, x.ids)
	}
}

func TestAFileWithoutARowThatBecomesShorter(t *testing.T) {
	path := filepath.Join(t.TempDir(), "rows.jsonl")
	x := &rowIndex{}
	for _, c := range []struct {
		text         string
		rows, broken int
	}{{"no row\nnor this\n", 0, 2}, {"{\"id\":\"a\"", 0, 0}, {"", 0, 0}, {"{}\n{\"id\":\"a\",\"task\":\"t\"}\n", 1, 1}} {
		must(t, os.WriteFile(path, []byte(c.text), 0o644))
		must(t, x.refresh(path, true))
		if x.rows != c.rows || x.broken != c.broken {
			t.Errorf("%q: %d rows and %d broken, want %d and %d", c.text, x.rows, x.broken, c.rows, c.broken)
		}
	}
}

// What was forgotten of a run is read again when it is needed, and what the list
// shows of it stays.
func TestEntriesAreForgottenAndComeBack(t *testing.T) {
	path := filepath.Join(t.TempDir(), "rows.jsonl")
	must(t, os.WriteFile(path, []byte(`{"id":"a","task":"t","score":0.5}`+"\n"), 0o644))
	r, others := &run{rows: &rowIndex{}}, &indexes{}
	must(t, r.rows.refresh(path, true))
	others.used(r, maxIndexed)
	others.used(&run{}, 1)
	if len(r.rows.entries) != 0 || r.rows.rows != 1 || r.rows.sum != 0.5 {
		t.Errorf("%d entries, %d rows, sum %v; want what they came to alone", len(r.rows.entries), r.rows.rows, r.rows.sum)
	}
	must(t, r.rows.refresh(path, false))
	if len(r.rows.entries) != 0 {
		t.Error("read again without need")
	}
	must(t, r.rows.refresh(path, true))
	if len(r.rows.entries) != 1 || r.rows.rows != 1 || r.rows.sum != 0.5 {
		t.Errorf("%d entries, %d rows, sum %v; want 1, 1 and 0.5", len(r.rows.entries), r.rows.rows, r.rows.sum)
	}
}

// Many pages at once, of a run that writes: under -race this says that nobody
// steps on another's rows.
func TestManyLookAtOnce(t *testing.T) {
	root := t.TempDir()
	g := grow(t, filepath.Join(root, "run"), 60)
	v := viewer(t, root)
	g.write(t, g.lines[0])
	var work errgroup.Group
	for _, path := range []string{"/", "/live/runs", "/report?run=run", "/live/report?run=run", "/samples?run=run&sort=low", "/sample?run=run&id=single/0", "/live/samples?run=run"} {
		work.Go(func() error {
			for range 10 {
				if w := ask(v, path); w.Code != 200 {
					return fmt.Errorf("%s: status %d: %s", path, w.Code, w.Body)
				}
			}
			return nil
		})
	}
	work.Go(func() error {
		for _, line := range g.lines[1:] {
			if _, err := g.file.WriteString(line); err != nil {
				return err
			}
		}
		return nil
	})
	must(t, work.Wait())
	wants(t, page(t, v, "/samples?run=run"), "1–50 of 60")
}
