package compare

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/lcbench/lcbench/results"
	"github.com/lcbench/lcbench/runners"
)

// Source is one side of a comparison: one run, or one a benchmark.
type Source struct {
	Place string // as it was named
	Runs  []Run
}

// Run is what a comparison needs of a run. Its manifest's Data, Config, Seed
// and Tokenizer say of what.
type Run struct {
	results.Manifest
	Samples []Sample
	// ForJudges counts the answers that a judge alone scores: they aren't compared.
	ForJudges int
	// Plain says that the run is a baseline of version 1, without parts, strata and
	// axes.
	Plain bool
}

// Sample is what a comparison needs of a row.
type Sample struct {
	ID, Task, Category string
	// Document numbers what Row.Group names, from 0: samples of one document are
	// drawn together.
	Document int
	// Score is in 0..1. A lost sample has none: Status says why.
	Score  float64
	Weight float64 // in means; 0: 1
	Status string
	// Parts are what a task's figure is made of where that is no mean of scores.
	Parts []float64
	// Strata are the groups of rows that the sample belongs to.
	Strata []string
	Axes   Axes
	// Cell is the length and depth asked for; Length 0: none.
	Cell results.Cell
	Pins Pins
	// Answer is the beginning of the model's text, "" in a baseline.
	Answer string
}

// Lost says that the sample could not be asked.
func (s Sample) Lost() bool { return runners.Status(s.Status).Lost() }

// Axes are a sample's place on the axes of difficulty, each in 0..1; State is as
// in a row: without measured or assigned values there is no place.
type Axes struct {
	State            string
	Diffusion, Scope float64
}

// Pins say what a sample asked: the first 48 bits of sha256 sums, in hex. They
// tell accidents, not forgery.
type Pins struct {
	Context string // of the context, "" without one
	Ask     string // of the rest of the prompt, the references and the metric
	Sent    string // of the prompt as sent; "" where it was cut or not sent
}

// Unfinished says that the run was stopped before its end.
func (r Run) Unfinished() bool { return r.State != results.Complete }

// model names the run's model, a local one with its attention, and with how its
// positions are stretched where that was asked for.
func (r Run) model() string {
	name := orElse(r.Model.Spec, r.Model.Name)
	if a := r.Model.Details["attention"]; a != "" {
		if stretch := setting(r, "rope"); stretch != "" {
			a += ", rope " + stretch
		}
		name += " (attention " + a + ")"
	}
	return name
}

// Open reads one side: a run's folder, a folder of such, or a baseline.
func Open(path string) (Source, error) {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return Source{}, fmt.Errorf("compare: %s: no such file or folder; give a folder of lcbench run, or a file of lcbench baseline save", path)
	}
	if err != nil {
		return Source{}, fmt.Errorf("compare: %w", err)
	}
	if !info.IsDir() {
		runs, err := ReadBaseline(path)
		return Source{path, runs}, err
	}
	dirs, err := runFolders(path)
	if err != nil {
		return Source{}, err
	}
	s := Source{Place: path}
	for _, dir := range dirs {
		r, err := readRun(dir)
		if err != nil {
			return Source{}, err
		}
		if at := slices.IndexFunc(s.Runs, func(o Run) bool { return o.Benchmark == r.Benchmark }); at >= 0 {
			return Source{}, fmt.Errorf("compare: %s holds two runs of %s (%s, %s): name the folder of one", path, r.Benchmark, filepath.Base(dirs[at]), filepath.Base(dir))
		}
		s.Runs = append(s.Runs, r)
	}
	return s, nil
}

// runFolders returns dir if it is a run's, else the run folders in it.
func runFolders(dir string) ([]string, error) {
	isRun := func(dir string) bool {
		_, err := os.Stat(filepath.Join(dir, "manifest.json"))
		return err == nil
	}
	if isRun(dir) {
		return []string{dir}, nil
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("compare: %w", err)
	}
	var out []string
	for _, e := range entries {
		if sub := filepath.Join(dir, e.Name()); isRun(sub) {
			out = append(out, sub)
		}
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("compare: %s is not a run: no manifest.json in it or one folder below; give a folder of lcbench run, or a file of lcbench baseline save", dir)
	}
	return out, nil
}

func compareCells(a, b results.Cell) int {
	depth := func(c results.Cell) float64 {
		if c.Depth == nil {
			return -1
		}
		return *c.Depth
	}
	return cmp.Or(cmp.Compare(a.Length, b.Length), cmp.Compare(depth(a), depth(b)))
}
