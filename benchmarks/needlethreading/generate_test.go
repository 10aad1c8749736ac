package needlethreading

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lcbench/lcbench/benchmarks"
	"github.com/lcbench/lcbench/benchmarks/benchmarktest"
	"github.com/lcbench/lcbench/scorers"
)

func TestAdapter(t *testing.T) { benchmarktest.Run(t, Adapter()) }

func TestSelfCheck(t *testing.T) {
	if err := selfCheck(); err != nil {
		t.Error(err)
	}
}

func TestEveryTaskHasItsMetric(t *testing.T) {
	for _, task := range Adapter().Open(Adapter().Builtin(0)).Tasks() {
		if _, ok := scorers.Lookup("needlethreading", task.Metric); !ok {
			t.Errorf("%s: no metric %q", task.Name, task.Metric)
		}
	}
}

// collect returns the samples and what else the stream had to say.
func collect(t *testing.T, b benchmarks.Benchmark, o benchmarks.Options) (out []benchmarks.Sample, notices, errs []string) {
	t.Helper()
	for s, err := range b.Samples(t.Context(), o) {
		var notice *benchmarks.Notice
		switch {
		case errors.As(err, &notice):
			notices = append(notices, notice.Text)
		case err != nil:
			errs = append(errs, err.Error())
		default:
			out = append(out, s)
		}
	}
	return out, notices, errs
}

func generated(t *testing.T, o benchmarks.Options) []benchmarks.Sample {
	t.Helper()
	out, _, errs := collect(t, Adapter().Open(Adapter().Builtin(o.Seed)), o)
	if len(errs) > 0 || len(out) == 0 {
		t.Fatalf("%d samples, errors %q", len(out), errs)
	}
	return out
}

// parsed is a context as a JSON parser sees it.
type parsed struct {
	keys   []string
	values map[string]string
}

// parse reads a context and checks that keys and values are unique.
func parse(t *testing.T, s benchmarks.Sample) parsed {
	t.Helper()
	p := parsed{values: map[string]string{}}
	d := json.NewDecoder(strings.NewReader(s.Prompt.Context))
	var words []string
	for {
		tok, err := d.Token()
		if err != nil {
			break
		}
		if text, ok := tok.(string); ok {
			words = append(words, text)
		}
	}
	if !json.Valid([]byte(s.Prompt.Context)) || len(words) == 0 || len(words)%2 != 0 {
		t.Fatalf("%s: context is no JSON object of pairs", s.ID)
	}
	values := map[string]bool{}
	for i := 0; i < len(words); i += 2 {
		if _, again := p.values[words[i]]; again || values[words[i+1]] {
			t.Errorf("%s: %s or its value stands there twice", s.ID, words[i])
		}
		p.keys = append(p.keys, words[i])
		p.values[words[i]], values[words[i+1]] = words[i+1], true
	}
	return p
}

// evidenceKeys reads the pairs at the recorded spans.
func evidenceKeys(t *testing.T, s benchmarks.Sample, p parsed) []string {
	t.Helper()
	var keys []string
	for _, e := range s.Evidence.Spans {
		text := s.Prompt.Context[e.Start:e.End]
		key := text[1 : 1+strings.Index(text[1:], `"`)]
		if want := fmt.Sprintf("%q: %q", key, p.values[key]); text != want {
			t.Errorf("%s: evidence is %s, the pair %s", s.ID, text, want)
		}
		keys = append(keys, key)
	}
	if s.Evidence.State != benchmarks.EvidenceKnown || len(keys) == 0 {
		t.Errorf("%s: evidence %+v", s.ID, s.Evidence)
	}
	return keys
}

// sorted is a copy in order, for sets.
func sorted(list []string) []string {
	out := slices.Clone(list)
	slices.Sort(out)
	return out
}

func TestWhatIsAskedForIsInTheHaystack(t *testing.T) {
	o := benchmarks.Options{Seed: 3, Tokenizer: runs{}, Lengths: []int{1000, 9000}, Shape: benchmarks.Shape{Repeats: 2}}
	tasksSeen := map[string]int{}
	for _, s := range generated(t, o) {
		p := parse(t, s)
		keys := evidenceKeys(t, s, p)
		tasksSeen[s.Task]++
		switch s.Task {
		case "single_needle", "multi_needle", "conditional_needle":
			checkNeedles(t, s, p, keys)
		case "single_thread", "multi_thread":
			checkThreads(t, s, p, keys)
		}
		stars := strings.Count(s.Prompt.Context, "*")
		if s.Task == "conditional_needle" && stars != len(s.References) || s.Task != "conditional_needle" && stars != 0 {
			t.Errorf("%s: %d marks for %d values", s.ID, stars, len(s.References))
		}
		if s.Length != len(s.Prompt.Context) || !strings.HasPrefix(s.Prompt.After, "\n") || s.Prompt.Before != "" {
			t.Errorf("%s: length %d, after %q", s.ID, s.Length, s.Prompt.After)
		}
		if want := 24 + 40*len(s.References); s.MaxTokens != want {
			t.Errorf("%s: %d tokens to answer in, want %d", s.ID, s.MaxTokens, want)
		}
	}
	if len(tasksSeen) != 5 {
		t.Errorf("samples by task: %v", tasksSeen)
	}
}

func checkNeedles(t *testing.T, s benchmarks.Sample, p parsed, keys []string) {
	var want []string
	for _, k := range keys {
		want = append(want, p.values[k])
		named := strings.Contains(s.Query, `"`+k+`"`)
		if named == (s.Task == "conditional_needle") || strings.Contains(k, "*") != (s.Task == "conditional_needle") {
			t.Errorf("%s: question %q, key %s", s.ID, s.Query, k)
		}
	}
	if diff := cmp.Diff(sorted(want), sorted(s.References)); diff != "" {
		t.Errorf("%s: values at the evidence and references (-want +got):\n%s", s.ID, diff)
	}
}

// checkThreads follows each key of the question to the end.
func checkThreads(t *testing.T, s benchmarks.Sample, p parsed, keys []string) {
	place := map[string]int{}
	for i, k := range p.keys {
		place[k] = i
	}
	_, list, _ := strings.Cut(s.Query, "\nKey")
	var met, ends []string
	for _, word := range strings.Split(list, `"`) {
		if _, ok := p.values[word]; !ok {
			continue
		}
		var walk []int
		for p.values[word] != "" {
			met, walk = append(met, word), append(walk, place[word])
			word = p.values[word]
		}
		ends = append(ends, word)
		checkDirection(t, s, walk)
	}
	if diff := cmp.Diff(sorted(ends), sorted(s.References)); diff != "" {
		t.Errorf("%s: ends of the threads and references (-want +got):\n%s", s.ID, diff)
	}
	if diff := cmp.Diff(sorted(met), sorted(keys)); diff != "" {
		t.Errorf("%s: keys on the threads and in the evidence (-want +got):\n%s", s.ID, diff)
	}
}

func checkDirection(t *testing.T, s benchmarks.Sample, walk []int) {
	forward := slices.IsSorted(walk)
	backward := slices.IsSortedFunc(walk, func(a, b int) int { return b - a })
	direction, _, _ := strings.Cut(strings.TrimPrefix(s.ID, s.Task+"/"), "-")
	switch {
	case direction == "forward" && !forward, direction == "backward" && !backward,
		direction == "random" && len(walk) > 2 && (forward || backward):
		t.Errorf("%s: the thread visits %v", s.ID, walk)
	}
	if s.Strata[0] != direction {
		t.Errorf("%s: strata %q", s.ID, s.Strata)
	}
}

func TestCountsAreGrouped(t *testing.T) {
	for n, want := range map[int]string{1: "1-5", 5: "1-5", 6: "6-15", 15: "6-15", 16: "16-25", 25: "16-25"} {
		if got := tasks()[3].strataOf("", n); !slices.Equal(got, []string{want}) {
			t.Errorf("%d: %q, want %s", n, got, want)
		}
	}
	if got := tasks()[3].strataOf("", 26); got != nil {
		t.Errorf("26: %q", got)
	}
}

func TestTheSameSeedGivesTheSameBytes(t *testing.T) {
	o := benchmarks.Options{Seed: 8, Tokenizer: runs{}, Lengths: []int{2000}, Shape: benchmarks.Shape{Repeats: 2, Needles: []int{3}}}
	one, two := generated(t, o), generated(t, o)
	if diff := cmp.Diff(one, two); diff != "" {
		t.Error(diff)
	}
	// One sample alone is the same as among others.
	limited := o
	limited.Limit = 1
	for _, s := range generated(t, limited) {
		at := slices.IndexFunc(one, func(x benchmarks.Sample) bool { return x.ID == s.ID })
		if at < 0 || one[at].Prompt != s.Prompt {
			t.Errorf("%s alone has another prompt", s.ID)
		}
	}
	o.Seed = 9
	for i, s := range generated(t, o) {
		if s.Prompt.Context == one[i].Prompt.Context {
			t.Errorf("%s: the same context under another seed", s.ID)
		}
	}
	o.Salt = true
	first := map[string]bool{}
	for _, s := range generated(t, o) {
		if first[s.Prompt.Before] || s.Prompt.Before == "" {
			t.Errorf("%s: first line %q", s.ID, s.Prompt.Before)
		}
		first[s.Prompt.Before] = true
	}
}

func TestALimitSpreadsOverTheGrid(t *testing.T) {
	o := benchmarks.Options{Tokenizer: runs{}, Tasks: []string{"single_needle"}, Lengths: []int{1000, 2000, 3000, 4000}, Limit: 12}
	lengths, depths := map[int]int{}, map[float64]int{}
	for _, s := range generated(t, o) {
		lengths[s.TargetLength]++
		depths[*s.Depth]++
	}
	for n, c := range lengths {
		if c < 2 || c > 4 {
			t.Errorf("%d samples of %d tokens, want about 3", c, n)
		}
	}
	if len(depths) < 6 || len(lengths) != 4 {
		t.Errorf("depths %v, lengths %v", depths, lengths)
	}
	for n := 1; n < 300; n++ {
		met := map[int]bool{}
		for i := range n {
			met[i*stride(n)%n] = true
		}
		if len(met) != n {
			t.Errorf("a walk over %d cells meets %d", n, len(met))
		}
	}
}

func TestWhatHasNoRoomIsLeftOutAloud(t *testing.T) {
	o := benchmarks.Options{Tokenizer: letters{}, Lengths: []int{1000}, Shape: benchmarks.Shape{Repeats: 1}}
	got, notices, errs := collect(t, Adapter().Open(Adapter().Builtin(0)), o)
	if len(errs) > 0 || len(got) == 0 {
		t.Fatalf("%d samples, errors %q", len(got), errs)
	}
	all := strings.Join(notices, "\n")
	for _, want := range []string{
		"multi_needle: left out, since 1k tokens hold about 10 pairs: 15, 20, 25 needles",
		"single_thread: left out, since 1k tokens hold about 10 pairs: threads of 15, 20, 25 steps",
		"multi_thread: left out, since 1k tokens hold about 10 pairs: 5, 10, 15, 20, 25 threads of 3 steps",
	} {
		if !strings.Contains(all, want) {
			t.Errorf("want %q in\n%s", want, all)
		}
	}
	o.Lengths = []int{90}
	if got, _, errs := collect(t, Adapter().Open(Adapter().Builtin(0)), o); len(got) > 0 || len(errs) != 1 || !strings.Contains(errs[0], "nothing to ask") {
		t.Errorf("%d samples of 90 tokens, errors %q", len(got), errs)
	}
	o.Shape.Needles = []int{26}
	if _, _, errs := collect(t, Adapter().Open(Adapter().Builtin(0)), o); len(errs) != 1 || !strings.Contains(errs[0], "--needles 26: needle-threading takes at most 25") {
		t.Errorf("26 needles: %q", errs)
	}
}

// Built-in haystacks have upstream's size, a number of characters.
func TestBuiltinHaystacksAreMeasuredInCharacters(t *testing.T) {
	got := generated(t, benchmarks.Options{Seed: 2})
	for _, s := range got {
		if s.Length != 4000 && s.Length != 16000 || s.TargetLength != 0 || s.ContextTokens != 0 {
			t.Errorf("%s: %d characters, target %d, tokens %d", s.ID, s.Length, s.TargetLength, s.ContextTokens)
		}
		p := parse(t, s)
		evidenceKeys(t, s, p)
	}
	if len(got) < 24 || len(got) > 72 {
		t.Errorf("%d samples", len(got))
	}
}

// A thread's steps are taken one after the other; needles are found each by
// itself.
func TestHopsAreAThreadsSteps(t *testing.T) {
	want := map[string]int{"single_needle": 0, "multi_needle": 0, "conditional_needle": 0, "single_thread": 5, "multi_thread": 3}
	got := map[string]int{}
	for _, s := range generated(t, benchmarks.Options{Tokenizer: runs{}, Lengths: []int{5000}, Limit: 2, Shape: benchmarks.Shape{Repeats: 1, Needles: []int{5}}}) {
		if s.Hops != want[s.Task] {
			t.Errorf("%s: %d hops, want %d", s.ID, s.Hops, want[s.Task])
		}
		got[s.Task]++
	}
	if len(got) != len(want) {
		t.Errorf("tasks %v", got)
	}
}
