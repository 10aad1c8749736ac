package stats

import (
	"math"
	"sync"

	"github.com/lcbench/lcbench/scorers"
)

// Comparison is what two runs' pairs say. Scores are in 0..1.
type Comparison struct {
	// Pairs and Documents count what was compared, Strata those that documents
	// were drawn within.
	Pairs, Documents, Strata int
	// Base and Candidate are the two means.
	Base, Candidate Figure
	// Difference is candidate − base.
	Difference Figure
	// Interval of the difference: both runs take the same draws.
	Interval scorers.Interval
	// Error is the difference's paired standard error, clustered by document.
	Error Figure
	// P is of the sign-flip test that the runs score alike.
	P PValue
	// McNemar is of right/wrong scores only.
	McNemar McNemar
	// Detectable is the smallest true difference that would have been called
	// real 80 times in 100, at 5 %.
	Detectable Figure
}

// PValue is two-sided.
type PValue struct {
	Figure
	// Exact says that all assignments of signs were tried, not a sample of them.
	Exact bool
	// Flips are how many: the p-value can't be less than 2/Flips if exact, nor
	// than 1/(Flips+1) if not.
	Flips int
}

// Compare says how two runs differ on pairs. The difference of means has a
// percentile interval by a bootstrap of documents within strata; Resamples < 0
// leaves it out.
func Compare(pairs []Pair, o Options) Comparison {
	o = o.filled()
	if len(pairs) == 0 {
		none := Figure{State: StateNoPairs}
		return Comparison{
			Base: none, Candidate: none, Difference: none, Error: none, Detectable: none,
			P: PValue{Figure: none}, McNemar: McNemar{Figure: none},
			Interval: scorers.Interval{State: scorers.IntervalNoRows},
		}
	}
	entries := make([]entry, len(pairs))
	for i, p := range pairs {
		entries[i] = entry{stratum: p.Stratum, group: p.Group, sum: p.weight() * p.difference(), weight: p.weight()}
	}
	d := newDesign(entries, 1, o)
	c := Comparison{
		Pairs:   len(pairs),
		Base:    ok(pairsMean(pairs, o.Macro, func(p Pair) float64 { return p.Base })),
		McNemar: ExactMcNemar(pairs),
	}
	c.Candidate = ok(pairsMean(pairs, o.Macro, func(p Pair) float64 { return p.Candidate }))
	c.Difference = ok(d.whole().mean(0, o.Macro))
	c.Interval = d.interval([]int{0}, func(t tally) float64 { return t.mean(0, o.Macro) })
	c.Strata = len(d.strata)
	for _, s := range d.strata {
		c.Documents += s.documents()
	}
	c.Error = d.standardError(o.Macro)
	c.Detectable = detectable(c.Error)
	c.P = d.signFlip(o)
	return c
}

// pairsMean is the mean of one of the runs.
func pairsMean(pairs []Pair, macro bool, score func(Pair) float64) float64 {
	at := map[string]int{}
	var t tally
	for _, p := range pairs {
		h, seen := at[p.Stratum]
		if !seen {
			h = len(at)
			at[p.Stratum] = h
			t.sums, t.weights = append(t.sums, []float64{0}), append(t.weights, []float64{0})
		}
		t.sums[h][0] += p.weight() * score(p)
		t.weights[h][0] += p.weight()
	}
	return t.mean(0, macro)
}

// standardError is the difference's standard error from documents' residuals
// (linearised ratio of sums to weights), with the correction G/(G−1) in each
// stratum. Source: Cochran, Sampling Techniques (1977), §6.11 (combined ratio),
// §9A.1 (clusters).
func (d *design) standardError(macro bool) Figure {
	whole := d.whole()
	total := 0.0
	for h := range d.strata {
		total += whole.weights[h][0]
	}
	variance := 0.0
	for _, s := range d.strata {
		n := float64(s.documents())
		if n < 2 {
			return d.tooFewDocuments()
		}
		mean, scale := whole.plain(0), 1/total
		if macro {
			mean, scale = s.sums[0]/s.weights[0], 1/(s.weights[0]*float64(len(d.strata)))
		}
		centre := (s.sums[0] - mean*s.weights[0]) / n
		squares := 0.0
		for _, c := range s.cells {
			r := (c.sum - mean*c.weight - centre) * scale
			squares += r * r
		}
		variance += n / (n - 1) * squares
	}
	if variance <= tiny*tiny {
		return Figure{State: StateNoSpread}
	}
	return ok(math.Sqrt(variance))
}

// tiny is what rounding may leave of a difference that is 0.
const tiny = 1e-12

func (d *design) tooFewDocuments() Figure {
	if len(d.strata) == 1 {
		return Figure{State: StateOneDocument}
	}
	return Figure{State: StatePartsMissing}
}

// detectable is (z of 97.5 % + z of 80 %) standard errors: 2.8016 of them.
// Source: arXiv 2411.00640 §5, solved for the difference.
func detectable(e Figure) Figure {
	if e.State != StateOK {
		return e
	}
	return ok((normalQuantile(0.975) + normalQuantile(0.8)) * e.Value)
}

// DetectableAt is the smallest true difference that a test of one direction, at a
// level below ½, calls real with that power (½ or more): (t of the level + t of
// the power) standard errors, with Student's t in place of the normal
// distribution, since an exchange of few documents moves its own error. It is 0,
// unknown, without a degree of freedom.
func DetectableAt(standardError float64, freedom int, level, power float64) float64 {
	if freedom < 1 {
		return 0
	}
	out := studentQuantile(level, float64(freedom))
	if power > 0.5 {
		out += studentQuantile(1-power, float64(freedom))
	}
	return out * standardError
}

func normalQuantile(p float64) float64 { return math.Sqrt2 * math.Erfinv(2*p-1) }

// Cell is a part of two runs that is compared on its own.
type Cell struct {
	Name  string
	Pairs []Pair
}

// CellComparison is a cell's comparison, with the p-value that counts how many
// cells were looked at.
type CellComparison struct {
	Name string
	Comparison
	// Adjusted is P by Holm's correction over the cells that have one; elsewhere
	// it has P's state.
	Adjusted Figure
}

// CompareCells compares every cell and corrects the p-values for their number.
// A cell has the numbers that Compare gives it alone.
func CompareCells(cells []Cell, o Options) []CellComparison {
	o = o.filled()
	out := make([]CellComparison, len(cells))
	next := make(chan int)
	var wait sync.WaitGroup
	inner := o
	inner.Workers = 1
	for range min(o.Workers, len(cells)) {
		wait.Go(func() {
			for i := range next {
				out[i] = CellComparison{Name: cells[i].Name, Comparison: Compare(cells[i].Pairs, inner)}
			}
		})
	}
	for i := range cells {
		next <- i
	}
	close(next)
	wait.Wait()
	ps := make([]Figure, len(cells))
	for i, c := range out {
		ps[i] = c.P.Figure
	}
	for i, a := range Holm(ps) {
		out[i].Adjusted = a
	}
	return out
}
