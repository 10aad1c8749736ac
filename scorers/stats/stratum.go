package stats

import (
	"cmp"
	"slices"
)

// binned is what one document has in a bin.
type binned struct {
	bin         int
	sum, weight float64
}

// stratum is one set of documents that draws are made within.
type stratum struct {
	name  string
	bins  int
	start []int32 // of each document's cells; one more than there are documents
	cells []binned
	// sums and weights of the whole, [bins].
	sums, weights []float64
	next          func([]uint32)
	picks         []uint32
	// drawn sums and weights, [draws, bins].
	drawnSums, drawnWeights []float64
}

// placed is a sample's part of a document.
type placed struct {
	document int
	binned
}

// document numbers the documents of a stratum.
func (s *stratum) document(known map[string]int, group string) int {
	n, seen := known[group] // never of the empty one
	if !seen {
		n = len(s.start)
		s.start = append(s.start, 0)
		if group != "" {
			known[group] = n
		}
	}
	return n
}

// lay merges a document's samples of one bin and puts documents side by side.
func (s *stratum) lay(rows []placed) {
	slices.SortStableFunc(rows, func(a, b placed) int {
		return cmp.Or(cmp.Compare(a.document, b.document), cmp.Compare(a.bin, b.bin))
	})
	s.start = append(s.start, 0)
	s.sums, s.weights = make([]float64, s.bins), make([]float64, s.bins)
	last := -1
	for _, r := range rows {
		s.sums[r.bin] += r.sum
		s.weights[r.bin] += r.weight
		if r.document == last && s.cells[len(s.cells)-1].bin == r.bin {
			c := &s.cells[len(s.cells)-1]
			c.sum += r.sum
			c.weight += r.weight
			continue
		}
		if r.document != last {
			last = r.document
			s.start[last] = int32(len(s.cells))
		}
		s.cells = append(s.cells, r.binned)
	}
	s.start[len(s.start)-1] = int32(len(s.cells))
}

func (s *stratum) documents() int { return len(s.start) - 1 }

func (s *stratum) holdsAny(document int, bins []int) bool {
	for _, c := range s.cells[s.start[document]:s.start[document+1]] {
		if slices.Contains(bins, c.bin) {
			return true
		}
	}
	return false
}

// draw makes n further draws.
func (s *stratum) draw(n int) {
	s.drawnSums = slices.Grow(s.drawnSums, n*s.bins)
	s.drawnWeights = slices.Grow(s.drawnWeights, n*s.bins)
	for range n {
		at := len(s.drawnSums)
		s.drawnSums = s.drawnSums[:at+s.bins]
		s.drawnWeights = s.drawnWeights[:at+s.bins]
		sums, weights := s.drawnSums[at:], s.drawnWeights[at:]
		clear(sums)
		clear(weights)
		s.next(s.picks)
		if s.bins == 1 { // every document has one cell
			sums[0], weights[0] = s.total()
			continue
		}
		for _, p := range s.picks {
			for _, c := range s.cells[s.start[p]:s.start[p+1]] {
				sums[c.bin] += c.sum
				weights[c.bin] += c.weight
			}
		}
	}
}

// total adds up the picked documents of a stratum with one bin.
func (s *stratum) total() (sum, weight float64) {
	for _, p := range s.picks {
		sum += s.cells[p].sum
		weight += s.cells[p].weight
	}
	return sum, weight
}

// maxRedraw bounds how many draws are made for each that is kept.
const maxRedraw = 20

// accept lists the first n draws in which none of the bins came out empty that
// the stratum has something in. Empty: it has nothing in any; nil: too many
// came out empty.
func (s *stratum) accept(bins []int, n int) []int32 {
	var need []int
	for _, b := range bins {
		if s.weights[b] > 0 {
			need = append(need, b)
		}
	}
	out := []int32{}
	if len(need) == 0 {
		return out
	}
	for b := 0; len(out) < n; b++ {
		if b >= maxRedraw*n {
			return nil
		}
		if b*s.bins >= len(s.drawnSums) {
			s.draw(max(1, n/4))
		}
		if !slices.ContainsFunc(need, func(k int) bool { return s.drawnWeights[b*s.bins+k] == 0 }) {
			out = append(out, int32(b))
		}
	}
	return out
}
