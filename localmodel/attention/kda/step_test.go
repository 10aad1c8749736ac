package kda

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"

	"github.com/lcbench/lcbench/localmodel/kernels/cpu"
)

// A prompt that is cut at steps, with more tokens in each part than the
// recurrence takes, has the bits of the whole: results and state.
func TestCutsAtStepsChangeNoBit(t *testing.T) {
	for _, l := range cpu.Levels() {
		k := cpu.New(l, 2)
		t.Cleanup(k.Close)
		b := &Scratch{}
		t.Run(l.String(), func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				s, _ := drawn(t)
				n := rapid.IntRange(Step+recurrentRows+1, 5*Step).Draw(t, "length")
				strength := rapid.SampledFrom([]float64{0, 0.3, 6, 200}).Draw(t, "strength")
				x := draw(rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "numbers"), 0)), s, n, strength)
				whole, cut := x.fresh(s), x.fresh(s)
				Attend(k, b, s, whole)
				for from := 0; from < n; {
					to := n
					if most := (n - recurrentRows - 1 - from) / Step; most > 0 {
						to = from + Step*rapid.IntRange(1, most).Draw(t, "steps")
					}
					Attend(k, b, s, cut.cut(s, from, to))
					from = to
				}
				sameBits(t, "o", cut.Out, whole.Out)
				sameBits(t, "state", cut.State, whole.State)
			})
		})
	}
}

func sameBits(t rapid.TB, what string, got, want []float32) {
	t.Helper()
	for i, w := range want {
		if math.Float32bits(got[i]) != math.Float32bits(w) {
			t.Fatalf("%s: element %d: got %g, want the bits of %g", what, i, got[i], w)
		}
	}
}

// drawnLayer is a layer of odd sizes.
func drawnLayer(r *rand.Rand, width int) *Layer {
	s := Shape{Heads: 3, KeyDim: 18, ValueDim: 18}
	numbers := func(n int, mean, spread float64) []float32 {
		x := make([]float32, n)
		for i := range x {
			x[i] = float32(mean + spread*r.NormFloat64())
		}
		return x
	}
	matrix := func(rows, cols int) cpu.Matrix {
		return cpu.Floats(numbers(rows*cols, 0, 1/math.Sqrt(float64(cols))), rows, cols)
	}
	all := s.Heads * s.KeyDim
	l := &Layer{
		Shape: s, Taps: 4, Query: matrix(all, width), Key: matrix(all, width), Value: matrix(all, width),
		DecayDown: matrix(7, width), DecayUp: matrix(all, 7), ALog: numbers(s.Heads, 0, 1), DecayBias: numbers(all, -2, 1), Beta: matrix(s.Heads, width),
		GateDown: matrix(5, width), GateUp: matrix(all, 5), Norm: numbers(s.ValueDim, 1, 0.3), NormEps: 1e-5,
	}
	for i := range l.Conv {
		l.Conv[i] = numbers(all*l.Taps, 0.3, 0.5)
	}
	return l
}

// Forks at a step go on as sequences do that were never forked, bit for bit,
// whichever of them goes on first.
func TestForksAtAStepAreSeparateSequences(t *testing.T) {
	const width, questions = 41, 3
	r := rand.New(rand.NewPCG(5, 5))
	l := drawnLayer(r, width)
	rows := func(n int) []float32 {
		x := make([]float32, n*width)
		for i := range x {
			x[i] = float32(r.NormFloat64())
		}
		return x
	}
	document := rows(3 * Step)
	for _, level := range cpu.Levels() {
		k := cpu.New(level, 2)
		t.Cleanup(k.Close)
		first := l.New()
		mix(k, l, first, document, 2*Step)
		var forks []*Cache
		for range questions {
			f, ok := first.Fork(3 * Step)
			if !ok {
				t.Fatal("no fork at the end of the document")
			}
			forks = append(forks, f.(*Cache))
		}
		if got := held(append(forks, first)...); got != l.Bytes() {
			t.Errorf("%s: a state and its forks hold %d bytes, want %d: they share", level, got, l.Bytes())
		}
		for i, f := range forks {
			question := rows(recurrentRows + 1 + 40*i)
			got := mix(k, l, f, question, 1000)
			alone := l.New()
			want := mix(k, l, alone, append(append([]float32(nil), document...), question...), 1000)
			sameBits(t, fmt.Sprint(level, ", question ", i), got, want[len(want)-len(got):])
			sameBits(t, fmt.Sprint(level, ", state behind question ", i), f.memory.state, alone.memory.state)
		}
		if got := held(append(forks, first)...); got != (questions+1)*l.Bytes() {
			t.Errorf("%s: %d bytes are held once all forks went on, want %d", level, got, (questions+1)*l.Bytes())
		}
	}
}
