package results

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
)

// Overviewed is one run of several that were made together.
type Overviewed struct {
	Name      string // the benchmark
	Attention string // the mechanism of a local model, as one writes it
	// Summary is nil where the benchmark came to none; Trouble says why, or what
	// went wrong besides.
	Summary *Summary
	Trouble string
	Dir     string // the run's folder
}

// WriteOverview prints one line for each average of each benchmark, for
// people: what a run of several benchmarks came to. Each benchmark's own table
// lies in its folder.
func WriteOverview(w io.Writer, runs []Overviewed, o TableOptions) error {
	if o.Width == 0 {
		o.Width = 80
	}
	t := &tablePage{o: o}
	t.o.Width = max(o.Width, 60)
	t.overviewTitle(runs)
	header := []string{"Benchmark", "N", "Score", "95% CI", "Valid score (n)", "Tokens in", "Time"}
	var rows [][]string
	for _, r := range runs {
		rows = append(rows, overviewRows(r)...)
	}
	t.grid(header, rows, fitted(header, rows, t.o.Width, 30), 1)
	t.overviewNotes(runs)
	if t.err != nil {
		return fmt.Errorf("results: overview: %w", t.err)
	}
	_, err := w.Write(t.out.Bytes())
	return err
}

func (t *tablePage) overviewTitle(runs []Overviewed) {
	title, builtin, found := plural(len(runs), "benchmark"), 0, 0
	var model ModelInfo
	noContext := false
	for _, r := range runs {
		if r.Summary == nil {
			continue
		}
		found++
		model, noContext = r.Summary.Model, r.Summary.NoContext
		if r.Summary.Builtin {
			builtin++
		}
	}
	if builtin > 0 && builtin == found {
		title += " (built-in samples, not the benchmarks' own data)"
	}
	t.text(title, "\x1b[1m")
	t.text("model "+orElse(model.Spec, model.Name), "")
	if noContext {
		t.text(noContextLine, "\x1b[33m")
	}
	if d := model.Details; model.Local() {
		t.text(howLocal(d), "")
	}
	t.out.WriteByte('\n')
}

// overviewRows has a line for each board of a benchmark; what is of the whole
// run (tokens, time) stands in the first.
func overviewRows(r Overviewed) [][]string {
	s := r.Summary
	if s == nil || len(s.Boards) == 0 {
		return [][]string{{r.Name, "0", "–", "–", "–", "–", "–"}}
	}
	name := r.Name
	if s.State == Partial {
		name += "²"
	}
	var rows [][]string
	for i, b := range s.Boards {
		f := b.Average
		row := []string{withBoard(name, b.Board), strconv.Itoa(f.Rows), score(f.Score), intervalText(f), fmt.Sprintf("%s (%d)", score(f.Valid), f.ValidRows), "", ""}
		if i == 0 {
			row[5], row[6] = grouped(s.Usage.Prompt), spell(s.Speed.Seconds)
		}
		rows = append(rows, row)
	}
	return rows
}

// spell prints seconds as 0.4s, 12s, 3m05s or 2h10m.
func spell(seconds float64) string {
	d := time.Duration(seconds * float64(time.Second))
	switch {
	case d < 10*time.Second:
		return fmt.Sprintf("%.1fs", seconds)
	case d < time.Minute:
		return fmt.Sprintf("%.0fs", seconds)
	case d < time.Hour:
		return fmt.Sprintf("%dm%02ds", int(d.Minutes()), int(d.Seconds())%60)
	}
	return fmt.Sprintf("%dh%02dm", int(d.Hours()), int(d.Minutes())%60)
}

// overviewNotes say what the figures are, what is missing from them, and where
// the rest is.
func (t *tablePage) overviewNotes(runs []Overviewed) {
	t.text("Score: each benchmark's own average, in percent; 95% CI: bootstrap over documents. Scores of different benchmarks don't compare.", "")
	var partial, absent bool
	var mixed []string
	builtin := 0
	for _, r := range runs {
		s := r.Summary
		if s == nil {
			continue
		}
		partial = partial || s.State == Partial
		for _, b := range s.Boards {
			absent = absent || intervalText(b.Average) == "–¹"
		}
		if s.Builtin {
			builtin++
			mixed = append(mixed, r.Name)
		}
	}
	if absent {
		t.text("¹ No interval: fewer than two documents in a task.", "")
	}
	if partial {
		t.text("² Stopped early: the same command goes on.", "\x1b[33m")
	}
	if builtin > 0 && builtin < len(runs) {
		t.text("Built-in samples, not the benchmark's own data: "+strings.Join(mixed, ", ")+".", "")
	}
	for _, r := range runs {
		if r.Summary != nil && r.Summary.Samples.CutRows > 0 {
			n := r.Summary.Samples
			t.text(fmt.Sprintf("%s: %s had %s cut out of the prompt.", r.Name, plural(n.CutRows, "sample"), plural(n.CutTokens, "token")), "")
		}
		if r.Trouble != "" {
			t.text(r.Name+": "+r.Trouble, "\x1b[33m")
		}
	}
	t.out.WriteByte('\n')
	for _, r := range runs {
		if r.Dir != "" {
			t.out.WriteString(printable(r.Dir) + "\n")
		}
	}
}
