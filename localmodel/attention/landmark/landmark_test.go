package landmark

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/lcbench/lcbench/localmodel/attention"
	"github.com/lcbench/lcbench/localmodel/attention/attentiontest"
	"github.com/lcbench/lcbench/localmodel/attention/full"
	"github.com/lcbench/lcbench/localmodel/attention/goldentest"
	"github.com/lcbench/lcbench/localmodel/kernels/cpu"
)

const all = 1 << 30

func TestGoldenGroupedSoftmax(t *testing.T) {
	for _, c := range goldentest.Cases(t) {
		if c.Mechanism != "landmark" {
			continue
		}
		marks, _ := c.Tensor(t, "is_landmark")
		at := []int{}
		for i, v := range marks {
			if v == 1 {
				at = append(at, i)
			}
		}
		for _, kv := range []cpu.KVType{cpu.F32, cpu.F16} {
			g := attentiontest.Golden(t, c, kv)
			attentiontest.EachLevel(t, c.ID+"/"+kv.String(), func(t *testing.T, k *cpu.Kernels) {
				for _, step := range []int{g.N, 1, 5} {
					m := Landmark{Block: int(c.Number("block_len", 2)) - 1, TopK: all}
					state := m.New(g.Layer).(*cache)
					state.at = at
					g.Near(t, fmt.Sprintf("steps of %d", step), g.Feed(k, m, state, step), "o")
					if c.Number("block_len", 0) > 0 { // regular: the positions are known
						g.Near(t, "regular", g.Feed(k, m, m.New(g.Layer), step), "o")
					}
				}
			})
		}
	}
}

func TestGoldenRetrieval(t *testing.T) {
	for _, c := range goldentest.Cases(t) {
		if c.Mechanism != "landmark_decode" {
			continue
		}
		for _, kv := range []cpu.KVType{cpu.F32, cpu.F16} {
			attentiontest.EachLevel(t, c.ID+"/"+kv.String(), func(t *testing.T, k *cpu.Kernels) { checkRetrieval(t, k, c, kv) })
		}
	}
}

// checkRetrieval lets the newest token, the only one with a query, look at the
// tokens before it.
func checkRetrieval(t *testing.T, k *cpu.Kernels, c goldentest.Case, kv cpu.KVType) {
	tokens := func(name string) ([]float32, []int) {
		x, s := c.Tensor(t, name)
		return goldentest.Narrow(goldentest.Swap(x, s[0], s[1], s[2])), s
	}
	q, qs := c.Tensor(t, "q_raw")
	keys, ks := tokens("k_raw")
	values, vs := tokens("v")
	s := attentiontest.Shape{Heads: qs[0], KVHeads: ks[0], KeyDim: ks[2], ValueDim: vs[2], Base: c.Number("base", 0), Interleaved: c.Params["layout"] == "interleaved"}
	l, n := s.Layer(kv), ks[1]
	m := Landmark{Block: int(c.Number("block_len", 0)) - 1, TopK: int(c.Number("k", 0))}
	state := m.New(l).(*cache)
	row := func(x []float32, from, to int) []float32 { return slices.Clone(x[from*len(x)/n : to*len(x)/n]) }
	if n > 1 {
		state.append(k, l, attention.Work{N: n - 1, K: row(keys, 0, n-1), V: row(values, 0, n-1)})
	}
	w := attention.Work{Cache: state, N: 1, Q: goldentest.Narrow(q), K: row(keys, n-1, n), V: row(values, n-1, n), Out: make([]float32, qs[0]*vs[2])}
	checkPicks(t, k, c, l, m, state, w)
	m.Attend(k, l, []attention.Work{w})
	want, _ := c.Tensor(t, "o")
	tolerance := c.AbsTol
	if kv != cpu.F32 {
		tolerance *= 100
	}
	for i, v := range want {
		if !(math.Abs(float64(w.Out[i])-v) <= tolerance) {
			t.Fatalf("number %d: got %g, want %g", i, w.Out[i], v)
		}
	}
}

// checkPicks compares the blocks that the heads choose; the token itself is not
// among the blocks.
func checkPicks(t *testing.T, k *cpu.Kernels, c goldentest.Case, l attention.Layer, m Landmark, state *cache, w attention.Work) {
	t.Helper()
	want, shape := c.Tensor(t, "chosen")
	rows := make([]row, l.Heads)
	for h := range rows {
		rows[h] = row{head: h, at: state.Len(), raw: w.Q[h*l.KV.KeyDim:][:l.KV.KeyDim]}
	}
	m.retrieve(k, l, state, rows)
	for h, r := range rows {
		if len(r.picks) != shape[1] {
			t.Fatalf("head %d chooses %v, want %d blocks", h, r.picks, shape[1])
		}
		for i, p := range r.picks {
			if p != int(want[h*shape[1]+i]) {
				t.Fatalf("head %d chooses %v, want %v", h, r.picks, want[h*shape[1]:][:shape[1]])
			}
		}
	}
}

// With no landmark among the tokens it is full attention.
func TestWithoutALandmarkItIsFullAttention(t *testing.T) {
	shapes := slices.DeleteFunc(attentiontest.Shapes(), func(s attentiontest.Shape) bool { return s.Window > 0 })
	attentiontest.Run(t, attentiontest.Suite{
		Mechanism: Landmark{Block: 5000, TopK: 2}, Shapes: shapes,
		Sees:     func(s attentiontest.Shape, t int) []attentiontest.Seen { return attentiontest.Causal(t, 0) },
		KeepsAll: func(attentiontest.Shape) bool { return true },
	})
	k := cpu.New(cpu.Best(), 2)
	defer k.Close()
	l := shapes[0].Layer(cpu.F32)
	x := shapes[0].Random(70, 1)
	m := Landmark{Block: 5000, TopK: 0}
	want := attentiontest.Feed(k, full.Full{}, l, full.Full{}.New(l), x)
	for i, v := range attentiontest.Feed(k, m, l, m.New(l), x) {
		if math.Abs(float64(v-want[i])) > 2e-5 {
			t.Fatalf("number %d: got %g, want %g", i, v, want[i])
		}
	}
}

// A row's weights sum to 1: with all values 1, so is every result; however a
// sequence is cut and wherever it was forked.
func TestSequencesGoOn(t *testing.T) {
	k := cpu.New(cpu.Best(), 2)
	defer k.Close()
	rapid.Check(t, func(t *rapid.T) {
		shape := rapid.SampledFrom(attentiontest.Shapes()[:3]).Draw(t, "shape")
		l := shape.Layer(cpu.F32)
		m := Landmark{Block: rapid.IntRange(1, 30).Draw(t, "block"), TopK: rapid.IntRange(0, 6).Draw(t, "topk")}
		n := rapid.IntRange(1, 200).Draw(t, "n")
		x := shape.Random(n, 1)
		ones := rapid.Bool().Draw(t, "ones")
		if ones {
			for i := range x.V {
				x.V[i] = 1
			}
		}
		c := m.New(l)
		whole := attentiontest.Feed(k, m, l, c, x)
		for i, v := range whole {
			if ones && math.Abs(float64(v-1)) > 1e-5 {
				t.Fatalf("number %d of values that are all 1 is %g", i, v)
			}
		}
		if said, held := m.Bytes(l, n), attentiontest.Held(c); held > said {
			t.Fatalf("%d bytes are held, said to be %d at the most", held, said)
		}
		at := rapid.IntRange(0, n-1).Draw(t, "at")
		f, ok := c.Fork(at)
		if !ok || f.Len() != at {
			t.Fatalf("not forked at %d", at)
		}
		cut := rapid.IntRange(at+1, n).Draw(t, "cut")
		got := attentiontest.Feed(k, m, l, f, shape.Cut(x, at, cut))
		if cut < n {
			got = append(got, attentiontest.Feed(k, m, l, f, shape.Cut(x, cut, n))...)
		}
		width := l.Heads * l.KV.ValueDim
		for i, w := range whole[at*width:] {
			if math.Abs(float64(got[i]-w)) > 2e-5 {
				t.Fatalf("row %d: got %g, want %g", at+i/width, got[i], w)
			}
		}
	})
}

func TestFits(t *testing.T) {
	for _, c := range []struct {
		trained, window int
		want            string
	}{
		{50, 1000, "<nil>"},
		{0, 1000, "it needs weights that were trained with landmark tokens, and these were not"},
		{63, 1000, "block=50, but the weights were trained with a landmark behind every 63 tokens"},
		{50, 50, "a block of 50 tokens and its landmark are larger than the window of 50"},
	} {
		if err := (Landmark{Block: 50, TopK: 2}).Fits([]attention.Layer{{Landmark: c.trained}}, c.window); fmt.Sprint(err) != c.want {
			t.Errorf("%+v: %v", c, err)
		}
	}
}
