package scorers

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

// boards returns where a task counts; the unnamed board if it says nothing.
func (s TaskSpec) boards() []string {
	if len(s.Boards) == 0 {
		return []string{""}
	}
	return s.Boards
}

// boardNames lists boards that have rows, in order of first mention.
func (a *aggregation) boardNames() []string {
	var names []string
	for _, t := range a.tasks {
		if len(t.whole.rows) == 0 {
			continue
		}
		for _, b := range t.spec.boards() {
			if !slices.Contains(names, b) {
				names = append(names, b)
			}
		}
	}
	return names
}

// board averages the tasks of one board.
func (a *aggregation) board(name string) (BoardMeans, []string) {
	var tasks []*taskPart
	out := BoardMeans{Name: name}
	var strata []string
	for _, t := range a.tasks {
		if !slices.Contains(t.spec.boards(), name) {
			continue
		}
		tasks = append(tasks, t)
		if len(t.whole.rows) == 0 {
			out.Missing = append(out.Missing, t.spec.Name)
		}
		for _, s := range t.strata {
			if !slices.Contains(strata, s.name) {
				strata = append(strata, s.name)
			}
		}
	}
	whole := func(t *taskPart) *part { return &t.whole }
	var warnings []string
	out.Categories, out.Macro, warnings = combine(name, tasks, whole)
	out.Micro = pool(tasks, whole)
	for _, s := range strata {
		of := func(t *taskPart) *part { return t.stratum(s) }
		_, macro, _ := combine(name, tasks, of)
		out.Strata = append(out.Strata, BoardStratum{s, macro, pool(tasks, of)})
	}
	return out, warnings
}

// combine averages the parts of tasks by category, and the categories.
func combine(board string, tasks []*taskPart, of func(*taskPart) *part) ([]CategoryMeans, Means, []string) {
	var categories []CategoryMeans
	var averages []average
	var warnings []string
	for _, name := range categoryNames(tasks) {
		c := CategoryMeans{Name: name, Board: board}
		var avg average
		var noValid []string
		for _, t := range tasks {
			p := of(t)
			if t.spec.Category != name || p == nil || len(p.rows) == 0 {
				continue
			}
			c.Tasks = append(c.Tasks, t.spec.Name)
			avg.add(p.means, p.drawn, p.state)
			if p.means.Valid.Absent() {
				noValid = append(noValid, t.spec.Name)
			}
		}
		if len(c.Tasks) == 0 {
			continue
		}
		if len(noValid) > 0 && len(noValid) < len(c.Tasks) {
			warnings = append(warnings, fmt.Sprintf("the valid score of %q leaves out %s: no valid rows", name, strings.Join(noValid, ", ")))
		}
		avg.close()
		c.Means = avg.means()
		categories = append(categories, c)
		averages = append(averages, avg)
	}
	var total average
	for i := range averages {
		total.addShare(categories[i].Means, averages[i].draws, averages[i].state, shareOf(categories[i].Name, tasks))
	}
	total.close()
	return categories, total.means(), warnings
}

func categoryNames(tasks []*taskPart) []string {
	var names []string
	for _, t := range tasks {
		if t.spec.Category != "" && !slices.Contains(names, t.spec.Category) {
			names = append(names, t.spec.Category)
		}
	}
	return names
}

// shareOf is what a category counts in its board's mean.
func shareOf(category string, tasks []*taskPart) float64 {
	for _, t := range tasks {
		if t.spec.Category == category && t.spec.Share > 0 {
			return t.spec.Share
		}
	}
	return 1
}

// average is a mean of means, and of their draws: unweighted but for addShare.
type average struct {
	all, valid, reference float64
	parts                 int
	share, validShare     float64
	rows, validRows       int
	draws                 []float64
	state                 IntervalState
}

// add takes one part in; its draws are not kept.
func (a *average) add(m Means, draws []float64, state IntervalState) {
	a.addShare(m, draws, state, 1)
}

// addShare takes one part in that counts as share.
func (a *average) addShare(m Means, draws []float64, state IntervalState, share float64) {
	if m.All.Absent() {
		return
	}
	switch {
	case a.parts == 0:
		a.state = state
	case a.state != state:
		// A part that cannot vary (one document) would make the whole look
		// surer than it is.
		a.state = IntervalPartsMissing
	}
	a.parts++
	a.share += share
	a.rows += m.All.Rows
	a.all += share * m.All.Value
	a.reference += share * m.Reference
	if !m.Valid.Absent() {
		a.validShare += share
		a.validRows += m.Valid.Rows
		a.valid += share * m.Valid.Value
	}
	if a.state != IntervalOK {
		return
	}
	if a.draws == nil {
		a.draws = make([]float64, len(draws))
	}
	for b := range draws {
		a.draws[b] += share * draws[b]
	}
}

// close divides the draws once all parts are in.
func (a *average) close() {
	for b := range a.draws {
		a.draws[b] /= a.share
	}
}

func (a *average) means() Means {
	if a.parts == 0 {
		return absentMeans()
	}
	m := Means{Reference: a.reference / a.share}
	m.All = Estimate{Rows: a.rows, Value: a.all / a.share}
	m.All.Interval = interval(slices.Clone(a.draws), a.state)
	if a.validShare > 0 {
		m.Valid = Estimate{Rows: a.validRows, Value: a.valid / a.validShare}
	}
	m.Valid.Interval = Interval{State: IntervalNotAsked}
	return m
}

// pool is the mean over the rows of all parts, each row counting by its
// weight; a draw is the tasks' draws together. Its reference is 100·mean,
// unrounded.
func pool(tasks []*taskPart, of func(*taskPart) *part) Means {
	var all, valid sums
	var drawn draws
	for _, t := range tasks {
		p := of(t)
		if p == nil || len(p.rows) == 0 {
			continue
		}
		for _, r := range p.rows {
			all.add(r)
			if r.Valid {
				valid.add(r)
			}
		}
		drawn.join(&p.draws)
	}
	if all.rows == 0 {
		return absentMeans()
	}
	m := Means{All: all.estimate(), Valid: valid.estimate()}
	m.Reference = 100 * all.score / all.weight
	m.All.Interval = interval(drawn.means(), drawn.state)
	m.Valid.Interval = Interval{State: IntervalNotAsked}
	return m
}

// join adds another unit's draws to d, draw by draw.
func (d *draws) join(other *draws) {
	switch {
	case d.state == "":
		d.state = other.state
	case d.state != other.state:
		d.state = IntervalPartsMissing
	}
	if d.state != IntervalOK {
		return
	}
	if d.sum == nil {
		d.sum = make([]float64, len(other.sum))
		d.count = make([]float64, len(other.sum))
	}
	for b := range other.sum {
		d.sum[b] += other.sum[b]
		d.count[b] += other.count[b]
	}
}

func absentMeans() Means {
	none := Interval{State: IntervalNoRows}
	return Means{All: Estimate{Interval: none}, Valid: Estimate{Interval: none}, Reference: math.NaN()}
}
