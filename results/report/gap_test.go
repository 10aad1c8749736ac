package report

import (
	"math"
	"strings"
	"testing"

	"github.com/lcbench/lcbench/scorers"
	"github.com/lcbench/lcbench/scorers/stats"
)

func TestShortVersusLongIsOfTheSameQuestions(t *testing.T) {
	t.Chdir(t.TempDir())
	task := failing(t) // at 1,000 all right; at 4,000 the middle and half of the end wrong
	g := task.Gap
	if g.State != stats.StateOK || g.Questions != 10 || *g.Short != 100 || math.Abs(*g.Points-50) > 1e-9 || math.Abs(*g.Long-50) > 1e-9 || *g.Low < 30 || *g.High > 70 {
		t.Errorf("got %+v, want 10 questions, 50 points lost", g)
	}
	run := build(t, "run").Benchmarks[0].Runs[0]
	said := strings.Join(run.Findings, "\n")
	if want := "Short versus long: on the same 10 questions, 100.0 at the shortest length and 50.0 at the longest: 50.0 points less (95 % CI +"; !strings.Contains(said, want) {
		t.Errorf("%q isn't said in\n%s", want, said)
	}
}

// What one of several looks shows, and the test of all axes doesn't, is said to
// be that.
func TestFindingsDefer(t *testing.T) {
	v := func(x float64) *float64 { return &x }
	model := func(p float64) Difficulty {
		return Difficulty{State: stats.StateOK, Weakness: stats.WeaknessScope, Axes: []AxisCost{
			{Axis: stats.AxisLength, State: stats.AxisOK, Adjusted: v(p)}, {Axis: stats.AxisDepth, State: stats.AxisOK, Adjusted: v(p)},
		}}
	}
	gap := Gap{State: stats.StateOK, Questions: 9, Short: v(80), Long: v(70), Points: v(10), Low: v(1), High: v(19), Interval: scorers.IntervalOK}
	middle := Middle{State: stats.StateOK, Points: v(10), Low: v(1), High: v(19), Interval: scorers.IntervalOK}
	for _, c := range []struct {
		d       Difficulty
		borneBy bool
	}{{model(0.2), false}, {model(0.01), true}, {Difficulty{State: stats.StateOneDocument}, true}} {
		for _, text := range []string{gap.finding(c.d), middle.finding(c.d)} {
			if bare := !strings.Contains(text, "doesn't bear out"); bare != c.borneBy {
				t.Errorf("%q, borne out %v", text, c.borneBy)
			}
		}
	}
}
