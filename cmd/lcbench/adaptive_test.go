package main

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lcbench/lcbench/results"
	"github.com/lcbench/lcbench/scorers/stats"
)

// windowRun asks a model that sees 300 tokens for needles at two lengths and two
// depths, 24 at each; it returns where the folder is.
func windowRun(t *testing.T, more ...string) (dir string, args []string) {
	dir = filepath.Join(t.TempDir(), "run")
	return dir, append([]string{
		"run", "needlebench", "--model", "local:induction", "--attention", "sliding:window=300", "--tasks", "single_en",
		"--lengths", "200,800", "--depths", "0,100", "--repeats", "24", "--out", dir,
	}, more...)
}

func summaryOf(t *testing.T, dir string, args []string) (results.Summary, []string) {
	t.Helper()
	if out, err := command(t, args...).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	s, err := results.ReadSummary(dir)
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	for row, err := range results.ReadRows(filepath.Join(dir, "samples.jsonl")) {
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, row.ID)
	}
	return s, ids
}

func TestAnAdaptiveRunFindsAPlantedWindow(t *testing.T) {
	if testing.Short() {
		t.Skip("long: the race detector has seen its code elsewhere")
	}
	dir, args := windowRun(t)
	whole, all := summaryOf(t, dir, args)
	rule := []string{"--adaptive", "--adaptive-threshold", "50"}
	dir, args = windowRun(t, rule...)
	some, asked := summaryOf(t, dir, args)
	if len(all) != 96 || len(asked) > 60 {
		t.Errorf("%d samples of %d were asked, want at most 60", len(asked), len(all))
	}
	cells := some.Boards[0].Cells
	for i, c := range whole.Boards[0].Cells {
		want := stats.VerdictOf(*c.Score/100, 0.5)
		if got := cells[i]; got.Length != c.Length || *got.Depth != *c.Depth || got.Adaptive.Verdict != want {
			t.Errorf("%d at %g: %+v, the whole grid says %s (%.1f)", c.Length, *c.Depth, got.Adaptive, want, *c.Score)
		}
	}
	if v := some.Adaptive.Verdicts; v[stats.VerdictReaches] != 3 || v[stats.VerdictBelow] != 1 {
		t.Errorf("verdicts %v, want one cell out of sight", v)
	}
	dir, args = windowRun(t, append(rule, "--concurrency", "1")...)
	alone, ids := summaryOf(t, dir, args)
	if diff := cmp.Diff(asked, ids); diff != "" {
		t.Errorf("one at a time other samples were asked: %s", diff)
	}
	if diff := cmp.Diff(cells, alone.Boards[0].Cells); diff != "" {
		t.Errorf("one at a time cells come out otherwise: %s", diff)
	}
	dir, args = windowRun(t, append(rule, "--concurrency", "1")...)
	killAfterAnAnswer(t, dir, args)
	resumed, ids := summaryOf(t, dir, args)
	slices.Sort(ids)
	slices.Sort(asked)
	if diff := cmp.Diff(asked, ids); diff != "" || resumed.Samples.Resumed == 0 {
		t.Errorf("resumed with %d answers: %s", resumed.Samples.Resumed, diff)
	}
}

// killAfterAnAnswer starts a run and kills it once its journal holds something.
func killAfterAnAnswer(t *testing.T, dir string, args []string) {
	t.Helper()
	cmd := command(t, args...)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = cmd.Wait() // killed, or at its end
	}()
	for {
		info, err := os.Stat(filepath.Join(dir, "journal.jsonl"))
		if err == nil && info.Size() > 0 {
			break
		}
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			t.Fatal(err)
		}
		select {
		case <-ended:
			t.Fatal("the run ended without an answer")
		case <-time.After(5 * time.Millisecond):
		}
	}
	_ = cmd.Process.Kill() // it may have ended just now
	<-ended
}
