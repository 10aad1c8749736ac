package report

import (
	"fmt"
	"slices"

	"github.com/lcbench/lcbench/results"
)

// inside is what instruments found.
func (m *markdown) inside(in *Inside) {
	if in == nil {
		return
	}
	m.line("# Inside the model\n")
	for i := range in.Heads {
		m.heads(&in.Heads[i])
	}
	for i := range in.Likelihoods {
		m.likelihood(&in.Likelihoods[i])
	}
	for i := range in.Gateaus {
		m.gateau(&in.Gateaus[i])
	}
}

func (m *markdown) insideTitle(what, model, benchmark string, builtin bool) {
	m.line("## %s: %s on %s\n", what, literal(model), literal(benchmark))
	if builtin {
		m.paragraph("Built-in samples, made by lcbench itself.")
	}
}

func (m *markdown) heads(h *HeadsFound) {
	m.insideTitle("Retrieval heads", h.Named(), h.Benchmark, h.Builtin)
	if h.Right == 0 {
		m.paragraph(fmt.Sprintf("None of %s was answered.", plural(h.Asked, "needle")))
		return
	}
	m.paragraph(fmt.Sprintf("%s of %s answered. %d of %s copy more than a tenth of the needle. Attention that falls evenly would put %.3g %% on the evidence.",
		grouped(h.Right), plural(h.Asked, "needle"), h.Retrieving(), plural(len(h.List), "head"), 100*h.Even))
	var rows [][]string
	for _, s := range h.Best() {
		rows = append(rows, []string{fmt.Sprintf("layer %d, head %d", s.Layer, s.Head), fmt.Sprintf("%.3f", s.Copying), fmt.Sprintf("%.3f", s.EveryStep), fmt.Sprintf("%.1f %%", 100*s.Mass)})
	}
	if len(rows) > 0 {
		m.table([]string{"Head", "Copied", "Every step", "On the evidence"}, rows)
	}
}

func (m *markdown) likelihood(l *LikelihoodFound) {
	m.insideTitle("Likelihood of the right answer", l.Named(), l.Benchmark, l.Builtin)
	m.paragraph("Mean log-likelihood of the reference answer, in nats a token; 0 is certain. Evidence alone: the same question with the passages that it rests on and nothing else.")
	for _, t := range newLikelihoodView("x", l).Tasks {
		m.line("### %s\n", literal(t.Task))
		if len(t.Depths) > 0 {
			var full, short [][]string
			for _, r := range t.Rows {
				full = append(full, append([]string{r.Length}, r.Cells...))
			}
			for _, g := range t.Gaps {
				row := []string{lengthText(float64(g.Length))}
				for _, d := range l.Depths(t.Task) {
					cell := "–"
					if c := l.Cell(t.Task, g.Length, d); c != nil {
						cell = results.Nats(c.Value)
					}
					row = append(row, cell)
				}
				short = append(short, row)
			}
			m.fitting(append([]string{"Length"}, t.Depths...), full, short)
		}
		var rows [][]string
		for _, g := range t.Gaps {
			rows = append(rows, []string{lengthText(float64(g.Length)), natsCell(g.Long), results.Nats(g.Short.Value), meanCell(g.Gap)})
		}
		m.table([]string{"Length", "Whole context", "Evidence alone", "Length costs"}, rows)
	}
	m.fewNote(slices.ContainsFunc(l.Gaps, func(g results.LikelihoodGap) bool { return g.Long.Few() }))
}

func (m *markdown) fewNote(any bool) {
	if any {
		m.paragraph(fewWords)
	}
}

// meanCell is a mean with its interval, and a word where documents are too few.
func meanCell(m results.Mean) string {
	if m.Low == nil {
		return results.Nats(m.Value)
	}
	text := results.Nats(m.Value) + " (" + m.Range() + ")"
	if m.Few() {
		text += " (few)"
	}
	return text
}

func (m *markdown) gateau(g *GateauFound) {
	m.insideTitle("GATEAU", g.Named(), g.Benchmark, g.Builtin)
	if g.Against != nil {
		m.paragraph(fmt.Sprintf("Set against %s, window %s.", literal(g.Against.Named()), grouped(g.Against.Window)))
	}
	if g.NoAwareness != "" {
		m.paragraph("Awareness is not measured: " + literal(g.NoAwareness) + ".")
	}
	var rows [][]string
	for _, f := range []struct {
		name string
		results.Mean
	}{{"Gap, nats a token", g.Gap}, {"Awareness (CAM)", g.Awareness}, {"Awareness, sharp", g.Sharp}} {
		if f.N > 0 {
			rows = append(rows, []string{f.name, grouped(f.N), meanCell(f.Mean)})
		}
	}
	m.table([]string{"Mean", "Samples", "Figure"}, rows)
	m.fewNote(g.Gap.Few() || g.Awareness.Few() || g.Sharp.Few())
	rows = nil
	for _, s := range g.Best() {
		rows = append(rows, []string{literal(s.ID), lengthText(float64(s.Length)), orElse(depthText(s.Depth), "–"), results.Nats(s.Gap), results.Decimals(s.Guidance), results.Nats(s.Awareness), results.Nats(s.Sharp)})
	}
	m.table([]string{"Sample", "Length", "Depth", "Gap", "HMG", "CAM", "Sharp"}, rows)
}
