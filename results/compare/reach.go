package compare

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/lcbench/lcbench/scorers"
	"github.com/lcbench/lcbench/scorers/stats"
)

// Reach is how two runs' effective lengths differ on one benchmark: up to what
// length the mean of the tasks keeps 85% of what it is at the shortest.
type Reach struct {
	Benchmark string
	// Tasks are those that are tested at every length; LeftOut counts the others.
	Tasks, LeftOut int
	Lengths        []int
	stats.LengthChange
}

// interval is what Log2 lies in, corrected for the number of benchmarks.
func (r Reach) interval(of int) (low, high float64) { return r.Interval(level / 2 / float64(of)) }

// reachFailures lists the effective lengths that are shorter than f allows.
func (c *Comparison) reachFailures(f FailOn) ([]Failure, error) {
	if !f.reach {
		return nil, nil
	}
	if len(c.Reaches) == 0 {
		return nil, fmt.Errorf("--fail-on %q: no task has pairs at two lengths or more: run both with --lengths", ofReach)
	}
	var out []Failure
	for i := range c.Reaches {
		r := &c.Reaches[i]
		if r.State != scorers.IntervalOK {
			continue
		}
		if _, high := r.interval(len(c.Reaches)); high < 0 && r.Log2 < math.Log2(1-f.shorter) {
			out = append(out, Failure{Reach: r, Reason: fmt.Sprintf("shorter than %s allows", f.reachText())})
		}
	}
	return out, nil
}

func (f FailOn) reachText() string {
	if f.shorter == 0 {
		return ofReach
	}
	return ofReach + ":" + strconv.FormatFloat(f.shorter, 'g', -1, 64)
}

// addReach adds the benchmark's effective length, where there are two lengths and
// a task that is tested at all of them.
func (b *breakdown) addReach() {
	var lengths []int
	for _, p := range b.pairs {
		if n := p.base.Cell.Length; n > 0 && !slices.Contains(lengths, n) {
			lengths = append(lengths, n)
		}
	}
	slices.Sort(lengths)
	if len(lengths) < 2 || len(lengths) > 64 {
		return
	}
	r := Reach{Benchmark: b.benchmark, Lengths: lengths}
	var tasks []scorers.TaskSpec
	var pairs []map[int][]int32 // of each task, by length
	for _, s := range b.specs {
		byLength := b.atAllLengths(s.Name, lengths)
		switch {
		case byLength != nil:
			tasks, pairs = append(tasks, s), append(pairs, byLength)
		case len(b.byTask[s.Name]) > 0:
			r.LeftOut++
		}
	}
	if r.Tasks = len(tasks); r.Tasks == 0 {
		return
	}
	ladder := stats.Ladder{Lengths: lengths}
	for _, n := range lengths {
		var blend stats.Blend
		for i, s := range tasks {
			set := b.trial.set(setName{b.benchmark, s.Name, "reach\x00" + strconv.Itoa(n), 0, false}, func() stats.Set {
				return b.setOf(s, "reach", pairs[i][n], 0, false)
			})
			blend.Terms = append(blend.Terms, stats.Term{Set: set, Share: 1 / float64(len(tasks))})
		}
		ladder.Blends = append(ladder.Blends, len(b.trial.lengths))
		b.trial.lengths = append(b.trial.lengths, blend)
	}
	b.trial.ladders, b.trial.reaches = append(b.trial.ladders, ladder), append(b.trial.reaches, r)
}

// atAllLengths are a task's pairs by length: of the questions that are asked at
// every length if there are any, else all; nil where a length has none.
func (b *breakdown) atAllLengths(task string, lengths []int) map[int][]int32 {
	asked := map[string]uint64{} // the lengths of each question, a bit each
	question := func(at int32) string {
		id := b.pairs[at].base.ID
		if n := strings.LastIndexByte(id, '@'); n > 0 {
			return id[:n]
		}
		return id
	}
	all := uint64(1)<<len(lengths) - 1
	some := uint64(0)
	for _, at := range b.byTask[task] {
		if n := b.pairs[at].base.Cell.Length; n > 0 {
			bit := uint64(1) << slices.Index(lengths, n)
			asked[question(at)] |= bit
			some |= bit
		}
	}
	if some != all {
		return nil
	}
	same := false
	for _, bits := range asked {
		same = same || bits == all
	}
	out := map[int][]int32{}
	for _, at := range b.byTask[task] {
		if n := b.pairs[at].base.Cell.Length; n > 0 && (!same || asked[question(at)] == all) {
			out[n] = append(out[n], at)
		}
	}
	return out
}
