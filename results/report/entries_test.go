package report

import (
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"

	"github.com/lcbench/lcbench/results"
)

func TestExcerptShowsTheEvidenceAndCountsTheRest(t *testing.T) {
	text := strings.Repeat("ä", 2000) + needle + strings.Repeat("ö", 3000)
	at := strings.Index(text, needle)
	pieces := excerpt(text, []results.RowSpan{{Start: at, End: at + len(needle)}})
	var got []string
	for _, p := range pieces {
		switch {
		case p.Gap > 0:
			got = append(got, fmt.Sprintf("gap %d", p.Gap))
		case p.Evidence:
			got = append(got, "evidence "+p.Text)
		default:
			got = append(got, fmt.Sprintf("%d characters", utf8.RuneCountInString(p.Text)))
		}
	}
	want := fmt.Sprintf("gap %d|%d characters|evidence %s|%d characters|gap %d", 2000-aroundSpan/2, aroundSpan/2, needle, aroundSpan/2, 3000-aroundSpan/2)
	if s := strings.Join(got, "|"); s != want {
		t.Errorf("got  %s\nwant %s", s, want)
	}
}

// TestExcerptKeepsCount: whatever the spans, what is shown and what is left out
// are the context, and what is shown is bounded.
func TestExcerptKeepsCount(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := strings.Repeat(rapid.StringN(1, 40, -1).Draw(t, "unit"), rapid.IntRange(1, 400).Draw(t, "times"))
		var spans []results.RowSpan
		for range rapid.IntRange(0, 9).Draw(t, "spans") {
			spans = append(spans, results.RowSpan{Start: rapid.IntRange(-5, len(text)+5).Draw(t, "start"), End: rapid.IntRange(-5, len(text)+5).Draw(t, "end")})
		}
		characters, shown := 0, 0
		for _, p := range excerpt(text, spans) {
			characters += p.Gap + utf8.RuneCountInString(p.Text)
			shown += len(p.Text)
		}
		if want := utf8.RuneCountInString(text); characters != want {
			t.Fatalf("%d characters, want %d", characters, want)
		}
		if most := maxSpans*(maxSpan+2*aroundSpan) + 2*edge + 64; shown > most {
			t.Fatalf("%d bytes shown, want at most %d", shown, most)
		}
	})
}

func TestHalfOfTheSamplesShownWentWrong(t *testing.T) {
	var ids []string
	byID := map[string]*choice{}
	for i := range 1000 {
		id := fmt.Sprint(i)
		ids = append(ids, id)
		byID[id] = &choice{bad: i%10 == 0}
	}
	for _, c := range []struct{ most, bad int }{{40, 20}, {400, 100}, {2000, 100}} {
		picked, bad := pick(ids, byID, c.most), 0
		for _, id := range picked {
			if byID[id].bad {
				bad++
			}
		}
		if len(picked) != min(c.most, 1000) || bad != c.bad {
			t.Errorf("of at most %d: %d samples, %d wrong; want %d wrong", c.most, len(picked), bad, c.bad)
		}
	}
}

func TestFiguresBesideTheAxesAreShownWherePresent(t *testing.T) {
	v := func(x float64) *float64 { return &x }
	k := 3
	for _, c := range []struct {
		row  results.Row
		want string
	}{
		{results.Row{}, ""},
		{results.Row{Overlap: v(0.5)}, "overlap with 0.50 of the question's words"},
		{results.Row{Extent: v(0.25), Overlap: v(0), Distractor: v(1.5), Redundancy: &k}, "extent 0.25 of the context, overlap with 0.00 of the question's words, distractor 1.50 (above 1: it ranks before the evidence), redundancy 3"},
	} {
		e := entry{}
		if e.describe(c.row); e.Beside != c.want {
			t.Errorf("got %q, want %q", e.Beside, c.want)
		}
	}
}
