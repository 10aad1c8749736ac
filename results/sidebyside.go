package results

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
)

// WriteSideBySide prints runs of one model that differ in their attention: for
// each benchmark a table of scores, over all and by length, and one of what they
// cost.
func WriteSideBySide(w io.Writer, runs []Overviewed, o TableOptions) error {
	if o.Width == 0 {
		o.Width = 80
	}
	t := &tablePage{o: o}
	t.o.Width = max(o.Width, 60)
	t.sideTitle(runs)
	var names []string
	for _, r := range runs {
		if !slices.Contains(names, r.Name) {
			names = append(names, r.Name)
		}
	}
	for _, name := range names {
		same := slices.DeleteFunc(slices.Clone(runs), func(r Overviewed) bool { return r.Name != name })
		if len(names) > 1 {
			t.text(name, "\x1b[1m")
		}
		t.sideScores(same)
		t.sideCosts(same)
	}
	t.sideNotes(runs)
	if t.err != nil {
		return fmt.Errorf("results: side by side: %w", t.err)
	}
	_, err := w.Write(t.out.Bytes())
	return err
}

func (t *tablePage) sideTitle(runs []Overviewed) {
	var s *Summary
	var mechanisms []string
	for _, r := range runs {
		if !slices.Contains(mechanisms, r.Attention) {
			mechanisms = append(mechanisms, r.Attention)
		}
		if s == nil {
			s = r.Summary
		}
	}
	title := plural(len(mechanisms), "attention mechanism") + " side by side"
	if s == nil {
		t.text(title, "\x1b[1m")
		return
	}
	if s.Builtin {
		title += " (built-in samples, not the benchmarks' own data)"
	}
	t.text(title, "\x1b[1m")
	t.text("model "+orElse(s.Model.Spec, s.Model.Name), "")
	if s.NoContext {
		t.text(noContextLine, "\x1b[33m")
	}
	d := s.Model.Details
	t.text(fmt.Sprintf("on %s; KV cache %s, activations %s", d["device"], d["kv-type"], d["activations"]), "")
	t.out.WriteByte('\n')
}

// shortAttention is a mechanism's name, with those parameters in which another
// run of the same name differs.
func shortAttention(r Overviewed, runs []Overviewed) string {
	name, own := attentionParts(r.Attention)
	var differ []string
	for _, other := range runs {
		if n, theirs := attentionParts(other.Attention); n == name {
			for _, p := range own {
				if !slices.Contains(theirs, p) && !slices.Contains(differ, p) {
					differ = append(differ, p)
				}
			}
		}
	}
	if len(differ) == 0 {
		return name
	}
	return name + ":" + strings.Join(differ, ",")
}

// attentionParts are a mechanism's name and parameters.
func attentionParts(spec string) (string, []string) {
	name, rest, _ := strings.Cut(spec, ":")
	return name, strings.Split(rest, ",")
}

// sideScores has a line for each run's average, and a column a length where
// lengths were asked for; one table a board.
func (t *tablePage) sideScores(runs []Overviewed) {
	var names []string
	lengths := map[string][]int{} // by board
	for _, r := range runs {
		for _, b := range r.boards() {
			if !slices.Contains(names, b.Board) {
				names = append(names, b.Board)
			}
			for _, f := range b.byLength() {
				lengths[b.Board] = append(lengths[b.Board], f.Length)
			}
		}
	}
	for _, board := range names {
		slices.Sort(lengths[board])
		own := slices.Compact(lengths[board])
		header := []string{withBoard("Attention", board), "N", "Score", "95% CI"}
		for _, n := range own {
			header = append(header, distinctName(n, own))
		}
		var rows [][]string
		for _, r := range runs {
			rows = append(rows, sideScoreRow(r, runs, board, own))
		}
		t.split(header, rows)
	}
}

func sideScoreRow(r Overviewed, runs []Overviewed, board string, lengths []int) []string {
	row := []string{shortAttention(r, runs)}
	if r.Summary != nil && r.Summary.State == Partial {
		row[0] += "²"
	}
	i := slices.IndexFunc(r.boards(), func(b BoardScore) bool { return b.Board == board })
	if i < 0 {
		return append(row, slices.Concat([]string{"0"}, slices.Repeat([]string{"–"}, 2+len(lengths)))...)
	}
	b := r.boards()[i]
	row = append(row, strconv.Itoa(b.Average.Rows), score(b.Average.Score), intervalText(b.Average))
	figures := b.byLength()
	for _, n := range lengths {
		cell := "–"
		if at := slices.IndexFunc(figures, func(f LengthFigure) bool { return f.Length == n }); at >= 0 {
			cell = score(figures[at].Score)
		}
		row = append(row, cell)
	}
	return row
}

func (r Overviewed) boards() []BoardScore {
	if r.Summary == nil {
		return nil
	}
	return r.Summary.Boards
}

// byLength are the figures over all depths of each length.
func (b BoardScore) byLength() []LengthFigure {
	if len(b.Lengths) > 0 {
		return b.Lengths
	}
	var out []LengthFigure
	for _, c := range b.Cells { // one depth a length
		out = append(out, LengthFigure{c.Length, c.Figure})
	}
	return out
}

// sideCosts says what each run's engine counted.
func (t *tablePage) sideCosts(runs []Overviewed) {
	header := []string{"Attention", "In t/s", "Out t/s", "1st token", "KV peak", "KV, answer", "Time"}
	var rows [][]string
	for _, r := range runs {
		row := append([]string{shortAttention(r, runs)}, slices.Repeat([]string{"–"}, len(header)-1)...)
		if s := r.Summary; s != nil {
			o := s.Model.Outcome
			row[1], row[2] = tokenRate(o.PrefillRate()), tokenRate(o.DecodeRate())
			if f := s.Speed.FirstToken; f != nil {
				row[3] = spell(f.Median)
			}
			if o != nil {
				row[4], row[5] = mebibytes(o.PeakKVBytes), mebibytes(o.AnswerKVBytes)
			}
			row[6] = spell(s.Speed.Seconds)
		}
		rows = append(rows, row)
	}
	t.split(header, rows)
}

func tokenRate(v *float64) string {
	switch {
	case v == nil:
		return "–"
	case *v < 100:
		return strconv.FormatFloat(*v, 'f', 1, 64)
	}
	return grouped(int(*v + 0.5))
}

func mebibytes(n int64) string {
	if n <= 0 {
		return "–"
	}
	v := float64(n) / (1 << 20)
	if v < 100 {
		return strconv.FormatFloat(v, 'f', 1, 64) + " MiB"
	}
	return grouped(int(v+0.5)) + " MiB"
}

func (t *tablePage) sideNotes(runs []Overviewed) {
	t.text("Score: average in percent; 95% CI: bootstrap over documents. In: prompt tokens computed a second, kept ones left out; out: answer tokens a second, all that are decoded at once. "+
		"KV peak: all caches at once, kept prompts included; KV, answer: the most that one sequence held when its answer began.", "")
	var partial, absent bool
	for _, r := range runs {
		partial = partial || r.Summary != nil && r.Summary.State == Partial
		for _, b := range r.boards() {
			absent = absent || intervalText(b.Average) == "–¹"
		}
	}
	if absent {
		t.text("¹ No interval: fewer than two documents in a task.", "")
	}
	if partial {
		t.text("² Stopped early: the same command goes on.", "\x1b[33m")
	}
	for _, r := range runs {
		if r.Trouble != "" {
			t.text(r.Name+" under "+r.Attention+": "+r.Trouble, "\x1b[33m")
		}
	}
	t.out.WriteByte('\n')
	var dirs []string
	for _, r := range runs {
		if r.Dir != "" {
			line := printable(r.Dir + "  " + r.Attention)
			if terminalWidth(line) > t.o.Width {
				line = printable(r.Dir) + "\n  " + printable(r.Attention)
			}
			t.out.WriteString(line + "\n")
			dirs = append(dirs, r.Dir)
		}
	}
	t.out.WriteString("\nlcbench report " + printable(strings.Join(dirs, " ")) + "   # one page of all\n")
}
