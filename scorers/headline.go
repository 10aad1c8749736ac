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

// units are what is drawn for a part: its columns under the same stream, so
// that a draw of each is of the same documents.
func (p *part) units(stream string) []unit {
	out := []unit{{stream, p.rows, &p.draws}}
	for i := range p.columns {
		out = append(out, unit{stream, p.columns[i].rows, &p.columns[i].draws})
	}
	return out
}

// split makes the columns that a geometric headline needs.
func (t *taskPart) split() {
	if t.spec.Headline != HeadlineGeometric {
		return
	}
	t.whole.split()
	for i := range t.strata {
		if t.strata[i].column == 0 {
			t.strata[i].split()
		}
	}
}

func (p *part) split() {
	n := 0
	for _, r := range p.rows {
		n = max(n, len(r.Parts))
	}
	p.columns = make([]part, n)
	for i := range p.columns {
		for _, r := range p.rows {
			p.columns[i].rows = append(p.columns[i].rows, r.part(i))
		}
	}
}

// geometric replaces the part's means by the geometric mean of its columns'.
func (p *part) geometric(reference func([]float64) float64, decimals int) {
	if len(p.columns) == 0 {
		return
	}
	n := len(p.columns)
	all, valid, percent := make([]float64, n), make([]float64, n), make([]float64, n)
	for i := range p.columns {
		c := &p.columns[i]
		c.summarise(reference, decimals)
		all[i], valid[i], percent[i] = c.means.All.Value, c.means.Valid.Value, 100*c.means.All.Value
	}
	p.means.All.Value, p.means.Valid.Value = geometricMean(all), geometricMean(valid)
	p.means.Reference = Round(geometricMean(percent), max(decimals, 2))
	p.drawn = slices.Clone(p.drawn)
	for b := range p.drawn {
		for i := range p.columns {
			all[i] = p.columns[i].drawn[b]
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
