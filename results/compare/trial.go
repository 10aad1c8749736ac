package compare

import (
	"encoding/binary"
	"hash/fnv"
	"math"
	"slices"

	"github.com/lcbench/lcbench/results"
	"github.com/lcbench/lcbench/scorers"
	"github.com/lcbench/lcbench/scorers/stats"
)

// trial is all that is tested: the pairs, the sets of them that have figures, and
// the units, each a blend of sets' figures.
type trial struct {
	pairs   []stats.ScoredPair
	sets    []stats.Set
	keys    []uint64 // of each set's pairs and headline
	weights []float64
	known   map[setName]int
	units   []Unit
	blends  []stats.Blend // of each unit
	reaches []Reach
	ladders []stats.Ladder // of each reach, whose blends count in lengths
	lengths []stats.Blend
	// strata and documents are the next free numbers.
	strata, documents int32
}

// setName is a task, what of it the set has, and 1 + the part that the figure is
// the mean of.
type setName struct {
	benchmark, task, label string
	part                   int
	plain                  bool // a mean of scores, whatever the headline
}

// newTrial makes the units of all benchmarks.
func (c *Comparison) newTrial(all []matched) *trial {
	t := &trial{known: map[setName]int{}}
	var wholes [][]stats.Term // each board's average
	var values [2][]float64   // each benchmark's, boards alike
	var perBenchmark [][]stats.Term
	for _, m := range all {
		if len(m.pairs) == 0 {
			continue
		}
		b := newBreakdown(c, t, m)
		if boards := b.addUnits(); len(boards) > 0 {
			perBenchmark = append(perBenchmark, t.together(boards))
			wholes = append(wholes, boards...)
			for side := range values {
				values[side] = append(values[side], mean(b.boardScores(side)))
			}
		}
		b.addReach()
	}
	if len(wholes) > 1 {
		u := Unit{Level: Overall, Name: "Overall", Base: mean(values[0]), Candidate: mean(values[1])}
		t.units = slices.Insert(t.units, 0, u)
		t.blends = slices.Insert(t.blends, 0, stats.Blend{Terms: t.together(perBenchmark)})
	}
	return t
}

func mean(values []float64) float64 {
	sum := 0.0
	for _, v := range values {
		sum += v
	}
	return sum / float64(len(values))
}

// together is the mean of several figures; a set that counts in several of them
// counts once, with its share in all.
func (t *trial) together(parts [][]stats.Term) []stats.Term {
	var out []stats.Term
	for _, part := range parts {
		for _, p := range part {
			p.Share /= float64(len(parts))
			at := slices.IndexFunc(out, func(o stats.Term) bool { return o.Set == p.Set })
			if at >= 0 {
				out[at].Share += p.Share
				continue
			}
			out = append(out, p)
		}
	}
	return out
}

// set numbers a set, which is new where its name is.
func (t *trial) set(name setName, make func() stats.Set) int {
	if at, known := t.known[name]; known {
		return at
	}
	s := make()
	weight := 0.0
	for _, p := range s.Pairs {
		weight += weightOf(t.pairs[p].Weight)
	}
	at := len(t.sets)
	t.known[name] = at
	t.sets, t.weights, t.keys = append(t.sets, s), append(t.weights, weight), append(t.keys, keyOf(s))
	return at
}

// byWeight gives sets shares as their pairs together weigh.
func (t *trial) byWeight(sets []int) []stats.Term {
	sum := 0.0
	for _, s := range sets {
		sum += t.weights[s]
	}
	out := make([]stats.Term, len(sets))
	for i, s := range sets {
		out[i] = stats.Term{Set: s, Share: t.weights[s] / sum}
	}
	return out
}

// keyOf is the same for sets of the same pairs and headline.
func keyOf(s stats.Set) uint64 {
	h := fnv.New64a()
	line := append([]byte(s.Headline), byte(s.Columns), byte(s.Part))
	if s.Columns == 0 {
		line = []byte{0, 0, byte(s.Part)}
	}
	for _, p := range s.Pairs {
		line = binary.LittleEndian.AppendUint32(line, uint32(p))
	}
	_, _ = h.Write(line)
	return h.Sum64()
}

// signature is the same for blends of the same sets in the same proportions: they
// are one hypothesis, tested once.
func (t *trial) signature(b stats.Blend) uint64 {
	terms := slices.Clone(b.Terms)
	slices.SortFunc(terms, func(x, y stats.Term) int {
		switch {
		case t.keys[x.Set] < t.keys[y.Set]:
			return -1
		case t.keys[x.Set] > t.keys[y.Set]:
			return 1
		}
		return 0
	})
	h := fnv.New64a()
	var line []byte
	for _, x := range terms {
		line = binary.LittleEndian.AppendUint64(line, t.keys[x.Set])
		line = binary.LittleEndian.AppendUint64(line, uint64(math.Round(1e8*x.Share)))
	}
	_, _ = h.Write(line)
	return h.Sum64()
}

// weightOf is what a sample weighs.
func weightOf(w float64) float64 {
	if w > 0 && !math.IsInf(w, 0) {
		return w
	}
	return 1
}

// options are of the tests: a drawn p is no less than 1/(flips+1), and with many
// units Holm needs more.
func (t *trial) options(o Options) stats.Options {
	return stats.Options{Seed: o.Seed, Resamples: scorers.DefaultResamples, Flips: 60 * len(t.units)}
}

// layout is the benchmark's own, or what its rows say.
func (c *Comparison) layout(m matched) (l Layout, own bool) {
	if c.Options.Layout != nil {
		if l, ok := c.Options.Layout(m.benchmark); ok {
			return l, true
		}
	}
	return Layout{Average: results.AverageCategories}, false
}
