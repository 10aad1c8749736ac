package report

import (
	"fmt"

	"github.com/lcbench/lcbench/scorers"
	"github.com/lcbench/lcbench/scorers/stats"
)

// Gap is what the same questions lose between their shortest and their longest
// version, in points.
type Gap struct {
	State stats.State `json:"state"`
	// Questions have several versions, over so many documents; Single have one,
	// and say nothing.
	Questions int                   `json:"n"`
	Documents int                   `json:"documents"`
	Single    int                   `json:"single"`
	Short     *float64              `json:"short"`
	Long      *float64              `json:"long"`
	Points    *float64              `json:"points"` // Short − Long
	Low       *float64              `json:"ci_low"`
	High      *float64              `json:"ci_high"`
	Interval  scorers.IntervalState `json:"ci"`
	P         *float64              `json:"p"`
}

func gapOf(samples []stats.Sample, o stats.Options) (Gap, error) {
	g, err := stats.ShortVersusLong(samples, o)
	if err != nil {
		return Gap{}, fmt.Errorf("short versus long: %w", err)
	}
	out := Gap{
		State: g.Difference.State, Questions: g.Pairs, Documents: g.Documents, Single: g.Single, Interval: g.Interval.State,
		Short: percentOf(g.Candidate), Long: percentOf(g.Base), Points: percentOf(g.Difference), P: figureOf(g.P.Figure),
	}
	out.Low, out.High = ends(g.Interval)
	return out, nil
}

// Text is what the length costs, in points.
func (g Gap) Text() string {
	if g.Points == nil {
		return "–"
	}
	return signedPoints(*g.Points)
}

// Range is its interval.
func (g Gap) Range() string {
	if g.Low == nil {
		return whyNone(g.Interval)
	}
	return signedPoints(*g.Low) + " to " + signedPoints(*g.High)
}

// finding says what the length costs, and where the difficulty model speaks
// against it, as Middle.finding does.
func (g Gap) finding(d Difficulty) string {
	if g.Points == nil || g.Low == nil {
		return ""
	}
	same := fmt.Sprintf("on the same %s, %s at the shortest length and %s at the longest", plural(g.Questions, "question"), percentText(g.Short), percentText(g.Long))
	ci := fmt.Sprintf("95 %% CI %s", g.Range())
	switch {
	case *g.Low > 0 && !d.allows(stats.WeaknessLength):
		return fmt.Sprintf("Short versus long: %s: %s points less (%s), which the test of all axes together doesn't bear out.", same, signedPoints(*g.Points)[1:], ci)
	case *g.Low > 0:
		return fmt.Sprintf("Short versus long: %s: %s points less (%s).", same, signedPoints(*g.Points)[1:], ci)
	case *g.High < 0:
		return fmt.Sprintf("Short versus long: %s: %s points more (%s).", same, signedPoints(-*g.Points)[1:], ci)
	}
	return fmt.Sprintf("Short versus long: %s: no difference to be seen (%s).", same, ci)
}
