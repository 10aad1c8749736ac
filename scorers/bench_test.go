package scorers

import (
	"encoding/json"
	"strconv"
	"strings"
	"testing"

	"github.com/lcbench/lcbench/scorers/goldentest"
)

// The pairs are those of .ci/peer_metrics.py: each row's first answer (or, for
// code, pieces of contexts) against its neighbour's.

func benchRows(tb testing.TB, task string) []realRow {
	var rows []realRow
	for _, raw := range goldentest.Lines(tb, "data/longbench/"+task+".jsonl") {
		var r realRow
		if err := json.Unmarshal(raw, &r); err != nil {
			tb.Fatal(err)
		}
		rows = append(rows, r)
	}
	return rows
}

func BenchmarkRouge(b *testing.B) {
	rows := benchRows(b, "multi_news")
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		n := i % (len(rows) - 1)
		rougeL(rows[n].Answers[0], rows[n+1].Answers[0])
	}
}

// BenchmarkGoogleRouge scores one released summary of L-Eval after the other.
func BenchmarkGoogleRouge(b *testing.B) {
	var cases []Case
	for _, raw := range goldentest.Lines(b, "data/leval/predictions/ngram_eval/turbo-16k-0613/review_summ.pred.jsonl") {
		var r struct {
			Prediction string `json:"turbo-16k-0613_pred"`
			GT         string
		}
		if err := json.Unmarshal(raw, &r); err != nil {
			b.Fatal(err)
		}
		cases = append(cases, Case{Prediction: r.Prediction, References: []string{r.GT}})
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		scoreRouge(cases[i%len(cases)])
	}
}

func BenchmarkChineseF1(b *testing.B) {
	rows := benchRows(b, "multifieldqa_zh")
	qaF1zh("热", "身")
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		n := i % (len(rows) - 1)
		qaF1zh(rows[n].Input+rows[n].Answers[0], rows[n+1].Input+rows[n+1].Answers[0])
	}
}

// codeLines are pieces of 20 to 120 bytes, about as long as lines of code.
func codeLines(tb testing.TB) []string {
	var lines []string
	for _, r := range benchRows(tb, "multi_news")[:20] {
		for l := range strings.SplitSeq(strings.ReplaceAll(r.Context, "\n", ". "), ". ") {
			if n := len(l); n >= 20 && n <= 120 {
				lines = append(lines, l)
			}
		}
	}
	if len(lines) < 100 {
		tb.Fatalf("only %d lines", len(lines))
	}
	return lines
}

func BenchmarkCodeSim(b *testing.B) {
	lines := codeLines(b)
	for _, impl := range []struct {
		name  string
		ratio func(a, b string) float64
	}{{"lcbench", sequenceRatio}, {"go-difflib", oracleRatio}} {
		b.Run("impl="+impl.name, func(b *testing.B) {
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				n := i % (len(lines) - 1)
				impl.ratio(lines[n], lines[n+1])
			}
		})
	}
}

// BenchmarkAxes measures a context of a million tokens (4.6 MB of prose) in
// which a hundred needles lie.
func BenchmarkAxes(b *testing.B) {
	const tokens, needles = 1_000_000, 100
	var text strings.Builder
	for i := 0; text.Len() < 4_600_000; i = (i*7919 + 13) % 104729 {
		text.WriteString("The harbour of number ")
		text.WriteString(strconv.Itoa(i))
		text.WriteString(" was rebuilt, they say, after the storm. ")
	}
	l := Located{Context: text.String(), Question: "In which year was the harbour of Bergen rebuilt, and by whom?", Tokens: tokens, Hops: 3}
	for i := range needles {
		l.Evidence = append(l.Evidence, Span{Start: 46_000 * i, End: 46_000*i + 150})
		l.EvidenceTokens = append(l.EvidenceTokens, Span{Start: 10_000 * i, End: 10_000*i + 30})
	}
	b.ReportAllocs()
	b.SetBytes(int64(len(l.Context)))
	for b.Loop() {
		if _, _, err := MeasureAxes(l); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkAxesOfParagraphs searches 200 real documents of about 20 KB, one for
// each Chinese abstract.
func BenchmarkAxesOfParagraphs(b *testing.B) {
	rows := benchRows(b, "passage_retrieval_zh")
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		r := rows[i%len(rows)]
		l := Located{Context: r.Context, Question: r.Input, Evidence: []Span{{Start: 3000, End: 4000}}, EvidenceTokens: []Span{{Start: 800, End: 1000}}, Tokens: 6000}
		if _, _, err := MeasureAxes(l); err != nil {
			b.Fatal(err)
		}
	}
}
