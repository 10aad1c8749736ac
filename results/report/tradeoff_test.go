package report

import (
	"bytes"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/lcbench/lcbench/results"
)

// counted is what an engine counted at so many tokens a second.
func counted(prefill, decode float64, answerKV int64) *results.Outcome {
	return &results.Outcome{
		PromptTokens: 1000, PrefillSeconds: 1000 / prefill, DecodedTokens: 100, DecodeSeconds: 100 / decode,
		PeakKVBytes: 8 << 20, AnswerKVBytes: answerKV,
	}
}

// mechanisms writes runs of one model: full attention, one that loses the middle
// of long contexts and is cheaper, one that loses everything and is dearer, and
// one of other samples.
func mechanisms(t testing.TB) []string {
	t.Helper()
	lengths := []int{1000, 2000, 4000}
	none := func(int, float64, int) float64 { return 0 }
	for _, f := range []fixture{
		{dir: "sliding", spec: "local:tiny", attention: "sliding:window=64,sinks=4,remap=true", lengths: lengths, documents: 10, score: beyond(1000), outcome: counted(2000, 200, 1<<20)},
		{dir: "full", spec: "local:tiny", attention: "full", lengths: lengths, documents: 10, outcome: counted(1000, 100, 4<<20)},
		{dir: "bad", spec: "local:tiny", attention: "h2o:capacity=8,recent=2,per-kv=false", lengths: lengths, documents: 10, score: none, outcome: counted(500, 50, 2<<20)},
		{dir: "other", spec: "local:tiny", attention: "s2:group=8,decode=full", lengths: lengths, documents: 10, task: "other", outcome: counted(5000, 500, 1<<10)},
	} {
		f.write(t)
	}
	return []string{"sliding", "full", "bad", "other"}
}

func tradeoff(t testing.TB, dirs ...string) *Tradeoff {
	t.Helper()
	b := build(t, dirs...).Benchmarks[0]
	if len(b.Tradeoffs) != 1 {
		t.Fatalf("%d trade-offs, want one", len(b.Tradeoffs))
	}
	return &b.Tradeoffs[0]
}

func TestMechanismsStandBesideFullAttention(t *testing.T) {
	t.Chdir(t.TempDir())
	x := tradeoff(t, mechanisms(t)...)
	if diff := cmp.Diff([]string{"attention"}, x.Varied); diff != "" || x.BaseName() != "full" || x.Base != x.Mechanisms[1].Run {
		t.Errorf("varied %v, base %q (%s), want attention, full", x.Varied, x.Base, x.BaseName())
	}
	sliding, bad := x.Mechanisms[0], x.Mechanisms[2]
	if sliding.Attention != "sliding:window=64,sinks=4,remap=true" || sliding.Name != "sliding" {
		t.Errorf("%q is called %q", sliding.Attention, sliding.Name)
	}
	for name, c := range map[string]struct {
		got         CostFigure
		value, base float64
	}{
		"prefill": {sliding.Prefill, 2000, 2}, "decode": {sliding.Decode, 200, 2}, "KV of an answer": {sliding.AnswerKV, 1 << 20, 0.25},
		"KV peak": {sliding.PeakKV, 8 << 20, 1}, "prefill of the dearer": {bad.Prefill, 500, 0.5},
	} {
		if c.got.Value == nil || c.got.OfBase == nil || math.Abs(*c.got.Value-c.value) > 1e-6 || math.Abs(*c.got.OfBase-c.base) > 1e-9 {
			t.Errorf("%s: %+v, want %g, %g of the base", name, c.got, c.value, c.base)
		}
	}
	// Of nine cells of ten documents each two are lost: the middle of 2k and 4k.
	d := sliding.Scores[0].Difference
	if d == nil || math.Abs(d.Points+100*2./9) > 1e-9 || d.Pairs != 90 || d.Documents != 30 || d.Low == nil || *d.Low >= d.Points || *d.High <= d.Points {
		t.Errorf("difference %+v, want −22.2 of 90 pairs, with an interval", d)
	}
	if base := x.Mechanisms[1]; base.Scores[0].Difference != nil || base.By != nil {
		t.Errorf("the base differs from itself: %+v", base)
	}
}

func TestDifferencesLieAlongTheAxes(t *testing.T) {
	t.Chdir(t.TempDir())
	var got []string
	for _, s := range tradeoff(t, mechanisms(t)...).Mechanisms[0].By {
		got = append(got, s.Axis+" "+s.PartText()+" "+signedPoints(s.Points))
	}
	want := []string{
		"length 1k +0.0", "length 2k −33.3", "length 4k −33.3", "depth 0% +0.0", "depth 50% −66.7", "depth 100% +0.0", "diffusion low −22.2", "scope low −22.2",
	}
	for i, w := range want { // 1000 tokens are no 1k of 1,024
		want[i] = strings.NewReplacer("1k ", lengthText(1000)+" ", "2k ", lengthText(2000)+" ", "4k ", lengthText(4000)+" ").Replace(w)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestFewDocumentsAreSaid(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, dir := range []string{"full", "sliding"} {
		fixture{dir: dir, spec: "local:tiny", attention: dir, lengths: []int{1000, 2000}, documents: 9, score: beyond(1000)}.write(t)
	}
	for _, s := range tradeoff(t, "full", "sliding").Mechanisms[1].By {
		if few := s.Axis == alongLength; s.Sparse != few || strings.Contains(s.Text(), "too few: 9 documents") != few {
			t.Errorf("%s %s: %s, want too few by length alone", s.Axis, s.Part, s.Text())
		}
	}
}

// What was asked of other samples isn't set beside the rest, and says why.
func TestRunsOfOtherSamplesAreInNoChart(t *testing.T) {
	t.Chdir(t.TempDir())
	x := tradeoff(t, mechanisms(t)...)
	other := x.Mechanisms[3]
	if !strings.HasPrefix(other.Unpaired, "no sample in common") || other.Scores[0].Difference != nil || len(other.Scores[0].Front) > 0 {
		t.Errorf("got %+v, want it left out for having no sample in common", other)
	}
	for _, k := range costKinds() {
		c, ok := x.newScatter("id", "table", "en", k)
		if !ok || len(c.Dots) != 3 || slices.ContainsFunc(c.Dots, func(d dot) bool { return d.Name == "s2" }) {
			t.Errorf("%s: %v, %d mechanisms, want three without s2", k.key, ok, len(c.Dots))
		}
	}
	for i, want := range [][]string{{"decode", "prefill", "kv_answer"}, {"decode", "prefill", "kv_answer"}, {}} {
		if got := x.Mechanisms[i].Scores[0].Front; !slices.Equal(got, want) {
			t.Errorf("%s is on the front of %q, want %q", x.Mechanisms[i].Name, got, want)
		}
	}
}

func TestWhatIsNoTradeoff(t *testing.T) {
	t.Chdir(t.TempDir())
	lengths := []int{1000}
	for _, f := range []fixture{
		{dir: "a", spec: "openai:x", attention: "full"}, {dir: "b", spec: "openai:x", attention: "sliding"},
		{dir: "c", spec: "local:tiny", attention: "full"}, {dir: "d", spec: "local:tiny", attention: "full"},
		{dir: "e", spec: "local:other", attention: "sliding"},
	} {
		f.lengths, f.documents = lengths, 2
		f.write(t)
	}
	for name, dirs := range map[string][]string{
		"models behind an API": {"a", "b"}, "one mechanism twice": {"c", "d"}, "two models": {"c", "e"}, "one run": {"c"},
	} {
		if b := build(t, dirs...).Benchmarks[0]; b.Tradeoffs != nil {
			t.Errorf("%s: %+v", name, b.Tradeoffs)
		}
	}
}

// A front holds what nothing beats, and something on it beats all else.
func TestFrontsHoldWhatNothingBeats(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		k := costKinds()[rapid.IntRange(0, 2).Draw(t, "cost")]
		var all []point
		for i := range rapid.IntRange(1, 12).Draw(t, "points") {
			all = append(all, point{i, float64(rapid.IntRange(0, 5).Draw(t, "score")), float64(rapid.IntRange(1, 6).Draw(t, "cost of it"))})
		}
		front := k.front(all)
		beats := func(a, b point) bool {
			cheaper := a.cost > b.cost
			if k.less {
				cheaper = a.cost < b.cost
			}
			return a.score >= b.score && (cheaper || a.cost == b.cost) && (a.score > b.score || cheaper)
		}
		for _, p := range all {
			on := slices.Contains(front, p)
			beaten := slices.ContainsFunc(front, func(q point) bool { return beats(q, p) })
			if on == beaten {
				t.Fatalf("%+v: on the front %v, beaten by one on it %v: %+v of %+v", p, on, beaten, front, all)
			}
		}
	})
}

func TestShortNamesTellMechanismsApart(t *testing.T) {
	got := shortSpecs([]string{"full", "sliding:window=64,sinks=4", "sliding:window=128,sinks=4", "snapkv:capacity=8,recent=2", "none"})
	want := []string{"full", "sliding:window=64", "sliding:window=128", "snapkv", "none"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// A run has one prefill speed on a report: of the tokens that were computed, not
// of those taken from kept prompts.
func TestARunHasOnePrefillSpeed(t *testing.T) {
	t.Chdir(t.TempDir())
	kept := counted(1000, 100, 1<<20)
	kept.PromptTokens, kept.KeptTokens = 8000, 7000
	fixture{dir: "full", spec: "local:tiny", attention: "full", lengths: []int{1000}, documents: 2, outcome: kept}.write(t)
	fixture{dir: "sliding", spec: "local:tiny", attention: "sliding:window=64,sinks=4,remap=true", lengths: []int{1000}, documents: 2, outcome: counted(2000, 100, 1<<20)}.write(t)
	// An earlier build's summary counted all that was sent, over the run's time.
	path := filepath.Join("full", "summary.json")
	text, err := os.ReadFile(path)
	must(t, err)
	old := bytes.Replace(text, []byte(`"prompt_tokens_per_s": 1000`), []byte(`"prompt_tokens_per_s": 64.5`), 1)
	if bytes.Equal(old, text) {
		t.Fatalf("the summary has no speed of prompts:\n%s", text)
	}
	must(t, os.WriteFile(path, old, 0o644))
	b := build(t, "full", "sliding").Benchmarks[0]
	for _, m := range b.Tradeoffs[0].Mechanisms {
		i := slices.IndexFunc(b.Runs, func(r Run) bool { return r.Label == m.Run })
		if got := b.Runs[i].Speed.PromptTokensPerSecond; got == nil || *got != *m.Prefill.Value {
			t.Errorf("%s: %v prompt tokens a second, prefill %g", m.Name, got, *m.Prefill.Value)
		}
	}
	if got := *b.Tradeoffs[0].Mechanisms[0].Prefill.Value; got != 1000 {
		t.Errorf("prefill at %g tokens a second, want 1000", got)
	}
}
