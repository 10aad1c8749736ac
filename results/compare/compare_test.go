package compare

import (
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/lcbench/lcbench/benchmarks"
	"github.com/lcbench/lcbench/results"
)

func TestAPlantedRegressionIsNamedAndNothingElse(t *testing.T) {
	r := chance(1)
	scores := map[string][]float64{}
	for _, task := range []string{"steady", "broken"} {
		for range 100 {
			scores[task] = append(scores[task], float64(r.IntN(2)))
		}
	}
	base, now := runOf("b", "mock:old"), runOf("b", "mock:new")
	for _, task := range []string{"steady", "broken"} {
		base = scored(base, task, 100, func(i int) float64 { return scores[task][i] })
		now = scored(now, task, 100, func(i int) float64 {
			if task == "broken" && i%3 == 0 {
				return 0
			}
			return scores[task][i]
		})
	}
	c := compared(t, source(base), source(now), Options{})
	if u := unit(t, c, Task, "broken"); u.Verdict != Regression || u.OnlyBase == 0 || u.OnlyCandidate != 0 || u.McNemar > 0.01 || u.High >= 0 || u.Detectable <= 0 {
		t.Errorf("broken: %+v", u)
	}
	if u := unit(t, c, Task, "steady"); u.Verdict != NoneSeen || u.Difference != 0 {
		t.Errorf("steady: %+v", u)
	}
	if c.Counts.Pairs != 200 || c.Counts.Equal >= 200 || c.Count(Improvement) != 0 {
		t.Errorf("counts %+v", c.Counts)
	}
	back := compared(t, source(now), source(base), Options{})
	if u := unit(t, back, Task, "broken"); u.Verdict != Improvement {
		t.Errorf("the other way round: %s, want improvement", u.Verdict)
	}
}

func TestVerdictsNeedDocumentsAndHeedTheTolerance(t *testing.T) {
	for name, test := range map[string]struct {
		samples   int
		base, now float64
		tolerance float64
		want      Verdict
	}{
		"six documents could not show anything":        {12, 1, 0, 0, TooFew},
		"seven could":                                  {14, 1, 0, 0, Regression},
		"a large drop is a regression":                 {40, 0.5, 0.4, 0, Regression},
		"a drop of what is tolerated is none":          {40, 0.5, 0.4, 10.001, NoneSeen},
		"a drop of more than what is tolerated is one": {40, 0.5, 0.4, 9.999, Regression},
		"a rise is an improvement":                     {40, 0.4, 0.5, 0, Improvement},
		"equal scores are no difference":               {40, 0.4, 0.4, 0, NoneSeen},
	} {
		t.Run(name, func(t *testing.T) {
			base := scored(runOf("b", "m"), "t", test.samples, always(test.base))
			now := scored(runOf("b", "m"), "t", test.samples, always(test.now))
			c := compared(t, source(base), source(now), Options{Tolerance: test.tolerance})
			if u := unit(t, c, Benchmark, ""); u.Verdict != test.want {
				t.Errorf("got %s, want %s: %+v", u.Verdict, test.want, u)
			}
		})
	}
}

// Three tasks in two categories, of 2, 4 and 8 samples: the categories' mean of
// means is not the samples' mean.
func TestFiguresAreAveragedAsTheBenchmarkDoes(t *testing.T) {
	tasks := []benchmarks.Task{{Name: "x", Category: "A", Boards: []string{"en"}}, {Name: "yy", Category: "A", Boards: []string{"en", "zh"}}, {Name: "zzz", Category: "B", Boards: []string{"en"}}}
	make := func(x, y, z float64) Run {
		r := scored(runOf("b", "m"), "x", 2, always(x))
		return scored(scored(r, "yy", 4, always(y)), "zzz", 8, always(z))
	}
	layout := func(rule results.AverageRule) func(string) (Layout, bool) {
		return func(string) (Layout, bool) { return Layout{tasks, rule}, true }
	}
	c := compared(t, source(make(1, 0.5, 0.2)), source(make(0.9, 0.7, 0.1)), Options{Layout: layout(results.AverageCategories)})
	near := func(name string, got, want float64) {
		t.Helper()
		if math.Abs(got-want) > 1e-12 {
			t.Errorf("%s: got %v, want %v", name, got, want)
		}
	}
	en := unit(t, c, Benchmark, "en")
	near("en, base: ((1 + 0.5)/2 + 0.2)/2", en.Base, 0.475)
	near("en, candidate: ((0.9 + 0.7)/2 + 0.1)/2", en.Candidate, 0.45)
	near("zh: yy alone", unit(t, c, Benchmark, "zh").Base, 0.5)
	near("A on en", unit(t, c, Category, "A").Base, 0.75)
	near("overall: (0.475 + 0.5)/2", unit(t, c, Overall, "").Base, 0.4875)
	if n := unit(t, c, Overall, "").Pairs; n != 14 {
		t.Errorf("overall has %d samples, want 14: one of two boards counts once", n)
	}
	near("zzz", unit(t, c, Task, "zzz").Candidate, 0.1)
	pooled := compared(t, source(make(1, 0.5, 0.2)), source(make(1, 0.5, 0.2)), Options{Layout: layout(results.AverageSamples)})
	near("by samples: (2·1 + 4·0.5 + 8·0.2)/14", unit(t, pooled, Benchmark, "en").Base, 5.6/14)
}

func TestCellsOfLengthAndDepth(t *testing.T) {
	depth := 50.0
	make := func(long float64) Run {
		r := runOf("b", "m")
		for i := range 80 {
			s := sample("t", i, 1)
			s.Cell = results.Cell{Length: 4096, Depth: &depth}
			if i >= 40 {
				s.Cell.Length, s.Score = 32768, long
			}
			r.Samples = append(r.Samples, s)
		}
		return r
	}
	c := compared(t, source(make(1)), source(make(0.5)), Options{})
	if u := unit(t, c, Cell, "4096@50"); u.Verdict != NoneSeen || u.Name != "4k @ 50%" {
		t.Errorf("short: %+v", u)
	}
	if u := unit(t, c, Cell, "32768@50"); u.Verdict != Regression || u.Difference != -0.5 {
		t.Errorf("long: %+v", u)
	}
}

// Weights are the rows': a question of three masks counts three times.
func TestRowsWeighWhatTheyWeigh(t *testing.T) {
	base, now := runOf("b", "m"), runOf("b", "m")
	for i := range 40 {
		s := sample("t", i, 1)
		s.Weight = float64(1 + 2*(i%2))
		base.Samples = append(base.Samples, s)
		s.Score = float64(i % 2)
		now.Samples = append(now.Samples, s)
	}
	if u := unit(t, compared(t, source(base), source(now), Options{}), Task, "t"); math.Abs(u.Candidate-0.75) > 1e-12 {
		t.Errorf("got %v, want 0.75", u.Candidate)
	}
}

func TestLostSamplesAreToldApart(t *testing.T) {
	base := scored(runOf("b", "m"), "t", 40, always(1))
	now := scored(runOf("b", "m"), "t", 40, always(1))
	now.Samples[0].Status, now.Samples[1].Status, base.Samples[1].Status = "error", "context_overflow", "error"
	now.Samples[0].Score, now.Samples[1].Score = 0, 0
	now.Samples = now.Samples[:39]
	c := compared(t, source(base), source(now), Options{})
	if got, want := c.Counts, (Counts{Pairs: 37, Equal: 37, OnlyBase: 1, LostBase: 1, LostCandidate: 2}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if u := unit(t, c, Task, "t"); u.Candidate != 1 || u.Pairs != 37 {
		t.Errorf("a lost sample counts in no figure: %+v", u)
	}
	for list, want := range map[string]int{"regression": 0, "lost": 1, "never": 0} {
		f, err := ParseFailOn(list)
		must(t, err)
		if failures, err := c.Failures(f); err != nil || len(failures) != want {
			t.Errorf("--fail-on %s: %v %v, want %d", list, failures, err, want)
		}
	}
}

func TestWhatDoesNotCompareIsRefused(t *testing.T) {
	set := func(name, value string) func(*Run) {
		return func(r *Run) {
			r.Config = append([]results.Setting{{Name: name, Value: value, Identity: true}}, r.Config...)
			for i := range r.Config[1:] {
				if r.Config[i+1].Name == name {
					r.Config[i+1].Value = value
				}
			}
		}
	}
	for name, test := range map[string]struct {
		change func(*Run)
		want   string // "" where it compares
	}{
		"another model":          {set("model", "mock:other"), ""},
		"another attention":      {set("attention", "sliding"), ""},
		"a stretch of positions": {set("rope", "yarn:factor=2,original=8192,beta-fast=32,beta-slow=1,form=shipped"), ""},
		"more tasks":             {set("tasks", "t,u"), ""},
		"another temperature":    {set("gen-kwargs", "temperature=1"), ""},
		"another seed, own data": {set("seed", "1"), ""},
		"another benchmark":      {func(r *Run) { r.Benchmark = "c" }, "the base is of b, the candidate of c"},
		"other data": {func(r *Run) {
			r.Data = []results.Origin{{Kind: "folder", Files: []results.FileHash{{Name: "a.jsonl", SHA256: "bb"}}}}
		}, "data file a.jsonl sha256 is aa in the base, bb in the candidate"},
		"other prompt templates":   {func(r *Run) { r.Prompts = []results.NamedHash{{Name: "qa", SHA256: "bb"}} }, "prompt qa sha256"},
		"built-in and own data":    {func(r *Run) { r.Data = []results.Origin{{Kind: "builtin"}} }, "built-in samples in the candidate, the benchmark's own in the other"},
		"other lengths":            {set("lengths", "4096"), "lengths is (not set) in the base, 4096 in the candidate"},
		"another tokenizer":        {set("tokenizer", "cl100k_base"), "tokenizer is approx in the base, cl100k_base in the candidate"},
		"another mode":             {set("mode", "cot"), "mode is (not set) in the base, cot in the candidate"},
		"another context":          {func(r *Run) { r.Samples[3].Pins.Context = "ffffffffffff" }, `1 of 20 samples asked something else, first "t/3": another context (sha256 c00000000001…`},
		"another question":         {func(r *Run) { r.Samples[3].Pins.Ask = "ffffffffffff" }, "another question, instruction, metric or reference"},
		"another prompt as sent":   {func(r *Run) { r.Samples[3].Pins.Sent = "ffffffffffff" }, "another prompt was sent"},
		"a prompt that was cut":    {func(r *Run) { r.Samples[3].Pins.Sent = "" }, ""},
		"another depth":            {func(r *Run) { r.Samples[3].Cell.Length = 9 }, "length and depth 0 in the base, 9 in the candidate"},
		"a sample in another task": {func(r *Run) { r.Samples[3].Task = "u" }, "task t in the base, u in the candidate"},
		"no sample in common": {func(r *Run) {
			for i := range r.Samples {
				r.Samples[i].ID += "@4096"
			}
		}, "no sample in common (20 in the base, 20 in the candidate)"},
		"every sample lost": {func(r *Run) {
			for i := range r.Samples {
				r.Samples[i].Status = "error"
			}
		}, "no sample has an answer on both sides (lost: 0 in the base, 20 in the candidate)"},
	} {
		t.Run(name, func(t *testing.T) {
			now := scored(runOf("b", "m"), "t", 20, always(1))
			test.change(&now)
			base := scored(runOf("b", "m"), "t", 20, always(1))
			base.Prompts = []results.NamedHash{{Name: "qa", SHA256: "aa"}}
			_, err := Compare(source(base), source(now), Options{})
			if test.want == "" {
				must(t, err)
				return
			}
			if !errors.Is(err, ErrNotComparable) || !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("got %v, want one line with %q", err, test.want)
			}
		})
	}
}

func TestASeedMakesOtherBuiltinSamples(t *testing.T) {
	make := func(seed string) Run {
		r := scored(runOf("b", "m"), "t", 20, always(1))
		r.Data = []results.Origin{{Kind: "builtin"}}
		r.Config[4].Value = seed
		return r
	}
	if _, err := Compare(source(make("0")), source(make("1")), Options{}); err == nil || !strings.Contains(err.Error(), "seed is 0 in the base, 1 in the candidate") {
		t.Errorf("got %v", err)
	}
}

// Two local models count with their own tokenizers; that is no other data as
// long as no context was made by them.
func TestTokenizersOfLocalModels(t *testing.T) {
	make := func(model, tokenizer, lengths string) Run {
		r := scored(runOf("b", model), "t", 20, always(1))
		r.Config[2].Value, r.Config[3].Value = lengths, tokenizer
		return r
	}
	c := compared(t, source(make("local:a", "of a", "")), source(make("local:b", "of b", "")), Options{})
	if len(c.Notes) != 1 || !strings.Contains(c.Notes[0], "no context was made by them") {
		t.Errorf("notes %q", c.Notes)
	}
	if _, err := Compare(source(make("local:a", "of a", "4096")), source(make("local:b", "of b", "4096")), Options{}); err == nil {
		t.Error("contexts were made by two tokenizers, and that was not refused")
	}
}

// The numbers are the same at any concurrency, and from run to run.
func TestSameSeedSameNumbers(t *testing.T) {
	r := chance(3)
	base, now := runOf("b", "m"), runOf("b", "m")
	base = scored(base, "t", 200, func(int) float64 { return r.Float64() })
	now = scored(now, "t", 200, func(int) float64 { return r.Float64() })
	a, b := compared(t, source(base), source(now), Options{}), compared(t, source(base), source(now), Options{})
	if a.Units[0] != b.Units[0] {
		t.Errorf("%+v\n%+v", a.Units[0], b.Units[0])
	}
}
