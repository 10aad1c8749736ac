package scorers

import (
	"fmt"
	"math"
	"runtime"
	"slices"
)

// Row is one scored sample, as far as averages need it.
type Row struct {
	Task string
	// Group names the document that the sample is about: rows of one group are
	// resampled together. Empty: a document of its own.
	Group string
	// Score is in 0..1; 0 for a sample without an answer.
	Score float64
	// Weight is what the row weighs in means; 0: 1. LooGLE's cloze questions
	// weigh their masks.
	Weight float64
	// Valid says that nothing was cut and the answer is whole.
	Valid bool
	// Parts are the figures that Score is made of, as TaskSpec.Parts names them;
	// nil counts 0 in each.
	Parts []float64
	// Strata are the groups of TaskSpec.Strata that the row belongs to.
	Strata []string
}

// part is the row as one of its parts alone scores it.
func (r Row) part(i int) Row {
	score := 0.0
	if i < len(r.Parts) {
		score = r.Parts[i]
	}
	r.Score, r.Parts = score, nil
	return r
}

// TaskSpec says where a task counts.
type TaskSpec struct {
	Name     string
	Category string
	// Boards are the tables that the task counts in; each has its own average.
	// LongBench's code tasks count in en and zh. Empty: the board "".
	Boards []string
	// Share is what the task's category counts in the mean over a board's
	// categories, beside the others' shares; 0: 1, as where all count alike.
	Share float64
	// Strata are the groups of rows that the task is also reported by.
	Strata []string
	// Parts name what Row.Parts holds; the task is reported by them as by strata.
	Parts []string
	// Headline says how the task's figure follows from its rows.
	Headline Headline
	// Decimals that the reference rounds the task's percent to; 0: LongBench's 2.
	Decimals int
}

// Estimate is a mean over rows. Without rows it is absent: Value is 0 and says
// nothing.
type Estimate struct {
	// Rows is how many rows the mean is over.
	Rows int
	// Value is in 0..1.
	Value    float64
	Interval Interval
}

// Absent says that there is no mean, since there are no rows.
func (e Estimate) Absent() bool { return e.Rows == 0 }

// Means are the two means of one set of rows.
type Means struct {
	// All is over every row; those without an answer count 0.
	All Estimate
	// Valid is over the valid rows only. It has no interval.
	Valid Estimate
	// Reference is 100·All rounded as the reference rounds it before it
	// averages further: a task to 2 decimals (LooGLE rounds the share to 4), a stratum of it as LongBench-E
	// rounds its buckets, an average not at all. NaN if absent.
	Reference float64
}

// StratumMeans are the means of the rows of one stratum.
type StratumMeans struct {
	Name string
	Means
}

// TaskMeans are a task's means.
type TaskMeans struct {
	Spec TaskSpec
	Means
	// Strata follow Spec.Strata, then Spec.Parts.
	Strata []StratumMeans
}

// CategoryMeans are unweighted means of a category's tasks on one board.
// Rows in the estimates count the tasks' rows together.
type CategoryMeans struct {
	Name  string
	Board string
	// Tasks names the tasks that have rows.
	Tasks []string
	Means
}

// BoardMeans are a board's averages.
type BoardMeans struct {
	Name       string
	Categories []CategoryMeans
	// Macro is the mean of the categories that have rows, each counting by
	// TaskSpec.Share.
	Macro Means
	// Micro is the mean over the samples of all tasks, each counting once.
	Micro Means
	// Strata are Macro and Micro over the rows of one stratum, in the order in
	// which tasks name them.
	Strata []BoardStratum
	// Missing names the board's tasks without rows.
	Missing []string
}

// BoardStratum are a board's averages over the rows of one stratum.
type BoardStratum struct {
	Name         string
	Macro, Micro Means
}

// Aggregates are all averages of one set of rows.
type Aggregates struct {
	Tasks  []TaskMeans
	Boards []BoardMeans
	// Warnings say what an average leaves out.
	Warnings []string
}

// AggregateOptions shape the intervals. The zero value is 10,000 resamples
// under seed 0 on all cores.
type AggregateOptions struct {
	Seed uint64
	// Resamples of the bootstrap; 0: DefaultResamples; negative: no intervals.
	Resamples int
	// Workers draw at the same time; 0: one a core. It changes no number.
	Workers int
}

// Aggregate averages rows by task, category and board, with 95 % percentile
// bootstrap intervals: documents are drawn with replacement within each task
// (rows of one document together), and averages over tasks combine the same
// draw of each. Rows are summed in the order given: for the reference's very
// last digit give them in file order.
func Aggregate(rows []Row, tasks []TaskSpec, o AggregateOptions) Aggregates {
	if o.Resamples == 0 {
		o.Resamples = DefaultResamples
	}
	if o.Workers == 0 {
		o.Workers = runtime.GOMAXPROCS(0)
	}
	a := newAggregation(rows, tasks)
	a.resample(o)
	a.summarise()
	out := Aggregates{Warnings: a.warnings}
	for _, t := range a.tasks {
		out.Tasks = append(out.Tasks, t.means())
	}
	for _, name := range a.boardNames() {
		board, warnings := a.board(name)
		out.Boards = append(out.Boards, board)
		out.Warnings = append(out.Warnings, warnings...)
	}
	return out
}

// aggregation holds the parts while they are combined.
type aggregation struct {
	tasks    []*taskPart
	warnings []string
}

// taskPart is a task with its rows and draws; strata have their own.
type taskPart struct {
	spec   TaskSpec
	whole  part
	strata []part
}

// part is one set of rows. Its means and their draws are worked out once,
// since they go into several averages.
type part struct {
	name  string
	rows  []Row
	draws draws
	means Means
	drawn []float64     // the mean of each draw
	state IntervalState // of drawn
	// column is 1 + the index of the row's part that this part is about; 0: of
	// whole rows.
	column int
	// columns are the rows by each of their parts, for HeadlineGeometric; those
	// of a whole task are its strata.
	columns []*part
}

func newAggregation(rows []Row, specs []TaskSpec) *aggregation {
	a := &aggregation{}
	at := map[string]*taskPart{}
	add := func(s TaskSpec) *taskPart {
		t := &taskPart{spec: s, whole: part{name: s.Name}}
		for _, name := range s.Strata {
			t.strata = append(t.strata, part{name: name})
		}
		for i, name := range s.Parts {
			t.strata = append(t.strata, part{name: name, column: i + 1})
		}
		a.tasks = append(a.tasks, t)
		at[s.Name] = t
		return t
	}
	for _, s := range specs {
		if at[s.Name] == nil {
			add(s)
		}
	}
	notNumbers := 0
	for _, r := range rows {
		t := at[r.Task]
		if t == nil {
			a.warnings = append(a.warnings, fmt.Sprintf("task %q is not one of the benchmark's: it counts in no category", r.Task))
			t = add(TaskSpec{Name: r.Task})
		}
		if value(r.Score) != r.Score {
			notNumbers++
		}
		t.whole.rows = append(t.whole.rows, r)
		t.sort(r)
	}
	for _, t := range a.tasks {
		t.split()
	}
	if notNumbers > 0 {
		a.warnings = append(a.warnings, fmt.Sprintf("%d rows have a score that is no finite number: they count 0", notNumbers))
	}
	return a
}

// sort puts a row into the strata that it belongs to.
func (t *taskPart) sort(r Row) {
	for i := range t.strata {
		switch p := &t.strata[i]; {
		case p.column > 0:
			p.rows = append(p.rows, r.part(p.column-1))
		case slices.Contains(r.Strata, p.name):
			p.rows = append(p.rows, r)
		}
	}
}

// resample draws for every part that has rows.
func (a *aggregation) resample(o AggregateOptions) {
	var units []unit
	for _, t := range a.tasks {
		for i := range t.strata {
			p := &t.strata[i]
			units = append(units, unit{t.stream(p), p.rows, &p.draws})
			for _, c := range p.columns {
				units = append(units, unit{t.stream(p), c.rows, &c.draws})
			}
		}
		units = append(units, unit{t.spec.Name, t.whole.rows, &t.whole.draws})
		for _, c := range t.whole.columns {
			if t.spec.Headline != HeadlineGeometric { // whose columns are strata
				units = append(units, unit{t.spec.Name, c.rows, &c.draws})
			}
		}
	}
	if o.Resamples < 0 {
		for _, u := range units {
			u.out.state = IntervalNotAsked
		}
		return
	}
	resample(units, o.Seed, o.Resamples, o.Workers)
}

// summarise works out the means of every part.
func (a *aggregation) summarise() {
	for _, t := range a.tasks {
		whole, stratum := t.spec.rounding()
		for i := range t.strata {
			t.strata[i].summarise(stratum, t.spec)
		}
		t.whole.summarise(whole, t.spec)
		if t.spec.Headline == HeadlineStrata {
			t.meanOfStrata()
		}
	}
}

func (t *taskPart) means() TaskMeans {
	out := TaskMeans{Spec: t.spec, Means: t.whole.means}
	for i := range t.strata {
		out.Strata = append(out.Strata, StratumMeans{t.strata[i].name, t.strata[i].means})
	}
	return out
}

// stratum returns the task's rows of one stratum, or nil.
func (t *taskPart) stratum(name string) *part {
	for i := range t.strata {
		if t.strata[i].name == name {
			return &t.strata[i]
		}
	}
	return nil
}

// summarise works out the part's means; reference is the upstream program's
// own mean in percent, rounded (to the spec's decimals where it is made of
// columns).
func (p *part) summarise(reference func(scores []float64) float64, spec TaskSpec) {
	for _, c := range p.columns {
		if c.means.All.Absent() { // not a stratum that was summed up before
			c.summarise(reference, spec)
		}
	}
	var all, valid sums
	scores := make([]float64, len(p.rows))
	for i, r := range p.rows {
		scores[i] = value(r.Score)
		all.add(r)
		if r.Valid {
			valid.add(r)
		}
	}
	m := Means{All: all.estimate(), Valid: valid.estimate(), Reference: reference(scores)}
	if all.weighted {
		m.Reference = 100 * Round(m.All.Value, 4)
	}
	p.means, p.drawn, p.state = m, p.draws.means(), p.draws.state
	p.combine(spec.Headline, spec.Decimals)
	p.means.All.Interval = interval(slices.Clone(p.drawn), p.state)
	p.means.Valid.Interval = Interval{State: IntervalNotAsked}
}

// sums add up rows.
type sums struct {
	rows          int
	score, weight float64
	weighted      bool
}

func (s *sums) add(r Row) {
	w := r.weight()
	s.rows++
	s.score += w * value(r.Score)
	s.weight += w
	s.weighted = s.weighted || w != 1
}

func (s *sums) estimate() Estimate {
	if s.rows == 0 {
		return Estimate{}
	}
	return Estimate{Rows: s.rows, Value: s.score / s.weight}
}

// weight is what the row weighs.
func (r Row) weight() float64 {
	if r.Weight > 0 && !math.IsInf(r.Weight, 0) {
		return r.Weight
	}
	return 1
}

// value reads a score as a number: what is not finite counts 0.
func value(score float64) float64 {
	if math.IsNaN(score) || math.IsInf(score, 0) {
		return 0
	}
	return score
}
