package results

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/lcbench/lcbench/benchmarks"
	"github.com/lcbench/lcbench/runners"
	"github.com/lcbench/lcbench/scorers"
)

// Facts keeps what averages need of each row: about 200 bytes, eight more a
// measure, no texts. The
// zero value isn't usable.
type Facts struct {
	rows   []fact
	shared map[string]string   // one copy of each task and group
	strata map[string][]string // one copy of each combination
	// measures are one copy of each list of measures.
	measures map[string][]scorers.Measure
	cells    []Cell
	usage    runners.Usage // of the rows' answers
	counts   counts
}

// fact is one row.
type fact struct {
	scorers.Row
	index  int32
	cell   int16 // in Facts.cells, -1 for none
	status uint8 // in runners.Statuses()
	first  float32
	total  float32 // seconds; 0: unknown
	// measures are nil where the metric has none.
	measures *rowFigures
}

// Cell is a length and a depth that were asked for.
type Cell struct {
	Length int      // tokens
	Depth  *float64 // percent; nil: none asked for
}

// Label names a cell: 8192@50, or 8192 where no depth was asked for.
func (c Cell) Label() string {
	if c.Depth == nil {
		return strconv.Itoa(c.Length)
	}
	return strconv.Itoa(c.Length) + "@" + strconv.FormatFloat(*c.Depth, 'g', -1, 64)
}

// lengthName prints a length in tokens the way the field does: 4k, 128k, 1M.
// A k is 1,000 tokens where that divides, as it is in --lengths, else 1,024.
func lengthName(n int) string {
	switch {
	case n >= 1e6 && n%1e6 == 0:
		return strconv.Itoa(n/1e6) + "M"
	case n >= 1<<20 && n%(1<<20) == 0:
		return strconv.Itoa(n>>20) + "M"
	case n >= 1000 && n%1000 == 0:
		return strconv.Itoa(n/1000) + "k"
	case n >= 1024 && n%1024 == 0:
		return strconv.Itoa(n>>10) + "k"
	}
	return strconv.Itoa(n)
}

// counts are sums over rows.
type counts struct {
	fromCache, resumed, retries, rateLimited int
	cutRows                                  int
	cutTokens                                int
	forJudges, forJudgesLost                 int
	axes                                     map[benchmarks.AxesState]int
}

// NewFacts returns facts of no rows.
func NewFacts() *Facts {
	return &Facts{
		shared: map[string]string{}, strata: map[string][]string{}, measures: map[string][]scorers.Measure{},
		usage: runners.Usage{Known: true}, counts: counts{axes: map[benchmarks.AxesState]int{}},
	}
}

// maxCells bounds the distinct lengths × depths of a run.
const maxCells = 1 << 14

// Add takes one result in. One that a judge alone scores is counted, and no
// average has it.
func (f *Facts) Add(r runners.Result) {
	s, a := r.Sample, r.Answer
	f.count(r)
	if s.ForJudge() {
		f.counts.forJudges++
		if a.Status.Lost() {
			f.counts.forJudgesLost++
		}
		return
	}
	f.counts.axes[r.Axes.State]++
	score, _ := rowScore(r)
	f.rows = append(f.rows, fact{
		Row: scorers.Row{
			Task: f.share(s.Task), Group: f.share(s.Group), Score: score, Weight: s.Weight,
			Valid: a.Status == runners.OK, Strata: f.shareStrata(s.Strata), Parts: rowParts(r),
		},
		index: int32(s.Index), cell: f.cell(s.TargetLength, s.Depth), status: statusIndex(a.Status),
		first: float32(a.FirstToken.Seconds()), total: float32(a.Total.Seconds()), measures: f.keepMeasures(r.Score.Measures),
	})
}

// count adds what no average needs.
func (f *Facts) count(r runners.Result) {
	a := r.Answer
	if a.Usage != (runners.Usage{}) { // a failed call counts nothing: no estimate either
		f.usage = f.usage.Add(a.Usage)
	}
	f.counts.retries += a.Retries
	f.counts.rateLimited += a.RateLimited
	if a.FromCache {
		f.counts.fromCache++
	}
	if r.Resumed {
		f.counts.resumed++
	}
	if a.CutTokens > 0 {
		f.counts.cutRows++
		f.counts.cutTokens += a.CutTokens
	}
}

// Len returns the number of rows.
func (f *Facts) Len() int { return len(f.rows) }

// share returns one copy of s, so that no row holds on to a larger text.
func (f *Facts) share(s string) string {
	if s == "" {
		return ""
	}
	if one, ok := f.shared[s]; ok {
		return one
	}
	one := strings.Clone(s)
	f.shared[one] = one
	return one
}

func (f *Facts) shareStrata(strata []string) []string {
	if len(strata) == 0 {
		return nil
	}
	key := strings.Join(strata, "\x00")
	if one, ok := f.strata[key]; ok {
		return one
	}
	one := make([]string, len(strata))
	for i, s := range strata {
		one[i] = f.share(s)
	}
	f.strata[key] = one
	return one
}

// cell returns the number of a length and depth.
func (f *Facts) cell(length int, depth *float64) int16 {
	if length <= 0 {
		return -1
	}
	at := slices.IndexFunc(f.cells, func(c Cell) bool {
		return c.Length == length && (c.Depth == nil) == (depth == nil) && (depth == nil || *c.Depth == *depth)
	})
	if at < 0 {
		if len(f.cells) == maxCells {
			return -1
		}
		at = len(f.cells)
		c := Cell{Length: length}
		if depth != nil {
			d := *depth
			c.Depth = &d
		}
		f.cells = append(f.cells, c)
	}
	return int16(at)
}

// statusIndex numbers statuses; an unknown one counts as an error.
func statusIndex(s runners.Status) uint8 {
	all := runners.Statuses()
	if at := slices.Index(all, s); at >= 0 {
		return uint8(at)
	}
	return uint8(slices.Index(all, runners.Failed))
}

// scored returns the rows in file order, as the reference sums them.
func (f *Facts) scored() []scorers.Row {
	slices.SortStableFunc(f.rows, func(a, b fact) int { return cmp.Compare(a.index, b.index) })
	out := make([]scorers.Row, len(f.rows))
	for i := range f.rows {
		out[i] = f.rows[i].Row
	}
	return out
}

// byCell returns the rows that lie in a cell, with the cell as their stratum,
// and the cells' labels by length and depth.
func (f *Facts) byCell() ([]scorers.Row, []Cell) {
	cells := slices.Clone(f.cells)
	slices.SortFunc(cells, compareCells)
	labels := make([][]string, len(f.cells))
	for i, c := range f.cells {
		labels[i] = []string{c.Label(), lengthLabel(c.Length)}
	}
	var out []scorers.Row
	for i := range f.rows {
		if c := f.rows[i].cell; c >= 0 {
			row := f.rows[i].Row
			row.Strata = labels[c]
			out = append(out, row)
		}
	}
	return out, cells
}

func compareCells(a, b Cell) int {
	depth := func(c Cell) float64 {
		if c.Depth == nil {
			return -1
		}
		return *c.Depth
	}
	return cmp.Or(cmp.Compare(a.Length, b.Length), cmp.Compare(depth(a), depth(b)))
}

// statuses counts rows by task and status.
func (f *Facts) statuses() map[string]map[runners.Status]int {
	all := runners.Statuses()
	out := map[string]map[runners.Status]int{}
	for i := range f.rows {
		r := &f.rows[i]
		if out[r.Task] == nil {
			out[r.Task] = map[runners.Status]int{}
		}
		out[r.Task][all[r.status]]++
	}
	return out
}

// timings returns the median and the 95th percentile of a time in seconds over
// the rows that have it; nil without any.
func (f *Facts) timings(of func(*fact) float32) *Timing {
	var all []float32
	for i := range f.rows {
		if v := of(&f.rows[i]); v > 0 {
			all = append(all, v)
		}
	}
	if len(all) == 0 {
		return nil
	}
	slices.Sort(all)
	at := func(q float64) float64 { return float64(all[int(q*float64(len(all)-1))]) }
	return &Timing{Median: at(0.5), P95: at(0.95), Rows: len(all)}
}

// plural puts a number before a noun.
func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
