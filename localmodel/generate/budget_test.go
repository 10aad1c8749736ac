package generate

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lcbench/lcbench/localmodel/attention"
	"github.com/lcbench/lcbench/localmodel/attention/evict"
	"github.com/lcbench/lcbench/localmodel/attention/full"
	"github.com/lcbench/lcbench/localmodel/attention/sliding"
	"github.com/lcbench/lcbench/localmodel/model"
)

// watched is an executor that looks behind every pass at all that the engine
// holds, counted anew: the engine's own books are not asked.
type watched struct {
	model.Executor
	work    *work
	peak    int64
	atOnce  int // most chunks of one pass
	most    int // prompts kept at once
	evicted int // most that were missing of these later
}

func (w *watched) Forward(chunks []model.Chunk, emit func(chunk, row int, logits []float32) error) error {
	err := w.Executor.Forward(chunks, emit)
	seen, bytes := map[any]bool{}, int64(0)
	count := func(s model.State) {
		for id, n := range s.Pieces() {
			if !seen[id] {
				bytes += n
			}
			seen[id] = true
		}
	}
	for _, j := range slices.Concat(w.work.active, []*job{w.work.prefilling}) {
		if j != nil {
			count(j.state)
		}
	}
	for e := w.work.kept.recent.Front(); e != nil; e = e.Next() {
		count(e.Value.(*prompt).state)
	}
	w.peak, w.atOnce = max(w.peak, bytes), max(w.atOnce, len(chunks))
	w.most = max(w.most, w.work.kept.recent.Len())
	w.evicted = max(w.evicted, w.most-w.work.kept.recent.Len())
	return err
}

// crowd are requests of many lengths on three documents, every other one on a
// document of its own.
func crowd() []Request {
	var out []Request
	all := prompts(330)
	for i := range 30 {
		p := all[i%len(all)]
		if i%2 == 1 {
			p = slices.Concat([]int32{int32(3000 + i)}, p[:40+(i*37)%250])
		}
		out = append(out, Request{Prompt: p, MaxTokens: 1 + (i*13)%40, IgnoreEnd: true})
	}
	return out
}

// However many requests wait and whatever their lengths, what is held in fact
// stays within the budget, and the answers are those of one at a time.
func TestTheBudgetIsKeptAndChangesNoAnswer(t *testing.T) {
	for _, c := range []struct {
		name     string
		how      attention.Mechanism
		requests []Request
		budget   int  // tokens of one sequence
		roomy    bool // for several answers at once, and for prompts to be kept a while
	}{
		{"full attention", full.Full{}, crowd(), 1000, true},
		{"full attention, hardly room for one", full.Full{}, crowd(), 450, false},
		{"a window that drops what forks would need", sliding.Sliding{Window: 40, Sinks: 4}, long(), 3200, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			exec := inductionWith(t, c.how)
			want := make([]Result, len(c.requests))
			alone := New(exec, Options{KeepNone: true, Chunk: 64})
			for i, r := range c.requests {
				var err error
				if want[i], err = alone.Generate(t.Context(), r); err != nil {
					t.Fatal(err)
				}
			}
			alone.Close()
			w := &watched{Executor: exec}
			budget := inductionWith(t, full.Full{}).Bytes(c.budget)
			w.work = newWork(w, Options{KVBudget: budget, Chunk: 64})
			go w.work.loop()
			got := generateAll(t, w.work.Engine, c.requests)
			w.work.Close()
			for i := range want {
				if diff := cmp.Diff(want[i].IDs, got[i].IDs); diff != "" {
					t.Errorf("request %d, %d tokens from before: alone and together differ:\n%s", i, got[i].Cached, diff)
				}
			}
			s := w.work.Stats()
			t.Logf("peak %d of %d kB, %d at once, %d of %d prompt tokens from before", w.peak>>10, budget>>10, w.atOnce, s.CachedTokens, s.PromptTokens)
			if w.peak > budget {
				t.Errorf("%d bytes were held, the budget is %d", w.peak, budget)
			}
			if s.PeakKVBytes < w.peak || s.PeakKVBytes > budget {
				t.Errorf("a peak of %d bytes is noted, want %d to %d", s.PeakKVBytes, w.peak, budget)
			}
			if s.AnswerKVBytes <= 0 || s.AnswerKVBytes > s.PeakKVBytes || s.Prefill <= 0 || s.Decode <= 0 {
				t.Errorf("one answer held %d bytes, all %d; prompts took %v, answers %v", s.AnswerKVBytes, s.PeakKVBytes, s.Prefill, s.Decode)
			}
			if want := s.GeneratedTokens - len(c.requests); s.DecodedTokens != want {
				t.Errorf("%d tokens decoded, want %d: all of %d but each answer's first", s.DecodedTokens, want, s.GeneratedTokens)
			}
			if w.evicted == 0 || c.roomy && (w.atOnce < 2 || s.CachedTokens == 0) {
				t.Errorf("%d prompts dropped, %d answers at once, %d tokens from before: want some of each", w.evicted, w.atOnce, s.CachedTokens)
			}
			if m := w.work.memory; m.inUse != 0 || w.work.growth != 0 {
				t.Errorf("%d bytes in use and %d reserved by nobody", m.inUse, w.work.growth)
			}
		})
	}
}

// What an answer came to hold beside a kept prompt counts, also if the prompt
// is dropped for another request before the answer ends.
func TestAPeakInsideAnAnswerIsNoted(t *testing.T) {
	exec := inductionWith(t, full.Full{})
	w := &watched{Executor: exec}
	w.work = newWork(w, Options{KVBudget: exec.Bytes(1100), Chunk: 64})
	go w.work.loop()
	generateAll(t, w.work.Engine, []Request{{Prompt: prompts(500)[0][:500], MaxTokens: 1}})

	other, tokens, done := prompts(900)[0][800:860], 0, make(chan error, 1)
	_, err := w.work.Generate(t.Context(), Request{
		Prompt: prompts(700)[0][600:660], MaxTokens: 400, IgnoreEnd: true,
		Token: func(int32) bool {
			if tokens++; tokens == 150 {
				go func() {
					_, err := w.work.Generate(t.Context(), Request{Prompt: other, MaxTokens: 400, Token: func(int32) bool { return false }})
					done <- err
				}()
			}
			return len(done) == 0
		},
	})
	if err := errors.Join(err, <-done); err != nil {
		t.Fatal(err)
	}
	w.work.Close()
	if got := w.work.Stats().PeakKVBytes; w.evicted == 0 || got < w.peak {
		t.Errorf("%d prompts dropped, a peak of %d bytes is noted, want some and %d", w.evicted, got, w.peak)
	}
}

func generateAll(t *testing.T, e *Engine, requests []Request) []Result {
	t.Helper()
	got := make([]Result, len(requests))
	var wg sync.WaitGroup
	for i, r := range requests {
		wg.Go(func() {
			var err error
			if got[i], err = e.Generate(context.Background(), r); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	return got
}

// Prompts of a model whose window has dropped what they share: the second one
// leaves a state where they part, from which the third one starts.
func TestAStateIsKeptWherePromptsPart(t *testing.T) {
	e := New(inductionWith(t, sliding.Sliding{Window: 40, Sinks: 4}), Options{KVBudget: 64 << 20})
	defer e.Close()
	document := prompts(1500)[0]
	for i, want := range []int{0, 0, 250, 250} {
		needle := []int32{int32(3100 + i), int32(3200 + i)}
		r, err := e.Generate(t.Context(), Request{Prompt: slices.Concat(document[:250], needle, document[250:]), MaxTokens: 2})
		if err != nil {
			t.Fatal(err)
		}
		if r.Cached != want {
			t.Errorf("prompt %d: %d tokens from before, want %d", i+1, r.Cached, want)
		}
	}
}

// long are requests whose beginnings a window has dropped by their ends, and
// some that it hasn't.
func long() []Request {
	document := prompts(1500)[0]
	var out []Request
	for i := range 8 {
		tail := []int32{int32(3100 + i)}
		out = append(out,
			Request{Prompt: slices.Concat(document[:1200], tail, document[:20+i]), MaxTokens: 3 + i, IgnoreEnd: true},
			Request{Prompt: slices.Concat(document[:100+20*i], tail, document[:30*i+1]), MaxTokens: 20 - i, IgnoreEnd: true})
	}
	return append(out, Request{Prompt: document, MaxTokens: 4, IgnoreEnd: true})
}

// books is an executor over states that only keep books.
type books struct{ model.Executor }

func (books) New(int) model.State { return &ledger{} }

func (books) Rotation(int) int { return 0 }

func (books) Bytes(n int) int64 { return int64((n + blockTokens - 1) / blockTokens * blockTokens) }

// What a request starts from is dropped last, though it was used longest ago.
func TestWhatARequestStartsFromIsNotDroppedForIt(t *testing.T) {
	fill := func(first int32, n int) []int32 {
		ids := make([]int32, n)
		for i := range ids {
			ids[i] = first + int32(i)
		}
		return ids
	}
	l := newWork(books{}, Options{KVBudget: 100})
	for _, ids := range [][]int32{fill(0, 40), fill(1000, 40)} {
		s := &ledger{}
		s.compute(ids)
		l.kept.add(0, ids, s, 0)
	}
	l.growth = 18 // of others under way: a block more has no room
	j := &job{Request: Request{Prompt: slices.Concat(fill(0, 30), fill(500, 30)), MaxTokens: 4}}
	if !l.reserve(j) || j.at != 30 {
		t.Fatalf("%d ids were at hand, want 30", j.at)
	}
	if got := l.kept.prompts(); len(got) != 1 || got[0][0] != 0 {
		t.Errorf("kept are %v, want the one that was used", got)
	}
	// 30 ids in whole blocks are shared and the last block copied; 30 of the
	// prompt and 4 of the answer are to come.
	if l.memory.inUse != 32 || l.growth != 18+32+4 || l.memory.total != 44 {
		t.Errorf("%d bytes in use, %d to come, %d in all, want 32, 54 and 44", l.memory.inUse, l.growth, l.memory.total)
	}
	next := &job{Request: Request{Prompt: fill(2000, 20), MaxTokens: 4}}
	if l.active = append(l.active, j); l.reserve(next) {
		t.Error("a job got memory that another one may come to need")
	}
	if l.kept.recent.Len() != 1 {
		t.Error("a prompt was dropped for a job that has no room all the same")
	}
	if l.room(100-32-54+1) || l.kept.recent.Len() != 1 {
		t.Error("there is room for what is reserved, or a prompt was dropped in vain")
	}
	l.giveBack(j)
	if l.active = nil; !l.reserve(next) {
		t.Error("a job got no memory behind one that gave it back")
	}
}

// What an answer begins with is what the attention kept of its prompt.
func TestAnswerBytesAreThoseBehindThePrompt(t *testing.T) {
	held := func(how attention.Mechanism) Stats {
		e := New(inductionWith(t, how), Options{KVBudget: 64 << 20})
		defer e.Close()
		if _, err := e.Generate(t.Context(), Request{Prompt: prompts(1500)[0], MaxTokens: 4}); err != nil {
			t.Fatal(err)
		}
		return e.Stats()
	}
	whole := held(full.Full{})
	kept := held(evict.Evict{Method: evict.Streaming, Capacity: 128, Recent: 16, PerKV: true})
	if whole.AnswerKVBytes < 5*kept.AnswerKVBytes || kept.AnswerKVBytes == 0 || kept.PeakKVBytes < whole.AnswerKVBytes {
		t.Errorf("full attention answers with %d bytes, 128 tokens kept of 1500 with %d, at the peak %d", whole.AnswerKVBytes, kept.AnswerKVBytes, kept.PeakKVBytes)
	}
}
