package leval

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/lcbench/lcbench/benchmarks"
	"github.com/lcbench/lcbench/datasets"
)

// stream is the state of one Samples.
type stream struct {
	*lEval
	o       benchmarks.Options
	prompts prompts
	yield   func(benchmarks.Sample, error) bool

	base   int      // places in the order that earlier tasks have used
	judges []string // what is left to judges and not asked, by task
	asked  int      // queries for judges that were asked
	open   bool     // an open-ended task was streamed
}

// survey is what a first reading of a task's file tells.
type survey struct {
	// starts is the number of queries of its kind before each readable line: of
	// scored ones, or of those for judges.
	starts []int
	// queries are scored, judged asked for a judge, left neither.
	queries, judged, left int
	pool                  *benchmarks.Pool
}

// survey reads the file once: queries are numbered in file order, while rows
// come in document order. Bad rows are yielded later, where samples are made.
func (s *stream) survey(ctx context.Context, t task) (survey, error) {
	var out survey
	if len(s.o.Lengths) > 0 && !t.Fixed && !s.o.Unmade {
		out.pool = benchmarks.NewPool(s.o.Seed, slices.Max(s.o.Lengths))
	}
	for line, err := range datasets.Lines(ctx, s.src, t.file()) {
		if err != nil {
			var bad *datasets.RowError
			if errors.As(err, &bad) {
				continue
			}
			return out, err
		}
		r, err := decodeRow(line.Text)
		kind := &out.left
		switch {
		case err == nil && r.evaluation == t.evaluation:
			kind = &out.queries
		case err == nil && forJudge(r.evaluation, s.o):
			kind = &out.judged
		}
		out.starts = append(out.starts, *kind)
		if err != nil {
			continue
		}
		if kind != &out.left || r.evaluation == judged || r.evaluation == rated {
			*kind += len(r.queries)
		}
		if out.pool != nil {
			out.pool.Add(benchmarks.Group(t.Name, r.document), passages(r.document))
		}
	}
	return out, ctx.Err()
}

// task streams one task; it returns whether to go on.
func (s *stream) task(ctx context.Context, t task) bool {
	about, err := s.survey(ctx, t)
	if err != nil {
		return s.yield(benchmarks.Sample{}, err) && false
	}
	if about.left > 0 {
		s.judges = append(s.judges, fmt.Sprintf("%s %d", t.Name, about.left))
	}
	s.open = s.open || t.evaluation != "exam"
	o := s.o
	if notice := lengthened(t, o); notice != "" && !s.yield(benchmarks.Sample{}, &benchmarks.Notice{Text: notice}) {
		return false
	}
	if t.atEnd {
		o.Depths = []float64{100}
	}
	m := maker{stream: s, task: t, o: o, survey: about, wanted: o.Wanted(t.Task), variants: max(1, len(o.Lengths)) * max(1, len(o.Depths))}
	for line, err := range benchmarks.Grouped(ctx, s.src, t.file(), "input") {
		if err != nil {
			if !s.yield(benchmarks.Sample{}, err) {
				return false
			}
			continue
		}
		if !m.row(ctx, line) {
			return false
		}
	}
	s.base += (min(about.queries, m.wanted) + min(about.judged, m.wanted)) * m.variants
	s.asked += min(about.judged, m.wanted)
	return true
}

// maker turns rows of one task into samples.
type maker struct {
	*stream
	task             task
	o                benchmarks.Options
	survey           survey
	wanted, variants int
}

// row yields the samples of one row.
func (m *maker) row(ctx context.Context, line benchmarks.IndexedLine) bool {
	r, err := decodeRow(line.Text)
	if err != nil {
		return m.yield(benchmarks.Sample{}, datasets.NewRowError(m.task.file(), line.Number, err))
	}
	forJudge := forJudge(r.evaluation, m.o)
	if !forJudge && (r.evaluation == judged || r.evaluation == rated) {
		return true
	}
	if !forJudge && r.evaluation != m.task.evaluation {
		err := &datasets.FieldError{Field: "evaluation", Err: fmt.Errorf("want %s in this task, got %q", m.task.evaluation, r.evaluation)}
		return m.yield(benchmarks.Sample{}, datasets.NewRowError(m.task.file(), line.Number, err))
	}
	if line.Index >= len(m.survey.starts) {
		return m.yield(benchmarks.Sample{}, fmt.Errorf("leval: %s changed while it was read; start again", m.task.file())) && false
	}
	r.group = benchmarks.Group(m.task.Name, r.document)
	if m.task.alone {
		r.group = fmt.Sprintf("%s/row%d", m.task.Name, line.Index+1)
	}
	tokens := -1
	for k := range r.queries {
		place := m.survey.starts[line.Index] + k
		if place >= m.wanted {
			return true
		}
		if tokens < 0 && m.o.Tokenizer != nil {
			tokens = benchmarks.Count(m.o.Tokenizer, r.document)
		}
		if !m.query(ctx, r, line.Index, k, place, tokens) {
			return false
		}
	}
	return true
}

// query yields the samples of one query, the place-th of its kind in the file.
func (m *maker) query(ctx context.Context, r row, index, k, place, tokens int) bool {
	s := m.sample(r, index, k)
	if m.o.Tokenizer != nil {
		s.ContextTokens, s.Tokenizer = tokens, m.o.Tokenizer.Name()
	}
	if m.task.byPlace() {
		s.Strata = []string{places()[place%3]}
	}
	if s.Judge != "" {
		place += min(m.survey.queries, m.wanted)
	}
	at := m.base + place*m.variants
	for v, err := range benchmarks.Vary(ctx, s, m.task.Task, m.o, m.survey.pool) {
		v.Index = at
		at++
		if !m.yield(v, err) {
			return false
		}
	}
	return true
}

// sample renders a query as the reference asks it.
func (m *maker) sample(r row, index, k int) benchmarks.Sample {
	t, query, answer := m.task, r.queries[k], r.answers[k]
	s := benchmarks.Sample{
		ID: fmt.Sprintf("%s/row%d.q%d", t.Name, index+1, k+1), Task: t.Name, Category: t.Category, Language: t.Language,
		Prompt: m.prompts.render(t, r.document, query, answer, m.o), Chat: m.o.Mode != modeBase,
		MaxTokens: maxTokens, Own: benchmarks.TruncateWords, Metric: t.Metric, References: []string{answer},
		Group: r.group, Evidence: benchmarks.Evidence{State: benchmarks.EvidenceUnknown}, Query: query,
	}
	if r.evaluation == judged || r.evaluation == rated {
		s.Metric, s.Judge, s.Strata = "", benchmarks.JudgePairwise, []string{r.evaluation}
	}
	if t.atEnd {
		s.Own = benchmarks.TruncateWordsLeft
	}
	if texts := optionTexts(query, answer); t.evaluation == "exam" && len(texts) > 0 {
		s.Avoid = texts
	}
	if t.twice {
		world := m.prompts.render(t, "", m.prompts.byTheWorld(query), answer, m.o)
		s.FollowUp = &benchmarks.FollowUp{After: world.After, Join: factJoin, MaxTokens: maxTokens}
	}
	if m.o.Salt {
		s.Prompt.Before = benchmarks.Salt(m.o.Seed, s.ID) + s.Prompt.Before
	}
	return s
}

// factJoin is how sci_fi's two answers are stored as one.
const factJoin = benchmarks.FirstMark + " [fact: " + benchmarks.SecondMark + "]"

// lengthened is what to know about a task's contexts at other lengths.
func lengthened(t task, o benchmarks.Options) string {
	switch {
	case len(o.Lengths) == 0:
	case t.Name == "gsm100":
		return t.Name + ": contexts are only shortened, not lengthened: all rows have the same worked examples"
	case t.Fixed:
		return t.Name + ": contexts are only shortened, not lengthened: more topics would change the right answer"
	case t.Dilutes:
		return t.Name + ": lengthened contexts hold documents that the reference does not cover"
	case t.twice:
		return t.Name + ": lengthened contexts hold other stories beside the one that is asked about"
	case t.atEnd && len(o.Depths) > 0:
		return t.Name + ": the original stays last (depth 100): what is asked about stands at its end"
	}
	return ""
}

// notices say what the scores leave out and how the prompts were made.
func (s *stream) notices() []string {
	var out []string
	if s.open {
		if s.asked == 0 {
			out = append(out, "open-ended answers are scored by F1 and ROUGE alone; queries for the paper's pairwise judge were not asked (--judge)")
		}
		switch how := orDefault(s.o.LengthInstruction, lengthAbout); {
		case s.o.Mode == modeBase:
			out = append(out, "open tasks: no length instruction in mode base")
		case how == lengthOff:
			out = append(out, "open tasks: the length instruction was off, unlike the paper's")
		default:
			out = append(out, "open tasks: prompts named the reference's length (--length-instruction "+how+"), as the paper's do")
		}
	}
	if len(s.judges) > 0 {
		out = append(out, "queries tagged for judges are left out, as the reference does: "+strings.Join(s.judges, ", "))
	}
	return out
}
