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
	// Values are the axes of a measured or partly measured sample; of an assigned
	// one, Diffusion and Scope alone; else none.
	Values scorers.Axes
	// Beside are figures of the same evidence; of an assigned sample none.
	Beside scorers.Beside
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
	// AxesPartial: from those places of the evidence that are known, which are not
	// all of them (a hop is missing); scope is a lower bound.
	AxesPartial AxesState = "partial"
	// AxesAssigned: the task's prior, since the evidence is not known.
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
		err = a.measureWhole(s, m.whole(s))
	case s.Evidence.located() && m.Tokenizer != nil:
		tokens, n := m.tokens(s)
		err = a.measure(s, tokens, n)
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

// measure measures the evidence whose places are known, or the smallest set of
// it where any one suffices. Tokens are its places among the context's n tokens.
func (a *Axes) measure(s Sample, tokens []scorers.Span, n int) error {
	a.State = AxesMeasured
	if s.Evidence.State == EvidencePartial {
		a.State = AxesPartial
	}
	bytes, tokens, k := s.Evidence.smallest(tokens)
	return a.locate(s, scorers.Located{Evidence: bytes, EvidenceTokens: tokens, Tokens: n, Alternatives: k})
}

// measureWhole measures a sample that needs all n tokens of its context; how many
// they are matters to the extent alone, and 0 leaves that out.
func (a *Axes) measureWhole(s Sample, n int) error {
	a.State = AxesMeasured
	all := scorers.Located{Evidence: []scorers.Span{{Start: 0, End: len(s.Prompt.Context)}}, Tokens: max(1, n)}
	all.EvidenceTokens = []scorers.Span{{Start: 0, End: all.Tokens}}
	err := a.locate(s, all)
	if n == 0 {
		a.Beside.Extent = scorers.Optional{}
	}
	return err
}

func (a *Axes) locate(s Sample, l scorers.Located) (err error) {
	l.Context, l.Question, l.Hops = s.Prompt.Context, cmp.Or(s.Query, s.Prompt.After), s.Hops
	if a.Values, a.Beside, err = scorers.MeasureAxes(l); err != nil {
		a.State = AxesUnknown
		return fmt.Errorf("axes: %w", err)
	}
	return nil
}

// whole is the number of the context's tokens, 0 if that isn't known.
func (m *AxesMeter) whole(s Sample) int {
	switch {
	case m.Tokenizer == nil:
		return 0
	case s.Tokenizer == m.Tokenizer.Name() && s.ContextTokens > 0:
		return s.ContextTokens
	}
	return len(m.ends(s.Prompt.Context))
}

// tokens returns the evidence as ranges of the context's tokens, and how many
// there are: as the adapter found them, else they are found anew.
func (m *AxesMeter) tokens(s Sample) (spans []scorers.Span, n int) {
	if s.Evidence.Tokens != nil && s.Tokenizer == m.Tokenizer.Name() {
		return s.Evidence.Tokens, s.ContextTokens
	}
	ends := m.ends(s.Prompt.Context)
	return scorers.TokenSpans(ends, s.Evidence.Spans), len(ends)
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
