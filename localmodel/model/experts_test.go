package model

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lcbench/lcbench/localmodel/kernels/cpu"
)

// logit is what the sigmoid makes p of.
func logit(p float64) float32 { return float32(math.Log(p / (1 - p))) }

func TestExpertsAreChosenAsTheFormulaSays(t *testing.T) {
	for _, c := range []struct {
		name         string
		how          routing
		scores, bias []float64
		chosen       []int
		weights      []float64
	}{
		{"the largest", routing{take: 2, groups: 1, ofGroups: 1, scale: 1}, []float64{0.2, 0.9, 0.4, 0.6}, nil, []int{1, 3}, []float64{0.9, 0.6}},
		{"of equals the first", routing{take: 3, groups: 1, ofGroups: 1, scale: 1}, []float64{0.2, 0.5, 0.5, 0.5, 0.5}, nil, []int{1, 2, 3}, []float64{0.5, 0.5, 0.5}},
		{"the bias chooses and doesn't weigh", routing{take: 2, groups: 1, ofGroups: 1, renormalise: true, scale: 3}, []float64{0.2, 0.9, 0.6}, []float64{1, 0, -1}, []int{0, 1}, []float64{3 * 0.2 / 1.1, 3 * 0.9 / 1.1}},
		{"one alone is not renormalised", routing{take: 1, groups: 1, ofGroups: 1, renormalise: true, scale: 2}, []float64{0.25, 0.125}, nil, []int{0}, []float64{0.5}},
		// The best expert is in the group that its two best leave behind.
		{"groups by their two best", routing{take: 2, groups: 3, ofGroups: 2, scale: 1}, []float64{0.9, 0.1, 0.6, 0.5, 0.55, 0.56}, nil, []int{2, 5}, []float64{0.6, 0.56}},
		{"of equal groups the first", routing{take: 3, groups: 3, ofGroups: 2, scale: 1}, []float64{0.5, 0.3, 0.5, 0.3, 0.3, 0.5}, nil, []int{0, 2, 1}, []float64{0.5, 0.5, 0.3}},
		{"a bad expert of a good group", routing{take: 4, groups: 2, ofGroups: 1, scale: 1}, []float64{0.7, 0.01, 0.6, 0.02, 0.5, 0.5, 0.5, 0.5}, []float64{0, -1, 0, -1, 0, 0, 0, 0}, []int{0, 2, 3, 1}, []float64{0.7, 0.6, 0.02, 0.01}},
	} {
		t.Run(c.name, func(t *testing.T) {
			z, bias := make([]float32, len(c.scores)), make([]float32, len(c.scores))
			for i, p := range c.scores {
				z[i] = logit(p)
			}
			for i, v := range c.bias {
				bias[i] = float32(v)
			}
			chosen, weights := make([]int, c.how.take), make([]float32, c.how.take)
			c.how.choose(&choice{}, z, bias, chosen, weights)
			if diff := cmp.Diff(c.chosen, chosen); diff != "" {
				t.Errorf("chosen:\n%s", diff)
			}
			for i, w := range c.weights {
				if !(math.Abs(float64(weights[i])-w) <= 1e-6) {
					t.Errorf("weight of expert %d: got %g, want %g", chosen[i], weights[i], w)
				}
			}
		})
	}
}

func TestSoftmaxOfTheRouterSumsToOne(t *testing.T) {
	z := []float32{1, 500, 499, -3}
	(&routing{softmax: true}).score(z)
	if want := 1 / (1 + math.Exp(-1)); math.Abs(float64(z[1])-want) > 1e-6 || math.Abs(float64(z[1]+z[2])-1) > 1e-6 || z[0] != 0 {
		t.Errorf("got %v", z)
	}
}

// drawExperts are experts of odd sizes.
func drawExperts(r *rand.Rand, count, width, hidden int, how routing) *experts {
	matrix := func(rows, cols int) cpu.Matrix {
		w := make([]float32, rows*cols)
		for i := range w {
			w[i] = float32(r.NormFloat64() / math.Sqrt(float64(cols)))
		}
		return cpu.Floats(w, rows, cols)
	}
	e := &experts{routing: how, router: matrix(count, width), bias: make([]float32, count)}
	for range count {
		e.each = append(e.each, network{matrix(hidden, width), matrix(hidden, width), matrix(width, hidden)})
	}
	return e
}

// What a row gets does not depend on which experts its neighbours take, as long
// as the pass is of up to SameBits rows or of more.
func TestExpertsGiveARowTheSameBitsInAnyCompany(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	const width, hidden, n = 83, 29, 60
	e := drawExperts(r, 9, width, hidden, routing{take: 3, groups: 3, ofGroups: 2, renormalise: true, scale: 2})
	x := make([]float32, n*width)
	for i := range x {
		x[i] = float32(r.NormFloat64())
	}
	for _, level := range cpu.Levels() {
		k := cpu.New(level, 2)
		t.Cleanup(k.Close)
		b := &expertScratch{}
		run := func(from, to int) []float32 {
			o := make([]float32, (to-from)*width)
			e.add(k, b, o, x[from*width:to*width], to-from)
			return o
		}
		same := func(what string, got, want []float32) {
			for i, v := range want {
				if math.Float32bits(v) != math.Float32bits(got[i]) {
					t.Fatalf("%s, %s: number %d is %g, want the bits of %g", level, what, i, got[i], v)
				}
			}
		}
		all := run(0, n)
		for _, cut := range []int{17, 30, 43} {
			same(fmt.Sprint("rows ahead of ", cut), run(0, cut), all[:cut*width])
			same(fmt.Sprint("rows behind ", cut), run(cut, n), all[cut*width:])
		}
		few := run(0, SameBits)
		for i := range SameBits {
			same(fmt.Sprint("row ", i, " alone"), run(i, i+1), few[i*width:][:width])
		}
	}
}
