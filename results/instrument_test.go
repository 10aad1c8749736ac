package results

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/parquet-go/parquet-go"

	"github.com/lcbench/lcbench/scorers"
)

func pointer[T any](v T) *T { return &v }

// someLikelihoods are two documents at two depths and two lengths, where the
// longer one costs a nat, and one sample without evidence.
func someLikelihoods() Likelihood {
	l := Likelihood{
		Measured:  Measured{Model: "m\x1b[31m", Attention: "sliding:window=512,sinks=4", Rope: "none", Window: 2048},
		Benchmark: "needlebench", Builtin: true, Tokenizer: "words", Left: 2,
	}
	for _, length := range []int{512, 1000} {
		for d, document := range []string{"a", "b"} {
			for _, depth := range []float64{0, 100} {
				ll := -0.25 - float64(d)/2 - float64(length/1000) - depth/400
				l.List = append(l.List, LikelihoodSample{
					ID: fmt.Sprintf("%s@%d/%g", document, length, depth), Task: "single", Document: document, Length: length, Depth: &depth,
					PromptTokens: length + 20, AnswerTokens: 2, LogLikelihood: ll, Short: pointer(-0.25), Distance: pointer(40),
				})
			}
		}
	}
	l.List = append(l.List, LikelihoodSample{ID: "own", Task: "other", Length: 4096, PromptTokens: 3000, AnswerTokens: 1, LogLikelihood: -3})
	l.Summarise()
	return l
}

func TestLikelihoodsAreAveragedByCell(t *testing.T) {
	l := someLikelihoods()
	c := l.Cell("single", 1000, 100)
	if len(l.Cells) != 5 || c == nil || *c.Value != -1.75 || c.N != 2 || c.Documents != 2 || c.Interval != scorers.IntervalOK || *c.Low != -2 || *c.High != -1.5 {
		t.Fatalf("cells %+v, the one of 1000 tokens at 100 %%: %+v", l.Cells, c)
	}
	if last := l.Cells[4]; last.Task != "other" || last.Depth != nil || last.Low != nil || last.Interval != scorers.IntervalOneDocument {
		t.Errorf("a sample without depth: %+v", last)
	}
	if len(l.Gaps) != 3 || *l.Gaps[0].Gap.Value != 0.375 || *l.Gaps[1].Gap.Value != 1.375 || *l.Gaps[1].Short.Value != -0.25 || l.Gaps[2].Gap.Value != nil || l.Gaps[2].Gap.N != 0 {
		t.Errorf("gaps %+v", l.Gaps)
	}
	var b strings.Builder
	if err := l.WriteText(&b); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`answer: m\x1b[31m, attention` + "\n  sliding:window=512,sinks=4 on needlebench\n", "2 samples could not be asked.\n",
		"Length      0%    100%\n", "    1k   −1.50   −1.75\n", "    1k     4     −1.62    −1.88 to −1.38 (few)           −0.25          1.38\n",
		"  4096     1     −3.00                       –               –             –\n", "\n(few): under 10 documents, too few to judge by.\n",
	} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("there is no %q in\n%s", want, b.String())
		}
	}
	for line := range strings.Lines(b.String()) {
		if n := terminalWidth(strings.TrimSuffix(line, "\n")); n > 80 {
			t.Errorf("%d columns: %s", n, line)
		}
	}
}

func TestBucketsArePowersOfTwo(t *testing.T) {
	for tokens, want := range map[int]int{0: 1, 1: 1, 2: 2, 3: 4, 1024: 1024, 1025: 2048, 100_000: 131072} {
		if got := Bucket(tokens); got != want {
			t.Errorf("%d tokens: got %d, want %d", tokens, got, want)
		}
	}
}

func someGateau() Gateau {
	g := Gateau{
		Measured: Measured{Model: "local:a", Attention: "full", Window: 8192}, Against: &Measured{Model: "local:a", Attention: "full", Window: 256},
		Benchmark: "needlebench", Segment: 128,
		List: []GateauSample{
			{ID: "low", Task: "t", Document: "a", Length: 512, Depth: pointer(0.0), NLL: 0.5, AgainstNLL: pointer(0.25), Gap: pointer(-0.25), Share: pointer(0.5), AgainstShare: pointer(0.25), Guidance: pointer(-0.25), Awareness: pointer(0.25), Sharp: pointer(0.5)},
			{ID: "high\u202e", Task: "t", Document: "b", Length: 512, Depth: pointer(50.0), NLL: 0.5, AgainstNLL: pointer(2.5), Gap: pointer(2.0), Share: pointer(0.5), AgainstShare: pointer(0.75), Guidance: pointer(0.25), Awareness: pointer(0.75), Sharp: pointer(1.0), Segments: []GateauSegment{{0.5, 0.75, 0.25}, {1, 0.25, 0.125}}},
		},
	}
	g.Summarise()
	return g
}

func TestGateauIsAveragedAndRanked(t *testing.T) {
	g := someGateau()
	if *g.Gap.Value != 0.875 || *g.Awareness.Value != 0.5 || *g.Sharp.Value != 0.75 || *g.Gap.Low != -0.25 || *g.Gap.High != 2 {
		t.Errorf("means %+v %+v %+v", g.Gap, g.Awareness, g.Sharp)
	}
	var b strings.Builder
	if err := g.WriteText(&b, 1); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"set against local:a, window 256\n", "Gap, nats a token                      2      0.88     −0.25 to 2.00 (few)\n", "\n(few): under 10 documents, too few to judge by.\n",
		`high\u202e                           512   50%    2.00   0.2500    0.75    1.00` + "\n\n", "segments of 128 tokens",
	} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("there is no %q in\n%s", want, b.String())
		}
	}
	g.Against.Attention = "sliding:window=256,sinks=4,remap=true"
	g.Against.Model = "local:smollm2-135m"
	b.Reset()
	if err := g.WriteText(&b, 1); err != nil {
		t.Fatal(err)
	}
	if want := "set against local:smollm2-135m, attention sliding:window=256,sinks=4,remap=true,\n  window 256\n"; !strings.Contains(b.String(), want) {
		t.Errorf("there is no %q in\n%s", want, b.String())
	}
}

// What is written is what is read, in both forms.
func TestInstrumentsAsJSONAndParquet(t *testing.T) {
	dir := t.TempDir()
	l, g, h := someLikelihoods(), someGateau(), someHeads()
	h.Instrument = InstrumentHeads
	for name, write := range map[string]func(io.Writer) error{"likelihood": l.WriteJSON, "gateau": g.WriteJSON, "heads": h.WriteJSON} {
		if err := ReplaceFile(filepath.Join(dir, name+".json"), write); err != nil {
			t.Fatal(err)
		}
	}
	found, err := ReadInstruments(dir)
	if err != nil || len(found) != 3 {
		t.Fatalf("%d instruments: %v", len(found), err)
	}
	if diff := cmp.Diff([]any{&h, &l, &g}, []any{found[0].Heads, found[1].Likelihood, found[2].Gateau}); diff != "" {
		t.Error(diff)
	}
	one, err := ReadInstruments(filepath.Join(dir, "gateau.json"))
	if err != nil || len(one) != 1 || one[0].Gateau == nil {
		t.Errorf("a file alone: %+v, %v", one, err)
	}
	var pq bytes.Buffer
	if err := l.WriteParquet(&pq); err != nil {
		t.Fatal(err)
	}
	rows, err := parquet.Read[LikelihoodSample](bytes.NewReader(pq.Bytes()), int64(pq.Len()))
	if diff := cmp.Diff(l.List, rows); diff != "" || err != nil {
		t.Error(diff, err)
	}
	pq.Reset()
	if err := g.WriteParquet(&pq); err != nil {
		t.Fatal(err)
	}
	samples, err := parquet.Read[GateauSample](bytes.NewReader(pq.Bytes()), int64(pq.Len()))
	if err != nil || len(samples) != 2 || len(samples[1].Segments) != 2 || samples[1].Segments[1].Mass != 0.125 || *samples[1].Guidance != 0.25 {
		t.Errorf("%+v: %v", samples, err)
	}
}

func TestWhatIsNoInstrumentsFile(t *testing.T) {
	dir := t.TempDir()
	put := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return path
	}
	for name, place := range map[string]string{
		"nothing": filepath.Join(dir, "none"), "a folder of something else": dir, "another file": put("a.txt", "x"), "another JSON": put("a.json", `{"instrument": "lute"}`),
	} {
		if found, err := ReadInstruments(place); err != nil || found != nil {
			t.Errorf("%s: %v, %v; want nothing", name, found, err)
		}
	}
	for text, want := range map[string]string{
		`{"instrument": "lute"}`: `field "instrument" is "lute": want heads, likelihood or gateau`,
		`{`:                      "unexpected end of JSON input",
		`{"instrument": "gateau", "samples": [{"id": "x", "awareness": 1.5}]}`:                         `sample "x": field "awareness" is 1.5: want -1 to 1`,
		`{"instrument": "likelihood", "samples": [{"id": "x", "length": 512, "log_likelihood": 0.5}]}`: `sample "x": field "log_likelihood" is 0.5: want a number up to 0`,
		`{"instrument": "likelihood", "samples": [{"id": "x", "log_likelihood": -1}]}`:                 `field "length" is 0: want 1 or more`,
		`{"instrument": "likelihood", "samples": [{"id": "x", "length": 1, "depth": 101}]}`:            `field "depth" is 101: want 0 to 100`,
		`{"instrument": "heads", "heads": [{"layer": 1}, {"layer": 0}]}`:                               "head 0 of layer 0 is out of order",
		`{"instrument": "heads", "heads": [{"layer": 1, "head": 1}]}`:                                  "head 1 of layer 1 is out of order",
		`{"instrument": "heads", "heads": [{"layer": -1}]}`:                                            "head 0 of layer -1 is out of order",
		`{"instrument": "heads", "heads": [{"layer": 0}, {"layer": 999999999}]}`:                       "out of order",
		`{"instrument": "heads", "heads": [{"copying": 2}]}`:                                           "head 0 of layer 0 copies 2",
		`{"instrument": "heads", "heads": 5}`:                                                          "cannot unmarshal number",
	} {
		path := put("broken/heads.json", text)
		_, err := ReadInstruments(filepath.Dir(path))
		if err == nil || !strings.Contains(err.Error(), want) || !strings.HasPrefix(err.Error(), "read "+path+": ") || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: got %v, want one line with %q", text, err, want)
		}
	}
}

// Figures that were written can always be read: none is NaN, infinite or −0.
func TestMeansAreNumbers(t *testing.T) {
	m := meanOf([]figureOf{{0, ""}, {0, ""}, {-1e300, "a"}}, "x")
	data, err := json.Marshal(m)
	if err != nil || m.Documents != 3 || math.IsNaN(*m.Value) {
		t.Errorf("%s: %v", data, err)
	}
	if m := meanOf(nil, "x"); m.Value != nil || m.Interval != scorers.IntervalNoRows {
		t.Errorf("of nothing: %+v", m)
	}
}

// With the longest attention that there is, titles keep to a terminal.
func TestTitlesOfInstrumentsWrap(t *testing.T) {
	m := Measured{Model: "local:smollm2-135m", Attention: "squeezed:keep=0.1,clusters=0.05,levels=1,rounds=10,share=group,step=each", Rope: "yarn:factor=4", Window: 8192}
	l, g, h := someLikelihoods(), someGateau(), someHeads()
	l.Measured, g.Measured, g.Against = m, m, &m
	g.NoAwareness = "only full attention can be watched, and this one attends by " + m.Attention
	h.Model = "local:" + strings.Repeat("a folder/", 9)
	var b strings.Builder
	for _, write := range []func() error{func() error { return l.WriteText(&b) }, func() error { return g.WriteText(&b, 2) }, func() error { return h.WriteText(&b, 2) }} {
		if err := write(); err != nil {
			t.Fatal(err)
		}
	}
	for line := range strings.Lines(b.String()) {
		if n := terminalWidth(strings.TrimSuffix(line, "\n")); n > 80 {
			t.Errorf("%d columns: %s", n, line)
		}
	}
	if n := strings.Count(b.String(), m.Attention); n != 4 {
		t.Errorf("the attention stands there %d times, want 4:\n%s", n, b.String())
	}
}

// An interval of ten documents has no mark, one of nine has.
func TestIntervalsOfFewDocumentsAreMarked(t *testing.T) {
	var figures []figureOf
	for i := range 10 {
		figures = append(figures, figureOf{float64(i), fmt.Sprint(i)})
	}
	if m := meanOf(figures, "x"); m.Few() || strings.Contains(m.natsRange(), "few") {
		t.Errorf("ten documents: %s", m.natsRange())
	}
	if m := meanOf(figures[:9], "x"); !m.Few() || !strings.HasSuffix(m.natsRange(), " (few)") {
		t.Errorf("nine documents: %s", m.natsRange())
	}
	if m := meanOf(figures[:1], "x"); m.Few() || m.natsRange() != "–" {
		t.Errorf("one document: %s", m.natsRange())
	}
}
