package benchmarks_test

import (
	"math"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/lcbench/lcbench/benchmarks"
	"github.com/lcbench/lcbench/benchmarks/benchmarktest"
	"github.com/lcbench/lcbench/scorers"
)

// counted counts how many texts are tokenised.
type counted struct {
	benchmarks.Tokenizer
	texts atomic.Int64
}

func (c *counted) Ends(text string) []int {
	c.texts.Add(1)
	return c.Tokenizer.Ends(text)
}

// needle is a sample of 1000 tokens of which the one at 500 is asked for.
func needle(task string) benchmarks.Sample {
	return benchmarks.Sample{
		ID: task + "/1", Task: task, Query: "Where is the needle?",
		Prompt:   benchmarks.Prompt{Context: wordsOf(500, "hay") + "needle " + wordsOf(499, "hay"), After: "Where is it?"},
		Evidence: benchmarks.Evidence{State: benchmarks.EvidenceKnown, Spans: []scorers.Span{{Start: 2000, End: 2006}}},
	}
}

func TestAxesOfSamples(t *testing.T) {
	one := math.Log(1+1./32) / math.Log(1+1000./32)
	for _, tt := range []struct {
		name, benchmark, task string
		change                func(*benchmarks.Sample)
		state                 benchmarks.AxesState
		diffusion, scope      float64
		lost                  int
	}{
		{"known evidence is measured", "longbench", "passage_retrieval_en", nil, "measured", 0, one, 0},
		{"a chain of four adds a quarter", "longbench", "passage_retrieval_en", func(s *benchmarks.Sample) { s.Hops = 4 }, "measured", 0.25, one, 0},
		{"without a query the prompt's end is searched for", "longbench", "passage_retrieval_en", func(s *benchmarks.Sample) { s.Query = "" }, "measured", 1. / 3, one, 0},
		{"what is left of the evidence is measured", "longbench", "passage_retrieval_en", func(s *benchmarks.Sample) { s.Evidence.Lost = 2 }, "measured", 0, one, 2},
		{"unknown evidence is assigned", "longbench", "qasper", func(s *benchmarks.Sample) { s.Evidence = benchmarks.Evidence{State: "unknown"} }, "assigned", 1. / 6, 1. / 6, 0},
		{"what is known of partial evidence is measured", "longbench", "hotpotqa", func(s *benchmarks.Sample) { s.Evidence.State = "partial" }, "partial", 0, one, 0},
		{"and is what is left of it", "longbench", "hotpotqa", func(s *benchmarks.Sample) { s.Evidence.State, s.Evidence.Lost = "partial", 1 }, "partial", 0, one, 1},
		{"partial evidence without places is assigned", "longbench", "narrativeqa", func(s *benchmarks.Sample) { s.Evidence.State, s.Evidence.Spans = "partial", nil }, "assigned", 5. / 6, 1. / 2, 0},
		{"known to be without places", "longbench", "qasper", func(s *benchmarks.Sample) { s.Evidence.Spans = nil }, "assigned", 1. / 6, 1. / 6, 0},
		{"a task that needs all of it by construction", "longbench", "passage_count", nil, "measured", 1. / 3, 1, 0},
		{"and marks no place", "longbench", "passage_count", func(s *benchmarks.Sample) { s.Evidence = benchmarks.Evidence{State: "known"} }, "measured", 1. / 3, 1, 0},
		{"a summary needs all of it by judgement", "loogle", "longdep_summarization", nil, "assigned", 1. / 2, 5. / 6, 0},
		{"and is a summary of what is left", "loogle", "longdep_summarization", func(s *benchmarks.Sample) { s.Evidence = benchmarks.Evidence{State: "lost", Lost: 1} }, "assigned", 1. / 2, 5. / 6, 1},
		{"all evidence lost", "longbench", "passage_retrieval_en", func(s *benchmarks.Sample) { s.Evidence = benchmarks.Evidence{State: "lost", Lost: 3} }, "unanswerable_after_truncation", 0, 0, 3},
		{"no context", "longbench-v2", "single-document-qa", func(s *benchmarks.Sample) {
			s.Prompt.Context, s.Evidence = "", benchmarks.Evidence{State: "unknown"}
		}, "no_context", 0, 0, 0},
		{"neither evidence nor a prior", "toyqa", "bees", func(s *benchmarks.Sample) { s.Evidence = benchmarks.Evidence{State: "unknown"} }, "", 0, 0, 0},
		{"evidence without a prior", "toyqa", "bees", nil, "measured", 0, one, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := needle(tt.task)
			if tt.change != nil {
				tt.change(&s)
			}
			m := &benchmarks.AxesMeter{Benchmark: tt.benchmark, Tokenizer: words}
			got, err := m.Measure(s)
			if err != nil {
				t.Fatal(err)
			}
			v := got.Values
			if got.State != tt.state || got.Lost != tt.lost || math.Abs(v.Diffusion-tt.diffusion) > 1e-9 || math.Abs(v.Scope-tt.scope) > 1e-9 {
				t.Errorf("got %+v, want %s, diffusion %v, scope %v, %d lost", got, tt.state, tt.diffusion, tt.scope, tt.lost)
			}
		})
	}
}

func TestEvidenceOutsideTheContextStopsTheMeasuring(t *testing.T) {
	s := needle("bees")
	s.Evidence.Spans[0].End = len(s.Prompt.Context) + 1
	m := &benchmarks.AxesMeter{Benchmark: "toyqa", Tokenizer: words}
	if got, err := m.Measure(s); err == nil || !strings.Contains(err.Error(), "axes: evidence span 1, [2000, 4004), lies outside the context of 4003 bytes") {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestWithoutATokenizerAxesAreAssigned(t *testing.T) {
	m := &benchmarks.AxesMeter{Benchmark: "longbench"}
	if got, err := m.Measure(needle("passage_retrieval_en")); err != nil || got.State != benchmarks.AxesAssigned {
		t.Errorf("got %+v, %v", got, err)
	}
}

// Questions about one document are asked one after the other, by many workers.
func TestADocumentIsTokenisedOnceForItsQuestions(t *testing.T) {
	tok := &counted{Tokenizer: words}
	m := &benchmarks.AxesMeter{Benchmark: "loogle", Tokenizer: tok}
	var workers sync.WaitGroup
	for range 8 {
		workers.Go(func() {
			for range 20 {
				if got, err := m.Measure(needle("longdep_qa")); err != nil || got.State != benchmarks.AxesMeasured {
					t.Errorf("got %+v, %v", got, err)
				}
			}
		})
	}
	workers.Wait()
	if n := tok.texts.Load(); n != 1 {
		t.Errorf("%d texts tokenised, want 1", n)
	}
	for i := range 3 {
		other := needle("longdep_qa")
		other.Prompt.Context += strings.Repeat("more ", i+1)
		if _, err := m.Measure(other); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := m.Measure(needle("longdep_qa")); err != nil || tok.texts.Load() != 5 {
		t.Errorf("%d texts tokenised after three others, want 5: few are kept (%v)", tok.texts.Load(), err)
	}
}

// What an adapter counted anyway need not be tokenised again, unless the text
// was changed since.
func TestEvidenceThatWasCountedIsNotTokenisedAgain(t *testing.T) {
	tok := &counted{Tokenizer: words}
	m := &benchmarks.AxesMeter{Benchmark: "longbench", Tokenizer: tok}
	plain, err := m.Measure(needle("passage_retrieval_en"))
	if err != nil {
		t.Fatal(err)
	}
	s := needle("passage_retrieval_en")
	s.CountContext(tok)
	if got, err := (&benchmarks.AxesMeter{Benchmark: "longbench", Tokenizer: tok}).Measure(s); err != nil || got != plain || tok.texts.Load() != 2 {
		t.Errorf("got %+v, %v with %d texts tokenised; want %+v, 2", got, err, tok.texts.Load(), plain)
	}
	if got, err := (&benchmarks.AxesMeter{Benchmark: "longbench", Tokenizer: benchmarktest.Words{}}).Measure(s); err != nil || got != plain || tok.texts.Load() != 2 {
		t.Errorf("by a tokenizer of the same name: %+v, %v", got, err)
	}
	cut, lost, err := benchmarks.Fit(s, 900, benchmarks.TruncateLeft, words)
	if err != nil || lost == 0 || cut.Evidence.Tokens != nil {
		t.Fatalf("cut by %d tokens: tokens %v, %v", lost, cut.Evidence.Tokens, err)
	}
	got, err := m.Measure(cut)
	want := math.Log(1+1./32) / math.Log(1+897./32) // the question takes three tokens
	if err != nil || math.Abs(got.Values.Scope-want) > 1e-9 {
		t.Errorf("cut: got %+v, %v; want scope %v", got, err, want)
	}
}
