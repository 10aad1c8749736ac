package scorers

import "slices"

// Headline says how a task's one figure follows from its rows.
type Headline string

// The headlines.
const (
	// HeadlineMean is the mean of the rows' scores.
	HeadlineMean Headline = ""
	// HeadlineGeometric is the geometric mean of the means of the rows' parts
	// (L-Eval's ROUGE: the cube root of the product of three averages).
	HeadlineGeometric Headline = "geometric"
	// HeadlineStrata is the mean of the means of the strata and parts (L-Eval's
	// topic retrieval, by the place of the question).
	HeadlineStrata Headline = "strata"
)

// rounding returns the reference's means in percent of a task and of a stratum
// of it.
func (s TaskSpec) rounding() (task, stratum func([]float64) float64) {
	if s.Decimals == 0 {
		return percentMean, bucketMean
	}
	mean := func(scores []float64) float64 { return percentMeanTo(scores, s.Decimals) }
	return mean, mean
}

// stream names the random stream of a stratum. Parts of a row, and strata that
// make up the headline, are drawn as the whole is: the same documents.
func (t *taskPart) stream(p *part) string {
	if p.column > 0 || t.spec.Headline == HeadlineStrata {
		return t.spec.Name
	}
	return t.spec.Name + "\x00" + p.name
}

// split makes the columns that a geometric headline needs: a task's are the
// strata of its parts, a stratum of rows has its own.
func (t *taskPart) split() {
	if t.spec.Headline != HeadlineGeometric {
		return
	}
	for i := range t.strata {
		p := &t.strata[i]
		if p.column > 0 {
			t.whole.columns = append(t.whole.columns, p)
			continue
		}
		p.split()
	}
}

func (p *part) split() {
	n := 0
	for _, r := range p.rows {
		n = max(n, len(r.Parts))
	}
	for i := range n {
		c := &part{column: i + 1}
		for _, r := range p.rows {
			c.rows = append(c.rows, r.part(i))
		}
		p.columns = append(p.columns, c)
	}
}

// geometric replaces the part's means by the geometric mean of its columns',
// which are summed up.
func (p *part) geometric(decimals int) {
	if len(p.columns) == 0 || p.means.All.Absent() {
		return
	}
	n := len(p.columns)
	all, valid, percent := make([]float64, n), make([]float64, n), make([]float64, n)
	for i, c := range p.columns {
		all[i], valid[i], percent[i] = c.means.All.Value, c.means.Valid.Value, 100*c.means.All.Value
	}
	p.means.All.Value, p.means.Valid.Value = geometricMean(all), geometricMean(valid)
	p.means.Reference = Round(geometricMean(percent), max(decimals, 2))
	p.drawn = slices.Clone(p.drawn)
	for b := range p.drawn {
		for i, c := range p.columns {
			all[i] = c.drawn[b]
		}
		p.drawn[b] = geometricMean(all)
	}
}

// meanOfStrata replaces the task's means by the unweighted mean of its
// strata's. The reference rounds each and not their mean.
func (t *taskPart) meanOfStrata() {
	var avg average
	for i := range t.strata {
		p := &t.strata[i]
		avg.add(p.means, p.drawn, p.state)
	}
	if avg.parts == 0 {
		return
	}
	avg.close()
	rows, valid := t.whole.means.All.Rows, t.whole.means.Valid.Rows
	t.whole.means = avg.means()
	t.whole.means.All.Rows, t.whole.means.Valid.Rows = rows, valid
	t.whole.drawn, t.whole.state = avg.draws, avg.state
}
