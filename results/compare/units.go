package compare

import (
	"hash/fnv"
	"slices"
	"strconv"

	"github.com/lcbench/lcbench/benchmarks"
	"github.com/lcbench/lcbench/results"
	"github.com/lcbench/lcbench/scorers/stats"
)

// weighted is a pair in a unit: its weight is such that the weighted mean over
// the unit's pairs is the unit's figure.
type weighted struct {
	pair
	stratum string
	weight  float64
}

// draft is a unit with its pairs.
type draft struct {
	Unit
	pairs []weighted
}

// drafts makes the units of all benchmarks.
func (c *Comparison) drafts(all []matched) []draft {
	var out []draft
	var wholes [][]weighted // a benchmark's average, boards alike
	boardCount := 0
	for _, m := range all {
		l := c.layout(m)
		b := breakdown{benchmark: m.benchmark, title: c.Titles[m.benchmark], layout: l, byTask: map[string][]pair{}}
		for _, p := range m.pairs {
			if b.byTask[p.base.Task] == nil {
				b.tasks = append(b.tasks, p.base.Task)
			}
			b.byTask[p.base.Task] = append(b.byTask[p.base.Task], p)
		}
		if len(m.pairs) == 0 {
			continue
		}
		boards := b.boards()
		boardCount += len(boards)
		wholes = append(wholes, together(boards))
		out = append(out, b.drafts()...)
	}
	if boardCount > 1 {
		out = slices.Insert(out, 0, draft{Unit{Level: Overall, Name: "Overall"}, together(wholes)})
	}
	return out
}

// together is the mean of several figures; a sample that counts in several of
// them counts once, with what it weighs in all.
func together(parts [][]weighted) []weighted {
	var out []weighted
	at := map[*Sample]int{}
	for _, part := range parts {
		share := 1 / weightOf(part) / float64(len(parts))
		for _, p := range part {
			p.weight *= share
			if i, seen := at[p.base]; seen {
				out[i].weight += p.weight
				continue
			}
			at[p.base] = len(out)
			out = append(out, p)
		}
	}
	return out
}

// layout is the benchmark's own, or what its rows say.
func (c *Comparison) layout(m matched) Layout {
	if c.Options.Layout != nil {
		if l, ok := c.Options.Layout(m.benchmark); ok {
			return l
		}
	}
	l := Layout{Average: results.AverageCategories}
	for _, p := range m.pairs {
		if !slices.ContainsFunc(l.Tasks, func(t benchmarks.Task) bool { return t.Name == p.base.Task }) {
			l.Tasks = append(l.Tasks, benchmarks.Task{Name: p.base.Task, Category: p.base.Category})
		}
	}
	return l
}

// statsPairs are the unit's pairs as the tests take them.
func (d draft) statsPairs() []stats.Pair {
	out := make([]stats.Pair, len(d.pairs))
	for i, p := range d.pairs {
		out[i] = stats.Pair{
			ID: p.base.ID, Stratum: p.stratum, Group: strconv.Itoa(p.base.Document),
			Base: p.base.Score, Candidate: p.candidate.Score, Weight: p.weight,
		}
	}
	return out
}

// signature is the same for units of the same pairs in the same proportions:
// they are one hypothesis, tested once.
func (d draft) signature() uint64 {
	h := fnv.New64a()
	total := weightOf(d.pairs)
	var line []byte
	for _, p := range d.pairs {
		line = append(append(append(line[:0], p.stratum...), 0), p.base.ID...)
		line = strconv.AppendFloat(append(line, 0), p.weight/total, 'e', 8, 64)
		_, _ = h.Write(line)
	}
	return h.Sum64()
}
