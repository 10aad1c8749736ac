package runners

import (
	"cmp"
	"errors"
	"iter"
	"math"
	"slices"
	"strings"

	"github.com/lcbench/lcbench/benchmarks"
	"github.com/lcbench/lcbench/scorers"
	"github.com/lcbench/lcbench/scorers/stats"
)

// How an adaptive run spends its samples.
//
// The samples of a run fall into cells, one for each task, length and depth
// asked for. A cell's documents are put into a random order, which the seed and
// the documents' names make: the same in all cells of a task, so that lengths
// and depths are compared on the same questions, and the same at any limit. The
// run asks them in that order, all of a document's questions together, and
// stops in each cell where it likes: what it says of a cell holds for every
// number of documents at once (scorers/stats), so that the choice may depend on
// all answers so far.
//
// It goes in rounds. A round takes the open cells whose interval is nearly as
// wide as the widest, and asks the next few documents of each: five, then a
// quarter more each time. Choices are made between rounds alone, from answers
// alone: the same seed and answers ask the same samples at any concurrency, and
// after a crash, since answers come back from the journal. (Where a lost sample
// is asked again and answered, later choices may differ; answers that are no
// longer wanted stay in the journal, in no row.) What rounds cost: at their end
// workers wait for the last answer; the files are read once more for each; a cell
// is closed up to a quarter later than it could be. About 200 bytes are held for
// each sample that there is.
//
// A cell is done when its interval is narrow, when it has its verdict, or when
// all of its documents were asked. Its interval is of documents like those
// asked (stats.Sequence, 95 % for each cell); its verdict is on what all of its
// documents together would score, which is what the whole grid would show
// (stats.Pool; the chance that any cell's is wrong is 5 %), and is certain once
// all were asked. A lost sample counts as 0 in a score and as unknown in
// intervals and verdicts; what could not be made a sample counts nowhere but in
// the verdict, as unknown.

// Adaptive says when a run knows enough of a cell. The zero value is content
// only when all was asked.
type Adaptive struct {
	// Width is how far the ends of a cell's interval may lie from its middle, in
	// 0..1; 0: no interval is narrow enough.
	Width float64
	// Threshold is what cells are held against, inside of 0..1; 0: nothing.
	Threshold float64
	Seed      uint64
}

// level is the chance of being wrong.
const level = 0.05

// Method says in words how the intervals of an adaptive run are made.
func (a Adaptive) Method() string {
	return "95 % confidence sequence over documents in random order, by betting; averages: of all cells together (Bonferroni)"
}

// CellState says why a cell is no longer asked.
type CellState string

// The states of a cell.
const (
	CellOpen      CellState = "open" // the run was stopped before
	CellNarrow    CellState = "narrow"
	CellJudged    CellState = "judged" // it has its verdict
	CellExhausted CellState = "exhausted"
)

// CellOutcome is what an adaptive run knows of a cell. Figures are in 0..1.
type CellOutcome struct {
	Task string
	// Length is in tokens, as asked for, 0: none was; Depth in percent.
	Length int
	Depth  *float64
	State  CellState
	// Verdict is on the Threshold; empty without one.
	Verdict stats.Verdict
	// Documents were asked of Pool that there are. Rows are their samples, Valid
	// of those are.
	Documents, Pool int
	Rows, Valid     int
	// Score is the mean over documents of their means, ValidScore the same over
	// valid rows; NaN without any.
	Score, ValidScore float64
	// Interval holds for the cell alone, Joint for all cells together.
	Interval, Joint scorers.Interval
}

// Chooser chooses the samples of an adaptive run from what came back. Wants may
// be called while results are taken in, the other methods not.
type Chooser struct {
	rule  Adaptive
	cells []*cell
	items map[string]*item
	round int
}

// cell is a cell with its documents in random order.
type cell struct {
	task   string
	length int
	depth  *float64
	units  []*unit
	asked  int // of units, the first so many
	taken  int // of those, how many are in what follows
	state  CellState

	seen        stats.Sequence
	pool        *stats.Pool // nil without a threshold
	interval    scorers.Interval
	verdict     stats.Verdict
	rows, valid int
	score       sum // over documents
	validScore  sum
}

// unit is what a document has in a cell.
type unit struct {
	place uint64 // in random order: documents are sorted by it
	items []*item
}

// item is a sample: its places, and what came back.
type item struct {
	index int // in the stream's file order
	draw  int // the document's place in random order, from 1
	round int // in which it is asked; 0: not yet

	made, known, valid bool
	score, weight      float64
}

// sum adds up a mean.
type sum struct{ value, weight float64 }

func (s *sum) add(v, weight float64) { s.value += weight * v; s.weight += weight }

func (s sum) mean() float64 { return s.value / s.weight }

// NewChooser reads which samples there are. The stream may leave them unmade; an
// error that costs one sample is the run's own to tell, any other ends it.
func NewChooser(rule Adaptive, all iter.Seq2[benchmarks.Sample, error]) (*Chooser, error) {
	c := &Chooser{rule: rule, items: map[string]*item{}}
	g := grid{c, map[place]*cell{}, map[*cell]map[string]*unit{}}
	for s, err := range all {
		var notice *benchmarks.Notice
		switch {
		case errors.As(err, &notice), CostsOneSample(err), s.ForJudge():
		case err != nil:
			return nil, err
		default:
			g.add(s)
		}
	}
	return c, c.prepare()
}

// grid finds the cells and documents of a chooser while samples are added.
type grid struct {
	*Chooser
	at    map[place]*cell
	units map[*cell]map[string]*unit // by document
}

// place is where a cell lies; a depth below 0 is none.
type place struct {
	task   string
	length int
	depth  float64
}

func (g grid) add(s benchmarks.Sample) {
	at := place{s.Task, s.TargetLength, -1}
	if s.Depth != nil && s.TargetLength > 0 {
		at.depth = *s.Depth
	}
	in := g.at[at]
	if in == nil {
		at.task = strings.Clone(s.Task)
		in = &cell{task: at.task, length: at.length, state: CellOpen}
		if at.depth >= 0 {
			in.depth = &at.depth
		}
		g.at[at], g.units[in] = in, map[string]*unit{}
		g.cells = append(g.cells, in)
	}
	name := document(s)
	of := g.units[in][name]
	if of == nil {
		of = &unit{place: benchmarks.Rand(g.rule.Seed, s.Task+"\x00"+name, "adaptive order").Uint64()}
		in.units = append(in.units, of)
		g.units[in][strings.Clone(name)] = of
	}
	one := &item{index: s.Index, weight: cmp.Or(max(s.Weight, 0), 1)}
	of.items = append(of.items, one)
	g.items[strings.Clone(s.ID)] = one
}

// document names what a sample is about: without a document of its own, what is
// asked, whatever the length and depth.
func document(s benchmarks.Sample) string {
	if s.Group != "" {
		return s.Group
	}
	name, _, _ := strings.Cut(s.ID, "@")
	return name
}

// prepare puts documents into their order.
func (c *Chooser) prepare() error {
	if !slices.ContainsFunc(c.cells, func(in *cell) bool { return in.length > 0 }) {
		return errors.New("no length was asked for, so that there are no cells to choose from")
	}
	for _, in := range c.cells {
		slices.SortStableFunc(in.units, func(a, b *unit) int {
			return cmp.Or(cmp.Compare(a.place, b.place), cmp.Compare(a.items[0].index, b.items[0].index))
		})
		for i, u := range in.units {
			for _, one := range u.items {
				one.draw = i + 1
			}
		}
		if c.rule.Threshold > 0 {
			in.pool, in.verdict = stats.NewPool(len(in.units), c.rule.Threshold), stats.VerdictOpen
		}
		in.interval = in.seen.Interval(level)
	}
	return nil
}

// Samples is how many there are, Cells how many cells they fall into.
func (c *Chooser) Samples() int { return len(c.items) }

// Cells is how many cells there are.
func (c *Chooser) Cells() int { return len(c.cells) }

// Wants says whether the sample of that ID is asked in the present round.
func (c *Chooser) Wants(id string) bool {
	one := c.items[id]
	return one != nil && one.round == c.round && c.round > 0
}

// take notes what came back; it returns the place of the sample's document in
// the random order, from 1.
func (c *Chooser) take(r Result) int {
	one := c.items[r.Sample.ID]
	if one == nil {
		return 0
	}
	one.made, one.valid = true, r.Answer.Status == OK
	v := r.Score.Value
	if one.known = !r.Answer.Status.Lost() && !math.IsNaN(v) && !math.IsInf(v, 0); one.known {
		one.score = max(0, min(1, v))
	}
	return one.draw
}

// Outcomes are what is known of each cell, in the stream's order.
func (c *Chooser) Outcomes() []CellOutcome {
	out := make([]CellOutcome, len(c.cells))
	for i, in := range c.cells {
		o := CellOutcome{
			Task: in.task, Length: in.length, Depth: in.depth, State: in.state, Verdict: in.verdict,
			Documents: in.taken, Pool: len(in.units), Rows: in.rows, Valid: in.valid,
			Score: in.score.mean(), ValidScore: in.validScore.mean(),
			Interval: in.interval, Joint: in.seen.Interval(level / float64(len(c.cells))),
		}
		if in.seen.Len() == 0 {
			o.Interval, o.Joint = scorers.Interval{State: scorers.IntervalNoRows}, scorers.Interval{State: scorers.IntervalNoRows}
		}
		out[i] = o
	}
	return out
}
