package report

import (
	"math"
	"strings"

	"github.com/lcbench/lcbench/results"
	"github.com/lcbench/lcbench/scorers"
	"github.com/lcbench/lcbench/scorers/stats"
)

// The kinds of floor runs.
const (
	floorBaseline  = "baseline"
	floorNoContext = "no-context"
)

// FloorFigure is a floor run's figure of what stands beside it.
type FloorFigure struct {
	Floor string `json:"floor"`
	Label string `json:"label"`
	// At says that the score beside it isn't above the floor's interval.
	At bool `json:"at"`
	results.Figure
}

// Contamination is what a task's score owes to the context: the difference to
// the same model's run without contexts.
type Contamination struct {
	State ContaminationState `json:"state"`
	// Control is what the run without contexts scores.
	Control *float64 `json:"control"`
	// Pairs count the samples whose question both runs were asked; Paired says
	// that the difference is theirs, else it is of the two runs' means.
	Pairs    int                   `json:"pairs"`
	Paired   bool                  `json:"paired"`
	Points   *float64              `json:"points"`
	Low      *float64              `json:"ci_low"`
	High     *float64              `json:"ci_high"`
	Interval scorers.IntervalState `json:"ci"`
}

// ContaminationState says whether the run is clearly above its control.
type ContaminationState string

// The states: the interval of the difference is above 0, it isn't, or there is
// none.
const (
	ContaminationClear    ContaminationState = "clear"
	ContaminationNotClear ContaminationState = "not_clear"
	ContaminationUnknown  ContaminationState = "unknown"
)

// floorRun is a floor run that is worked out.
type floorRun struct {
	*Run
	from *loaded
}

// floor says that a run is one, and which.
func (l *loaded) floor() string {
	for _, s := range l.manifest.Config {
		if s.Name == "mode" && s.Value == floorNoContext || s.Name == floorNoContext && s.Value == "true" {
			return floorNoContext
		}
	}
	if strings.HasPrefix(l.manifest.Model.Spec, "baseline:") {
		return floorBaseline
	}
	return ""
}

// floorOrder sorts runs before floors, and baselines before controls.
func (l *loaded) floorOrder() int {
	switch l.floor() {
	case floorBaseline:
		return 1
	case floorNoContext:
		return 2
	}
	return 0
}

// floorsOf are those floors that say something of a run: every baseline, and the
// same model's runs without contexts.
func (l *loaded) floorsOf(floors []floorRun) []floorRun {
	if l.floor() != "" {
		return nil
	}
	var out []floorRun
	for _, f := range floors {
		if f.Floor == floorBaseline || f.Model.Spec == l.manifest.Model.Spec {
			out = append(out, f)
		}
	}
	return out
}

// addFloors puts the floors' figures beside the task's.
func (t *Task) addFloors(floors []floorRun) {
	for _, f := range floors {
		if of := f.task(t.Task); of != nil {
			t.Floors = append(t.Floors, floorFigure(f, t.Figure, of.Figure))
		}
	}
	for i := range t.Floors {
		t.AtFloor = t.AtFloor || t.Floors[i].At
		t.Floor = &t.Floors[0].Figure
	}
}

func (a *Average) addFloors(floors []floorRun) {
	for _, f := range floors {
		if of := f.average(a.Board); of != nil {
			a.Floors = append(a.Floors, floorFigure(f, a.Figure, *of))
			a.Floor = &a.Floors[0].Figure
		}
	}
}

func floorFigure(f floorRun, above, floor results.Figure) FloorFigure {
	at := above.Score != nil && floor.High != nil && *above.Score <= *floor.High
	return FloorFigure{Floor: f.Floor, Label: f.Label, At: at, Figure: floor}
}

// contaminationOf compares a task's samples with those of the first control
// that has the task; nil without one.
func contaminationOf(task *Task, samples []stats.Sample, floors []floorRun, o stats.Options) *Contamination {
	for _, f := range floors {
		of := f.task(task.Task)
		if f.Floor != floorNoContext || of == nil || of.Score == nil {
			continue
		}
		c := &Contamination{Control: of.Score, State: ContaminationUnknown}
		if pairs := pairsWith(samples, f.from.of([]string{task.Task})); len(pairs) > 0 {
			d := stats.Compare(pairs, stats.Options{Seed: o.Seed, Resamples: o.Resamples})
			c.Pairs, c.Paired = len(pairs), true
			c.set(scorers.Estimate{Rows: len(pairs), Value: d.Difference.Value, Interval: d.Interval})
		} else if task.Score != nil {
			c.set(stats.Apart(share(task.Figure), share(of.Figure)))
		}
		return c
	}
	return nil
}

// share is a figure as an estimate in 0..1.
func share(f results.Figure) scorers.Estimate {
	out := scorers.Estimate{Rows: f.Rows, Value: *f.Score / 100, Interval: scorers.Interval{State: f.Interval}}
	if f.Low != nil && f.High != nil {
		out.Interval.Low, out.Interval.High = *f.Low/100, *f.High/100
	}
	return out
}

func (c *Contamination) set(e scorers.Estimate) {
	c.Points, c.Interval = scaled(e.Value), e.Interval.State
	c.Low, c.High = ends(e.Interval)
	switch {
	case c.Low == nil:
		c.State = ContaminationUnknown
	case *c.Low > 0:
		c.State = ContaminationClear
	default:
		c.State = ContaminationNotClear
	}
}

// pairsWith pairs samples with a control's: by id, else by question, whose
// answers without contexts are averaged over lengths and depths. Scores of the
// control are the base.
func pairsWith(samples, control []stats.Sample) []stats.Pair {
	type sums struct{ score, n float64 }
	byID, byQuestion := map[string]float64{}, map[string]*sums{}
	for _, s := range control {
		byID[s.ID] = s.Score
		q := questionOf(s)
		if byQuestion[q] == nil {
			byQuestion[q] = &sums{}
		}
		byQuestion[q].score += s.Score
		byQuestion[q].n++
	}
	var out []stats.Pair
	for _, s := range samples {
		base, ok := byID[s.ID]
		if q := byQuestion[questionOf(s)]; !ok && q != nil {
			base, ok = q.score/q.n, true
		}
		if ok && !math.IsNaN(base) {
			out = append(out, stats.Pair{ID: s.ID, Stratum: s.Task, Group: s.Group, Weight: s.Weight, Base: base, Candidate: s.Score})
		}
	}
	return out
}

// questionOf names what is asked, whatever the length and depth.
func questionOf(s stats.Sample) string {
	if s.Question != "" {
		return s.Question
	}
	return s.ID
}

// below is the interval of the highest floor at a length, as a share; the zero
// interval where no floor was tested there.
func below(floors []*Context, length int) scorers.Interval {
	out := scorers.Interval{}
	for _, c := range floors {
		if c == nil {
			continue
		}
		for _, p := range c.Curve {
			if p.Length == length && p.Low != nil && p.High != nil && (out.State != scorers.IntervalOK || *p.High/100 > out.High) {
				out = scorers.Interval{State: scorers.IntervalOK, Low: *p.Low / 100, High: *p.High / 100}
			}
		}
	}
	return out
}
