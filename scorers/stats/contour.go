package stats

import (
	"cmp"
	"math"
	"slices"

	"github.com/lcbench/lcbench/scorers"
)

// ContourThreshold is the accuracy whose contour is followed. Source: arXiv
// 2411.05000 §4 (Needle Threading).
const ContourThreshold = 0.75

// ContourPoint is where the contour crosses one column (a depth, or a number
// of needles).
type ContourPoint struct {
	Column float64
	Tokens Length
	// Characters is the same crossing in characters; LengthUntested where their
	// numbers aren't known.
	Characters Length
	Interval   LengthInterval
	// NonMonotone says that scores rose again with length and were levelled.
	NonMonotone bool
}

// Contour is the length, column by column, up to which accuracy is at least
// ContourThreshold.
type Contour struct {
	// Points go from the lowest column up.
	Points []ContourPoint
	// Minimum is the shortest of them, the length that holds at every column;
	// MinimumCharacters is the same place in characters.
	Minimum, MinimumCharacters Length
	MinimumInterval            LengthInterval
}

// AtDepth is the column of a contour over depth: the evidence's, in percent.
func AtDepth(s Sample) (float64, bool) { return s.depth() }

// ContourOf follows the contour over lengths and columns: means of every cell,
// at each column made non-increasing in length, then the crossing on a line in
// log2 length. Samples without Tokens or column don't count. It reads what
// EffectiveLength reads, Characters, and what column reads.
func ContourOf(samples []Sample, column func(Sample) (float64, bool), o Options) (Contour, error) {
	if err := check(samples); err != nil {
		return Contour{}, err
	}
	g := newGrid(samples, column)
	d := newDesign(g.entries, len(g.bins), o)
	var out Contour
	least := math.Inf(1)
	for _, col := range g.columns {
		p := ContourPoint{Column: col.at}
		p.Tokens, p.NonMonotone = col.crossing(d.whole())
		p.Characters = g.inCharacters(col, p.Tokens)
		places, state := d.figures(col.bins, func(t tally) float64 {
			l, _ := col.crossing(t)
			return l.place()
		})
		p.Interval = lengthInterval(places, state, col.lengths[0], col.lengths[len(col.lengths)-1])
		least = min(least, p.Tokens.place())
		out.Points = append(out.Points, p)
	}
	if len(g.columns) == 0 {
		none := Length{State: LengthUntested}
		return Contour{Minimum: none, MinimumCharacters: none, MinimumInterval: LengthInterval{State: scorers.IntervalNoRows}}, nil
	}
	shortest, longest := g.extent()
	out.Minimum = placedLength(least, shortest, longest)
	out.MinimumCharacters = out.charactersAt(least)
	places, state := d.figures(g.all(), func(t tally) float64 {
		least := math.Inf(1)
		for _, col := range g.columns {
			l, _ := col.crossing(t)
			least = min(least, l.place())
		}
		return least
	})
	out.MinimumInterval = lengthInterval(places, state, shortest, longest)
	return out, nil
}

// charactersAt is the least number of characters of the columns that cross at
// the place.
func (c Contour) charactersAt(place float64) Length {
	out := Length{State: LengthUntested}
	for _, p := range c.Points {
		if p.Tokens.place() == place && p.Characters.State != LengthUntested && (out.State == LengthUntested || p.Characters.Tokens < out.Tokens) {
			out = p.Characters
		}
	}
	return out
}

// grid sorts samples into cells of length and column.
type grid struct {
	entries []entry
	bins    []gridBin
	columns []*gridColumn
}

type gridBin struct {
	tokens            int
	characters, known float64 // the sum of the known numbers, and how many
}

// gridColumn are the cells of one column, from the shortest length up.
type gridColumn struct {
	at      float64
	lengths []int
	bins    []int
}

func newGrid(samples []Sample, column func(Sample) (float64, bool)) *grid {
	type key struct {
		column float64
		tokens int
	}
	g := &grid{}
	at := map[key]int{}
	columns := map[float64]*gridColumn{}
	for _, s := range samples {
		v, known := column(s)
		if !known || s.Tokens <= 0 {
			continue
		}
		k := key{v, s.Tokens}
		bin, seen := at[k]
		if !seen {
			bin = len(g.bins)
			at[k] = bin
			g.bins = append(g.bins, gridBin{tokens: s.Tokens})
			if columns[v] == nil {
				columns[v] = &gridColumn{at: v}
				g.columns = append(g.columns, columns[v])
			}
			columns[v].bins = append(columns[v].bins, bin)
		}
		g.entries = append(g.entries, s.entry(bin))
		if s.Characters > 0 {
			g.bins[bin].characters += float64(s.Characters)
			g.bins[bin].known++
		}
	}
	slices.SortFunc(g.columns, func(a, b *gridColumn) int { return cmp.Compare(a.at, b.at) })
	for _, c := range g.columns {
		slices.SortFunc(c.bins, func(a, b int) int { return cmp.Compare(g.bins[a].tokens, g.bins[b].tokens) })
		for _, b := range c.bins {
			c.lengths = append(c.lengths, g.bins[b].tokens)
		}
	}
	return g
}

// crossing fits the column's accuracies and follows the threshold.
func (c *gridColumn) crossing(t tally) (Length, bool) {
	scores, weights := make([]float64, len(c.bins)), make([]float64, len(c.bins))
	for i, b := range c.bins {
		scores[i] = t.plain(b)
		for h := range t.weights {
			weights[i] += t.weights[h][b]
		}
	}
	fitted := NonIncreasing(scores, weights)
	curve := make([]LengthScore, len(fitted))
	for i, f := range fitted {
		curve[i] = LengthScore{c.lengths[i], f}
	}
	l, _ := Crossing(curve, ContourThreshold)
	return l, !slices.Equal(fitted, scores)
}

// inCharacters is a column's crossing at the same place between the mean
// numbers of characters of the two lengths around it.
func (g *grid) inCharacters(c *gridColumn, l Length) Length {
	characters := make([]float64, len(c.bins))
	for i, b := range c.bins {
		if g.bins[b].known == 0 {
			return Length{State: LengthUntested}
		}
		characters[i] = g.bins[b].characters / g.bins[b].known
	}
	switch l.State {
	case LengthBelow:
		return Length{LengthBelow, characters[0]}
	case LengthAbove:
		return Length{LengthAbove, characters[len(characters)-1]}
	}
	i := 0
	for i+2 < len(c.lengths) && float64(c.lengths[i+1]) < l.Tokens {
		i++
	}
	a, b := math.Log2(float64(c.lengths[i])), math.Log2(float64(c.lengths[i+1]))
	return Length{LengthAt, interpolate(characters[i], characters[i+1], (math.Log2(l.Tokens)-a)/(b-a))}
}

func (g *grid) all() []int {
	out := make([]int, len(g.bins))
	for i := range out {
		out[i] = i
	}
	return out
}

func (g *grid) extent() (shortest, longest int) {
	shortest = math.MaxInt
	for _, b := range g.bins {
		shortest, longest = min(shortest, b.tokens), max(longest, b.tokens)
	}
	return shortest, longest
}

// NonIncreasing is the weighted least-squares fit to values that never rises
// (pool adjacent violators). Weights are above 0. Source: Barlow, Bartholomew,
// Bremner and Brunk, Statistical Inference under Order Restrictions (1972), §1.2.
func NonIncreasing(values, weights []float64) []float64 {
	type block struct {
		mean, weight float64
		n            int
	}
	var blocks []block
	for i, v := range values {
		blocks = append(blocks, block{v, weights[i], 1})
		for k := len(blocks) - 1; k > 0 && blocks[k-1].mean < blocks[k].mean; k-- {
			a, b := blocks[k-1], blocks[k]
			w := a.weight + b.weight
			blocks[k-1] = block{(a.mean*a.weight + b.mean*b.weight) / w, w, a.n + b.n}
			blocks = blocks[:k]
		}
	}
	out := make([]float64, 0, len(values))
	for _, b := range blocks {
		for range b.n {
			out = append(out, b.mean)
		}
	}
	return out
}
