package gpu

import (
	"math"
	"slices"
	"testing"

	"github.com/lcbench/lcbench/localmodel/attention/goldentest"
)

// goldenRun computes a case's results on a device.
type goldenRun struct {
	goldentest.Case
	t *testing.T
	d *Device

	read                                      map[string]bool // tensors that were looked at
	heads, kvHeads, n, keys, keyDim, valueDim int
	q, k, v                                   []float32 // tokens first, not rotated
}

// TestGoldenAttention runs every case against float64, within the tolerance that
// it gives, and sees to it that no result of a case is left out.
func TestGoldenAttention(t *testing.T) {
	d := openDevice(t, Options{})
	ran := map[string]int{}
	for _, c := range goldentest.Cases(t) {
		run, ok := goldenMechanisms[c.Mechanism]
		if !ok {
			continue
		}
		t.Run(c.ID, func(t *testing.T) {
			g := &goldenRun{Case: c, t: t, d: d, read: map[string]bool{}}
			g.open()
			run(g)
			for name, file := range c.Out {
				if !g.read[name] && !slices.Contains(file.Shape, 0) {
					t.Errorf("result %s was not compared", name)
				}
			}
			ran[c.Mechanism]++
		})
	}
	t.Logf("%v, %+v", ran, d.Stats())
}

// Tensor is the case's, in or out.
func (g *goldenRun) Tensor(t testing.TB, name string) ([]float64, []int) {
	t.Helper()
	g.read[name] = true
	return g.Case.Tensor(t, name)
}

// goldenMechanisms says what runs the cases of each mechanism.
var goldenMechanisms = map[string]func(*goldenRun){
	"full":            (*goldenRun).full,
	"merge_partials":  (*goldenRun).mergePartials,
	"streaming":       (*goldenRun).streaming,
	"sink_kv":         (*goldenRun).sinkKV,
	"s2attn":          (*goldenRun).shiftedGroups,
	"prefix_grouper":  (*goldenRun).sharedPrefix,
	"longheads":       (*goldenRun).longHeads,
	"longmem":         (*goldenRun).longMem,
	"squeezed":        (*goldenRun).squeezed,
	"kda":             (*goldenRun).kda,
	"h2o_online":      (*goldenRun).h2oOnline,
	"evict":           (*goldenRun).evict,
	"landmark":        (*goldenRun).landmark,
	"landmark_decode": (*goldenRun).landmarkDecode,
	"kda_layer":       (*goldenRun).kdaLayer,
	"mla_nope":        (*goldenRun).latent,
	"rope":            (*goldenRun).rotation,
	"rope_freqs":      (*goldenRun).frequencies,
	"e2llm_positions": (*goldenRun).trainingPositions,
	"kmeans":          (*goldenRun).kmeans,
	"retrieval_score": (*goldenRun).retrieval,
}

// open reads queries, keys and values where the case has them.
func (g *goldenRun) open() {
	tokens := func(name string) ([]float32, []int) {
		if _, ok := g.In[name]; !ok {
			name += "_raw"
		}
		if _, ok := g.In[name]; !ok {
			return nil, make([]int, 3)
		}
		return g.tokens(name)
	}
	var qs, ks, vs []int
	g.q, qs = tokens("q")
	g.k, ks = tokens("k")
	g.v, vs = tokens("v")
	g.heads, g.n, g.kvHeads, g.keys = qs[0], qs[1], ks[0], ks[1]
	g.keyDim, g.valueDim = ks[2], 0
	if len(vs) == 3 {
		g.valueDim = vs[2]
	}
}

// tokens reads a tensor [heads, n, d] as [n, heads, d]; of one token, [heads, d].
func (g *goldenRun) tokens(name string) ([]float32, []int) {
	x, s := g.Tensor(g.t, name)
	if len(s) == 2 {
		return goldentest.Narrow(x), []int{s[0], 1, s[1]}
	}
	return goldentest.Narrow(goldentest.Swap(x, s[0], s[1], s[2])), s
}

func (g *goldenRun) number(name string) int { return int(g.Number(name, 0)) }

// cache holds keys and values of all heads.
func (g *goldenRun) cache(s *Step, k, v []float32) *Cache { return g.cacheOf(s, g.kvHeads, k, v) }

func (g *goldenRun) cacheOf(s *Step, heads int, k, v []float32) *Cache {
	g.t.Helper()
	n := len(k) / (heads * g.keyDim)
	c, err := g.d.NewCache(n, heads, g.keyDim, g.valueDim)
	if err != nil {
		g.t.Fatal(err)
	}
	storeAll(g.t, g.d, s, c, k, v, n)
	return c
}

func (g *goldenRun) partials(parts, rows int) *Partials {
	g.t.Helper()
	p, err := g.d.NewPartials(parts, rows, g.valueDim)
	if err != nil {
		g.t.Fatal(err)
	}
	return p
}

func (g *goldenRun) scratch() *Scratch {
	g.t.Helper()
	m, err := g.d.NewScratch(g.n, g.heads, g.valueDim)
	if err != nil {
		g.t.Fatal(err)
	}
	return m
}

// attention is the case's, by its own parameters.
func (g *goldenRun) attention() Attention {
	return Attention{
		Heads: g.heads, Scale: g.Number("scale", invSqrt(g.keyDim)), Cap: g.Number("softcap", 0),
		Window: g.number("window"), Pos: int(g.Number("q_pos0", float64(g.keys-g.n))), Keys: g.keys,
	}
}

// spans uploads what each row and head sees.
func (g *goldenRun) spans(of func(t, head int) (from, to int)) *Buffer {
	var list []int32
	for t := range g.n {
		for h := range g.heads {
			from, to := of(t, h)
			list = append(list, int32(from), int32(to))
		}
	}
	return inputInts(g.t, g.d, list)
}

// angles are those of the positions, as RoPE takes them.
func (g *goldenRun) angles(at []int) *Buffer {
	var table []float32
	freqs := powers(g.Number("base", 0), g.keyDim)
	for _, p := range at {
		for _, f := range freqs {
			sin, cos := math.Sincos(float64(p) * f)
			table = append(table, float32(cos), float32(sin))
		}
	}
	return input(g.t, g.d, table)
}

func (g *goldenRun) interleaved() bool { return g.Params["layout"] == "interleaved" }

// turned uploads x [len(at), heads, keyDim] and rotates it.
func (g *goldenRun) turned(s *Step, x []float32, heads int, at []int) *Buffer {
	b := input(g.t, g.d, x)
	s.RoPE(b, g.angles(at), len(at), heads, g.keyDim, g.keyDim/2, g.interleaved(), 0)
	return b
}

// turnedCache holds the case's keys, rotated.
func (g *goldenRun) turnedCache(s *Step, at []int) *Cache {
	g.t.Helper()
	c, err := g.d.NewCache(g.keys, g.kvHeads, g.keyDim, g.valueDim)
	if err != nil {
		g.t.Fatal(err)
	}
	s.Store(c, g.turned(s, g.k, g.kvHeads, at), input(g.t, g.d, g.v), 0, g.keys)
	return c
}

// from0 returns 0, 1, …, n-1.
func from0(n int) []int { return seq(n) }

// check compares rows [n, heads, dim] with a result of the case.
func (g *goldenRun) check(name string, got []float32) {
	g.t.Helper()
	want, shape := g.Tensor(g.t, name)
	if name == "lse" {
		shape = append(shape, 1)
	}
	if len(shape) == 3 {
		want = goldentest.Swap(want, shape[0], shape[1], shape[2])
	}
	g.within(name, got, want)
}

// same compares numbers with a result of the case in its own order; how says what
// computed them.
func (g *goldenRun) same(how, name string, got []float32) {
	g.t.Helper()
	want, _ := g.Tensor(g.t, name)
	g.within(how+": "+name, got, want)
}

// within compares numbers by the case's tolerance; Hidden stands for -inf.
func (g *goldenRun) within(what string, got []float32, want []float64) {
	g.t.Helper()
	if len(got) != len(want) {
		g.t.Fatalf("%s: %d numbers, want %d", what, len(got), len(want))
	}
	for i, w := range want {
		v := float64(got[i])
		if math.IsInf(w, -1) && v == float64(float32(Hidden)) {
			continue
		}
		if !(math.Abs(v-w) <= g.AbsTol) {
			g.t.Fatalf("%s: number %d: got %g, want %g", what, i, v, w)
		}
	}
}

// merged runs a step that left parts and compares what they come to.
func (g *goldenRun) merged(s *Step, p *Partials) {
	g.t.Helper()
	out, lse := output(g.t, g.d, p.Rows*p.Dim), output(g.t, g.d, p.Rows)
	s.Merge(out, lse, p, p.Parts)
	g.check("o", run(g.t, s, out, p.Rows*p.Dim))
}
