package generate

import (
	"errors"
	"iter"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/lcbench/lcbench/localmodel/model"
)

// actor is a staged executor that computes nothing and sees that stages come
// where they belong: fixed and prompt are where those of the request under way
// lie.
type actor struct {
	t             *testing.T
	stages        model.Stages
	fixed, prompt int
	computed      int // tokens
	prepared      int // calls of EndContext
	ended         int // calls of EndPrompt
}

type acted struct {
	ids    []int32
	sealed int // the context that was prepared
	ended  bool
}

func (s *acted) Len() int { return len(s.ids) }

func (s *acted) Fork(n int) (model.State, bool) {
	f := &acted{ids: slices.Clone(s.ids[:n])}
	if n >= s.sealed {
		f.sealed = s.sealed
	}
	return f, !s.ended
}

func (s *acted) Pieces() iter.Seq2[any, int64] {
	return func(yield func(any, int64) bool) { yield(s, int64(len(s.ids))) }
}

func (a *actor) New(int) model.State  { return &acted{} }
func (a *actor) Rotation(int) int     { return 0 }
func (a *actor) Bytes(n int) int64    { return int64(n) }
func (a *actor) Stages() model.Stages { return a.stages }

func (a *actor) EndContext(s model.State) {
	a.prepared++
	at := s.(*acted)
	if at.Len() != a.fixed || at.sealed != 0 {
		a.t.Errorf("the context of %d ends at %d, prepared before: %d", a.fixed, at.Len(), at.sealed)
	}
	at.sealed = at.Len()
}

func (a *actor) EndPrompt(s model.State) {
	a.ended++
	at := s.(*acted)
	if at.Len() != a.prompt || at.ended {
		a.t.Errorf("the prompt of %d ends at %d, ended before: %t", a.prompt, at.Len(), at.ended)
	}
	at.ended = true
}

func (a *actor) Forward(chunks []model.Chunk, emit func(chunk, row int, logits []float32) error) error {
	logits := make([]float32, 1000)
	for i, c := range chunks {
		s := c.State.(*acted)
		from := len(s.ids)
		s.ids = append(s.ids, c.IDs...)
		a.computed += len(c.IDs)
		if a.stages.Context && from >= a.fixed && s.sealed != a.fixed || s.sealed > 0 && s.sealed != a.fixed {
			a.t.Errorf("tokens %d… are computed on a context of %d prepared at %d", from, a.fixed, s.sealed)
		}
		if a.stages.Context && from < a.fixed && len(s.ids) > a.fixed {
			a.t.Errorf("tokens %d to %d are computed at once, across the end of the context at %d", from, len(s.ids), a.fixed)
		}
		if want := a.stages.Prompt && from >= a.prompt; s.ended != want {
			a.t.Errorf("token %d: the prompt of %d has ended: %t, want %t", from, a.prompt, s.ended, want)
		}
		for row := c.From; row < len(c.IDs); row++ {
			if err := emit(i, row, logits); err != nil {
				return err
			}
		}
	}
	return nil
}

// ask generates on the engine and returns how much came from before.
func (a *actor) ask(e *Engine, ids []int32, fixed int, score []int32) int {
	a.t.Helper()
	a.fixed, a.prompt = fixed, len(ids)
	before, prepared, ended := a.computed, a.prepared, a.ended
	r, err := e.Generate(a.t.Context(), Request{Prompt: ids, Fixed: fixed, MaxTokens: 3, IgnoreEnd: true, Score: score})
	if err != nil {
		a.t.Fatal(err)
	}
	rest := 2
	if score != nil {
		rest = len(score) - 1
	}
	if got := a.computed - before; got != len(ids)-r.Cached+rest {
		a.t.Errorf("%d tokens were computed of a prompt of %d with %d from before", got, len(ids), r.Cached)
	}
	if want := prepared; a.stages.Context {
		if r.Cached != fixed {
			want++
		}
		if a.prepared != want {
			a.t.Errorf("%d from before, a context of %d: it was prepared %d times, want %d", r.Cached, fixed, a.prepared-prepared, want-prepared)
		}
	}
	if a.stages.Prompt && rest > 0 && a.ended != ended+1 {
		a.t.Errorf("the prompt ended %d times", a.ended-ended)
	}
	return r.Cached
}

func numbers(n int, seed uint64) []int32 {
	r := rand.New(rand.NewPCG(seed, 0))
	out := make([]int32, n)
	for i := range out {
		out[i] = r.Int32N(1000)
	}
	return out
}

func TestAContextIsPreparedOnceForAllItsQuestions(t *testing.T) {
	a := &actor{t: t, stages: model.Stages{Context: true}}
	e := New(a, Options{Chunk: 64})
	defer e.Close()
	doc := numbers(300, 1)
	question := func(n int, seed uint64) []int32 { return slices.Concat(doc, numbers(n, seed)) }
	for i, c := range []struct {
		ids         []int32
		fixed, want int
	}{
		{question(40, 2), 300, 0},
		{question(3, 3), 300, 300},
		{question(90, 4), 300, 300},
		{question(90, 4), 300, 300},      // the very same prompt: the question is computed anew
		{question(90, 4), 280, 280 - 17}, // the document ends elsewhere
		{question(90, 4), 330, 299},      // ahead of where it was prepared, that alone is left of it
		{question(90, 4), 330, 330},      //
		{question(40, 2), 300, 300},      // both are kept
		{question(70, 5)[:120], 100, 83}, // a shorter one
		{slices.Concat(doc[:200], numbers(80, 6)), 200, 183},
	} {
		if got := a.ask(e, c.ids, c.fixed, nil); got != c.want {
			t.Errorf("request %d: %d tokens from before, want %d", i, got, c.want)
		}
	}
	a.ask(e, question(40, 2), 300, numbers(20, 9))
	for _, fixed := range []int{0, 300} {
		if _, err := e.Generate(t.Context(), Request{Prompt: doc, Fixed: fixed, MaxTokens: 1}); !errors.Is(err, ErrNoContext) {
			t.Errorf("a fixed context of %d of 300: %v", fixed, err)
		}
	}
}

func TestAPromptIsKeptAheadOfItsEnd(t *testing.T) {
	a := &actor{t: t, stages: model.Stages{Prompt: true, Observed: 32}}
	e := New(a, Options{Chunk: 64})
	defer e.Close()
	doc := numbers(300, 1)
	if got := a.ask(e, doc, 0, nil); got != 0 {
		t.Errorf("%d tokens from before", got)
	}
	if got := a.ask(e, doc, 0, nil); got != 300-32 {
		t.Errorf("the same again: %d tokens from before, want all but those observed", got)
	}
	if got := a.ask(e, slices.Concat(doc, numbers(100, 2)), 0, nil); got != 300 {
		t.Errorf("%d tokens from before, want all of the shorter prompt", got)
	}
	a.ask(e, doc, 0, numbers(40, 3))
	a.ask(e, doc[:5], 0, numbers(1, 3))
}
