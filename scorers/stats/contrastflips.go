package stats

import (
	"fmt"
	"math"
	"slices"

	"github.com/lcbench/lcbench/scorers"
)

// block is what 64 documents change the sums of a layer's atoms by when they
// change sides, tabled: four documents are looked up at once.
type block struct {
	number  int // of the documents' signs / 64
	columns []blockColumn
}

// blockColumn is one atom's change in one column: candidate − base.
type blockColumn struct {
	at      int // atom·(1 + parts) + column
	nibbles []uint8
	tables  [][16]float64 // of each nibble
}

// buildBlocks tables the documents that differ.
func (l *layer) buildBlocks() {
	order := make([]int32, l.documents())
	for i := range order {
		order[i] = int32(i)
	}
	slices.SortStableFunc(order, func(a, b int32) int { return int(l.sign[a] - l.sign[b]) })
	var columns map[int]int // in the last block
	for _, i := range order {
		for e := l.start[i]; e < l.start[i+1]; e++ {
			entry := l.entry(e)
			for k := range 1 + l.parts {
				change := entry[2] - entry[1]
				if k > 0 {
					change = entry[2+l.parts+k] - entry[2+k]
				}
				if math.Abs(change) <= tiny*entry[0] {
					continue
				}
				if n := len(l.blocks); n == 0 || l.blocks[n-1].number != int(l.sign[i]/64) {
					l.blocks = append(l.blocks, block{number: int(l.sign[i] / 64)})
					columns = map[int]int{}
				}
				b := &l.blocks[len(l.blocks)-1]
				at := int(l.atom[e])*(1+l.parts) + k
				if _, seen := columns[at]; !seen {
					columns[at] = len(b.columns)
					b.columns = append(b.columns, blockColumn{at: at})
				}
				b.columns[columns[at]].add(int(l.sign[i]%64), change)
			}
		}
	}
}

// add tables one document's change; documents come by their bits.
func (c *blockColumn) add(bit int, change float64) {
	nibble := uint8(bit / 4)
	if n := len(c.nibbles); n == 0 || c.nibbles[n-1] != nibble {
		c.nibbles, c.tables = append(c.nibbles, nibble), append(c.tables, [16]float64{})
	}
	table := &c.tables[len(c.tables)-1]
	for k := range table {
		if k>>(bit%4)&1 == 0 {
			table[k] += change
		} else {
			table[k] -= change
		}
	}
}

// flip is the permutation test of every blend: documents change sides together,
// see design.signFlip.
func (c *contrast) flip(out []Comparison) {
	flips := max(c.o.Resamples, c.o.Flips)
	if c.o.Resamples < 0 {
		flips = max(scorers.DefaultResamples, c.o.Flips)
	}
	reached := make([]float64, len(out)) // infinite: nothing to draw
	draw := false
	for b := range out {
		// Ties count as being as far out; neither rounding nor the small summands
		// of some headlines must break them.
		limit := math.Abs(out[b].Difference.Value) - 1e-9
		reached[b] = math.Inf(1)
		differing := c.documentsOf(b, func(s *laidSet) []int32 { return s.differing })
		switch n := len(differing); {
		case out[b].Documents < 2:
			out[b].P = PValue{Figure: Figure{State: StateOneDocument}}
		case n == 0:
			out[b].P = PValue{Figure: Figure{State: StateNoDiscordantPairs}}
		case n < 62 && 1<<n <= flips:
			out[b].P = c.exact(b, differing, limit)
		default:
			reached[b], draw = limit, true
		}
	}
	if !draw {
		return
	}
	for b, n := range c.far(reached, flips) {
		if !math.IsInf(reached[b], 1) {
			out[b].P = PValue{Figure: ok(float64(n+1) / float64(flips+1)), Flips: flips}
		}
	}
}

// far counts the flips in which each blend's difference is as far out as reached.
func (c *contrast) far(reached []float64, flips int) []int {
	counts := make([][]int, (flips+chunk-1)/chunk)
	c.inChunks(flips, func(number, size int) {
		differences := make([]float64, len(c.blends)*size)
		for _, l := range c.layers {
			l.flip(c, number, size, differences)
		}
		n := make([]int, len(c.blends))
		for b := range n {
			for _, d := range differences[b*size : (b+1)*size] {
				if math.Abs(d) >= reached[b] {
					n[b]++
				}
			}
		}
		counts[number] = n
	})
	out := make([]int, len(c.blends))
	for _, n := range counts {
		for b := range n {
			out[b] += n[b]
		}
	}
	return out
}

// flip adds what a chunk's exchanges in the stratum are worth to the blends'
// differences, [blends][size].
func (l *layer) flip(c *contrast, number, size int, differences []float64) {
	changes := make([]float64, l.atoms*(1+l.parts)*size)
	words := make([]uint64, size)
	for _, b := range l.blocks {
		src := scorers.Stream(c.o.Seed, fmt.Sprintf("exchange\x00%d\x00%d", b.number, number))
		for r := range words {
			words[r] = src.Uint64()
		}
		for _, column := range b.columns {
			column.look(words, changes[column.at*size:(column.at+1)*size])
		}
	}
	sum := make([]float64, (1+l.parts)*size)
	for _, s := range l.sets {
		users := c.users[s.number]
		if len(users) == 0 {
			continue
		}
		clear(sum)
		for _, a := range s.atoms {
			accumulate(sum, changes[int(a)*len(sum):int(a+1)*len(sum)])
		}
		s.spread(sum, size)
		for _, u := range users {
			to := differences[u.blend*size : (u.blend+1)*size]
			for r := range to {
				to[r] += u.share * sum[r]
			}
		}
	}
}

// look adds a column's change under each word's signs.
func (c *blockColumn) look(words []uint64, out []float64) {
	for k, nibble := range c.nibbles {
		table, shift := &c.tables[k], 4*uint(nibble)
		for r, w := range words {
			out[r] += table[w>>shift&15]
		}
	}
}

// spread turns the set's changes, [1 + parts][size], into differences of its two
// figures, in the first row.
func (s *laidSet) spread(sum []float64, size int) {
	if s.Columns == 0 {
		row := sum[s.Part*size : (s.Part+1)*size]
		for r, change := range row {
			sum[r] = change / s.totals[0]
		}
		return
	}
	sums, scratch := slices.Clone(s.totals), make([]float64, 2*s.Columns)
	for r := range size {
		for k := range s.Columns {
			s.exchange(sums, k, sum[(1+k)*size+r])
		}
		base, now := s.figures(sums, scratch)
		sum[r] = now - base
	}
}

// exchange sets the sums of a part in which the runs differ by change.
func (s *laidSet) exchange(sums []float64, part int, change float64) {
	b, n := 3+part, 3+s.layer.parts+part
	both := s.totals[b] + s.totals[n]
	sums[b], sums[n] = (both-change)/2, (both+change)/2
}
