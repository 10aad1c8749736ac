package model

import (
	"math"

	"github.com/lcbench/lcbench/localmodel/kernels/cpu"
)

// experts are networks of which each row x passes a few:
//
//	s = sigmoid(W x), or softmax(W x)
//	chosen are the most by s + bias, of equals the first; where there are groups,
//	of those groups alone whose two best s + bias add up to most
//	w = s of the chosen ones, over their sum if renormalised
//	y = scale sum of w_e network_e(x)
//
// The bias has a say in the choice only. Matrices stay as they are stored, and
// those of an expert that no row takes are not touched.
// Source: arXiv 2412.19437 §2.1.2, with the names of Kimi Linear's config.json.
type experts struct {
	routing
	router cpu.Matrix // [experts, width]
	bias   []float32  // [experts]
	each   []network
}

// routing is how experts are chosen and weighted.
type routing struct {
	take             int // experts a row
	groups, ofGroups int // equal parts of the experts, and how many of them a row takes experts from
	softmax          bool
	renormalise      bool // if a row takes more than one
	scale            float64
}

// weightEps is added to the sum of weights that renormalisation divides by.
const weightEps = 1e-20

// taken is a row that an expert takes.
type taken struct {
	row    int
	weight float32
}

// expertScratch is memory that the experts of all layers share.
type expertScratch struct {
	scores, weights  []float32 // [n, experts], [n, take]
	chosen           []int     // [n, take]
	order            []taken   // expert by expert, the rows of each in their order
	starts           []int     // of each expert in order, and the end
	x, gate, up, out []float32 // of the rows of one expert
	threads          []choice
}

// add adds to o [n, width] what the experts make of x [n, width]. A row's result
// does not depend on which experts the others take: its terms are added in the
// order of the experts, and products go by how many rows the pass has.
func (e *experts) add(k *cpu.Kernels, b *expertScratch, o, x []float32, n int) {
	e.route(k, b, x, n)
	width := e.router.Cols
	for i := range e.each {
		rows, net := b.order[b.starts[i]:b.starts[i+1]], &e.each[i]
		count, hidden := len(rows), net.gate.Rows
		if count == 0 {
			continue
		}
		in, out := room(&b.x, count*width), room(&b.out, count*width)
		gate, up := room(&b.gate, count*hidden), room(&b.up, count*hidden)
		for r, t := range rows {
			copy(in[r*width:], x[t.row*width:][:width])
		}
		k.MatMulsAmong(n, in, count, cpu.MatMulJob{Out: gate, W: net.gate}, cpu.MatMulJob{Out: up, W: net.up})
		k.SiLUMul(gate, up)
		k.MatMulsAmong(n, gate, count, cpu.MatMulJob{Out: out, W: net.down})
		k.Share(count, func(t cpu.Thread, r int) {
			row := out[r*width:][:width]
			t.Scale(row, row, rows[r].weight)
			t.Add(o[rows[r].row*width:][:width], row)
		})
	}
}

// route settles which experts take which rows of x.
func (e *experts) route(k *cpu.Kernels, b *expertScratch, x []float32, n int) {
	count := len(e.each)
	scores, weights := room(&b.scores, n*count), room(&b.weights, n*e.take)
	chosen := room(&b.chosen, n*e.take)
	k.MatMul(scores, x, n, e.router)
	for len(b.threads) < k.Threads() {
		b.threads = append(b.threads, choice{})
	}
	k.Share(n, func(t cpu.Thread, r int) {
		e.choose(&b.threads[t.Number], scores[r*count:][:count], e.bias, chosen[r*e.take:][:e.take], weights[r*e.take:][:e.take])
	})
	starts := room(&b.starts, count+2)
	clear(starts)
	for _, c := range chosen {
		starts[c+2]++
	}
	for i := range count {
		starts[i+2] += starts[i+1]
	}
	order := room(&b.order, n*e.take)
	for i, c := range chosen { // starts[c+1] is where the next row of expert c goes
		order[starts[c+1]] = taken{i / e.take, weights[i]}
		starts[c+1]++
	}
}

// choice is a thread's scratch.
type choice struct {
	rank, groups []float32 // of experts, of groups
	open         []bool    // what may still be picked
	picked       []int     // groups
}

// choose turns the router's products of a row into scores and writes the
// experts that it takes, the highest first, and their weights.
func (r *routing) choose(c *choice, scores, bias []float32, chosen []int, weights []float32) {
	r.score(scores)
	rank, open := room(&c.rank, len(scores)), room(&c.open, len(scores))
	for i, s := range scores {
		rank[i], open[i] = s+bias[i], true
	}
	if r.groups > r.ofGroups {
		r.closeGroups(c, rank, open)
	}
	pick(chosen, rank, open)
	by := r.scale
	if r.renormalise && len(chosen) > 1 {
		sum := weightEps
		for _, i := range chosen {
			sum += float64(scores[i])
		}
		by /= sum
	}
	for at, i := range chosen {
		weights[at] = float32(by * float64(scores[i]))
	}
}

// score replaces products by scores.
func (r *routing) score(z []float32) {
	if !r.softmax {
		for i, v := range z {
			z[i] = float32(1 / (1 + math.Exp(-float64(v))))
		}
		return
	}
	top, sum := z[0], 0.0
	for _, v := range z {
		top = max(top, v)
	}
	for _, v := range z {
		sum += math.Exp(float64(v - top))
	}
	for i, v := range z {
		z[i] = float32(math.Exp(float64(v-top)) / sum)
	}
}

// closeGroups leaves only the experts of the best groups open.
func (r *routing) closeGroups(c *choice, rank []float32, open []bool) {
	size, groups, picked := len(rank)/r.groups, room(&c.groups, r.groups), room(&c.picked, r.ofGroups)
	for g := range groups {
		first, second := float32(math.Inf(-1)), float32(math.Inf(-1))
		for _, v := range rank[g*size:][:size] {
			first, second = max(first, v), max(second, min(first, v))
		}
		groups[g] = first + second
	}
	pick(picked, groups, open[:r.groups])
	clear(open)
	for _, g := range picked {
		for i := range size {
			open[g*size+i] = true
		}
	}
}

// pick writes the places of the largest open scores, of equals the first, and
// closes them. There must be as many.
func pick(places []int, scores []float32, open []bool) {
	for i := range places {
		best := -1
		for j, s := range scores {
			if open[j] && (best < 0 || s > scores[best]) {
				best = j
			}
		}
		places[i], open[best] = best, false
	}
}

// room returns a slice of n elements, reusing s where it is long enough.
func room[T any](s *[]T, n int) []T {
	if cap(*s) < n {
		*s = make([]T, n)
	}
	*s = (*s)[:n]
	return *s
}
