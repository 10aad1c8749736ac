package kda

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/lcbench/lcbench/localmodel/attention/goldentest"
	"github.com/lcbench/lcbench/localmodel/kernels/cpu"
)

// tolerance is what the golden cases allow float32 arithmetic, on outputs and
// states of size 1: sums over a chunk's rows and a head's channels, and decays
// of up to 64 factors.
const tolerance = 5e-5

// eachLevel runs f at every level of this machine, on two threads.
func eachLevel(t *testing.T, f func(t *testing.T, k *cpu.Kernels)) {
	t.Helper()
	for _, l := range []cpu.Level{cpu.Plain, cpu.AVX2, cpu.AVX512, cpu.VNNI} {
		t.Run(l.String(), func(t *testing.T) {
			if _, err := cpu.ParseLevel(l.String()); err != nil {
				t.Skip(err)
			}
			k := cpu.New(l, 2)
			defer k.Close()
			f(t, k)
		})
	}
}

// forms are the two ways to take tokens, and the choice between them.
var forms = map[string]func(k *cpu.Kernels, b *Scratch, s Shape, works ...Work){
	"chunked": Chunked, "recurrent": Recurrent, "attend": Attend,
}

func TestGolden(t *testing.T) {
	cases := goldentest.Cases(t)
	eachLevel(t, func(t *testing.T, k *cpu.Kernels) {
		ran := 0
		for _, c := range cases {
			if c.Mechanism != "kda" {
				continue
			}
			ran++
			s, x := goldenWork(t, c)
			out, state := goldenResult(t, c)
			for name, form := range forms {
				w := x.fresh(s)
				form(k, &Scratch{}, s, w)
				close32(t, c.ID+" "+name+" o", w.Out, out, c.AbsTol)
				close32(t, c.ID+" "+name+" state", w.State, state, c.AbsTol)
			}
		}
		if ran == 0 {
			t.Error("no case of kda")
		}
	})
}

// The references agree with the golden tensors and with each other.
func TestGoldenReferences(t *testing.T) {
	for _, c := range goldentest.Cases(t) {
		if c.Mechanism != "kda" {
			continue
		}
		s, w := goldenWork(t, c)
		out, state := goldenResult(t, c)
		for name, form := range map[string]reference{"recurrent": Recurrent64, "chunked": chunked64(64), "chunks of 7": chunked64(7)} {
			gotOut, gotState := form.run(s, w)
			close64(t, c.ID+" "+name+" o", gotOut, out, 1e-6) // the golden tensors are rounded to float32
			close64(t, c.ID+" "+name+" state", gotState, state, 1e-6)
		}
	}
}

func goldenWork(t *testing.T, c goldentest.Case) (Shape, Work) {
	t.Helper()
	_, qs := c.Tensor(t, "q")
	_, vs := c.Tensor(t, "v")
	heads, n := qs[0], qs[1]
	s := Shape{Heads: heads, KeyDim: qs[2], ValueDim: vs[2], Scale: float32(c.Number("scale", 0))}
	read := func(name string, d int) []float32 {
		x, _ := c.Tensor(t, name)
		return goldentest.Narrow(goldentest.Swap(x, heads, n, d))
	}
	w := Work{
		N: n, Q: read("q", s.KeyDim), K: read("k", s.KeyDim), V: read("v", s.ValueDim),
		Decay: read("log_decay", s.KeyDim), Beta: read("beta", 1), State: make([]float32, s.StateLen()),
	}
	if c.In["state0"].File != "" {
		x, _ := c.Tensor(t, "state0")
		w.State = goldentest.Narrow(x)
	}
	return s, w
}

func goldenResult(t *testing.T, c goldentest.Case) (out, state []float64) {
	t.Helper()
	o, shape := c.Tensor(t, "o")
	state, _ = c.Tensor(t, "state")
	return goldentest.Swap(o, shape[0], shape[1], shape[2]), state
}

// fresh is the work with a state of its own and an output of NaN.
func (w Work) fresh(s Shape) Work {
	w.State = append([]float32(nil), w.State...)
	w.Out = make([]float32, w.N*s.Heads*s.ValueDim)
	for i := range w.Out {
		w.Out[i] = float32(math.NaN())
	}
	return w
}

// cut is rows from..to of the work, on the same state.
func (w Work) cut(s Shape, from, to int) Work {
	k, v := s.Heads*s.KeyDim, s.Heads*s.ValueDim
	return Work{
		N: to - from, Q: w.Q[from*k : to*k], K: w.K[from*k : to*k], V: w.V[from*v : to*v], Decay: w.Decay[from*k : to*k],
		Beta: w.Beta[from*s.Heads : to*s.Heads], State: w.State, Out: w.Out[from*v : to*v],
	}
}

// reference is a definition in float64, of one head.
type reference func(s Sequence64, state [][]float64) [][]float64

func chunked64(rows int) reference {
	return func(s Sequence64, state [][]float64) [][]float64 { return Chunked64(s, rows, state) }
}

// run computes all heads of a work: out [n, heads, valueDim] and the state.
func (f reference) run(s Shape, w Work) (out, state []float64) {
	out = make([]float64, w.N*s.Heads*s.ValueDim)
	for h := range s.Heads {
		x := Sequence64{Scale: float64(s.scale())}
		for i := range w.N {
			at := i*s.Heads + h
			x.Q, x.K = append(x.Q, wide(w.Q[at*s.KeyDim:][:s.KeyDim])), append(x.K, wide(w.K[at*s.KeyDim:][:s.KeyDim]))
			x.V, x.Decay = append(x.V, wide(w.V[at*s.ValueDim:][:s.ValueDim])), append(x.Decay, wide(w.Decay[at*s.KeyDim:][:s.KeyDim]))
			x.Beta = append(x.Beta, float64(w.Beta[at]))
		}
		var m [][]float64
		for c := range s.KeyDim {
			m = append(m, wide(w.State[(h*s.KeyDim+c)*s.ValueDim:][:s.ValueDim]))
		}
		for i, row := range f(x, m) {
			copy(out[(i*s.Heads+h)*s.ValueDim:], row)
		}
		for _, row := range m {
			state = append(state, row...)
		}
	}
	return out, state
}

func wide(x []float32) []float64 {
	out := make([]float64, len(x))
	for i, v := range x {
		out[i] = float64(v)
	}
	return out
}

func close32(t rapid.TB, what string, got []float32, want []float64, tol float64) {
	t.Helper()
	close64(t, what, wide(got), want, tol)
}

func close64(t rapid.TB, what string, got, want []float64, tol float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s: %d numbers, want %d", what, len(got), len(want))
	}
	for i, w := range want {
		if !(math.Abs(got[i]-w) <= tol) {
			t.Fatalf("%s: element %d: got %g, want %g", what, i, got[i], w)
		}
	}
}

// draw returns n tokens: unit keys and queries, decays of about strength in
// absolute value, betas in [0, 1], and a state of size 1.
func draw(r *rand.Rand, s Shape, n int, strength float64) Work {
	normal := func(n int) []float32 {
		x := make([]float32, n)
		for i := range x {
			x[i] = float32(r.NormFloat64())
		}
		return x
	}
	w := Work{
		N: n, Q: normal(n * s.Heads * s.KeyDim), K: normal(n * s.Heads * s.KeyDim), V: normal(n * s.Heads * s.ValueDim),
		Decay: normal(n * s.Heads * s.KeyDim), Beta: make([]float32, n*s.Heads), State: normal(s.StateLen()),
	}
	for i := range w.Beta {
		w.Beta[i] = r.Float32()
	}
	for i, g := range w.Decay {
		w.Decay[i] = float32(-strength * math.Abs(float64(g)))
	}
	for i := range n * s.Heads {
		unit(w.Q[i*s.KeyDim:][:s.KeyDim])
		unit(w.K[i*s.KeyDim:][:s.KeyDim])
	}
	return w
}

func unit(x []float32) {
	sum := 0.0
	for _, v := range x {
		sum += float64(v) * float64(v)
	}
	for i := range x {
		x[i] = float32(float64(x[i]) / math.Sqrt(sum))
	}
}

func TestSequencesComeOutTheSameHoweverTheyAreCut(t *testing.T) {
	s := Shape{Heads: 2, KeyDim: 24, ValueDim: 40}
	const n = 203
	x := draw(rand.New(rand.NewPCG(1, 2)), s, n, 0.3)
	wantOut, wantState := reference(Recurrent64).run(s, x)
	eachLevel(t, func(t *testing.T, k *cpu.Kernels) {
		for _, cuts := range [][]int{{n}, {1}, {64}, {63}, {150, 1}, {1, 150, 1}, {16}, {17}} {
			w, b := x.fresh(s), &Scratch{}
			for from, i := 0, 0; from < n; i++ {
				to := min(n, from+cuts[min(i, len(cuts)-1)])
				Attend(k, b, s, w.cut(s, from, to))
				from = to
			}
			close32(t, fmt.Sprint("pieces of ", cuts, ": o"), w.Out, wantOut, tolerance)
			close32(t, fmt.Sprint("pieces of ", cuts, ": state"), w.State, wantState, tolerance)
		}
	})
}

// Several works in one call get the bits that each gets alone, on any number of
// threads.
func TestWorksDontDependOnTheirCompany(t *testing.T) {
	s := Shape{Heads: 3, KeyDim: 32, ValueDim: 72}
	r := rand.New(rand.NewPCG(3, 4))
	all := []Work{draw(r, s, 130, 0.1), draw(r, s, 1, 1), draw(r, s, 16, 2), draw(r, s, 700, 0.01)}
	for _, l := range cpu.Levels() {
		one, three := cpu.New(l, 1), cpu.New(l, 3)
		together, b := make([]Work, len(all)), &Scratch{}
		for i, w := range all {
			together[i] = w.fresh(s)
		}
		Attend(three, b, s, together...)
		for i, w := range all {
			w = w.fresh(s)
			Attend(one, &Scratch{}, s, w)
			for j, v := range w.Out {
				if together[i].Out[j] != v {
					t.Fatalf("%v: work %d: output %d is %g together, %g alone", l, i, j, together[i].Out[j], v)
				}
			}
			for j, v := range w.State {
				if together[i].State[j] != v {
					t.Fatalf("%v: work %d: state %d is %g together, %g alone", l, i, j, together[i].State[j], v)
				}
			}
		}
		one.Close()
		three.Close()
	}
}

// Cells lie where they do: what is cut at one has the bits of the whole, however
// strong the decays, which decide how a cell is cut further.
func TestPromptsCutAtCellsHaveTheSameBits(t *testing.T) {
	s := Shape{Heads: 3, KeyDim: 32, ValueDim: 40}
	r := rand.New(rand.NewPCG(5, 6))
	for _, strength := range []float64{0.1, 2, 8, 60} {
		x := draw(r, s, 8*chunkRows+9, strength)
		eachLevel(t, func(t *testing.T, k *cpu.Kernels) {
			whole, cut, b := x.fresh(s), x.fresh(s), &Scratch{}
			Chunked(k, b, s, whole)
			for _, part := range [][2]int{{0, chunkRows}, {chunkRows, 6 * chunkRows}, {6 * chunkRows, x.N}} {
				Chunked(k, b, s, cut.cut(s, part[0], part[1]))
			}
			if !slices.Equal(whole.Out, cut.Out) || !slices.Equal(whole.State, cut.State) {
				t.Errorf("decays of %g a token: a prompt cut at cells has other bits", strength)
			}
		})
	}
}

// Heads that share out among the threads go through a prompt in lanes, others in
// rounds: the bits are the same.
func TestThreadsAndTheirWayOfSharingChangeNoBit(t *testing.T) {
	s := Shape{Heads: 5, KeyDim: 24, ValueDim: 72}
	for _, strength := range []float64{0.1, 8} { // one chunk a cell, and several
		x := draw(rand.New(rand.NewPCG(9, 10)), s, 300, strength)
		for _, l := range cpu.Levels() {
			var want Work
			ways := map[bool]int{}
			for threads := 1; threads <= 6; threads++ {
				_, lanes := lanesOf(s.Heads, threads)
				ways[lanes]++
				k, w := cpu.New(l, threads), x.fresh(s)
				Chunked(k, &Scratch{}, s, w)
				k.Close()
				if threads == 1 {
					want = w
				}
				sameBits(t, fmt.Sprint(l, ", threads ", threads, ": o"), w.Out, want.Out)
				sameBits(t, fmt.Sprint(l, ", threads ", threads, ": state"), w.State, want.State)
			}
			if ways[true] < 2 || ways[false] < 2 {
				t.Fatalf("lanes were taken %d times and rounds %d times, want both", ways[true], ways[false])
			}
		}
	}
}

func TestLanesShareHeadsOutEvenly(t *testing.T) {
	for _, c := range []struct {
		heads, threads, lanes int
		ok                    bool
	}{{4, 2, 2, true}, {32, 2, 8, true}, {9, 2, 4, true}, {3, 2, 2, false}, {1, 1, 1, true}, {1, 2, 2, false}, {5, 1, 2, true}, {31, 2, 8, true}} {
		lanes, ok := lanesOf(c.heads, c.threads)
		if lanes != c.lanes || ok != c.ok {
			t.Errorf("%d heads on %d threads: %d lanes, %v, want %d, %v", c.heads, c.threads, lanes, ok, c.lanes, c.ok)
		}
	}
}
