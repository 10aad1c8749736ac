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
	// HeadlineBLEU is corpus BLEU-4: the rows' parts are bleuCounts.
	HeadlineBLEU Headline = "corpus-bleu"
	// HeadlineRelations and HeadlineEntities are micro F1 with the small summands
	// of LIConBench's DialogRE and TacRED, and of its Few-NERD.
	HeadlineRelations Headline = "relation-f1"
	HeadlineEntities  Headline = "entity-f1"
)

// ofSums are the headlines that are a function of what the rows' parts add up
// to: counts, from which a figure of the whole set follows (corpus BLEU, micro
// F1). A row's own score is what its answer alone would come to.
func ofSums() map[Headline]func(sums []float64) float64 {
	return map[Headline]func(sums []float64) float64{
		HeadlineBLEU:      corpusBLEU,
		HeadlineRelations: relationF1, HeadlineEntities: entityF1,
	}
}

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

// split makes the columns that a headline needs which is worked out from the
// rows' parts. Of a geometric one, a task's columns are the strata of its parts.
func (t *taskPart) split() {
	geometric := t.spec.Headline == HeadlineGeometric
	if !geometric && ofSums()[t.spec.Headline] == nil {
		return
	}
	for i := range t.strata {
		p := &t.strata[i]
		if p.column > 0 && geometric {
			t.whole.columns = append(t.whole.columns, p)
			continue
		}
		p.split()
	}
	if !geometric {
		t.whole.split()
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

// FromMeans returns how a figure follows from the weighted means of the rows'
// parts, over so many rows; nil where the mean of the rows' scores is the figure.
func (h Headline) FromMeans() func(means []float64, rows int) float64 {
	if h == HeadlineGeometric {
		return func(means []float64, _ int) float64 { return geometricMean(means) }
	}
	of := ofSums()[h]
	if of == nil {
		return nil
	}
	return func(means []float64, rows int) float64 {
		sums := make([]float64, len(means))
		for i, m := range means {
			sums[i] = m * float64(rows)
		}
		return of(sums)
	}
}

// combine replaces the part's means by what follows from its columns', which
// are summed up. A draw is taken to have as many rows as the part.
func (p *part) combine(h Headline, decimals int) {
	of := h.FromMeans()
	if of == nil || len(p.columns) == 0 || p.means.All.Absent() {
		return
	}
	n := len(p.columns)
	all, valid := make([]float64, n), make([]float64, n)
	for i, c := range p.columns {
		all[i], valid[i] = c.means.All.Value, c.means.Valid.Value
	}
	m := &p.means
	m.All.Value = of(all, m.All.Rows)
	if !m.Valid.Absent() {
		m.Valid.Value = of(valid, m.Valid.Rows)
	}
	m.Reference = Round(p.percent(h, m.All.Value), max(decimals, 2))
	p.drawn = slices.Clone(p.drawn)
	for b := range p.drawn {
		for i, c := range p.columns {
			all[i] = c.drawn[b]
		}
		p.drawn[b] = of(all, m.All.Rows)
	}
}

// percent is the figure in percent as the reference works it out before it
// rounds: L-Eval takes the geometric mean of percents.
func (p *part) percent(h Headline, value float64) float64 {
	if h != HeadlineGeometric {
		return 100 * value
	}
	percents := make([]float64, len(p.columns))
	for i, c := range p.columns {
		percents[i] = 100 * c.means.All.Value
	}
	return geometricMean(percents)
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
