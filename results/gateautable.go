package results

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/lcbench/lcbench/benchmarks"
)

// WriteText prints the means, and the samples that need the long context most.
func (g Gateau) WriteText(w io.Writer, top int) error {
	var b strings.Builder
	_, _ = fmt.Fprintf(&b, "GATEAU: %s on %s\n", g.named(), printable(g.Benchmark))
	if g.Against != nil {
		line := fmt.Sprintf("set against %s, window %s", g.Against.named(), grouped(g.Against.Window))
		b.WriteString(strings.Join(wrap(line, 80, 2), "\n") + "\n")
	}
	builtinNote(&b, g.Builtin)
	leftNote(&b, g.Left)
	if g.NoAwareness != "" {
		_, _ = fmt.Fprintf(&b, "Awareness is not measured: %s.\n", printable(g.NoAwareness))
	}
	_, _ = fmt.Fprintf(&b, "\n%-34s%6s%10s%18s\n%s\n", "Mean of the samples", "n", "Mean", "95% CI", strings.Repeat("─", 68))
	for _, m := range []struct {
		name string
		Mean
	}{{"Gap, nats a token", g.Gap}, {"Awareness, cosine (CAM)", g.Awareness}, {"Awareness by the masses themselves", g.Sharp}} {
		if m.N > 0 {
			_, _ = fmt.Fprintf(&b, "%-34s%6d%10s%18s\n", m.name, m.N, nats(m.Value), m.natsRange())
		}
	}
	g.rank(&b, top)
	b.WriteString("\nGap: how much likelier the model makes the reference answer than the one that\n  it is set against. HMG: the difference of the sample's shares of their\n  perplexities, which comes to 0 over all samples.\n")
	_, _ = fmt.Fprintf(&b, "CAM: over segments of %d tokens, the cosine of importance and attention.\n", g.Segment)
	_, err := io.WriteString(w, b.String())
	return err
}

// Ranked are the samples by what they need of the long context: by HMG, else by
// awareness, the highest first.
func (g Gateau) Ranked() []GateauSample {
	ranked := slices.Clone(g.List)
	figure := func(s GateauSample) float64 {
		switch {
		case s.Guidance != nil:
			return *s.Guidance
		case s.Awareness != nil:
			return *s.Awareness
		}
		return -2
	}
	slices.SortStableFunc(ranked, func(a, b GateauSample) int { return cmp.Compare(figure(b), figure(a)) })
	return ranked
}

func (g Gateau) rank(b *strings.Builder, top int) {
	_, _ = fmt.Fprintf(b, "\n%-34s%6s%6s%8s%9s%8s%8s\n%s\n", "Sample", "Length", "Depth", "Gap", "HMG", "CAM", "Sharp", strings.Repeat("─", 79))
	for _, s := range g.Ranked()[:min(top, len(g.List))] {
		depth := "–"
		if s.Depth != nil {
			depth = strconv.FormatFloat(*s.Depth, 'g', 4, 64) + "%"
		}
		name := clip(printable(s.ID), 33)
		_, _ = fmt.Fprintf(b, "%s%6s%6s%8s%9s%8s%8s\n", name+strings.Repeat(" ", 34-terminalWidth(name)), benchmarks.FormatTokens(s.Length), depth, nats(s.Gap), Decimals(s.Guidance), nats(s.Awareness), nats(s.Sharp))
	}
}

// Decimals prints a figure in four decimals with a real minus sign, "–" where there is none.
func Decimals(v *float64) string {
	if v == nil {
		return "–"
	}
	text := strconv.FormatFloat(*v, 'f', 4, 64)
	if text == "-0.0000" {
		text = "0.0000"
	}
	return strings.Replace(text, "-", "−", 1)
}
