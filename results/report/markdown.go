package report

import (
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/lcbench/lcbench/results"
	"github.com/lcbench/lcbench/scorers/stats"
)

// WriteJSON writes report.json.
func (r *Report) WriteJSON(w io.Writer) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	if err := enc.Encode(r); err != nil {
		return fmt.Errorf("report: json: %w", err)
	}
	return nil
}

// WriteMarkdown writes the figures as Markdown, without samples: in 80 columns,
// so that it can be read as it is.
func (r *Report) WriteMarkdown(w io.Writer) error {
	var m markdown
	for i := range r.Benchmarks {
		m.benchmark(&r.Benchmarks[i])
	}
	m.inside(r.Inside)
	if len(r.Benchmarks) > 0 {
		m.scores(r)
	}
	if _, err := io.WriteString(w, strings.TrimRight(m.String(), "\n")+"\n"); err != nil {
		return fmt.Errorf("report: markdown: %w", err)
	}
	return nil
}

// scores says what scores and intervals are.
func (m *markdown) scores(r *Report) {
	m.paragraph(fmt.Sprintf("Scores are percent; in brackets 95 %% intervals (percentile bootstrap, documents drawn within tasks; %s resamples, seed %d, for curves, the plane and effective lengths). The plane is of %s. lcbench %s.",
		grouped(r.Method.Resamples), r.Method.Seed, r.Method.Axes.text(), literal(r.Version)))
}

func (m *markdown) benchmark(b *Benchmark) {
	m.line("# %s\n", literal(b.Title))
	if b.Builtin {
		m.paragraph("Built-in samples, made by lcbench itself: these are not the benchmark's own data, and the scores say nothing about it.")
	}
	m.runs(b)
	m.summary(b)
	m.findings(b)
	m.heats(b)
	m.curves(b)
	m.tasks(b)
	m.controls(b)
	m.groups(b)
	m.planes(b)
	m.cost(b)
}

// runs says which run a column's letter is.
func (m *markdown) runs(b *Benchmark) {
	for i := range b.Runs {
		label := literal(b.Runs[i].Label)
		if b.Runs[i].Floor != "" {
			label += " (floor: " + b.Runs[i].Floor + ")"
		}
		if b.Runs[i].State != results.Complete {
			label += " (" + literal(string(b.Runs[i].State)) + ")"
		}
		if len(b.Runs) > 1 {
			label = "**" + letter(i) + "**: " + label
		}
		m.item(label)
	}
	m.line("")
}

// letter names the i-th run's column: A, B, …, Z, A1, …
func letter(i int) string {
	name := string(rune('A' + i%26))
	if i >= 26 {
		name += strconv.Itoa(i / 26)
	}
	return name
}

// behind is a run's letter behind a title, "" of a single run.
func (b *Benchmark) behind(i int) string {
	if len(b.Runs) == 1 {
		return ""
	}
	return ", " + letter(i)
}

// columns are the runs' columns.
func (b *Benchmark) columns(first ...string) []string {
	if len(b.Runs) == 1 {
		return append(first, "Score")
	}
	for i := range b.Runs {
		first = append(first, letter(i))
	}
	return first
}

// summary is the figures that stand first, one a line.
func (m *markdown) summary(b *Benchmark) {
	lines := []struct {
		name string
		of   func(r *Run) string
	}{
		{"Score", (*Run).scoreText},
		{"Real context", func(r *Run) string { return lengthCell(r.Context.OwnShare) }},
		{"RULER's rule", func(r *Run) string { return lengthCell(r.Context.Ruler) }},
		{"Contour", func(r *Run) string { return literal(contourText(*r)) }},
		{"Costs it most", func(r *Run) string { return r.Difficulty.short() }},
		{"Long loses, points", func(r *Run) string { return pointsCell(r.Gap.Points, r.Gap.Low, r.Gap.High) }},
		{"Middle loses, points", func(r *Run) string { return pointsCell(r.Middle.Points, r.Middle.Low, r.Middle.High) }},
		{"Prompt tokens/s", func(r *Run) string { return tokensPerSecond(r.Speed.PromptTokensPerSecond) }},
		{"First token, median", func(r *Run) string { return r.FirstToken() }},
		{"KV caches, peak", func(r *Run) string { return kvText(r.Model.Outcome) }},
		{"Cost", func(r *Run) string { return literal(r.CostText()) }},
		{"Valid", func(r *Run) string { return grouped(r.Samples.Valid) + " of " + grouped(r.Samples.Rows) }},
	}
	var rows [][]string
	for _, l := range lines {
		row := []string{l.name}
		for i := range b.Runs {
			row = append(row, l.of(&b.Runs[i]))
		}
		rows = append(rows, row)
	}
	m.table(b.columns(""), rows)
	m.paragraph("Real context: the length up to which a run keeps 85 % of its score at the shortest. RULER's rule: 85.6 or better up to there. Contour: 75 or better at every depth up to there. Long and middle lose: points against short contexts, on the same questions, and against evidence at the ends.")
	if b.models() > 1 {
		m.paragraph("Whether two runs differ is for `lcbench compare BASE CANDIDATE`: it pairs their samples, which these intervals don't.")
	}
}

// models counts the runs that aren't floors.
func (b *Benchmark) models() int {
	n := 0
	for i := range b.Runs {
		if b.Runs[i].Floor == "" {
			n++
		}
	}
	return n
}

// scoreText are the averages of the run's boards.
func (r *Run) scoreText() string {
	var scores []string
	for _, a := range r.Averages {
		scores = append(scores, strings.TrimSpace(literal(a.Board)+" "+figureText(a.Figure)))
	}
	return orElse(strings.Join(scores, "; "), "–")
}

// short names the weakness in a word.
func (d Difficulty) short() string {
	if d.State != stats.StateOK {
		return "–"
	}
	return string(d.Weakness)
}

func pointsCell(points, low, high *float64) string {
	switch {
	case points == nil:
		return "–"
	case low == nil:
		return signedPoints(*points)
	}
	return fmt.Sprintf("%s (%s to %s)", signedPoints(*points), signedPoints(*low), signedPoints(*high))
}

func (m *markdown) findings(b *Benchmark) {
	for i := range b.Runs {
		r := &b.Runs[i]
		if r.Floor != "" && len(r.Warnings) == 0 {
			continue
		}
		m.paragraph("**" + literal(r.Label) + "**")
		if r.Floor == "" {
			for _, f := range r.Findings {
				m.item(literal(f))
			}
		}
		for _, w := range r.Warnings {
			m.item("warning: " + literal(w))
		}
		m.line("")
	}
}

func lengthCell(e EffectiveLength) string {
	text := e.Text()
	if apart := e.Apart(); apart != "" {
		text += " (" + apart + ")"
	}
	return literal(text)
}

// figureText is a score with its interval.
func figureText(f results.Figure) string { return scoreCell(f.Score, f.Low, f.High) }

func scoreCell(score, low, high *float64) string {
	if score == nil || low == nil {
		return percentText(score)
	}
	return fmt.Sprintf("%s (%s)", percentText(score), rangeText(low, high))
}

func (m *markdown) tasks(b *Benchmark) {
	m.line("## Tasks\n")
	header := b.columns("Task", "Metric")
	var rows [][]string
	for _, name := range b.taskNames() {
		t := newTaskRow(name, b.Runs)
		row := []string{literal(name), literal(t.Metric)}
		for _, task := range t.Runs {
			cell := "–"
			if task != nil {
				cell = fmt.Sprintf("%s, n=%d", figureText(task.Figure), task.Rows)
			}
			row = append(row, cell)
		}
		rows = append(rows, row)
	}
	m.table(header, rows)
}

// controls are what the context adds, task by task.
func (m *markdown) controls(b *Benchmark) {
	var rows [][]string
	for i := range b.Runs {
		for _, t := range b.Runs[i].Tasks {
			if c := t.Contamination; c != nil {
				rows = append(rows, []string{
					literal(t.Task), letter(i), percentText(t.Score), percentText(c.Control), pointsCell(c.Points, c.Low, c.High), c.text(),
				})
			}
		}
	}
	if len(rows) > 0 {
		m.line("## Without the context\n")
		m.table([]string{"Task", "Run", "With", "Without", "Context adds, points", "By"}, rows)
	}
}

// text says what a difference is of.
func (c Contamination) text() string {
	if c.Paired {
		return plural(c.Pairs, "pair")
	}
	return "means"
}

func (m *markdown) groups(b *Benchmark) {
	rowsOf := newGroupRows(b.Runs)
	if len(rowsOf) == 0 {
		return
	}
	m.line("## By benchmark, category and language\n")
	header := []string{"Group"}
	for i := range b.Runs {
		name := ""
		if len(b.Runs) > 1 {
			name = letter(i) + " "
		}
		header = append(header, name+"macro", name+"micro", name+"reach")
	}
	var rows [][]string
	for _, g := range rowsOf {
		row := []string{literal(g.Title())}
		for _, of := range g.Runs {
			if of == nil {
				row = append(row, "–", "–", "–")
				continue
			}
			reach := "–"
			if of.Context != nil && len(of.Context.Curve) > 1 {
				reach = literal(of.Context.OwnShare.Text())
			}
			row = append(row, scoreCell(of.Macro.Score, of.Macro.Low, of.Macro.High), scoreCell(of.Micro.Score, of.Micro.Low, of.Micro.High), reach)
		}
		rows = append(rows, row)
	}
	m.table(header, rows)
}

func (m *markdown) cost(b *Benchmark) {
	m.line("## Failures, cost and speed\n")
	lines := []struct {
		name string
		of   func(r *Run) string
	}{
		{"Not valid", func(r *Run) string {
			var kinds []string
			for _, k := range failures(r.Samples.ByStatus) {
				kinds = append(kinds, fmt.Sprintf("%s %s", grouped(k.Count), k.Name))
			}
			return orElse(strings.Join(kinds, ", "), "none")
		}},
		{"Tokens in", func(r *Run) string { return grouped(r.Usage.Prompt) }},
		{"from a kept prefix", func(r *Run) string {
			if r.CachedShare == nil {
				return "–"
			}
			return fmt.Sprintf("%.0f%%", 100**r.CachedShare)
		}},
		{"Tokens out", func(r *Run) string { return grouped(r.Usage.Completion) }},
		{"Cost", func(r *Run) string { return literal(r.CostText()) }},
		{"First token, median, p95", func(r *Run) string { return secondsText(r.Speed.FirstToken) }},
		{"Answer, median, p95", func(r *Run) string { return secondsText(r.Speed.Total) }},
		{"Prompt tokens/s", func(r *Run) string { return tokensPerSecond(r.Speed.PromptTokensPerSecond) }},
	}
	var rows [][]string
	for _, l := range lines {
		row := []string{l.name}
		for i := range b.Runs {
			row = append(row, l.of(&b.Runs[i]))
		}
		rows = append(rows, row)
	}
	header := b.columns("")
	if len(b.Runs) == 1 {
		header[1] = "This run"
	}
	m.table(header, rows)
}
