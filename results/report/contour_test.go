package report

import (
	"bytes"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/lcbench/lcbench/scorers/stats"
)

// failing is a run that fails in the middle beyond 1,000 tokens, and at the end
// at 4,000.
func failing(t *testing.T) Task {
	t.Helper()
	fixture{dir: "run", spec: "local:tiny", lengths: []int{1000, 2000, 4000}, documents: 10, score: func(length int, depth float64, document int) float64 {
		switch {
		case depth == 50 && length > 1000:
			return 0
		case depth == 100 && length == 4000 && document%2 == 0:
			return 0
		}
		return 1
	}}.write(t)
	return build(t, "run").Benchmarks[0].Runs[0].Tasks[0]
}

func TestContourIsGivenByDepthInTokensAndCharacters(t *testing.T) {
	t.Chdir(t.TempDir())
	task := failing(t)
	// A context of n words has 5n characters and those of the needle.
	characters := func(n float64) float64 { return 5*n + float64(len(needle)) }
	between := func(a, b, share float64) float64 { return a * math.Pow(b/a, share) }
	type crossing struct {
		depth              float64
		state              stats.LengthState
		tokens, characters float64
	}
	want := []crossing{
		{0, stats.LengthAbove, 4000, characters(4000)},
		{50, stats.LengthAt, between(1000, 2000, 0.25), between(characters(1000), characters(2000), 0.25)},
		{100, stats.LengthAt, between(2000, 4000, 0.5), between(characters(2000), characters(4000), 0.5)},
	}
	var got []crossing
	for _, p := range task.Contour.Points {
		got = append(got, crossing{p.Depth, p.State, *p.Tokens, *p.Characters})
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(crossing{}), cmpopts.EquateApprox(1e-9, 0)); diff != "" {
		t.Error(diff)
	}
	if m := task.Contour.Minimum; task.Contour.Threshold != 75 || m.Text() != "1.19k" || m.CharactersText() != "5,980" || m.Interval != "ok" {
		t.Errorf("minimum %+v at %v", m, task.Contour.Threshold)
	}
	r := build(t, "run")
	said := strings.Join(r.Benchmarks[0].Runs[0].Findings, "\n")
	if want := "Contour rule (75 % or better at every depth): single up to 1.19k tokens, 5,980 characters."; !strings.Contains(said, want) {
		t.Errorf("%q isn't said in\n%s", want, said)
	}
	var md bytes.Buffer
	must(t, r.WriteMarkdown(&md))
	for _, want := range []string{"| ≥ 75 %     | > 4k | 1.19k | 2.83k |", "| characters | 20,000 |"} {
		if !strings.Contains(strings.Join(strings.Fields(md.String()), " "), strings.Join(strings.Fields(want), " ")) {
			t.Errorf("%q isn't in\n%s", want, md.String())
		}
	}
}

func TestTheContourIsDrawnWhereItCrosses(t *testing.T) {
	t.Chdir(t.TempDir())
	failing(t)
	// In cells of 3 × 3: the bottom edge; a quarter of the way from the first row's
	// middle to the second's; half of the way from the second's to the third's.
	const want = "0,2.97 0.5,2.97 1.5,0.75 2.5,2 3,2"
	page := pageOf(t, build(t, "run"))
	for _, part := range []string{`<polyline class="core" points="` + want + `"/>`, `viewBox="0 0 3 3" width="300%" height="300%"`, "<tfoot><tr><th scope=\"row\">75 % up to</th>"} {
		if !strings.Contains(page, part) {
			t.Errorf("%q isn't on the page", part)
		}
	}
	if n := strings.Count(page, `<svg class="contour"`); n != 1 {
		t.Errorf("%d contours drawn, want 1", n)
	}
}

func TestAContourNeedsLengthsAndDepths(t *testing.T) {
	t.Chdir(t.TempDir())
	fixture{dir: "one", spec: "local:tiny", lengths: []int{1000}, documents: 3}.write(t)
	if c := build(t, "one").Benchmarks[0].Runs[0].Tasks[0].Contour; c != nil {
		t.Errorf("one length: %+v", c)
	}
	// Contexts of an earlier lcbench have no number of characters.
	failing(t)
	index := filepath.Join("run", "contexts.idx.jsonl")
	text, err := os.ReadFile(index)
	must(t, err)
	must(t, os.WriteFile(index, []byte(strings.ReplaceAll(string(text), `"characters"`, `"earlier"`)), 0o644))
	c := build(t, "run").Benchmarks[0].Runs[0].Tasks[0].Contour
	if c.Minimum.Characters != nil || c.Minimum.Text() != "1.19k" || strings.Contains(c.sentence(), "characters") {
		t.Errorf("unknown characters: %+v, %q", c.Minimum, c.sentence())
	}
}
