package results

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/lcbench/lcbench/scorers"
)

// score prints a percentage with two decimals, as LongBench does.
func score(p *float64) string {
	if p == nil {
		return "–"
	}
	return strconv.FormatFloat(*p, 'f', 2, 64)
}

// intervalText prints an interval, or a mark that the footnotes explain.
func intervalText(f Figure) string {
	switch {
	case f.Low != nil && f.High != nil:
		return strconv.FormatFloat(*f.Low, 'f', 1, 64) + "–" + strconv.FormatFloat(*f.High, 'f', 1, 64)
	case f.Interval == scorers.IntervalOneDocument, f.Interval == scorers.IntervalPartsMissing:
		return "–¹"
	}
	return "–"
}

// footnotes say how the figures were made, what they cost, and what went wrong.
func (t *tablePage) footnotes(s Summary) {
	t.text(formula(s), "")
	if noInterval(s) {
		t.text("¹ No interval: fewer than two documents in a task.", "")
	}
	if s.Adaptive != nil && slices.ContainsFunc(s.Tasks, func(t TaskScore) bool { return t.Score == nil }) {
		t.text("¹ No score: some cell of the task has no document yet.", "")
	}
	t.measureNotes(s)
	if line := axesLine(s); line != "" {
		t.text(line, "")
	}
	t.text(usageLine(s), "")
	if line := speedLine(s); line != "" {
		t.text(line, "")
	}
	if n := s.Samples.CutRows; n > 0 {
		t.text(fmt.Sprintf("%s had %s cut out of the prompt.", plural(n, "sample"), plural(s.Samples.CutTokens, "token")), "")
	}
	for _, b := range s.Boards {
		if len(b.Missing) > 0 {
			t.text(fmt.Sprintf("Not in the %s: %s (no rows).", strings.TrimSpace(b.Board+" average"), strings.Join(b.Missing, ", ")), "")
		}
	}
	if n := s.Samples.Unreadable; n > 0 {
		verb := "counts"
		if n > 1 {
			verb = "count"
		}
		t.text(fmt.Sprintf("%s of the data could not be read and %s nowhere.", plural(n, "row"), verb), "\x1b[33m")
	}
	if n := s.Samples.Lost; n > 0 {
		t.text(fmt.Sprintf("%s lost (no answer to be had): 0 in Score, not in Valid score."+lostInSequences(s), plural(n, "sample")), "\x1b[33m")
	}
	if n := s.Samples.ForJudges; n > 0 {
		line := plural(n, "answer") + " for judges alone, in no score above"
		if lost := s.Samples.ForJudgesLost; lost > 0 {
			line += fmt.Sprintf("; %d of them lost", lost)
		}
		t.text(line+".", "")
	}
	for _, warning := range s.Warnings {
		t.text("warning: "+warning, "\x1b[33m")
	}
}

// lostInSequences says what lost samples are to intervals that count them as
// unknown.
func lostInSequences(s Summary) string {
	if s.Adaptive == nil {
		return ""
	}
	return " Intervals and verdicts take them for anything from 0 to 100."
}

func formula(s Summary) string {
	average := "Average: unweighted mean of the categories, each the unweighted mean of its tasks."
	if len(s.Method.Shares) > 0 {
		average = "Average: weighted mean of the categories (" + sharesText(s.Method.Shares) + "), each the unweighted mean of its tasks."
	}
	if s.Method.Average == AverageSamples {
		average = "Average: mean over all samples."
		if s.Adaptive != nil {
			average = "Average: mean over all cells."
		}
	}
	if s.Adaptive != nil {
		return adaptiveFormula(s, average)
	}
	if s.Method.Resamples < 0 {
		return "Score: mean over all rows, in percent. " + average
	}
	return fmt.Sprintf("Score: mean over all rows, in percent. %s 95%% CI: bootstrap over documents, %d resamples, seed %d.",
		average, s.Method.Resamples, s.Method.Seed)
}

// sharesText lists shares: "single 0.4, multi 0.3".
func sharesText(shares map[string]float64) string {
	var list []string
	for _, name := range slices.Sorted(maps.Keys(shares)) {
		list = append(list, name+" "+strconv.FormatFloat(shares[name], 'g', 3, 64))
	}
	return strings.Join(list, ", ")
}

func noInterval(s Summary) bool {
	for _, task := range s.Tasks {
		if task.Interval == scorers.IntervalOneDocument {
			return true
		}
	}
	return false
}

func usageLine(s Summary) string {
	u := s.Usage
	line := fmt.Sprintf("Tokens: %s in", grouped(u.Prompt))
	if s.CachedShare != nil {
		from := "the endpoint's prefix cache"
		if s.Model.Local() {
			from = "kept prefixes"
		}
		line += fmt.Sprintf(" (%.0f%% from %s)", 100**s.CachedShare, from)
	}
	line += fmt.Sprintf(", %s out", grouped(u.Completion))
	if !u.Known {
		line += " (partly estimated)"
	}
	if s.Cost != nil {
		line += ". Cost: " + money(*s.Cost)
	}
	if n := s.Samples.FromCache; n > 0 {
		line += fmt.Sprintf(". %s from the response cache", plural(n, "answer"))
	}
	if o := s.Model.Outcome; o != nil && o.PeakKVBytes > 0 {
		line += fmt.Sprintf(". KV caches: %s MiB at the peak", grouped(int((o.PeakKVBytes+1<<20-1)>>20)))
	}
	return line + "."
}

func speedLine(s Summary) string {
	var parts []string
	if v := s.Speed.SamplesPerSecond; v != nil {
		parts = append(parts, fmt.Sprintf("%.3g samples/s", *v))
	}
	if v := s.Speed.PromptTokensPerSecond; v != nil {
		parts = append(parts, tokenRate(v)+" prompt tokens/s")
	}
	if v := s.Speed.FirstToken; v != nil {
		parts = append(parts, fmt.Sprintf("first token %.2f s (p95 %.2f s)", v.Median, v.P95))
	}
	if v := s.Speed.Total; v != nil {
		parts = append(parts, fmt.Sprintf("answer %.2f s (p95 %.2f s)", v.Median, v.P95))
	}
	if s.Samples.Retries > 0 {
		parts = append(parts, fmt.Sprintf("%d retries (%d × 429)", s.Samples.Retries, s.Samples.RateLimited))
	}
	if len(parts) == 0 {
		return ""
	}
	return "Speed: " + strings.Join(parts, ", ") + "."
}

// money prints an amount to the cent, small ones to two figures.
func money(c Cost) string {
	amount := strconv.FormatFloat(c.Amount, 'f', 2, 64)
	if c.Amount > 0 && c.Amount < 1 {
		amount = fmt.Sprintf("%.2g", c.Amount)
	}
	return amount + " " + c.Currency
}

// grouped prints an integer with a comma between thousands.
func grouped(n int) string {
	s := strconv.Itoa(n)
	for at := len(s) - 3; at > 0 && s[at-1] != '-'; at -= 3 {
		s = s[:at] + "," + s[at:]
	}
	return s
}
