package evict

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

// golden is a case as tokens of one layer.
type golden struct {
	goldentest.Case
	layer   attention.Layer
	n       int
	q, k, v []float32 // [n, heads, d]
}

func readGolden(t *testing.T, c goldentest.Case, kv cpu.KVType) golden {
	tokens := func(name string) ([]float32, []int) {
		x, shape := c.Tensor(t, name)
		return goldentest.Narrow(goldentest.Swap(x, shape[0], shape[1], shape[2])), shape
	}
	g := golden{Case: c}
	var qs, ks, vs []int
	g.q, qs = tokens("q")
	g.k, ks = tokens("k")
	g.v, vs = tokens("v")
	g.n = qs[1]
	g.layer = attention.Layer{
		Index: int(c.Number("layer", 0)), Heads: qs[0], KV: cpu.KVShape{Heads: ks[0], KeyDim: ks[2], ValueDim: vs[2], Type: kv},
		Scale: float32(1 / math.Sqrt(float64(ks[2]))),
	}
	return g
}

// work are tokens from … to.
func (g golden) work(c attention.Cache, from, to int) attention.Work {
	cut := func(x []float32) []float32 {
		row := len(x) / g.n
		return slices.Clone(x[from*row : to*row])
	}
	return attention.Work{Cache: c, N: to - from, Q: cut(g.q), K: cut(g.k), V: cut(g.v), Out: make([]float32, (to-from)*g.layer.Heads*g.layer.KV.ValueDim)}
}

func eachLevel(t *testing.T, f func(t *testing.T, k *cpu.Kernels)) {
	for _, level := range cpu.Levels() {
		t.Run(level.String(), func(t *testing.T) {
			k := cpu.New(level, 2)
			defer k.Close()
			f(t, k)
		})
	}
}

// of is a golden case's mechanism.
func of(c goldentest.Case) Evict {
	e := Evict{
		Method: Method(c.Params["method"].(string)), Capacity: int(c.Number("capacity", 0)), Recent: int(c.Number("window", 0)),
		Kernel: int(c.Number("kernel", 5)), MaxPool: c.Params["pooling"] == "max", Beta: int(c.Number("beta", 20)),
	}
	e.PerKV, _ = c.Params["per_kv"].(bool)
	return e
}

func TestGoldenEviction(t *testing.T) {
	for _, c := range goldentest.Cases(t) {
		if c.Mechanism != "evict" {
			continue
		}
		t.Run(c.ID, func(t *testing.T) {
			for _, kv := range []cpu.KVType{cpu.F32, cpu.F16} {
				g := readGolden(t, c, kv)
				eachLevel(t, func(t *testing.T, k *cpu.Kernels) {
					for _, step := range []int{g.n, 1, 48} {
						checkEviction(t, k, g, step)
					}
				})
			}
		})
	}
}

// checkEviction feeds the prompt step tokens at a time.
func checkEviction(t *testing.T, k *cpu.Kernels, g golden, step int) {
	t.Helper()
	e := of(g.Case)
	c, prompt := e.New(g.layer).(*cache), int(g.Number("prompt", 0))
	for at := 0; at < prompt; at += step {
		e.Attend(k, g.layer, []attention.Work{g.work(c, at, min(prompt, at+step))})
	}
	layers := make([]attention.Layer, int(g.Number("layers", 1)))
	want, shape := g.Tensor(t, "keep")
	if g.layer.KV.Type == cpu.F32 && prompt >= e.Capacity {
		for h, keep := range e.keep(k, g.layer, len(layers), c) {
			if len(keep) != shape[1] {
				t.Fatalf("choice %d keeps %d tokens, want %d", h, len(keep), shape[1])
			}
			for i, p := range keep {
				if float64(p) != want[h*shape[1]+i] {
					t.Fatalf("choice %d keeps %v, want %v", h, keep, want[h*shape[1]:][:shape[1]])
				}
			}
		}
	}
	layers[g.layer.Index] = g.layer
	caches := make([]attention.Cache, len(layers))
	for i := range caches {
		if caches[i] = e.New(g.layer); i == g.layer.Index {
			caches[i] = c
		}
	}
	e.EndPrompt(k, layers, caches)
	w := g.work(c, prompt, prompt+1)
	e.Attend(k, g.layer, []attention.Work{w})
	if g.layer.KV.Type == cpu.F16 && g.Number("min_selection_gap", 1) < 1e-3 {
		return // rounded keys may choose otherwise
	}
	tolerance := g.AbsTol
	if g.layer.KV.Type == cpu.F16 {
		tolerance *= 100
	}
	o, _ := g.Tensor(t, "o_next")
	for i, want := range o {
		if d := math.Abs(float64(w.Out[i]) - want); !(d <= tolerance) {
			t.Fatalf("number %d: got %g, want %g", i, w.Out[i], want)
		}
	}
}

func TestGoldenOnline(t *testing.T) {
	for _, c := range goldentest.Cases(t) {
		if c.Mechanism != "h2o_online" {
			continue
		}
		g := readGolden(t, c, cpu.F32)
		eachLevel(t, func(t *testing.T, k *cpu.Kernels) {
			o := Online{Heavy: int(c.Number("heavy", 0)), Recent: int(c.Number("recent", 0))}
			state := o.New(g.layer).(*online)
			var got []float32
			for at := 0; at < g.n; at += 43 {
				w := g.work(state, at, min(g.n, at+43))
				o.Attend(k, g.layer, []attention.Work{w})
				got = append(got, w.Out...)
			}
			want, shape := g.Tensor(t, "o")
			for i, v := range goldentest.Swap(want, shape[0], shape[1], shape[2]) {
				if !(math.Abs(float64(got[i])-v) <= c.AbsTol) {
					t.Fatalf("number %d: got %g, want %g", i, got[i], v)
				}
			}
			kept, _ := g.Tensor(t, "kept")
			for h := range state.heads {
				held := slices.Sorted(slices.Values(state.heads[h].at))
				for i, p := range held {
					if float64(p) != kept[h*len(held)+i] {
						t.Fatalf("head %d keeps %v", h, held)
					}
				}
			}
		})
	}
}

// mechanisms with a capacity.
func mechanisms(capacity, recent int) []attention.Mechanism {
	return []attention.Mechanism{
		Evict{Method: Streaming, Capacity: capacity, Recent: recent}, Evict{Method: H2O, Capacity: capacity, Recent: recent},
		Evict{Method: SnapKV, Capacity: capacity, Recent: recent, Kernel: 5},
		Evict{Method: SnapKV, Capacity: capacity, Recent: recent, Kernel: 7, MaxPool: true, PerKV: true},
		Evict{Method: PyramidKV, Capacity: capacity, Recent: recent, Kernel: 5}, Online{Heavy: capacity - recent, Recent: recent},
	}
}

// Until something is dropped, and where nothing ever is, it is full attention.
func TestWithRoomForAllItIsFullAttention(t *testing.T) {
	for _, m := range mechanisms(1<<20, 32)[:5] {
		attentiontest.Run(t, attentiontest.Suite{
			Mechanism: m,
			Sees:      func(s attentiontest.Shape, t int) []attentiontest.Seen { return attentiontest.Causal(t, s.Window) },
			Back:      -1, KeepsAll: func(attentiontest.Shape) bool { return false },
		})
	}
}

func TestOnlineWithRoomForAllIsFullAttention(t *testing.T) {
	k := cpu.New(cpu.Best(), 2)
	defer k.Close()
	rapid.Check(t, func(t *rapid.T) {
		shape := rapid.SampledFrom(attentiontest.Shapes()).Draw(t, "shape")
		n, more := rapid.IntRange(1, 150).Draw(t, "n"), rapid.IntRange(1, 20).Draw(t, "more")
		l := shape.Layer(cpu.F32)
		online, all := Online{Heavy: rapid.IntRange(0, 100).Draw(t, "heavy") + 150, Recent: 20}, full.Full{}
		a, b := online.New(l), all.New(l)
		x, y := shape.Random(n, 1), shape.Random(more, 2)
		feed(k, online, l, a, x)
		feed(k, all, l, b, x)
		f, ok := a.Fork(n)
		if !ok || held(a) > online.Bytes(l, n) {
			t.Fatalf("forked: %t; %d bytes are held, said to be %d at the most", ok, held(a), online.Bytes(l, n))
		}
		want := feed(k, all, l, b, y)
		for _, c := range []attention.Cache{a, f} {
			for i, v := range feed(k, online, l, c, y) {
				if math.Abs(float64(v-want[i])) > 2e-5 {
					t.Fatalf("number %d: got %g, want %g", i, v, want[i])
				}
			}
		}
	})
}

func held(c attention.Cache) int64 {
	total := int64(0)
	for _, bytes := range c.Pieces() {
		total += bytes
	}
	return total
}

// What is held afterwards is what was kept, by every choice, and nothing else;
// what forks share is left alone.
func TestWhatIsKeptAndWhatIsHeld(t *testing.T) {
	k := cpu.New(cpu.Best(), 2)
	defer k.Close()
	rapid.Check(t, func(t *rapid.T) {
		shape := rapid.SampledFrom(attentiontest.Shapes()[:3]).Draw(t, "shape")
		n, recent := rapid.IntRange(70, 300).Draw(t, "n"), rapid.IntRange(1, 20).Draw(t, "recent")
		capacity := recent + rapid.IntRange(1, 40).Draw(t, "older")
		m := rapid.SampledFrom(mechanisms(capacity, recent)[:5]).Draw(t, "mechanism").(Evict)
		l := shape.Layer(cpu.F16)
		x, more := shape.Random(n, 1), shape.Random(3, 2)
		c := m.New(l)
		feed(k, m, l, c, x)
		before, ok := c.Fork(n)
		if !ok {
			t.Fatal("a prompt can't be kept")
		}
		m.EndPrompt(k, []attention.Layer{l}, []attention.Cache{c})
		kept := c.(*cache).kept
		if len(kept) != m.choices(l) {
			t.Fatalf("%d choices, want %d", len(kept), m.choices(l))
		}
		for i, b := range kept {
			if b.Len() != capacity && m.Method != PyramidKV {
				t.Fatalf("%s: choice %d keeps %d tokens of %d", m, i, b.Len(), n)
			}
		}
		if want := int64(len(kept)) * attention.RunBytes(one(l), kept[0].Len()); held(c) != want {
			t.Fatalf("%d bytes are held, want %d", held(c), want)
		}
		if _, ok := c.Fork(n); ok {
			t.Fatal("what was dropped can't be forked")
		}
		feed(k, m, l, c, more)
		if c.Len() != n+3 {
			t.Fatalf("%d tokens seen", c.Len())
		}
		// The fork is as if nothing had been dropped.
		got := feed(k, m, l, before, more)
		want := full.Full{}.New(l)
		feed(k, full.Full{}, l, want, x)
		for i, w := range feed(k, full.Full{}, l, want, more) {
			if math.Abs(float64(got[i]-w)) > 1e-5 {
				t.Fatalf("the prompt kept aside gives %g, full attention %g", got[i], w)
			}
		}
	})
}

func feed(k *cpu.Kernels, m attention.Mechanism, l attention.Layer, c attention.Cache, x attentiontest.Tokens) []float32 {
	w := attention.Work{
		Cache: c, N: x.N, Q: slices.Clone(x.Q), K: slices.Clone(x.K), V: slices.Clone(x.V),
		Out: make([]float32, x.N*l.Heads*l.KV.ValueDim),
	}
	m.Attend(k, l, []attention.Work{w})
	return w.Out
}

func TestBudgetsOfAPyramid(t *testing.T) {
	for _, c := range []struct{ beta, n, layer, layers, want int }{
		{0, 128, 0, 6, 63}, {0, 128, 5, 6, 3}, {0, 128, 0, 1, 63}, {0, 63, 0, 6, 32}, {0, 63, 0, 1, 32}, {0, 70, 0, 6, 62}, {0, 70, 5, 6, 2},
		{20, 128, 0, 6, 63}, {4, 128, 0, 6, 56}, {4, 128, 5, 6, 11}, {100, 128, 5, 6, 4}, {2, 128, 1, 3, 32},
	} {
		e := Evict{Method: PyramidKV, Capacity: 40, Recent: 8, Beta: c.beta}
		if got := e.take(c.n, c.layer, c.layers); got != c.want {
			t.Errorf("beta %d: layer %d of %d takes %d of a prompt of %d, want %d", c.beta, c.layer, c.layers, got, c.n, c.want)
		}
	}
}

func TestFits(t *testing.T) {
	free, own := attention.Layer{}, attention.Layer{Window: 512}
	for _, c := range []struct {
		how    attention.Chooser
		layers []attention.Layer
		want   string
	}{
		{Evict{Capacity: 100}, []attention.Layer{own, free}, ""},
		{Evict{Capacity: 1000}, []attention.Layer{own, free}, "capacity 1000 is the whole window of 1000 tokens: nothing would be evicted"},
		{Evict{Capacity: 100}, []attention.Layer{own, own}, "every layer of this model has a window of its own"},
		{Online{Heavy: 900, Recent: 99}, []attention.Layer{own, free}, ""},
		{Online{Heavy: 900, Recent: 100}, []attention.Layer{own, free}, "heavy 900 with recent 100 is the whole window of 1000 tokens: nothing would be evicted"},
		{Online{Heavy: math.MaxInt, Recent: 1}, []attention.Layer{free}, "heavy 9223372036854775807 with recent 1 is the whole window of 1000 tokens: nothing would be evicted"},
		{Online{Heavy: 9, Recent: 9}, []attention.Layer{own}, "every layer of this model has a window of its own"},
	} {
		if err := c.how.Fits(c.layers, 1000); fmt.Sprint(err) != c.want && (err != nil || c.want != "") {
			t.Errorf("%+v: %v, want %q", c, err, c.want)
		}
	}
}

// A prompt that is shorter than what may be kept is kept whole: behind its end
// keys and values are all that is held, and the answer is full attention's.
func TestAShortPromptHoldsKeysAndValuesAlone(t *testing.T) {
	k := cpu.New(cpu.Best(), 2)
	defer k.Close()
	shape := attentiontest.Shapes()[1]
	l := shape.Layer(cpu.F16)
	x, more, long := shape.Random(90, 1), shape.Random(30, 2), shape.Random(150, 3)
	whole := full.Full{}.New(l)
	feed(k, full.Full{}, l, whole, x)
	want := feed(k, full.Full{}, l, whole, more)
	for _, m := range mechanisms(100, 16)[:5] {
		m := m.(Evict)
		c := m.New(l)
		feed(k, m, l, c, x)
		m.EndPrompt(k, []attention.Layer{l}, []attention.Cache{c})
		if want := attention.RunBytes(l.KV, 90); held(c) != want {
			t.Errorf("%s: %d bytes are held behind the prompt, want %d", m, held(c), want)
		}
		for i, got := range feed(k, m, l, c, more) {
			if math.Abs(float64(got-want[i])) > 1e-5 {
				t.Fatalf("%s: number %d of the answer is %g, full attention's %g", m, i, got, want[i])
			}
		}
		if want := attention.RunBytes(l.KV, 120); held(c) != want {
			t.Errorf("%s: %d bytes are held behind the answer, want %d", m, held(c), want)
		}
		if _, ok := c.Fork(60); ok {
			t.Errorf("%s: what the choice looks at is gone, and yet a part of the prompt can be forked", m)
		}
		again, ok := c.Fork(0)
		if !ok {
			t.Fatalf("%s: can't start anew", m)
		}
		feed(k, m, l, again, long)
		m.EndPrompt(k, []attention.Layer{l}, []attention.Cache{again})
		if again.(*cache).kept == nil {
			t.Errorf("%s: nothing is dropped of the next prompt", m)
		}
	}
}
