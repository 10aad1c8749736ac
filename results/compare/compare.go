// Package compare tells whether a model, or a change to one, has become worse:
// it sets two runs of the same samples side by side and tells regressions from
// noise.
//
// Samples are matched by id and by what was asked (pins of the context, of the
// rest of the prompt with its references, and of the prompt as sent). Runs that
// were asked other things are refused, with the difference. What is left is
// tested on pairs, whole documents at a time, by benchmark, category, task, cell
// of length and depth, bin of the axes and stratum: each by the figure that a
// run's own table gives it, a mean or not (scorers/stats has the tests and their
// sources).
//
// Each side is a run's folder, a folder of such, or a baseline: a small file
// that holds of a run what a comparison needs (see WriteBaseline).
package compare

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/lcbench/lcbench/benchmarks"
	"github.com/lcbench/lcbench/results"
)

// Options shape a comparison. The zero value is seed 0 and no tolerance.
type Options struct {
	// Seed of what the tests draw.
	Seed uint64
	// Tolerance in points: a drop or a rise of no more is neither a regression
	// nor an improvement, however sure it is.
	Tolerance float64
	// Layout says how a benchmark's figure follows from its tasks'; nil, or false:
	// from the categories that rows name.
	Layout func(benchmark string) (Layout, bool)
	// Resamples of Pair's intervals; 0: scorers.DefaultResamples.
	Resamples int
}

// Layout is how a benchmark's figure follows from its tasks'.
type Layout struct {
	Tasks   []benchmarks.Task
	Average results.AverageRule
}

// Side is one of the two runs of a comparison, for people.
type Side struct {
	Place, Model string
	// Unfinished names what of it was read as far as it went.
	Unfinished []string
}

// Counts say what became of the samples of both sides.
type Counts struct {
	// Pairs were answered on both sides; Equal of them have the same score.
	Pairs, Equal int
	// OnlyBase and OnlyCandidate are samples of one side alone.
	OnlyBase, OnlyCandidate int
	// LostBase and LostCandidate could not be asked on that side.
	LostBase, LostCandidate int
	// OtherAxes are pairs that lie elsewhere on the axes of difficulty in the two
	// runs, since other evidence was cut off: in no bin of the axes.
	OtherAxes int
	// ForJudges are the candidate's answers that a judge alone scores.
	ForJudges int
}

// LostSample is a sample that could not be asked in the candidate.
type LostSample struct {
	Benchmark, Task, ID, Status string
	// InBase says that it was lost in the base too.
	InBase bool
}

// Drop is a sample on which the candidate scored less.
type Drop struct {
	Benchmark, ID   string
	Base, Candidate float64
	// Answer is the beginning of the candidate's answer, "" if not known.
	Answer string
}

// Comparison is what two runs come to.
type Comparison struct {
	Base, Candidate Side
	// Titles are the benchmarks' names for people, Builtin those whose samples
	// are generated stand-ins.
	Titles    map[string]string
	Builtin   []string
	Options   Options
	Counts    Counts
	Units     []Unit
	Reaches   []Reach // effective lengths, of benchmarks with several lengths
	Lost      []LostSample
	Drops     []Drop // the largest first, no more than maxDrops
	Notes     []string
	Resamples int
	// Families of units share the chance of a false alarm.
	Families int
	// cuts say where samples lie, of Pair alone.
	cuts func(id string) []Cut
}

// maxDrops bounds Comparison.Drops.
const maxDrops = 200

// ErrNotComparable says that two runs don't measure the same thing.
var ErrNotComparable = errors.New("not comparable")

// Compare sets the candidate beside the base. The error wraps ErrNotComparable
// where they were asked other things, or have no sample in common.
func Compare(base, candidate Source, o Options) (*Comparison, error) {
	c := &Comparison{
		Base: side(base), Candidate: side(candidate), Options: o, Titles: map[string]string{},
	}
	var all []matched
	var shared []string
	for _, b := range base.Runs {
		at := slices.IndexFunc(candidate.Runs, func(r Run) bool { return r.Benchmark == b.Benchmark })
		if at < 0 {
			c.note("%s: only in the base", b.Benchmark)
			continue
		}
		now := candidate.Runs[at]
		shared = append(shared, b.Benchmark)
		if err := c.comparable(b, now); err != nil {
			return nil, err
		}
		m, err := c.match(b, now)
		if err != nil {
			return nil, err
		}
		if err := c.oldBaseline(b, now, m); err != nil {
			return nil, err
		}
		c.Counts.ForJudges += now.ForJudges
		c.Titles[b.Benchmark] = orElse(now.Title, b.Benchmark)
		if now.Builtin() {
			c.Builtin = append(c.Builtin, b.Benchmark)
		}
		all = append(all, m)
	}
	for _, now := range candidate.Runs {
		if !slices.ContainsFunc(base.Runs, func(r Run) bool { return r.Benchmark == now.Benchmark }) {
			c.note("%s: only in the candidate", now.Benchmark)
		}
	}
	if len(shared) == 0 {
		return nil, fmt.Errorf("%w: the base is of %s, the candidate of %s", ErrNotComparable, names(base.Runs), names(candidate.Runs))
	}
	if c.Counts.Pairs == 0 {
		return nil, noPairs(c.Counts)
	}
	if err := c.judge(all); err != nil {
		return nil, err
	}
	c.sortDrops(all)
	return c, nil
}

// noPairs says why nothing can be compared.
func noPairs(n Counts) error {
	if n.LostBase+n.LostCandidate > 0 {
		return fmt.Errorf("%w: no sample has an answer on both sides (lost: %d in the base, %d in the candidate): run the same command again, it asks them anew",
			ErrNotComparable, n.LostBase, n.LostCandidate)
	}
	return fmt.Errorf("%w: no sample in common (%d in the base, %d in the candidate): run both with the same --tasks, --limit and --lengths",
		ErrNotComparable, n.OnlyBase, n.OnlyCandidate)
}

func (c *Comparison) note(format string, args ...any) {
	c.Notes = append(c.Notes, fmt.Sprintf(format, args...))
}

func side(s Source) Side {
	out := Side{Place: s.Place}
	var models []string
	for _, r := range s.Runs {
		if !slices.Contains(models, r.model()) {
			models = append(models, r.model())
		}
		if r.Unfinished() {
			out.Unfinished = append(out.Unfinished, fmt.Sprintf("%s: stopped early, %d samples so far", r.Benchmark, len(r.Samples)))
		}
	}
	out.Model = strings.Join(models, ", ")
	return out
}

func names(runs []Run) string {
	out := make([]string, len(runs))
	for i, r := range runs {
		out[i] = r.Benchmark
	}
	return strings.Join(out, ", ")
}

func orElse(a, b string) string {
	if a == "" {
		return b
	}
	return a
}
