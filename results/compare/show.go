package compare

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/lcbench/lcbench/results"
	"github.com/lcbench/lcbench/scorers"
	"github.com/lcbench/lcbench/scorers/stats"
)

// percent prints a score in 0..1 as percent with two decimals.
func percent(v float64) string { return strconv.FormatFloat(100*v, 'f', 2, 64) }

// change prints a difference in points with its sign; one that rounds to none
// has none.
func change(v float64) string {
	p := math.Round(1e4*v) / 100
	switch {
	case p > 0:
		return "+" + strconv.FormatFloat(p, 'f', 2, 64)
	case p < 0:
		return "−" + strconv.FormatFloat(-p, 'f', 2, 64)
	}
	return "0.00"
}

// signed is change with one decimal, for intervals.
func signed(v float64) string {
	p := math.Round(1e3*v) / 10
	if p < 0 {
		return "−" + strconv.FormatFloat(-p, 'f', 1, 64)
	}
	if p > 0 {
		return "+" + strconv.FormatFloat(p, 'f', 1, 64)
	}
	return "0.0"
}

// intervalText prints a difference's interval: −8.1…+0.3.
func (u Unit) intervalText() string {
	if !u.HasInterval {
		return "–"
	}
	return signed(u.Low) + "…" + signed(u.High)
}

// showP prints a p-value.
func showP(p float64) string {
	if p < 0.001 {
		return "< 0.001"
	}
	return strconv.FormatFloat(p, 'f', 3, 64)
}

// short is the verdict in a table's cell; what it leaves out the notes say.
func (v Verdict) short() string {
	switch v {
	case NoneSeen:
		return "none seen"
	case TooFew:
		return "too few"
	}
	return string(v)
}

// headline sums a comparison up in one line.
func (c *Comparison) headline(failures []Failure) string {
	verdict := "no regression"
	if n := c.Count(Regression); n > 0 {
		verdict = plural(n, "regression")
	}
	parts := []string{verdict, plural(c.Count(Improvement), "improvement"), fmt.Sprintf("%s without a difference seen", plural(c.Count(NoneSeen), "unit"))}
	if n := c.Count(TooFew); n > 0 {
		parts = append(parts, fmt.Sprintf("%s with too few samples", plural(n, "unit")))
	}
	line := strings.Join(parts, ", ")
	if len(failures) > 0 {
		return "FAIL: " + line
	}
	return "PASS: " + line
}

// finding is a unit's change in a sentence.
func (u Unit) finding() string {
	s := fmt.Sprintf("%s: %s → %s (%s points", u.Title(), percent(u.Base), percent(u.Candidate), change(u.Difference))
	if u.HasInterval {
		s += ", 95% CI " + u.intervalText()
	}
	return s + fmt.Sprintf(", %s of %s)", plural(u.Pairs, "sample"), plural(u.Documents, "document"))
}

// samplesLine says how many samples were compared, and which weren't.
func (c *Comparison) samplesLine() string {
	n := c.Counts
	parts := []string{fmt.Sprintf("%s compared, %d of them with the same score", plural(n.Pairs, "sample"), n.Equal)}
	if n.OnlyBase > 0 {
		parts = append(parts, fmt.Sprintf("%d only in the base", n.OnlyBase))
	}
	if n.OnlyCandidate > 0 {
		parts = append(parts, fmt.Sprintf("%d only in the candidate", n.OnlyCandidate))
	}
	if n.LostBase > 0 {
		parts = append(parts, fmt.Sprintf("%d lost in the base", n.LostBase))
	}
	if n.LostCandidate > 0 {
		parts = append(parts, fmt.Sprintf("%d lost in the candidate", n.LostCandidate))
	}
	return strings.Join(parts, ", ") + "."
}

// warnings are what a reader must know before trusting the figures.
func (c *Comparison) warnings() []string {
	var out []string
	for _, u := range c.Base.Unfinished {
		out = append(out, "The base is not finished. "+u+".")
	}
	for _, u := range c.Candidate.Unfinished {
		out = append(out, "The candidate is not finished. "+u+".")
	}
	if n := c.newlyLost(); n > 0 {
		out = append(out, fmt.Sprintf("%s lost in the candidate and not in the base: in no figure here; run its command again, it asks them anew.", plural(n, "sample")))
	}
	if n := c.Counts.OtherAxes; n > 0 {
		out = append(out, fmt.Sprintf("%s: other evidence was cut off in the two runs, so that they differ in diffusion or scope: in no bin of these.", plural(n, "sample")))
	}
	if len(c.Builtin) > 0 {
		out = append(out, "Built-in samples, not the benchmark's own data: "+strings.Join(c.Builtin, ", ")+".")
	}
	return out
}

// method says how verdicts were reached.
func (c *Comparison) method() string {
	s := fmt.Sprintf("Regression or improvement: p of 5%% or less, by sign flips of whole documents, times Holm's correction, times %d since %s are judged each by themselves: "+
		"of comparisons without any difference at most 5%% show one, half of them a regression. "+
		"Too few: no outcome of so few documents could pass. 95%% CI: paired bootstrap over documents, %d resamples, seed %d, not corrected for the number of units.",
		c.Families, c.familyNames(), c.Resamples, c.Options.Seed)
	if c.Options.Tolerance > 0 {
		s += fmt.Sprintf(" Changes of up to %g points are tolerated.", c.Options.Tolerance)
	}
	return s
}

func (c *Comparison) familyNames() string {
	names := string(familyWhole) + " and " + string(familyParts)
	if c.Families > 2 {
		names = string(familyWhole) + ", " + string(familyParts) + ", and " + string(familyAcross)
	}
	return names
}

// figures says what the scores are.
const figures = "Scores: the benchmark's own figures over the samples compared, in percent; Change in points."

// reachLine says what an effective length is; "" where there is none.
func (c *Comparison) reachLine() string {
	if len(c.Reaches) == 0 {
		return ""
	}
	return "Effective length: up to where the mean of the tasks keeps 85% of what it is at the shortest length; a length beyond those tested counts as the longest in Change; without an interval (too few documents) it never fails."
}

// detectableLine says how small a change could have been seen.
func (c *Comparison) detectableLine() string {
	var parts []string
	for _, level := range levels() {
		low, high := math.Inf(1), 0.0
		for _, u := range c.Units {
			if u.Level == level && u.Detectable > 0 && !u.tooFew {
				low, high = min(low, u.Detectable), max(high, u.Detectable)
			}
		}
		switch {
		case high == 0:
		case high-low < 0.0005:
			parts = append(parts, fmt.Sprintf("%s %.1f", level, 100*high))
		default:
			parts = append(parts, fmt.Sprintf("%s %.1f to %.1f", level, 100*low, 100*high))
		}
	}
	if len(parts) == 0 {
		return ""
	}
	return "Smallest true change that would get a verdict four times out of five, in points: " + strings.Join(parts, ", ") + "."
}

// percentChange is a change in log2 of a length, in percent of it.
func percentChange(log2 float64) string {
	p := math.Round(100 * (math.Exp2(log2) - 1))
	switch {
	case p < 0:
		return "−" + strconv.FormatFloat(-p, 'f', 0, 64) + "%"
	case p > 0:
		return "+" + strconv.FormatFloat(p, 'f', 0, 64) + "%"
	}
	return "0%"
}

// lengthText prints an effective length.
func (r Reach) lengthText(l stats.Length) string {
	switch l.State {
	case stats.LengthAt:
		k := 1024.0
		for _, n := range r.Lengths {
			if n%1024 != 0 {
				k = 1000
			}
		}
		if l.Tokens < k {
			return strconv.FormatFloat(l.Tokens, 'f', 0, 64)
		}
		return strconv.FormatFloat(l.Tokens/k, 'f', 1, 64) + "k"
	case stats.LengthAbove:
		return "> " + results.LengthName(int(l.Tokens))
	case stats.LengthBelow:
		return "< " + results.LengthName(int(l.Tokens))
	}
	return "none"
}

// intervalText prints the interval of a length's change.
func (r Reach) intervalText() string {
	if r.State != scorers.IntervalOK {
		return "–"
	}
	low, high := r.interval(1)
	return percentChange(low) + "…" + percentChange(high)
}

// finding is an effective length's change in a sentence.
func (r Reach) finding() string {
	return fmt.Sprintf("effective length of %s: %s → %s (%s, 95%% CI %s, %s)", r.Benchmark, r.lengthText(r.Base), r.lengthText(r.Candidate),
		percentChange(r.Log2), r.intervalText(), plural(r.Tasks, "task"))
}

// finding is what failed in a sentence, "" for lost samples.
func (f Failure) finding() string {
	switch {
	case f.Unit != nil:
		return f.Unit.finding()
	case f.Reach != nil:
		return f.Reach.finding()
	}
	return ""
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
