package report

import (
	"slices"

	"github.com/lcbench/lcbench/results"
	"github.com/lcbench/lcbench/scorers"
	"github.com/lcbench/lcbench/scorers/stats"
)

// Group is a set of a run's tasks: a board's, a category's or a language's.
type Group struct {
	// By is "benchmark" (one group a board), "category" or "language".
	By    string   `json:"by"`
	Name  string   `json:"name"`
	Tasks []string `json:"tasks"`
	// Macro counts parts alike (a board's categories by their shares, else tasks),
	// Micro every sample.
	Macro  Mean        `json:"macro"`
	Micro  Mean        `json:"micro"`
	Floors []GroupMean `json:"floors,omitempty"`
	// Context is the reach of a category's tasks together; nil of other groups.
	Context *Context `json:"context,omitempty"`
}

// GroupMean is a floor run's figures of a group.
type GroupMean struct {
	Floor string `json:"floor"`
	Label string `json:"label"`
	Macro Mean   `json:"macro"`
	Micro Mean   `json:"micro"`
}

// Mean is a mean in percent, with its interval.
type Mean struct {
	Samples  int                   `json:"n"`
	Score    *float64              `json:"score"`
	Low      *float64              `json:"ci_low"`
	High     *float64              `json:"ci_high"`
	Interval scorers.IntervalState `json:"ci"`
}

func meanOf(f results.Figure) Mean { return Mean{f.Rows, f.Score, f.Low, f.High, f.Interval} }

func estimated(e scorers.Estimate) Mean {
	out := Mean{Samples: e.Rows, Interval: e.Interval.State}
	if !e.Absent() {
		out.Score = scaled(e.Value)
		out.Low, out.High = ends(e.Interval)
	}
	return out
}

func scaled(share float64) *float64 {
	v := 100 * share
	return &v
}

// addGroups works out the groups; tasks are done before.
func (r *Run) addGroups(l *loaded, floors []floorRun, o stats.Options) error {
	for _, b := range l.summary.Boards {
		g := Group{By: "benchmark", Name: b.Board, Macro: meanOf(b.Macro), Micro: meanOf(b.Micro)}
		for _, c := range b.Categories {
			g.Tasks = append(g.Tasks, c.Tasks...)
		}
		r.Groups = append(r.Groups, g)
	}
	for _, by := range []struct {
		name string
		of   func(*Task) string
	}{{"category", func(t *Task) string { return t.Category }}, {"language", func(t *Task) string { return t.Language }}} {
		for _, g := range r.groupsBy(by.name, by.of) {
			if err := r.fillGroup(&g, l, floors, o); err != nil {
				return err
			}
			r.Groups = append(r.Groups, g)
		}
	}
	for i := range r.Groups {
		r.Groups[i].addFloors(floors)
	}
	return nil
}

// groupsBy sorts the tasks that have one by a name, in order of appearance.
func (r *Run) groupsBy(by string, of func(*Task) string) []Group {
	var out []Group
	for i := range r.Tasks {
		name := of(&r.Tasks[i])
		if name == "" {
			continue
		}
		at := slices.IndexFunc(out, func(g Group) bool { return g.Name == name })
		if at < 0 {
			at = len(out)
			out = append(out, Group{By: by, Name: name})
		}
		out[at].Tasks = append(out[at].Tasks, r.Tasks[i].Task)
	}
	return out
}

// fillGroup averages a group's samples. A category's macro mean is the
// summary's, which knows how a task's figure follows from its rows.
func (r *Run) fillGroup(g *Group, l *loaded, floors []floorRun, o stats.Options) error {
	samples := l.of(g.Tasks)
	switch boards := l.summary.Boards; {
	case len(g.Tasks) == 1:
		g.Macro = meanOf(r.task(g.Tasks[0]).Figure)
		g.Micro = g.Macro
	case len(g.Tasks) == len(r.Tasks) && len(boards) == 1 && g.By == "category":
		g.Micro = meanOf(boards[0].Micro)
	default:
		means, err := stats.MeansOf(samples, o)
		if err != nil {
			return err
		}
		g.Macro, g.Micro = estimated(means.Macro), estimated(means.Micro)
	}
	if g.By != "category" {
		return nil
	}
	for _, b := range l.summary.Boards {
		for _, c := range b.Categories {
			if c.Category == g.Name && slices.Equal(slices.Sorted(slices.Values(c.Tasks)), slices.Sorted(slices.Values(g.Tasks))) {
				g.Macro = meanOf(c.Figure)
			}
		}
	}
	var below []*Context
	for _, f := range floors {
		if of := f.group(g); of != nil {
			below = append(below, of.Context)
		}
	}
	switch {
	case len(g.Tasks) == 1:
		g.Context = &r.task(g.Tasks[0]).Context
	case len(g.Tasks) == len(r.Tasks):
		g.Context = &r.Context
	default:
		c, err := contextOf(samples, l.lengths(), below, o)
		if err != nil {
			return err
		}
		g.Context = &c
	}
	return nil
}

// of are the samples of some tasks.
func (l *loaded) of(tasks []string) []stats.Sample {
	in := make(map[string]bool, len(tasks))
	for _, t := range tasks {
		in[t] = true
	}
	var out []stats.Sample
	for i := range l.samples {
		if in[l.samples[i].Task] {
			out = append(out, l.samples[i].Sample)
		}
	}
	return out
}

// group is the run's group of the same tasks; nil where it has none.
func (r *Run) group(like *Group) *Group {
	for i := range r.Groups {
		if g := &r.Groups[i]; g.By == like.By && g.Name == like.Name && slices.Equal(g.Tasks, like.Tasks) {
			return g
		}
	}
	return nil
}

// addFloors puts the floors' figures of the same tasks beside the group's.
func (g *Group) addFloors(floors []floorRun) {
	for _, f := range floors {
		if of := f.group(g); of != nil {
			g.Floors = append(g.Floors, GroupMean{f.Floor, f.Label, of.Macro, of.Micro})
		}
	}
}

// groupRow is a group with the figures of every run; nil: not in the run.
type groupRow struct {
	By, Name string
	Tasks    int
	Runs     []*Group
}

// newGroupRows joins the runs' groups. A single group of a kind says nothing
// that the others don't, unless it is the benchmark.
func newGroupRows(runs []Run) []groupRow {
	var out []groupRow
	for i := range runs {
		for k := range runs[i].Groups {
			g := &runs[i].Groups[k]
			at := slices.IndexFunc(out, func(row groupRow) bool { return row.By == g.By && row.Name == g.Name })
			if at < 0 {
				at = len(out)
				out = append(out, groupRow{By: g.By, Name: g.Name, Runs: make([]*Group, len(runs))})
			}
			out[at].Runs[i] = g
			out[at].Tasks = max(out[at].Tasks, len(g.Tasks))
		}
	}
	count := map[string]int{}
	for _, row := range out {
		count[row.By]++
	}
	return slices.DeleteFunc(out, func(row groupRow) bool { return row.By != "benchmark" && count[row.By] < 2 })
}

// Title names a group for people.
func (row groupRow) Title() string {
	if row.Name == "" {
		return "all tasks"
	}
	return row.Name
}
