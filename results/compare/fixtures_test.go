package compare

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lcbench/lcbench/results"
)

var update = flag.Bool("update", false, "rewrite the golden files in testdata")

// golden compares got with testdata/name, or rewrites that file.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		must(t, os.MkdirAll("testdata", 0o755))
		must(t, os.WriteFile(path, []byte(got), 0o644))
		return
	}
	want, err := os.ReadFile(path)
	must(t, err)
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s differs (-want +got), rewrite it with -update and read the diff:\n%s", path, diff)
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// runOf is a finished run of a benchmark without samples.
func runOf(benchmark, model string) Run {
	return Run{Manifest: results.Manifest{
		Benchmark: benchmark, Title: "Title of " + benchmark, Model: results.ModelInfo{Spec: model}, State: results.Complete, Version: "test",
		Tokenizer: "approx", Identity: "0123",
		Config: []results.Setting{
			{Name: "benchmark", Value: benchmark, Identity: true}, {Name: "model", Value: model, Identity: true},
			{Name: "lengths", Value: "", Identity: true}, {Name: "tokenizer", Value: "approx", Identity: true}, {Name: "seed", Value: "0", Identity: true},
		},
		Data: []results.Origin{{Kind: "folder", Files: []results.FileHash{{Name: "a.jsonl", SHA256: "aa"}}}},
	}}
}

// sample is the i-th of a task; each document has two.
func sample(task string, i int, score float64) Sample {
	return Sample{
		ID: fmt.Sprintf("%s/%d", task, i), Task: task, Category: "category of " + task, Document: i / 2, Score: score, Status: "ok",
		Pins: Pins{Context: fmt.Sprintf("c%011d", i/2), Ask: fmt.Sprintf("a%011d", i), Sent: fmt.Sprintf("5%011d", i)},
	}
}

// scored adds n samples of a task with the scores that score gives.
func scored(r Run, task string, n int, score func(i int) float64) Run {
	for i := range n {
		s := sample(task, i, score(i))
		s.Document += 1000 * len(task)
		r.Samples = append(r.Samples, s)
	}
	return r
}

func always(v float64) func(int) float64 { return func(int) float64 { return v } }

// source is one side of one run.
func source(runs ...Run) Source { return Source{Place: "place", Runs: runs} }

// compared compares without a layout and fails on an error.
func compared(t testing.TB, base, candidate Source, o Options) *Comparison {
	t.Helper()
	c, err := Compare(base, candidate, o)
	must(t, err)
	return c
}

// unit finds a unit by level and part.
func unit(t testing.TB, c *Comparison, level Level, part string) Unit {
	t.Helper()
	for _, u := range c.Units {
		if u.Level == level && u.Part == part {
			return u
		}
	}
	t.Fatalf("no %s %q among the units", level, part)
	return Unit{}
}

func chance(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 7)) }
