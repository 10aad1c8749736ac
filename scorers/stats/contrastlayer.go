package stats

import (
	"cmp"
	"math"
	"slices"
)

// layer is one stratum. Its pairs fall into atoms, the largest groups that are
// whole in every set: a set is a list of atoms, and what is drawn is added up
// once an atom. An entry is what a document has in an atom: weight, weighted
// scores of base and candidate, weighted parts of base, of candidate.
type layer struct {
	stratum int32
	parts   int // a score has
	width   int // of an entry: 3 + 2·parts
	start   []int32
	atom    []int32   // [entries]
	values  []float64 // [entries][width]
	atoms   int
	sets    []*laidSet
	// The same entries atom by atom, with the document of each.
	atomStart    []int32 // one more than there are atoms
	atomDocument []int32
	atomValues   []float64
	// sign numbers the documents among all strata's.
	sign   []int32
	blocks []block
}

// laidSet is a set in its layer.
type laidSet struct {
	Set
	number int
	layer  *layer
	atoms  []int32
	totals []float64 // [width]
	from   func(means []float64, rows int) float64
	// documents have pairs in the set, those of differing it matters to which run
	// which answer belongs; both by sign.
	documents, differing []int32
}

// newLayer lays the pairs of one stratum; atoms is room for a number a pair.
func newLayer(c *contrast, stratum int32, pairs []int32, sets []int, atoms []int32) *layer {
	l := &layer{stratum: stratum}
	for _, s := range sets {
		set := &laidSet{Set: c.sets[s], number: s, layer: l}
		if set.Columns > 0 {
			set.from = set.Headline.FromMeans()
		}
		if set.from == nil {
			set.Columns = 0
		}
		l.parts = max(l.parts, set.Columns, set.Part)
		l.sets = append(l.sets, set)
		c.laid[s] = set
	}
	l.width = 3 + 2*l.parts
	l.split(pairs, atoms)
	l.fill(c.pairs, pairs, atoms)
	for _, s := range l.sets {
		s.totals = make([]float64, l.width)
		in := make([]bool, l.atoms)
		for _, a := range s.atoms {
			in[a] = true
		}
		for e, a := range l.atom {
			if in[a] {
				accumulate(s.totals, l.entry(int32(e)))
			}
		}
	}
	return l
}

// split numbers the atoms: each set cuts those that it takes but a part of.
func (l *layer) split(pairs, atoms []int32) {
	for _, p := range pairs {
		atoms[p] = 0
	}
	l.atoms = 1
	for _, s := range l.sets {
		cut := map[int32]int32{}
		for _, p := range s.Pairs {
			to, known := cut[atoms[p]]
			if !known {
				to = int32(l.atoms)
				cut[atoms[p]] = to
				l.atoms++
			}
			atoms[p] = to
		}
	}
	// Numbers without gaps, in order of first appearance.
	order := slices.Repeat([]int32{-1}, l.atoms)
	l.atoms = 0
	for _, p := range pairs {
		if order[atoms[p]] < 0 {
			order[atoms[p]] = int32(l.atoms)
			l.atoms++
		}
		atoms[p] = order[atoms[p]]
	}
	for _, s := range l.sets {
		in := make([]bool, l.atoms)
		for _, p := range s.Pairs {
			if a := atoms[p]; !in[a] {
				in[a] = true
				s.atoms = append(s.atoms, a)
			}
		}
	}
}

// fill merges the pairs of a document and an atom into entries; documents go by
// their first atom, so that those of an atom stand side by side.
func (l *layer) fill(all []ScoredPair, pairs, atoms []int32) {
	first := map[int32]int32{}
	for _, p := range pairs {
		d := all[p].Document
		if at, seen := first[d]; !seen || atoms[p] < at {
			first[d] = atoms[p]
		}
	}
	type row struct{ first, document, atom, pair int32 }
	rows := make([]row, len(pairs))
	for i, p := range pairs {
		rows[i] = row{first[all[p].Document], all[p].Document, atoms[p], p}
	}
	slices.SortFunc(rows, func(a, b row) int {
		return cmp.Or(cmp.Compare(a.first, b.first), cmp.Compare(a.document, b.document), cmp.Compare(a.atom, b.atom), cmp.Compare(a.pair, b.pair))
	})
	for i, r := range rows {
		if i == 0 || rows[i-1].document != r.document {
			l.start = append(l.start, int32(len(l.atom)))
			l.sign = append(l.sign, r.document) // until number
		}
		if i == 0 || rows[i-1].document != r.document || rows[i-1].atom != r.atom {
			l.atom = append(l.atom, r.atom)
			l.values = append(l.values, make([]float64, l.width)...)
		}
		l.addPair(l.entry(int32(len(l.atom)-1)), all[r.pair])
	}
	l.start = append(l.start, int32(len(l.atom)))
	l.turn()
}

// turn lays the entries atom by atom.
func (l *layer) turn() {
	l.atomStart = make([]int32, l.atoms+1)
	for _, a := range l.atom {
		l.atomStart[a+1]++
	}
	for a := range l.atoms {
		l.atomStart[a+1] += l.atomStart[a]
	}
	next := slices.Clone(l.atomStart)
	l.atomDocument, l.atomValues = make([]int32, len(l.atom)), make([]float64, len(l.values))
	for d := range l.documents() {
		for e := l.start[d]; e < l.start[d+1]; e++ {
			at := next[l.atom[e]]
			next[l.atom[e]]++
			l.atomDocument[at] = int32(d)
			copy(l.atomValues[int(at)*l.width:], l.entry(e))
		}
	}
}

func (l *layer) addPair(entry []float64, p ScoredPair) {
	w := Sample{Weight: p.Weight}.weight()
	entry[0] += w
	entry[1] += w * p.Base
	entry[2] += w * p.Candidate
	for k := range l.parts {
		if k < len(p.BaseParts) {
			entry[3+k] += w * finite(p.BaseParts[k])
		}
		if k < len(p.CandidateParts) {
			entry[3+l.parts+k] += w * finite(p.CandidateParts[k])
		}
	}
}

func finite(v float64) float64 {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return 0
	}
	return v
}

func (l *layer) documents() int { return len(l.start) - 1 }

func (l *layer) entry(e int32) []float64 { return l.values[int(e)*l.width : (int(e)+1)*l.width] }

func accumulate(to, from []float64) {
	for k, v := range from {
		to[k] += v
	}
}

// number gives documents their signs, from next on, and lists those of each set.
// It returns the next free one.
func (l *layer) number(signs []int32, next int32) int32 {
	for i, d := range l.sign {
		if signs[d] < 0 {
			signs[d] = next
			next++
		}
		l.sign[i] = signs[d]
	}
	of := make([][]*laidSet, l.atoms)
	for _, s := range l.sets {
		for _, a := range s.atoms {
			of[a] = append(of[a], s)
		}
	}
	for i, sign := range l.sign {
		for e := l.start[i]; e < l.start[i+1]; e++ {
			for _, s := range of[l.atom[e]] {
				if n := len(s.documents); n == 0 || s.documents[n-1] != sign {
					s.documents = append(s.documents, sign)
				}
				if n := len(s.differing); (n == 0 || s.differing[n-1] != sign) && s.differs(l.entry(e)) {
					s.differing = append(s.differing, sign)
				}
			}
		}
	}
	return next
}

// columns calls visit with the set's columns of an entry, base and candidate.
func (s *laidSet) columns(visit func(base, candidate int)) {
	parts := s.layer.parts
	switch {
	case s.Columns > 0:
		for k := range s.Columns {
			visit(3+k, 3+parts+k)
		}
	case s.Part > 0:
		visit(2+s.Part, 2+parts+s.Part)
	default:
		visit(1, 2)
	}
}

func (s *laidSet) differs(entry []float64) bool {
	differs := false
	s.columns(func(b, c int) { differs = differs || math.Abs(entry[c]-entry[b]) > tiny*entry[0] })
	return differs
}

// figures are the two runs' figures of an entry's columns summed up, whose
// weight isn't 0; scratch has room for 2·Columns.
func (s *laidSet) figures(sums, scratch []float64) (base, candidate float64) {
	w, parts := sums[0], s.layer.parts
	switch {
	case s.Columns > 0:
		was, now := scratch[:s.Columns], scratch[s.Columns:2*s.Columns]
		for k := range was {
			was[k], now[k] = sums[3+k]/w, sums[3+parts+k]/w
		}
		return s.from(was, len(s.Pairs)), s.from(now, len(s.Pairs))
	case s.Part > 0:
		return sums[2+s.Part] / w, sums[2+parts+s.Part] / w
	}
	return sums[1] / w, sums[2] / w
}
