package view

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"

	"github.com/lcbench/lcbench/results"
)

// told puts a context together again from its pieces, gaps taken from it, and
// the evidence that they mark with what of it lies in gaps.
func told(context string, pieces []piece) (text, evidence string) {
	for _, p := range pieces {
		part := p.Text
		if p.Gap > 0 {
			part = context[p.From:p.To]
		}
		text += part
		if p.Evidence {
			evidence += part
		}
	}
	return text, evidence
}

// Whatever the spans, an excerpt with its gaps is the context, and marks nothing
// but evidence; with its gaps opened it marks all of it.
func TestExcerptsAddUpToTheContext(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		unit := rapid.SampledFrom([]string{"a", "é", "漢", "\xff", "𝄞b"})
		context := strings.Join(rapid.SliceOfN(unit, 0, 40).Draw(t, "units"), strings.Repeat("word ", rapid.IntRange(0, 400).Draw(t, "between")))
		at := rapid.IntRange(-5, len(context)+5)
		var spans []results.RowSpan
		for range rapid.IntRange(0, 50).Draw(t, "spans") {
			spans = append(spans, results.RowSpan{Start: at.Draw(t, "start"), End: at.Draw(t, "end")})
		}
		pieces := excerpt(context, spans)
		if text, _ := told(context, pieces); text != context {
			t.Fatalf("%d bytes became %d", len(context), len(text))
		}
		var all []piece
		for _, p := range pieces {
			if p.Gap == 0 {
				all = append(all, p)
				continue
			}
			if n := utf8.RuneCountInString(context[p.From:p.To]); n != p.Gap {
				t.Fatalf("a gap of %d characters says %d", n, p.Gap)
			}
			all = append(all, opened(t, context, spans, p)...)
		}
		var want string
		for _, s := range apart(context, spans) {
			want += context[s.Start:s.End]
		}
		if text, marked := told(context, all); text != context || marked != want {
			t.Fatalf("opened, %d bytes became %d, and %d are marked of %d", len(context), len(text), len(marked), len(want))
		}
	})
}

// opened shows a gap bit by bit to its end.
func opened(t *rapid.T, context string, spans []results.RowSpan, p piece) []piece {
	var out []piece
	for p.Gap > 0 {
		part := window(context, spans, p.From, p.To, 1000)
		if last := part[len(part)-1]; last.Gap > 0 {
			if last.From <= p.From {
				t.Fatal("a gap doesn't close")
			}
			p, part = last, part[:len(part)-1]
		} else {
			p = piece{}
		}
		out = append(out, part...)
	}
	return out
}

func TestExcerptsShowEvidenceAndWhatStandsAroundIt(t *testing.T) {
	filler := strings.Repeat("x", 10_000)
	context := filler + "EVIDENCE" + filler
	at := len(filler)
	for _, c := range []struct {
		name    string
		context string
		spans   []results.RowSpan
		want    []piece
	}{
		{"one place", context, []results.RowSpan{{Start: at, End: at + 8}}, []piece{
			{Gap: 9600, From: 0, To: 9600}, {Text: filler[:400]}, {Text: "EVIDENCE", Evidence: true}, {Text: filler[:400]}, {Gap: 9600, From: 10_408, To: 20_008},
		}},
		{"none known", context, nil, []piece{{Text: filler[:1500]}, {Gap: 17_008, From: 1500, To: 18_508}, {Text: filler[:1500]}}},
		{"a short context is whole", "short", nil, []piece{{Text: "short"}}},
		{"no context", "", nil, nil},
		{"evidence that is everything", filler, []results.RowSpan{{Start: 0, End: 10_000}}, []piece{
			{Text: filler[:2000], Evidence: true}, {Gap: 6000, From: 2000, To: 8000}, {Text: filler[:2000], Evidence: true},
		}},
		{"a small gap is shown", filler[:1000], []results.RowSpan{{Start: 450, End: 460}}, []piece{{Text: filler[:450]}, {Text: filler[:10], Evidence: true}, {Text: filler[:540]}}},
	} {
		if got := excerpt(c.context, c.spans); !slices.Equal(joined(got), joined(c.want)) {
			t.Errorf("%s:\n got %+v\nwant %+v", c.name, got, c.want)
		}
	}
}

// joined puts texts of one kind together.
func joined(pieces []piece) []piece {
	var out []piece
	for _, p := range pieces {
		if n := len(out) - 1; n >= 0 && p.Gap == 0 && out[n].Gap == 0 && p.Evidence == out[n].Evidence {
			out[n].Text += p.Text
			continue
		}
		out = append(out, p)
	}
	return out
}
