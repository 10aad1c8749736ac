package report

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/lcbench/lcbench/results"
	"github.com/lcbench/lcbench/scorers/stats"
)

// WeaknessText names what costs the run's model most.
func (r Run) WeaknessText() string { return r.Difficulty.weaknessText() }

// MiddleText is what evidence in the middle costs, in points.
func (r Run) MiddleText() string { return signedPoints(*r.Middle.Points) }

// MiddleRange is its interval.
func (r Run) MiddleRange() string {
	if r.Middle.Low == nil {
		return whyNone(r.Middle.Interval)
	}
	return signedPoints(*r.Middle.Low) + " to " + signedPoints(*r.Middle.High)
}

// asked says in a line what the runs were asked, as far as they agree.
func (b *Benchmark) asked() string {
	names := []struct{ setting, text string }{
		{"tasks", "tasks "}, {"limit", "limit "}, {"lengths", "lengths "}, {"depths", "depths "}, {"mode", "mode "}, {"seed", "seed "},
	}
	parts := []string{b.counts()}
	for _, n := range names {
		if v, same := b.setting(n.setting); same && v != "" {
			parts = append(parts, n.text+strings.ReplaceAll(v, ",", ", "))
		}
	}
	if t := b.Runs[0].Tokenizer; t != "" {
		parts = append(parts, "tokens counted by "+t)
	}
	if at := b.Runs[0].Started; !at.IsZero() {
		parts = append(parts, at.UTC().Format("2 January 2006"))
	}
	return strings.Join(parts, " · ")
}

// counts says how many samples the runs have.
func (b *Benchmark) counts() string {
	least, most := b.Runs[0].Samples.Rows, 0
	for i := range b.Runs {
		least, most = min(least, b.Runs[i].Samples.Rows), max(most, b.Runs[i].Samples.Rows)
	}
	if least < most {
		return grouped(least) + " to " + plural(most, "sample")
	}
	return plural(most, "sample")
}

// setting is one of the runs' settings, and whether they agree in it.
func (b *Benchmark) setting(name string) (value string, same bool) {
	for i, r := range b.Runs {
		at := slices.IndexFunc(r.Settings, func(s results.Setting) bool { return s.Name == name })
		switch {
		case at < 0:
			return "", false
		case i == 0:
			value = r.Settings[at].Value
		case r.Settings[at].Value != value:
			return "", false
		}
	}
	return value, true
}

// LeftOut counts the samples that the page doesn't show.
func (b *Benchmark) LeftOut() int { return b.leftOut }

func secondsText(t *results.Timing) string {
	if t == nil {
		return "–"
	}
	return fmt.Sprintf("%s, %s", spell(t.Median), spell(t.P95))
}

// spell prints a time with its unit.
func spell(seconds float64) string {
	switch {
	case seconds < 1:
		return fmt.Sprintf("%.0f ms", 1000*seconds)
	case seconds < 100:
		return fmt.Sprintf("%.2f s", seconds)
	}
	return fmt.Sprintf("%.0f s", seconds)
}

func tokensPerSecond(v *float64) string {
	if v == nil {
		return "–"
	}
	return numberText(*v)
}

func dateText(t time.Time) string {
	if t.IsZero() {
		return "unknown"
	}
	return t.UTC().Format("2006-01-02 15:04 UTC")
}

// originText says where the axes of a cell's samples come from.
func originText(c PlaneCell) string {
	var parts []string
	for _, k := range []struct {
		n    int
		name string
	}{{c.Measured, "measured"}, {c.Partial, "partial"}, {c.Assigned, "assigned"}} {
		if k.n > 0 {
			parts = append(parts, grouped(k.n)+" "+k.name)
		}
	}
	return strings.Join(parts, ", ")
}

// kvText is the most that a local model's KV caches held at once.
func kvText(o *results.Outcome) string {
	if o == nil || o.PeakKVBytes <= 0 {
		return "–"
	}
	return bytesText(o.PeakKVBytes)
}

func bytesText(n int64) string {
	switch {
	case n >= 1<<30:
		return fmt.Sprintf("%.3g GiB", float64(n)/(1<<30))
	case n >= 1<<20:
		return fmt.Sprintf("%.0f MiB", float64(n)/(1<<20))
	}
	return fmt.Sprintf("%.0f KiB", float64(n)/(1<<10))
}

// contourText is the shortest of a run's contours, with its task where there
// are several.
func contourText(r Run) string {
	var least *Contour
	name, several := "", 0
	for i := range r.Tasks {
		c := r.Tasks[i].Contour
		if c == nil {
			continue
		}
		several++
		if least == nil || c.Minimum.before(least.Minimum.Length) {
			least, name = c, r.Tasks[i].Task
		}
	}
	switch {
	case least == nil:
		return "–"
	case several > 1:
		return least.Minimum.Text() + " (" + name + ")"
	}
	return least.Minimum.Text()
}

// before says that a length is shorter than another.
func (l Length) before(other Length) bool { return l.rank() < other.rank() }

func (l Length) rank() float64 {
	switch {
	case l.State == stats.LengthBelow || l.Tokens == nil:
		return 0
	case l.State == stats.LengthAbove:
		return math.Inf(1)
	}
	return *l.Tokens
}

// FirstToken is the median time to the first token.
func (r Run) FirstToken() string {
	if r.Speed.FirstToken == nil {
		return "–"
	}
	return spell(r.Speed.FirstToken.Median)
}

// CostText is what the run cost.
func (r Run) CostText() string {
	if r.Cost == nil {
		return "–"
	}
	return fmt.Sprintf("%.4g %s", r.Cost.Amount, r.Cost.Currency)
}
