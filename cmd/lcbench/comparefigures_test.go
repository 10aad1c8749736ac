package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/lcbench/lcbench/benchmarks/all"
	"github.com/lcbench/lcbench/results"
	"github.com/lcbench/lcbench/results/compare"
)

// runInto runs a benchmark into a folder.
func runInto(t *testing.T, dir, benchmark, model string, more ...string) {
	t.Helper()
	var out bytes.Buffer
	args := append([]string{"lcbench", "run", benchmark, "--data", "builtin", "--no-cache", "--model", model, "--out", dir}, more...)
	if code := Run(t.Context(), args, strings.NewReader(""), &out, &out); code != 0 {
		t.Fatalf("%v: exit code %d\n%s", args, code, out.String())
	}
}

// writeAnswers writes what a model replays: to each sample of a run its first
// reference, a part of it, or something else, as choose says.
func writeAnswers(t *testing.T, dir, path string, choose func(i int) int) {
	t.Helper()
	var out bytes.Buffer
	i := 0
	for row, err := range results.ReadRows(filepath.Join(dir, "samples.jsonl")) {
		if err != nil {
			t.Fatal(err)
		}
		text := "something else"
		if n := choose(i); n > 0 && len(row.References) > 0 {
			words := strings.Fields(row.References[0])
			text = strings.Join(words[:(len(words)*n+2)/3], " ")
		}
		line, err := json.Marshal(map[string]string{"id": row.ID, "answer": text})
		if err != nil {
			t.Fatal(err)
		}
		out.Write(append(line, '\n'))
		i++
	}
	if err := os.WriteFile(path, out.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
}

// Compare's figure of each task, category, average, stratum and cell is that of
// the run's own table, to the last bit, of every benchmark.
func TestCompareHasTheTablesFigures(t *testing.T) {
	if testing.Short() {
		t.Skip("long: the race detector has seen its code elsewhere")
	}
	t.Setenv("LCBENCH_CACHE", t.TempDir())
	type runOf struct {
		benchmark string
		more      []string
	}
	var runs []runOf
	for _, a := range all.List() {
		runs = append(runs, runOf{a.Name, []string{"--limit", "6"}})
	}
	varied := []string{"--limit", "3", "--lengths", "1k,2k", "--depths", "0,100"}
	runs = append(runs, runOf{"longbench", varied}, runOf{"m4le", varied}, runOf{"liconbench", []string{"--limit", "3", "--lengths", "500,1k"}}, runOf{"needlebench", varied}, runOf{"loogle", varied})
	differ := 0 // figures that aren't the mean of their rows' scores
	for _, r := range runs {
		t.Run(r.benchmark+strings.Join(r.more, ""), func(t *testing.T) {
			dir := t.TempDir()
			place := func(name string) string { return filepath.Join(dir, name) }
			runInto(t, place("first"), r.benchmark, "mock:echo", r.more...)
			writeAnswers(t, place("first"), place("base.jsonl"), func(i int) int { return 3 - i%4 })
			writeAnswers(t, place("first"), place("now.jsonl"), func(i int) int { return 2 - i%3 })
			for _, name := range []string{"base", "now"} {
				runInto(t, place(name), r.benchmark, "replay:"+place(name+".jsonl"), r.more...)
			}
			base, now, err := openBoth(place("base"), place("now"))
			if err != nil {
				t.Fatal(err)
			}
			c, err := compare.Compare(base, now, compare.Options{Layout: layoutOf})
			if err != nil {
				t.Fatal(err)
			}
			if err := compare.WriteBaseline(place("base.json"), base); err != nil {
				t.Fatal(err)
			}
			kept, err := compare.Open(place("base.json"))
			if err != nil {
				t.Fatal(err)
			}
			again, err := compare.Compare(kept, now, compare.Options{Layout: layoutOf})
			if err != nil {
				t.Fatal(err)
			}
			for i, u := range c.Units {
				if u != again.Units[i] {
					t.Errorf("with a baseline %s is\n%+v, not\n%+v", u.Title(), again.Units[i], u)
				}
			}
			differ += checkFigures(t, c, place("base"), func(u compare.Unit) float64 { return u.Base })
			checkFigures(t, c, place("now"), func(u compare.Unit) float64 { return u.Candidate })
		})
	}
	if differ < 5 {
		t.Errorf("%d tasks have figures that aren't the means of their rows, want 5 at least: what is this a test of?", differ)
	}
}

// checkFigures compares the units' scores with a run's summary, and returns how
// many tasks have a figure that isn't the mean of their rows' scores.
func checkFigures(t *testing.T, c *compare.Comparison, dir string, score func(compare.Unit) float64) int {
	t.Helper()
	s, err := results.ReadSummary(dir)
	if err != nil {
		t.Fatal(err)
	}
	want := figuresOf(s)
	for _, u := range c.Units {
		name := string(u.Level) + " " + u.Name
		figure, known := want[name]
		delete(want, name)
		switch {
		case !known && (u.Level == compare.Cell || u.Level == compare.Stratum) && len(s.Boards) > 1, u.Level == compare.Overall,
			u.Level == compare.Diffusion, u.Level == compare.Scope, u.Level == compare.Plane:
		case !known:
			t.Errorf("%s isn't in the summary", name)
		case 100*score(u) != *figure.Score || u.Pairs != figure.Rows:
			t.Errorf("%s: %v of %d samples, in the summary %v of %d", name, 100*score(u), u.Pairs, *figure.Score, figure.Rows)
		}
	}
	for name := range want {
		t.Errorf("%s is no unit", name)
	}
	return otherThanMeans(t, s, dir)
}

// figuresOf are a summary's figures by the names of units.
func figuresOf(s results.Summary) map[string]results.Figure {
	out := map[string]results.Figure{}
	alike := map[string]int{} // boards that have a category of the same tasks
	for _, b := range s.Boards {
		for _, c := range b.Categories {
			alike[fmt.Sprint(c.Category, c.Tasks)]++
		}
	}
	for _, task := range s.Tasks {
		out["task "+task.Task] = task.Figure
	}
	for _, b := range s.Boards {
		with := func(name string) string { return strings.TrimSuffix(name+", "+b.Board, ", ") }
		if b.Average.Score != nil {
			out["benchmark "+with(s.Title)] = b.Average
		}
		for _, c := range b.Categories {
			name := with(c.Category)
			if alike[fmt.Sprint(c.Category, c.Tasks)] > 1 {
				name = c.Category // listed once, without a board
			}
			if len(c.Tasks) > 1 || c.Tasks[0] != c.Category {
				out["category "+name] = c.Figure
			}
		}
		if len(s.Boards) > 1 {
			continue // what cuts across tasks is the mean of several boards
		}
		for _, x := range b.Strata {
			if x.Score != nil {
				out["stratum "+x.Name] = x.Figure
			}
		}
		for _, x := range b.Cells {
			name := results.LengthName(x.Length)
			if x.Depth != nil {
				name += " @ " + strconv.FormatFloat(*x.Depth, 'g', 4, 64) + "%"
			}
			out["cell "+name] = x.Figure
		}
		for _, x := range b.Lengths {
			out["cell "+results.LengthName(x.Length)+", all depths"] = x.Figure
		}
	}
	return out
}

// otherThanMeans counts the tasks whose figure isn't the mean of their rows.
func otherThanMeans(t *testing.T, s results.Summary, dir string) int {
	t.Helper()
	sums, weights := map[string]float64{}, map[string]float64{}
	for row, err := range results.ReadRows(filepath.Join(dir, "samples.jsonl")) {
		if err != nil {
			t.Fatal(err)
		}
		weight := row.Weight
		if weight == 0 {
			weight = 1
		}
		if row.Score != nil {
			sums[row.Task] += weight * *row.Score
			weights[row.Task] += weight
		}
	}
	n := 0
	for _, task := range s.Tasks {
		if mean := 100 * sums[task.Task] / weights[task.Task]; mean-*task.Score > 1e-6 || *task.Score-mean > 1e-6 {
			n++
		}
	}
	return n
}
