package needlebench

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/lcbench/lcbench/benchmarks"
	"github.com/lcbench/lcbench/benchmarks/haystack"
)

// chainStep is how far behind each other the needles of a chain stand, in
// percent of the haystack (upstream's diff).
const chainStep = 10

// Limits on answers, in tokens: none is fixed by the paper. Chains and trees
// leave room to reason.
const (
	singleTokens   = 64
	multiTokens    = 32 // for each needle
	chainTokens    = 512
	ancestryTokens = 2048
)

// maker turns the cells of one task into samples. Cells of one repeat and count
// share their needles and the order of their haystack, and come after each
// other.
type maker struct {
	*stream
	task    task
	w       wording
	stock   *stock
	longest int // of the task's lengths

	shared string // names the repeat and count that plan and hay are of
	plan   plan
	hay    *haystack.Hay
}

// plan is what to hide and what to ask, before it is known where.
type plan struct {
	needles  []needle // single and multi
	chain    []string // statements of a chain
	question string
	query    string
	answers  []string
	classes  []string
	avoid    []string
	metric   string
}

// sample makes the sample of a cell.
func (m *maker) sample(ctx context.Context, c cell) (benchmarks.Sample, error) {
	s := benchmarks.Sample{
		Task: m.task.Name, Category: m.task.Category, Language: m.task.Language, Chat: true,
		Evidence: benchmarks.Evidence{State: benchmarks.EvidenceKnown}, Tokenizer: m.o.Tokenizer.Name(),
	}
	if m.task.kind == ancestry {
		return m.tree(s, c)
	}
	row := fmt.Sprintf("%s/r%d", m.task.Name, c.repeat+1)
	if c.count > 0 {
		row += fmt.Sprintf("n%d", c.count)
	}
	s.ID, s.Group = fmt.Sprintf("%s@%d", row, c.length), row
	s.TargetLength, s.ContextTokens = c.length, c.length
	if m.task.kind != multi {
		s.ID += fmt.Sprintf("/%g", c.depth)
		s.Depth = &c.depth
	}
	if m.task.kind == reasoning {
		s.Strata, s.Hops = strata(reasoning, []int{c.count}), c.count
	}
	if m.shared != row {
		var err error
		if m.plan, err = m.draw(row, c); err != nil {
			return s, lost(s.ID, "too few needles", err)
		}
		m.shared, m.hay = row, nil
	}
	m.ask(&s)
	if m.o.LeavesUnmade(s.ID) {
		return s, nil
	}
	return s, m.hide(ctx, &s, c)
}

// lost says that a sample can't be made, and why.
func lost(id, reason string, err error) error {
	if !errors.Is(err, benchmarks.ErrSample) {
		err = fmt.Errorf("%w: %w", benchmarks.ErrSample, err)
	}
	return &benchmarks.SampleError{SampleID: id, Reason: reason, Err: err}
}

// draw chooses the needles of a repeat.
func (m *maker) draw(row string, c cell) (plan, error) {
	r := benchmarks.Rand(m.o.Seed, row, "needles")
	switch m.task.kind {
	case single:
		p := m.question(drawNeedles(r, m.task.Language, m.needles[m.task.Language], 1))
		if m.o.Mode == modeV1 {
			p.metric, p.classes = "needle_v1", p.answers
			p.answers = []string{p.needles[0].text}
		}
		return p, nil
	case multi:
		wanted := depths(m.o, m.b.builtin())
		list := drawNeedles(r, m.task.Language, m.needles[m.task.Language], len(wanted))
		if len(list) < len(wanted) {
			return plan{}, fmt.Errorf("a needle at each of %d depths is wanted, there are %d needles; ask for fewer --depths", len(wanted), len(list))
		}
		p := m.question(list)
		for _, d := range wanted {
			p.classes = append(p.classes, strconv.FormatFloat(d, 'g', -1, 64))
		}
		return p, nil
	}
	if known := m.derivations(c.count); len(known) > 0 {
		d := known[r.IntN(len(known))]
		return plan{chain: d.statements, question: d.question, query: d.question, answers: []string{d.answer}, avoid: []string{d.answer}}, nil
	}
	tree, err := drawChain(r, m.w, m.names[m.task.Language], c.count)
	if err != nil {
		return plan{}, fmt.Errorf("%w; ask for fewer --needles", err)
	}
	question := strings.ReplaceAll(m.w.eldest, "{b}", tree.people[c.count])
	return plan{chain: tree.statements, question: question, query: question, answers: tree.people[:1], avoid: tree.people}, nil
}

// derivations are the files' chains of so many statements, in mode v1.
func (m *maker) derivations(count int) []derivation {
	if m.stock == nil {
		return nil
	}
	return m.stock.derivations[count]
}

// question asks for one needle or for several.
func (m *maker) question(list []needle) plan {
	p := plan{needles: list}
	var queries, keys []string
	for _, n := range list {
		p.answers = append(p.answers, n.keyword)
		p.avoid = append(p.avoid, n.keyword, n.key)
		queries, keys = append(queries, n.query), append(keys, n.ask)
	}
	p.query = strings.Join(queries, "\n")
	p.question = keys[0]
	if len(list) > 1 {
		p.question = m.w.several + p.query
	}
	return p
}

// ask writes the prompt around the context.
func (m *maker) ask(s *benchmarks.Sample) {
	p := m.plan
	s.Metric, s.References, s.Classes, s.Query = m.task.Metric, p.answers, p.classes, p.query
	if p.metric != "" {
		s.Metric = p.metric
	}
	before, after := m.w.before, m.w.after
	if m.o.Mode == modeFirst {
		before, after = m.w.first, m.w.last
	}
	s.Prompt.Before = strings.Replace(before, "{question}", p.question, 1)
	s.Prompt.After = strings.Replace(after, "{question}", p.question, 1)
	if m.o.Salt {
		s.Prompt.Before = benchmarks.Salt(m.o.Seed, s.ID) + s.Prompt.Before
	}
	switch m.task.kind {
	case single:
		s.MaxTokens = singleTokens
	case multi:
		s.MaxTokens = multiTokens * (len(p.needles) + 1)
	default:
		s.MaxTokens = chainTokens
	}
}

// hide makes the context.
func (m *maker) hide(ctx context.Context, s *benchmarks.Sample, c cell) (err error) {
	// Salted, each cell has its texts in an order of its own: not a prefix alone
	// but no part of the haystack stands where it stood before.
	order, tokens := s.Group, m.longest
	if m.o.Salt {
		m.hay, order, tokens = nil, s.ID, c.length
	}
	if m.hay == nil {
		if m.hay, err = m.stock.texts.Draw(ctx, m.o.Seed, order, m.plan.avoid, tokens); err != nil {
			return err
		}
	}
	length := c.length - m.buffer()
	if length < 1 {
		return lost(s.ID, "no room behind the buffer", fmt.Errorf("a length of %s leaves nothing behind the buffer of %d tokens for prompt and answer; ask for longer --lengths, or --mode %s",
			benchmarks.FormatTokens(c.length), m.buffer(), modeV2))
	}
	made, err := m.hay.Make(length, m.places(c))
	if err != nil {
		reason := "needles too long for a context of " + benchmarks.FormatTokens(length)
		if short := (*haystack.ShortError)(nil); errors.As(err, &short) {
			reason = "haystack too small for a context of " + benchmarks.FormatTokens(length)
		}
		return lost(s.ID, reason, err)
	}
	s.Prompt.Context, s.ContextTokens, s.Evidence.Spans = made.Text, made.Tokens, made.Spans
	return nil
}

// buffer is what a length leaves to prompt and answer, in tokens.
func (m *maker) buffer() int {
	switch {
	case m.o.Mode != modeBuffer && m.o.Mode != modeV1:
		return 0
	case m.task.Language == "zh":
		return 200
	}
	return 3000
}

// places says which needles go where, by rising depth.
func (m *maker) places(c cell) []haystack.Needle {
	var out []haystack.Needle
	for i, n := range m.plan.needles {
		depth := c.depth
		if m.task.kind == multi {
			depth = depths(m.o, m.b.builtin())[i]
		}
		out = append(out, haystack.Needle{Text: n.text, Depth: depth})
	}
	for i, statement := range m.plan.chain {
		out = append(out, haystack.Needle{Text: statement, Depth: min(100, c.depth+float64(i*chainStep))})
	}
	return out
}
