package results

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/lcbench/lcbench/benchmarks"
)

// WriteText prints a table for each task: log-likelihoods by length and depth,
// and what each length costs.
func (l Likelihood) WriteText(w io.Writer) error {
	var b strings.Builder
	title(&b, "Likelihood of the reference answer: %s on %s", l.named(), printable(l.Benchmark))
	builtinNote(&b, l.Builtin)
	b.WriteString("Mean log-likelihood in nats a token; 0 is certain.\n")
	leftNote(&b, l.Left)
	for _, task := range l.Tasks() {
		_, _ = fmt.Fprintf(&b, "\n%s\n", printable(task))
		l.depthTable(&b, task)
		l.gapTable(&b, task)
	}
	if l.OwnLengths {
		b.WriteString("\nLengths are the samples' own: each is a power of two that holds them.\n")
	}
	fewNote(&b, slices.ContainsFunc(l.Gaps, func(g LikelihoodGap) bool { return g.Long.Few() }))
	_, err := io.WriteString(w, b.String())
	return err
}

// title prints a line, or several where it is wider than a terminal.
func title(b *strings.Builder, format string, args ...any) {
	for _, line := range wrap(fmt.Sprintf(format, args...), tableWidth, 2) {
		b.WriteString(line + "\n")
	}
}

// tableWidth is how many columns instruments' tables keep to.
const tableWidth = 80

// named is the model, with what isn't its own.
func (m Measured) named() string {
	text := m.Model
	if m.Attention != "full" {
		text += ", attention " + m.Attention
	}
	if m.Rope != "" && m.Rope != "none" {
		text += ", rope " + m.Rope
	}
	return printable(text)
}

// Named is the model, with its attention and rope where they aren't the plain
// ones.
func (m Measured) Named() string { return m.named() }

func builtinNote(b *strings.Builder, builtin bool) {
	if builtin {
		b.WriteString("(built-in samples, not the benchmark's own data)\n")
	}
}

func leftNote(b *strings.Builder, left int) {
	if left == 1 {
		b.WriteString("1 sample could not be asked.\n")
	} else if left > 1 {
		_, _ = fmt.Fprintf(b, "%s samples could not be asked.\n", grouped(left))
	}
}

// depthColumns is how many depths stand beside each other in 80 columns.
const depthColumns = 9

// depthTable is lengths by depths, in blocks where there are many depths.
func (l Likelihood) depthTable(b *strings.Builder, task string) {
	all := l.Depths(task)
	if len(all) == 0 {
		return
	}
	blocks := (len(all) + depthColumns - 1) / depthColumns
	for depths := range slices.Chunk(all, (len(all)+blocks-1)/blocks) {
		_, _ = fmt.Fprintf(b, "\n%6s", "Length")
		for _, d := range depths {
			_, _ = fmt.Fprintf(b, "%8s", strconv.FormatFloat(d, 'g', 4, 64)+"%")
		}
		b.WriteString("\n" + strings.Repeat("─", 6+8*len(depths)) + "\n")
		for _, g := range l.Gaps {
			if g.Task != task {
				continue
			}
			_, _ = fmt.Fprintf(b, "%6s", benchmarks.FormatTokens(g.Length))
			for _, d := range depths {
				text := "–"
				if c := l.Cell(task, g.Length, d); c != nil {
					text = nats(c.Value)
				}
				_, _ = fmt.Fprintf(b, "%8s", text)
			}
			b.WriteByte('\n')
		}
	}
}

// gapTable is what each length costs.
func (l Likelihood) gapTable(b *strings.Builder, task string) {
	_, _ = fmt.Fprintf(b, "\n%6s%6s%10s%24s%16s%14s\n%s\n", "Length", "n", "Context", "95% CI", "Evidence alone", "Length costs", strings.Repeat("─", 76))
	for _, g := range l.Gaps {
		if g.Task == task {
			_, _ = fmt.Fprintf(b, "%6s%6d%10s%24s%16s%14s\n", benchmarks.FormatTokens(g.Length), g.Long.N, nats(g.Long.Value), g.Long.natsRange(), nats(g.Short.Value), nats(g.Gap.Value))
		}
	}
}

// nats prints nats a token, "–" where there are none.
func nats(v *float64) string {
	if v == nil {
		return "–"
	}
	text := strconv.FormatFloat(*v, 'f', 2, 64)
	if text == "-0.00" {
		text = "0.00"
	}
	return strings.Replace(text, "-", "−", 1)
}

// Nats prints nats a token, "–" where there are none.
func Nats(v *float64) string { return nats(v) }

// natsRange is a mean's interval, with a word where documents are too few, "–"
// where there is none.
func (m Mean) natsRange() string {
	if m.Few() {
		return m.Range() + " (few)"
	}
	return m.Range()
}

// Few says that an interval is of so few documents that nothing can be judged by
// it.
func (m Mean) Few() bool { return m.Low != nil && m.Documents < fewDocuments }

// fewDocuments is the same bound as the report's for parts and cells.
const fewDocuments = 10

// fewNote says what the word behind intervals means.
func fewNote(b *strings.Builder, any bool) {
	if any {
		b.WriteString("\n(few): under 10 documents, too few to judge by.\n")
	}
}

// Range is the interval in two decimals, "–" where there is none.
func (m Mean) Range() string {
	if m.Low == nil || m.High == nil {
		return "–"
	}
	return nats(m.Low) + " to " + nats(m.High)
}
