package report

import (
	"fmt"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/lcbench/lcbench/results"
	"github.com/lcbench/lcbench/results/compare"
	"github.com/lcbench/lcbench/scorers"
	"github.com/lcbench/lcbench/scorers/stats"
)

// Options shape a report. The zero value takes all samples into account and
// shows DefaultSamples of them.
type Options struct {
	// Samples is how many samples of each benchmark the page shows; 0:
	// DefaultSamples; negative: none.
	Samples int
	// Axes says which samples the plane and the difficulty model are of; empty:
	// AxesAll.
	Axes AxesFrom
	Seed uint64
	// Resamples of the bootstrap; 0: scorers.DefaultResamples, or as few as keep
	// it under a second or two a figure where there are very many documents.
	Resamples int
	Version   string
	// Layout says how a benchmark's figure follows from its tasks', for paired
	// differences; nil: from the categories that rows name.
	Layout func(benchmark string) (compare.Layout, bool)
}

// DefaultSamples is how many samples of a benchmark a page shows.
const DefaultSamples = 400

// Build reads run folders and what instruments wrote, named by their paths, and
// works the report out. A place that is neither is a *NotRunError.
func Build(dirs []string, o Options) (*Report, error) {
	if o.Samples == 0 {
		o.Samples = DefaultSamples
	}
	if o.Axes == "" {
		o.Axes = AxesAll
	}
	dirs, inside, err := readInside(dirs)
	if err != nil {
		return nil, err
	}
	var runs []*loaded
	for i, dir := range dirs {
		dir = filepath.Clean(dir)
		if slices.ContainsFunc(dirs[:i], func(d string) bool { return filepath.Clean(d) == dir }) {
			return nil, &RepeatedError{dir}
		}
		l, err := load(dir)
		if err != nil {
			return nil, err
		}
		runs = append(runs, l)
	}
	o.Resamples = resamples(runs, o.Resamples)
	r := &Report{Format: Format, Version: o.Version, Method: Method{Resamples: o.Resamples, Seed: o.Seed, Axes: o.Axes}, Benchmarks: []Benchmark{}, Inside: inside}
	for _, group := range byBenchmark(runs) {
		b, err := buildBenchmark(group, o)
		if err != nil {
			return nil, err
		}
		r.Benchmarks = append(r.Benchmarks, b)
	}
	return r, nil
}

// manyDraws bounds documents times resamples where nothing was asked for.
const manyDraws = 100_000_000

// resamples is what was asked for, or what the largest run can bear: never
// under 1,000, with which an interval's ends are still good to a digit.
func resamples(runs []*loaded, asked int) int {
	if asked != 0 {
		return asked
	}
	most := 1
	for _, l := range runs {
		most = max(most, len(l.samples))
	}
	return min(scorers.DefaultResamples, max(1000, manyDraws/most))
}

// byBenchmark puts runs of one benchmark together, floors last.
func byBenchmark(runs []*loaded) [][]*loaded {
	var out [][]*loaded
	for _, l := range runs {
		at := slices.IndexFunc(out, func(g []*loaded) bool { return g[0].manifest.Benchmark == l.manifest.Benchmark })
		if at < 0 {
			out = append(out, []*loaded{l})
			continue
		}
		out[at] = append(out[at], l)
	}
	for _, g := range out {
		slices.SortStableFunc(g, func(a, b *loaded) int { return a.floorOrder() - b.floorOrder() })
	}
	return out
}

// buildBenchmark works out the runs of one benchmark: floors first, whose
// figures stand beside the others'.
func buildBenchmark(group []*loaded, o Options) (Benchmark, error) {
	first := group[0].summary
	b := Benchmark{Name: group[0].manifest.Benchmark, Title: first.Title}
	names := labels(group)
	runs := make([]Run, len(group))
	var floors []floorRun
	for i := len(group) - 1; i >= 0; i-- {
		l := group[i]
		b.Builtin = b.Builtin || l.manifest.Builtin()
		var err error
		if runs[i], err = buildRun(l, names[i], l.floorsOf(floors), o); err != nil {
			return b, err
		}
		if runs[i].Floor != "" {
			floors = slices.Insert(floors, 0, floorRun{&runs[i], l})
		}
	}
	b.Runs, b.Tradeoffs = runs, tradeoffsOf(group, runs, o)
	var err error
	if o.Samples > 0 {
		b.entries, b.leftOut, err = pickEntries(group, runs, o.Samples)
	}
	return b, err
}

// labels tell runs of one benchmark apart: by model, then by the settings in
// which they differ, else by their folders.
func labels(group []*loaded) []string {
	out := make([]string, len(group))
	for i, l := range group {
		m := l.manifest.Model
		out[i] = orElse(m.Spec, orElse(m.Name, "unnamed model"))
	}
	models := slices.Clone(out)
	for i, l := range group {
		for _, s := range l.manifest.Config {
			differs := s.Name != "model" && s.Name != floorNoContext && slices.ContainsFunc(group, func(o *loaded) bool {
				return models[slices.Index(group, o)] == models[i] && o != l && setting(o, s.Name) != s.Value
			})
			if differs && s.Identity {
				out[i] += ", " + s.Name + " " + orElse(s.Value, "unset")
			}
		}
	}
	for i, l := range group {
		if l.floor() == floorNoContext && !strings.Contains(out[i], floorNoContext) {
			out[i] += ", " + floorNoContext
		}
	}
	for i, l := range group {
		if strings.Contains(out[i], ", ") {
			continue
		}
		if n := slices.Index(models, models[i]); n != i || slices.Contains(models[i+1:], models[i]) {
			out[i] += ", " + filepath.Base(l.dir)
		}
	}
	return out
}

func setting(l *loaded, name string) string {
	for _, s := range l.manifest.Config {
		if s.Name == name {
			return s.Value
		}
	}
	return ""
}

func orElse(a, b string) string {
	if a == "" {
		return b
	}
	return a
}

// buildRun works out one run, beside the floors that say something of it.
func buildRun(l *loaded, label string, floors []floorRun, o Options) (Run, error) {
	s, m := l.summary, l.manifest
	r := Run{
		Label: label, Dir: l.dir, Floor: l.floor(), Model: m.Model, State: m.State, Summarised: l.summarised,
		Started: m.Started, Finished: m.Finished, Settings: m.Config, Data: m.Data, Tokenizer: m.Tokenizer,
		Truncate: m.Truncate, Identity: m.Identity, Version: m.Version, Interval: s.Method,
		Samples: s.Samples, Usage: s.Usage, CachedShare: s.CachedShare, Cost: s.Cost, Speed: s.Speed.Of(m.Model.Outcome),
		Warnings: slices.Concat(l.warnings, s.Warnings),
	}
	for _, b := range s.Boards {
		a := Average{Board: b.Board, Missing: b.Missing, Figure: b.Average}
		a.addFloors(floors)
		r.Averages = append(r.Averages, a)
	}
	if l.adaptiveRun() {
		r.addAdaptive(l, floors)
		r.Findings = r.findings()
		return r, nil
	}
	so := stats.Options{Seed: o.Seed, Resamples: o.Resamples}
	for _, add := range []func() error{
		func() error { return r.addTasks(l, floors, so) },
		func() error { return r.addShape(l, floors, so, o.Axes) },
		func() error { return r.addGroups(l, floors, so) },
	} {
		if err := add(); err != nil {
			return r, fmt.Errorf("report: %s: %w", l.dir, err)
		}
	}
	r.Findings = r.findings()
	return r, nil
}

// average is the run's figure of a board.
func (r *Run) average(board string) *results.Figure {
	for i := range r.Averages {
		if r.Averages[i].Board == board {
			return &r.Averages[i].Figure
		}
	}
	return nil
}

// task is the run's figures of a task.
func (r *Run) task(name string) *Task {
	for i := range r.Tasks {
		if r.Tasks[i].Task == name {
			return &r.Tasks[i]
		}
	}
	return nil
}

// addTasks works out the tasks, side by side.
func (r *Run) addTasks(l *loaded, floors []floorRun, o stats.Options) error {
	byTask := map[string][]stats.Sample{}
	for i := range l.samples {
		s := &l.samples[i]
		byTask[s.Task] = append(byTask[s.Task], s.Sample)
	}
	r.Tasks = make([]Task, len(l.summary.Tasks))
	var work errgroup.Group
	work.SetLimit(runtime.GOMAXPROCS(0))
	for i, t := range l.summary.Tasks {
		task := &r.Tasks[i]
		*task = Task{
			Task: t.Task, Category: t.Category, Language: t.Language, Metric: t.Metric, MetricEquals: t.MetricEquals,
			Figure: t.Figure, ByStatus: t.ByStatus, Measures: t.Measures, Strata: t.Strata, Cells: t.Cells,
		}
		work.Go(func() error { return task.fill(byTask[t.Task], l, floors, o) })
	}
	return work.Wait()
}

// fill works out what isn't in the summary.
func (t *Task) fill(samples []stats.Sample, l *loaded, floors []floorRun, o stats.Options) error {
	t.addFloors(floors)
	t.Contamination = contaminationOf(t, samples, floors, o)
	var below []*Context
	for _, f := range floors {
		if of := f.task(t.Task); of != nil {
			below = append(below, &of.Context)
		}
	}
	var err error
	if t.Context, err = contextOf(samples, l.lengths(), below, o); err != nil {
		return err
	}
	if t.Gap, err = gapOf(samples, o); err != nil {
		return err
	}
	t.Contour, err = contourOf(t.Cells, samples, o)
	return err
}

// addShape works out what is of all tasks together: the reach of the context,
// what the length costs, lost in the middle, the difficulty model and the plane.
func (r *Run) addShape(l *loaded, floors []floorRun, o stats.Options, axes AxesFrom) error {
	all := make([]stats.Sample, len(l.samples))
	for i := range l.samples {
		all[i] = l.samples[i].Sample
	}
	var below []*Context
	for _, f := range floors {
		below = append(below, &f.Context)
	}
	placed := axes.of(all)
	// Each has draws of its own, in one stream: only side by side do they use
	// more than one core.
	var work errgroup.Group
	work.Go(func() (err error) {
		if len(r.Tasks) == 1 {
			r.Context, r.Gap = r.Tasks[0].Context, r.Tasks[0].Gap
			return nil
		}
		if r.Gap, err = gapOf(all, o); err != nil {
			return err
		}
		r.Context, err = contextOf(all, l.lengths(), below, o)
		return err
	})
	work.Go(func() (err error) { r.Middle, err = middleOf(all, o); return err })
	work.Go(func() (err error) { r.Difficulty, err = difficultyOf(placed); return err })
	work.Go(func() (err error) { r.Plane, err = planeOf(placed, axes, o); return err })
	return work.Wait()
}
