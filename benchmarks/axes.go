package benchmarks

import (
	"cmp"
	"fmt"
	"sync"

	"github.com/lcbench/lcbench/scorers"
)

// Axes are a sample's place on the axes of difficulty, and what it rests on.
type Axes struct {
	State AxesState
	// Values are the axes of a measured sample; of an assigned one, Diffusion and
	// Scope alone; else none.
	Values scorers.Axes
	// Lost counts the places of the evidence that truncation removed, wholly or in
	// part.
	Lost int
}

// AxesState says where a sample's axes come from.
type AxesState string

// The states. In the last three there are no values.
const (
	// AxesMeasured: from the evidence that the model was sent.
	AxesMeasured AxesState = "measured"
	// AxesAssigned: the task's prior, since the evidence is not known or not all
	// of it.
	AxesAssigned AxesState = "assigned"
	// AxesUnanswerable: truncation left nothing of the evidence.
	AxesUnanswerable AxesState = "unanswerable_after_truncation"
	// AxesNoContext: the model saw no context.
	AxesNoContext AxesState = "no_context"
	// AxesUnknown: neither evidence nor a prior is known.
	AxesUnknown AxesState = ""
)

// AxesMeter measures the axes of one benchmark's samples. It is safe for
// concurrent use.
type AxesMeter struct {
	// Benchmark is the adapter's name, for priors.
	Benchmark string
	// Tokenizer finds where tokens end; nil: nothing can be measured.
	Tokenizer Tokenizer

	mu     sync.Mutex
	recent []*tokenised        // at most recentContexts, the oldest first
	priors map[[2]string]prior // by task and category
}

// prior is what the table has of a task, if anything.
type prior struct {
	scorers.AxesPrior
	known bool
}

// Measure returns the axes of a sample as it was sent: s is what Fit left of it.
// An error says that the sample's evidence lies outside its context.
func (m *AxesMeter) Measure(s Sample) (Axes, error) {
	p := m.prior(s.Task, s.Category)
	a := Axes{Lost: s.Evidence.Lost}
	var err error
	switch {
	case p.Rule == scorers.AxesAssigned && s.Prompt.Context != "":
		a.assign(p)
	case s.Evidence.State == EvidenceLost:
		a.State = AxesUnanswerable
	case s.Prompt.Context == "":
		a.State = AxesNoContext
	case p.Rule == scorers.AxesOfWhole:
		// All tokens are needed, so that it doesn't matter how many there are.
		whole := []scorers.Span{{Start: 0, End: len(s.Prompt.Context)}}
		err = a.measure(s, whole, []scorers.Span{{Start: 0, End: 1}}, 1)
	case s.Evidence.State == EvidenceKnown && len(s.Evidence.Spans) > 0 && m.Tokenizer != nil:
		ends := m.ends(s.Prompt.Context)
		err = a.measure(s, s.Evidence.Spans, scorers.TokenSpans(ends, s.Evidence.Spans), len(ends))
	default:
		a.assign(p)
	}
	return a, err
}

// prior looks the task up once.
func (m *AxesMeter) prior(task, category string) prior {
	m.mu.Lock()
	defer m.mu.Unlock()
	key := [2]string{task, category}
	p, ok := m.priors[key]
	if !ok {
		p.AxesPrior, p.known = scorers.PriorOf(m.Benchmark, task, category)
		if m.priors == nil {
			m.priors = map[[2]string]prior{}
		}
		m.priors[key] = p
	}
	return p
}

func (a *Axes) assign(p prior) {
	if p.known {
		a.State, a.Values = AxesAssigned, p.Axes()
	}
}

func (a *Axes) measure(s Sample, bytes, tokens []scorers.Span, n int) error {
	values, err := scorers.MeasureAxes(scorers.Located{
		Context: s.Prompt.Context, Question: cmp.Or(s.Query, s.Prompt.After), Evidence: bytes,
		EvidenceTokens: tokens, Tokens: n, Hops: s.Hops,
	})
	if err != nil {
		return fmt.Errorf("axes: %w", err)
	}
	a.State, a.Values = AxesMeasured, values
	return nil
}

// recentContexts is how many contexts' tokens are kept: questions about one
// document come one after the other, and finish about so.
const recentContexts = 2

// tokenised is a context with the ends of its tokens.
type tokenised struct {
	context string
	ends    func() []int
}

// ends returns where the context's tokens end, found once for several questions
// about it.
func (m *AxesMeter) ends(context string) []int {
	m.mu.Lock()
	for _, t := range m.recent {
		if t.context == context {
			m.mu.Unlock()
			return t.ends()
		}
	}
	t := &tokenised{context: context, ends: sync.OnceValue(func() []int { return m.Tokenizer.Ends(context) })}
	if m.recent = append(m.recent, t); len(m.recent) > recentContexts {
		m.recent[0] = nil
		m.recent = m.recent[1:]
	}
	m.mu.Unlock()
	return t.ends()
}
