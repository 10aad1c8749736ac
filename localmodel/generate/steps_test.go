package generate

import (
	"iter"
	"slices"
	"testing"

	"github.com/lcbench/lcbench/localmodel/model"
)

// walker is an executor that computes nothing and whose states are of one size
// at any length, can be forked at their end alone, and come in steps.
type walker struct {
	t        *testing.T
	computed int // tokens
}

const (
	walkStep  = 32
	walkBytes = 100
)

// walked copies its piece when it goes on behind a fork.
type walked struct {
	ids    []int32
	piece  *int
	shared bool
}

func (s *walked) Len() int { return len(s.ids) }

func (s *walked) ForkPoint(n int) int {
	if n < len(s.ids) {
		return 0
	}
	return len(s.ids)
}

func (s *walked) Fork(n int) (model.State, bool) {
	s.shared = true
	return &walked{slices.Clip(s.ids), s.piece, true}, n == len(s.ids)
}

func (s *walked) Pieces() iter.Seq2[any, int64] {
	return func(yield func(any, int64) bool) {
		if s.piece != nil {
			yield(s.piece, walkBytes)
		}
	}
}

func (w *walker) New(int) model.State    { return &walked{} }
func (w *walker) Rotation(int) int       { return 0 }
func (w *walker) Bytes(int) int64        { return walkBytes }
func (w *walker) Stages() model.Stages   { return model.Stages{Step: walkStep} }
func (w *walker) EndContext(model.State) { w.t.Error("the end of a context that nothing prepares") }
func (w *walker) EndPrompt(model.State)  { w.t.Error("the end of a prompt that nothing rearranges") }

func (w *walker) Forward(chunks []model.Chunk, emit func(chunk, row int, logits []float32) error) error {
	logits := make([]float32, 1000)
	for i, c := range chunks {
		s := c.State.(*walked)
		if s.piece == nil || s.shared {
			s.piece, s.shared = new(int), false
		}
		from, to := len(s.ids), len(s.ids)+len(c.IDs)
		s.ids = append(s.ids, c.IDs...)
		w.computed += len(c.IDs)
		if c.Prompt > 0 && (from%walkStep != 0 || to%walkStep != 0 && to != c.Prompt || to != c.Prompt && len(c.IDs) <= maxSameBits || from > 0 && len(c.IDs) <= maxSameBits) {
			w.t.Errorf("a pass takes tokens %d to %d of %d, want whole steps, and the rows of prefill", from, to, c.Prompt)
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
func (w *walker) ask(e *Engine, r Request) int {
	w.t.Helper()
	before := w.computed
	got, err := e.Generate(w.t.Context(), r)
	if err != nil {
		w.t.Fatal(err)
	}
	rest := max(r.MaxTokens, len(r.Score)) - 1
	if w.computed-before != len(r.Prompt)-got.Cached+rest {
		w.t.Errorf("%d tokens were computed of a prompt of %d with %d from before", w.computed-before, len(r.Prompt), got.Cached)
	}
	return got.Cached
}

func TestStatesAreKeptAtTheLastStepOfADocument(t *testing.T) {
	for _, chunk := range []int{1, 100, 512} {
		w := &walker{t: t}
		e := New(w, Options{Chunk: chunk})
		defer e.Close()
		doc := numbers(300, 1)
		on := func(doc []int32, fixed, question int, seed uint64) Request {
			return Request{Prompt: slices.Concat(doc, numbers(question, seed)), Fixed: fixed, MaxTokens: 3, IgnoreEnd: true}
		}
		for i, c := range []struct {
			r    Request
			want int
		}{
			{on(doc, 300, 40, 2), 0},
			{on(doc, 300, 1, 3), 256}, // the step at 288 leaves too few rows of the shortest question
			{on(doc, 300, 90, 4), 256},
			{on(doc, 300, 40, 2), 320},              // the very same prompt, to the last step that leaves enough
			{on(doc, 0, 70, 5), 288},                // nobody says where the document ends; the one before last left a state where it parted
			{on(doc[:200], 200, 40, 6), 0},          // parts from the others where nothing was kept
			{on(doc[:200], 200, 41, 7), 192},        //
			{on(doc[:100], 0, 60, 8), 0},            // of unknown documents the first one leaves nothing where they part,
			{on(doc[:100], 0, 60, 9), 96},           // the second does
			{on(nil, 5, 10, 10), 0},                 // too short for a step
			{on(nil, 0, 64, 11), 0},                 // one step, and too few rows behind two
			{on(numbers(64, 11), 0, 64, 12), 32},    // of which one was kept
			{on(numbers(64, 11), 1000, 64, 12), 96}, // a document beyond its prompt
		} {
			if got := w.ask(e, c.r); got != c.want {
				t.Errorf("chunks of %d, request %d: %d tokens from before, want %d", chunk, i, got, c.want)
			}
		}
		w.ask(e, Request{Prompt: doc[:chunk%500+1], Score: numbers(20, 13)})
		w.ask(e, Request{Prompt: doc, Score: numbers(200, 13), Fixed: 300})
	}
}

// watchedSteps is a watched executor that says what its stages are.
type watchedSteps struct {
	*watched
	*walker
}

func (w watchedSteps) Forward(chunks []model.Chunk, emit func(chunk, row int, logits []float32) error) error {
	if promised := w.work.memory.inUse + w.work.growth; promised > w.work.o.KVBudget {
		w.t.Errorf("what is under way may come to %d bytes, the budget is %d", promised, w.work.o.KVBudget)
	}
	return w.watched.Forward(chunks, emit)
}
func (w watchedSteps) New(n int) model.State { return w.walker.New(n) }
func (w watchedSteps) Rotation(n int) int    { return w.walker.Rotation(n) }
func (w watchedSteps) Bytes(n int) int64     { return w.walker.Bytes(n) }

// However little room there is, what is held stays within the budget: states
// that are kept on the way are counted ahead, and done without where they don't
// fit.
func TestStatesKeptOnTheWayStayWithinTheBudget(t *testing.T) {
	var requests []Request
	for i := range 60 {
		doc := numbers(100+150*(i%3), uint64(i%3))
		requests = append(requests, Request{
			Prompt: slices.Concat(doc, numbers(5+i*7%90, uint64(100+i))), Fixed: len(doc) * (i % 4 / 2), MaxTokens: 1 + i*13%70, IgnoreEnd: true,
		})
	}
	for _, states := range []int64{2, 3, 4, 5, 6, 7, 9, 12, 40} {
		w := watchedSteps{&watched{}, &walker{t: t}}
		w.Executor = w.walker
		w.work = newWork(w, Options{KVBudget: states * walkBytes, Chunk: 64})
		go w.work.loop()
		generateAll(t, w.work.Engine, requests)
		w.work.Close()
		s := w.work.Stats()
		t.Logf("room for %d states: peak %d, %d at once, %d of %d prompt tokens from before", states, w.peak/walkBytes, w.atOnce, s.CachedTokens, s.PromptTokens)
		if w.peak > states*walkBytes || s.PeakKVBytes > states*walkBytes || s.PeakKVBytes < w.peak {
			t.Errorf("room for %d states: %d bytes were held, %d are noted", states, w.peak, s.PeakKVBytes)
		}
		if states >= 12 && s.CachedTokens == 0 {
			t.Errorf("room for %d states: no token came from before", states)
		}
		if m := w.work.memory; m.inUse != 0 || w.work.growth != 0 {
			t.Errorf("%d bytes in use and %d reserved by nobody", m.inUse, w.work.growth)
		}
	}
}
