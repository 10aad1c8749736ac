package tokenizer

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// cutNaive is the definition: cut each token out of all text that is left, in
// order of length, then id.
func cutNaive(pieces []string, ids []int32, text string) []string {
	ids = slices.Clone(ids)
	slices.SortStableFunc(ids, func(a, b int32) int { return len(pieces[b]) - len(pieces[a]) })
	type part struct {
		text string
		done bool
	}
	parts := []part{{text: text}}
	for _, id := range ids {
		var next []part
		for _, p := range parts {
			for !p.done {
				at := strings.Index(p.text, pieces[id])
				if at < 0 {
					break
				}
				if at > 0 {
					next = append(next, part{text: p.text[:at]})
				}
				next = append(next, part{fmt.Sprintf("#%d", id), true})
				p.text = p.text[at+len(pieces[id]):]
			}
			if p.text != "" {
				next = append(next, p)
			}
		}
		parts = next
	}
	var out []string
	for _, p := range parts {
		if p.text != "" {
			out = append(out, p.text)
		}
	}
	return out
}

func TestSpecialsAreCutLongestFirst(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	random := func(n int) string {
		b := make([]byte, n)
		for i := range b {
			b[i] = "ab<"[r.IntN(3)]
		}
		return string(b)
	}
	for round := range 3000 {
		var pieces []string
		var ids []int32
		for len(pieces) < 1+r.IntN(7) {
			if p := random(1 + r.IntN(5)); !slices.Contains(pieces, p) {
				ids = append(ids, int32(len(pieces)))
				pieces = append(pieces, p)
			}
		}
		s := newSpecials(pieces, ids)
		text := random(r.IntN(30))
		var got []string
		s.split(text, 0, len(text),
			func(from, to int) { got = append(got, text[from:to]) },
			func(id int32, to int) {
				if !strings.HasSuffix(text[:to], pieces[id]) {
					t.Fatalf("round %d: token %q doesn't end at %d of %q", round, pieces[id], to, text)
				}
				got = append(got, fmt.Sprintf("#%d", id))
			})
		if want := cutNaive(pieces, ids, text); !slices.Equal(got, want) {
			t.Fatalf("round %d: tokens %q cut %q to %q, want %q", round, pieces, text, got, want)
		}
	}
}
