package localmodel

import (
	"strings"
	"testing"
)

// The second layer's heads of the induction model copy the value, the first
// layer's copy nothing (../shared/spec/induction-model.md).
func TestTheInductionHeadIsFound(t *testing.T) {
	o, w := NewWatching(Options{})
	m, err := Induction(o)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	before := strings.Repeat("some words of no account ", 40) + "code amber "
	text := before + "seventeen " + strings.Repeat("other words follow it here ", 40) + "amber"
	needle := [2]int{len(before), len(before) + len("seventeen")}
	got, err := w.Heads(t.Context(), m, Prompt{Text: text}, needle, [][2]int{{len(before) - 6, needle[1]}}, 5)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(strings.TrimSpace(got.Text), "seventeen") || got.NeedleTokens != 1 {
		t.Fatalf("answered %q; a needle of %d tokens", got.Text, got.NeedleTokens)
	}
	for h := range 2 {
		if got.Copying[0][h] != 0 || got.Copying[1][h] != 1 || got.Mass[1][h] < 0.1 {
			t.Errorf("head %d: %+v, want 0 in layer 0 and 1 in layer 1", h, got)
		}
	}
	for _, span := range [][2]int{{5, 4}, {-1, 3}, {0, len(text) + 1}} {
		if _, err := w.Heads(t.Context(), m, Prompt{Text: text}, span, nil, 5); err == nil {
			t.Errorf("bytes %v were taken for a needle", span)
		}
	}
}

// Of a model that mixes layers those with full attention are watched, and one that
// has none says so.
func TestLayersOfOtherKindsAreNotWatched(t *testing.T) {
	for pattern, heads := range map[string][]int{"kf": {0, 4}, "km": nil} {
		o, w := NewWatching(Options{})
		m, err := Open(kimiModel(kimiConfig(pattern), "F32").write(t), o)
		if err != nil {
			t.Fatal(err)
		}
		defer m.Close()
		if err := w.Watches(m); (err == nil) != (heads != nil) {
			t.Errorf("%s: %v", pattern, err)
		}
		if heads == nil {
			continue
		}
		text := "the needle in it"
		got, err := w.Heads(t.Context(), m, Prompt{Text: text}, [2]int{4, 10}, [][2]int{{4, 10}}, 3)
		if err != nil || len(got.Copying) != len(heads) {
			t.Fatalf("%s: %d layers (%v)", pattern, len(got.Copying), err)
		}
		for i, n := range heads {
			if len(got.Copying[i]) != n {
				t.Errorf("%s: layer %d has %d heads, want %d", pattern, i, len(got.Copying[i]), n)
			}
		}
	}
}
