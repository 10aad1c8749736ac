package compare

import (
	"slices"

	"github.com/lcbench/lcbench/results"
	"github.com/lcbench/lcbench/scorers"
	"github.com/lcbench/lcbench/scorers/stats"
)

// breakdown takes one benchmark's pairs apart, as its own table does.
type breakdown struct {
	trial            *trial
	benchmark, title string
	rule             results.AverageRule
	specs            []scorers.TaskSpec // the layout's, then of tasks that it doesn't know
	pairs            []pair
	first            int32              // place of the first one in trial.pairs
	byTask           map[string][]int32 // places in pairs
	labels           [][]string         // of each pair: the bins that it lies in
	// inBin are the places of the pairs of a bin or stratum, by label and task.
	inBin map[string]map[string][]int32
	bins  []bin
	// own are the figures of base and candidate by task, category, board and
	// stratum; binned by bin.
	own, binned [2]scorers.Aggregates
}

func newBreakdown(c *Comparison, t *trial, m matched) *breakdown {
	l, own := c.layout(m)
	b := &breakdown{
		trial: t, benchmark: m.benchmark, title: c.Titles[m.benchmark], rule: l.Average, pairs: m.pairs,
		first: int32(len(t.pairs)), byTask: map[string][]int32{}, inBin: map[string]map[string][]int32{}, specs: specsOf(l),
	}
	strata := map[string]int32{}
	documents := int32(0)
	for i, p := range m.pairs {
		task := p.base.Task
		b.byTask[task] = append(b.byTask[task], int32(i))
		if !slices.ContainsFunc(b.specs, func(s scorers.TaskSpec) bool { return s.Name == task }) {
			s := scorers.TaskSpec{Name: task}
			if !own {
				s.Category = orElse(p.base.Category, task)
			}
			b.specs = append(b.specs, s)
		}
		h, seen := strata[task]
		if !seen {
			h = t.strata
			strata[task] = h
			t.strata++
		}
		t.pairs = append(t.pairs, stats.ScoredPair{
			Stratum: h, Document: t.documents + int32(p.base.Document), Weight: p.base.Weight, Base: p.base.Score, Candidate: p.candidate.Score,
			BaseParts: p.base.Parts, CandidateParts: p.candidate.Parts,
		})
		documents = max(documents, int32(p.base.Document)+1)
	}
	t.documents += documents
	b.nameStrata()
	b.sort(c)
	b.average()
	return b
}

// specsOf are the layout's tasks as averages take them.
func specsOf(l Layout) []scorers.TaskSpec {
	var out []scorers.TaskSpec
	for _, t := range l.Tasks {
		if slices.ContainsFunc(out, func(s scorers.TaskSpec) bool { return s.Name == t.Name }) {
			continue
		}
		out = append(out, scorers.TaskSpec{
			Name: t.Name, Category: t.Category, Share: t.Share, Boards: t.Boards, Strata: slices.Clone(t.Strata),
			Parts: t.Parts, Headline: t.Headline, Decimals: t.Decimals,
		})
	}
	return out
}

// nameStrata sorts pairs into strata. Those that rows name and their task
// doesn't are added to it, unless its headline is made of strata.
func (b *breakdown) nameStrata() {
	for i := range b.specs {
		s := &b.specs[i]
		for _, at := range b.byTask[s.Name] {
			for _, name := range b.pairs[at].strata() {
				if !slices.Contains(s.Strata, name) && s.Headline != scorers.HeadlineStrata {
					s.Strata = append(s.Strata, name)
				}
				b.put(ofStratum+name, s.Name, at)
			}
		}
	}
}

// put notes that a pair lies in a bin.
func (b *breakdown) put(label, task string, at int32) {
	if b.inBin[label] == nil {
		b.inBin[label] = map[string][]int32{}
	}
	b.inBin[label][task] = append(b.inBin[label][task], at)
}

// average works out the figures of both sides.
func (b *breakdown) average() {
	binned := slices.Clone(b.specs)
	var labels []string
	for _, x := range b.bins {
		labels = append(labels, x.label)
	}
	for i := range binned {
		binned[i].Strata, binned[i].Parts = labels, nil
	}
	none := scorers.AggregateOptions{Resamples: -1}
	for side := range 2 {
		rows := make([]scorers.Row, len(b.pairs))
		for i, p := range b.pairs {
			s := p.side(side)
			rows[i] = scorers.Row{Task: p.base.Task, Score: s.Score, Weight: p.base.Weight, Valid: true, Parts: s.Parts, Strata: p.strata()}
		}
		b.own[side] = scorers.Aggregate(rows, b.specs, none)
		for i := range rows {
			rows[i].Strata = b.labels[i]
		}
		b.binned[side] = scorers.Aggregate(rows, binned, none)
	}
}

// on lists the tasks of a board that have pairs in a bin; label "": any.
func (b *breakdown) on(board, label string) []scorers.TaskSpec {
	return slices.DeleteFunc(slices.Clone(b.specs), func(s scorers.TaskSpec) bool {
		return !slices.Contains(boardsOf(s), board) || len(b.in(s.Name, label)) == 0
	})
}

func boardsOf(s scorers.TaskSpec) []string {
	if len(s.Boards) == 0 {
		return []string{""}
	}
	return s.Boards
}

// in lists a task's pairs in a bin.
func (b *breakdown) in(task, label string) []int32 {
	if label == "" {
		return b.byTask[task]
	}
	return b.inBin[label][task]
}

// boards lists the boards that have pairs, in order of first mention.
func (b *breakdown) boards() []string {
	var out []string
	for _, s := range b.specs {
		for _, board := range boardsOf(s) {
			if len(b.byTask[s.Name]) > 0 && !slices.Contains(out, board) {
				out = append(out, board)
			}
		}
	}
	return out
}

// blend is a board's average over a bin.
func (b *breakdown) blend(board, label string) stats.Blend {
	tasks := b.on(board, label)
	if b.rule == results.AverageSamples {
		var sets []int
		for _, s := range tasks {
			sets = append(sets, b.set(s, label, 0, true))
		}
		return stats.Blend{Terms: b.trial.byWeight(sets), Pooled: true}
	}
	shares, inCategory := map[string]float64{}, map[string]int{}
	sum := 0.0
	for _, s := range tasks {
		if s.Category == "" {
			continue // it counts in no average
		}
		if inCategory[s.Category]++; inCategory[s.Category] == 1 {
			shares[s.Category] = b.shareOf(s.Category, board)
			sum += shares[s.Category]
		}
	}
	var out stats.Blend
	for _, s := range tasks {
		if s.Category != "" {
			out.Terms = append(out.Terms, scaled(b.task(s, label), shares[s.Category]/sum/float64(inCategory[s.Category]))...)
		}
	}
	return out
}

// shareOf is what a category counts in its board's mean.
func (b *breakdown) shareOf(category, board string) float64 {
	for _, s := range b.specs {
		if s.Category == category && s.Share > 0 && slices.Contains(boardsOf(s), board) {
			return s.Share
		}
	}
	return 1
}

func scaled(terms []stats.Term, by float64) []stats.Term {
	out := slices.Clone(terms)
	for i := range out {
		out[i].Share *= by
	}
	return out
}

// task is a task's figure over a bin; one that is made of strata and parts only
// as a whole.
func (b *breakdown) task(s scorers.TaskSpec, label string) []stats.Term {
	if label != "" || s.Headline != scorers.HeadlineStrata {
		return []stats.Term{{Set: b.set(s, label, 0, false), Share: 1}}
	}
	var sets []int
	for _, name := range s.Strata {
		if len(b.in(s.Name, ofStratum+name)) > 0 {
			sets = append(sets, b.set(s, ofStratum+name, 0, false))
		}
	}
	for i := range s.Parts {
		sets = append(sets, b.set(s, "", 1+i, false))
	}
	if len(sets) == 0 {
		return []stats.Term{{Set: b.set(s, "", 0, false), Share: 1}}
	}
	out := make([]stats.Term, len(sets))
	for i, set := range sets {
		out[i] = stats.Term{Set: set, Share: 1 / float64(len(sets))}
	}
	return out
}

// set is a task's pairs in a bin, scored by the headline, by one part, or (plain)
// by their scores.
func (b *breakdown) set(s scorers.TaskSpec, label string, part int, plain bool) int {
	return b.trial.set(setName{b.benchmark, s.Name, label, part, plain}, func() stats.Set {
		return b.setOf(s, label, b.in(s.Name, label), part, plain)
	})
}

func (b *breakdown) setOf(s scorers.TaskSpec, label string, pairs []int32, part int, plain bool) stats.Set {
	out := stats.Set{Part: part}
	for _, at := range pairs {
		out.Pairs = append(out.Pairs, b.first+at)
	}
	if part > 0 || plain || s.Headline.FromMeans() == nil {
		return out
	}
	out.Headline = s.Headline
	if label == "" && s.Headline == scorers.HeadlineGeometric {
		out.Columns = len(s.Parts)
		return out
	}
	for _, at := range pairs {
		out.Columns = max(out.Columns, len(b.pairs[at].base.Parts), len(b.pairs[at].candidate.Parts))
	}
	return out
}
