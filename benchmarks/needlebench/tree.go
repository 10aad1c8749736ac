package needlebench

import (
	"fmt"
	"strings"

	"github.com/lcbench/lcbench/benchmarks"
)

// tree makes a question to a family tree. It has no length of its own.
func (m *maker) tree(s benchmarks.Sample, c cell) (benchmarks.Sample, error) {
	s.ID = fmt.Sprintf("%s/r%dk%dq%d", m.task.Name, c.repeat+1, c.count, c.ask+1)
	s.Group, s.Metric, s.MaxTokens = s.ID, m.task.Metric, ancestryTokens
	s.Hops, s.Strata, s.Weight = c.count, strata(ancestry, []int{c.count}), float64(c.count)
	r := benchmarks.Rand(m.o.Seed, s.ID, "family")
	tree, err := drawChain(r, m.w, m.names[m.task.Language], c.count)
	if err != nil {
		return s, lost(s.ID, "too few names", fmt.Errorf("%w; ask for fewer --needles", err))
	}
	question, answer := tree.question(r, m.w, c.ask)
	r.Shuffle(len(tree.statements), func(i, j int) {
		tree.statements[i], tree.statements[j] = tree.statements[j], tree.statements[i]
	})
	s.References, s.Query = []string{answer}, question
	s.Prompt = benchmarks.Prompt{Before: m.w.tree, Context: strings.Join(tree.statements, "\n"), After: "\n\n" + question + m.w.boxed}
	if m.o.Mode == modeFirst {
		s.Prompt.Before, s.Prompt.After = question+m.w.boxed+"\n\n"+m.w.tree, ""
	}
	if m.o.Salt {
		s.Prompt.Before = benchmarks.Salt(m.o.Seed, s.ID) + s.Prompt.Before
	}
	s.Evidence.Spans = benchmarks.FindSpans(s.Prompt.Context, s.Prompt.Context) // all of it
	s.ContextTokens = benchmarks.Count(m.o.Tokenizer, s.Prompt.Context)
	return s, nil
}
