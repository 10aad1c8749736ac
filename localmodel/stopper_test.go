package localmodel

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestStopStrings(t *testing.T) {
	for _, c := range []struct {
		name          string
		stops, pieces []string
		want          string
		emitted       []string
	}{
		{"none", nil, []string{"a", "b"}, "ab", []string{"a", "b"}},
		{"in one piece", []string{"\n"}, []string{"a\nb"}, "a", []string{"a"}},
		{"across pieces", []string{"END"}, []string{"ok E", "N", "D more"}, "ok ", []string{"ok "}},
		{"a beginning that goes on otherwise", []string{"END"}, []string{"EN", "ENDE"}, "EN", []string{"EN"}},
		{"a beginning at the end", []string{"END"}, []string{"a E", "N"}, "a EN", []string{"a ", "EN"}},
		{"the first of several", []string{"zz", "b"}, []string{"abzz"}, "a", []string{"a"}},
		{"the first of several that overlap", []string{"bc", "ab"}, []string{"xabc"}, "x", []string{"x"}},
		{"one within another", []string{"abcd", "bc"}, []string{"xab", "cd"}, "x", []string{"x"}},
		{"an empty one is none", []string{""}, []string{"ab"}, "ab", []string{"ab"}},
		{"at the very beginning", []string{"a"}, []string{"a", "b"}, "", nil},
		{"itself repeated", []string{"aab"}, []string{"a", "a", "a", "b", "c"}, "a", []string{"a"}},
		{"in letters of several bytes", []string{"é"}, []string{"caf", "é!"}, "caf", []string{"caf"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var emitted []string
			s := &stopper{stops: c.stops, emit: func(p string) { emitted = append(emitted, p) }}
			for _, p := range c.pieces {
				if !s.push(p) {
					break
				}
			}
			s.end()
			if s.text() != c.want || strings.Join(emitted, "|") != strings.Join(c.emitted, "|") {
				t.Errorf("got %q in pieces %q, want %q in %q", s.text(), emitted, c.want, c.emitted)
			}
			if s.push("more"); s.stopped && s.text() != c.want {
				t.Errorf("after its end it took more: %q", s.text())
			}
		})
	}
}

// However a text is cut into pieces, it ends ahead of the stop string, nothing
// of it is lost, and what was passed on is the text.
func TestStopStringsDoNotDependOnThePieces(t *testing.T) {
	letters := rapid.StringMatching(`[ab]{1,3}`)
	rapid.Check(t, func(t *rapid.T) {
		stop := letters.Draw(t, "stop")
		text := rapid.StringMatching(`[abc]{0,12}`).Draw(t, "text")
		want, _, _ := strings.Cut(text, stop)
		emitted := ""
		s := &stopper{stops: []string{stop}, emit: func(p string) { emitted += p }}
		for rest := text; rest != ""; {
			n := rapid.IntRange(1, len(rest)).Draw(t, "piece")
			if !s.push(rest[:n]) {
				break
			}
			rest = rest[n:]
		}
		s.end()
		if s.text() != want || emitted != want {
			t.Fatalf("%q until %q: got %q, passed on %q, want %q", text, stop, s.text(), emitted, want)
		}
	})
}
