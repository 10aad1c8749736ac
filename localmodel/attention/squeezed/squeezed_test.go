package squeezed

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/lcbench/lcbench/localmodel/attention"
	"github.com/lcbench/lcbench/localmodel/attention/attentiontest"
	"github.com/lcbench/lcbench/localmodel/attention/full"
	"github.com/lcbench/lcbench/localmodel/attention/goldentest"
	"github.com/lcbench/lcbench/localmodel/kernels/cpu"
)

func ints[T int | int32](x []float64) []T {
	out := make([]T, len(x))
	for i, v := range x {
		out[i] = T(v)
	}
	return out
}

func TestGoldenKMeans(t *testing.T) {
	for _, c := range goldentest.Cases(t) {
		if c.Mechanism != "kmeans" {
			continue
		}
		keys, shape := c.Tensor(t, "keys")
		start, of := c.Tensor(t, "init_idx")
		labels, _ := c.Tensor(t, "labels")
		centroids, _ := c.Tensor(t, "centroids")
		heads, n, d, clusters := shape[0], shape[1], shape[2], of[1]
		attentiontest.EachLevel(t, c.ID, func(t *testing.T, k *cpu.Kernels) {
			for h := range heads {
				got := kmeans(k, goldentest.Narrow(keys[h*n*d:][:n*d]), d, ints[int](start[h*clusters:][:clusters]), int(c.Number("iters", 0)))
				if want := ints[int32](labels[h*n:][:n]); !slices.Equal(got.labels, want) {
					t.Fatalf("head %d: labels %v, want %v", h, got.labels, want)
				}
				for i, want := range centroids[h*clusters*d:][:clusters*d] {
					if !(math.Abs(float64(got.centroids[i])-want) <= c.AbsTol) {
						t.Fatalf("head %d: number %d of the centroids: got %g, want %g", h, i, got.centroids[i], want)
					}
				}
			}
		})
	}
}

// clusteringOf is a golden one of a head.
func clusteringOf(t *testing.T, c goldentest.Case, labels, centroids string, h int) clustering {
	l, shape := c.Tensor(t, labels)
	x, of := c.Tensor(t, centroids)
	out := clustering{
		labels:    ints[int32](l[h*shape[1]:][:shape[1]]),
		centroids: goldentest.Narrow(x[h*of[1]*of[2]:][:of[1]*of[2]]), counts: make([]int, of[1]),
	}
	for _, l := range out.labels {
		out.counts[l]++
	}
	return out
}

func TestGoldenSqueezed(t *testing.T) {
	for _, c := range goldentest.Cases(t) {
		if c.Mechanism != "squeezed" {
			continue
		}
		for _, kv := range []cpu.KVType{cpu.F32, cpu.F16} {
			attentiontest.EachLevel(t, c.ID+"/"+kv.String(), func(t *testing.T, k *cpu.Kernels) { checkGolden(t, k, c, kv) })
		}
	}
}

func checkGolden(t *testing.T, k *cpu.Kernels, c goldentest.Case, kv cpu.KVType) {
	tokens := func(name string) ([]float32, []int) {
		x, s := c.Tensor(t, name)
		return goldentest.Narrow(goldentest.Swap(x, s[0], s[1], s[2])), s
	}
	q, qs := tokens("q")
	kf, fs := tokens("k_fix")
	vf, _ := tokens("v_fix")
	ku, _ := tokens("k_usr")
	vu, vs := tokens("v_usr")
	l := attention.Layer{Heads: qs[0], KV: cpu.KVShape{Heads: fs[0], KeyDim: qs[2], ValueDim: vs[2], Type: kv}, Scale: float32(1 / math.Sqrt(float64(qs[2])))}
	f := &fixed{tokens: fs[1], n: fs[1]}
	for h := range fs[0] {
		var coarse clustering
		if c.Number("levels", 1) == 2 {
			coarse = clusteringOf(t, c, "coarse_of_fine", "coarse_centroids", h)
		}
		table := lookupOf(clusteringOf(t, c, "labels", "centroids", h), qs[2], coarse)
		table.fine.threshold, table.coarse.threshold = c.Number("threshold", 0), c.Number("coarse_threshold", 0)
		table.fine.step, table.coarse.step = table.fine.threshold, table.coarse.threshold
		f.heads = append(f.heads, table)
	}
	context := attention.NewBlocks(l.KV)
	context.Append(fs[1], kf, vf)
	f.store(k, context)
	checkKept(t, k, c, l, f, q, qs[1])
	state := &cache{fixed: f, tail: attention.NewBlocks(l.KV)}
	w := attention.Work{Cache: state, N: qs[1], Q: q, K: ku, V: vu, Out: make([]float32, len(q)/qs[2]*vs[2])}
	Squeezed{}.Attend(k, l, []attention.Work{w})
	attentiontest.GoldenCase{Case: c, Layer: l}.Near(t, "output", w.Out, "o")
}

// checkKept compares the estimated shares, and which keys are kept by them.
func checkKept(t *testing.T, k *cpu.Kernels, c goldentest.Case, l attention.Layer, f *fixed, q []float32, n int) {
	t.Helper()
	want, shape := c.Tensor(t, "keep")
	per, _ := c.Tensor(t, "per_key_score")
	for h := range l.Heads {
		table := &f.heads[h/(l.Heads/l.KV.Heads)]
		own := rowsOf(q, n, l.Heads, h, l.KV.KeyDim)
		fine := scores(k, l, own, table.table)
		var coarse []float64
		if table.parent != nil {
			coarse = scores(k, l, own, table.coarseTable)
		}
		got, estimated := keep(fine, table.fine, coarse, table.coarse, table.parent), shares(fine, table.fine.counts)
		for cluster := range got {
			for row := table.start[cluster]; row < table.start[cluster+1]; row++ {
				token := int(table.order[row])
				if kept := want[h*shape[1]+token] == 1; kept != got[cluster] {
					t.Fatalf("head %d keeps token %d: %t, want %t", h, token, got[cluster], kept)
				}
				if s := per[h*shape[1]+token]; math.Abs(estimated[cluster]-s) > 1e-6 {
					t.Fatalf("head %d: the share of token %d is %g, want %g", h, token, estimated[cluster], s)
				}
			}
		}
	}
}

// drawnLayer is a layer of any grouping and of keys and values of any width.
func drawnLayer(t *rapid.T) attentiontest.Shape {
	s := attentiontest.Shape{
		KVHeads: rapid.IntRange(1, 3).Draw(t, "kv heads"), KeyDim: 2 * rapid.IntRange(1, 20).Draw(t, "half a key"), ValueDim: rapid.IntRange(1, 40).Draw(t, "value dim"),
		Base: rapid.SampledFrom([]float64{0, 1e4}).Draw(t, "base"), Cap: rapid.SampledFrom([]float64{0, 0, 5}).Draw(t, "cap"),
		Interleaved: rapid.Bool().Draw(t, "interleaved"), Window: rapid.SampledFrom([]int{0, 0, 0, 0, 100}).Draw(t, "window"),
	}
	s.Heads = s.KVHeads * rapid.IntRange(1, 4).Draw(t, "group")
	return s
}

// drawnAll is the mechanism with any number of clusters and any way to choose.
func drawnAll(t *rapid.T) Squeezed {
	return Squeezed{
		Keep: 0.3, Clusters: rapid.Float64Range(0.01, 1).Draw(t, "clusters"), Levels: rapid.IntRange(1, 2).Draw(t, "levels"),
		Coarse: rapid.Float64Range(0.01, 0.2).Draw(t, "coarse"), Rounds: 4, Group: rapid.Bool().Draw(t, "share"), Each: rapid.Bool().Draw(t, "each"),
	}
}

// keepAll sets thresholds that every cluster's share exceeds.
func (f *fixed) keepAll(threshold float64) {
	for h := range f.heads {
		for _, of := range []*level{&f.heads[h].fine, &f.heads[h].coarse} {
			of.threshold, of.step = threshold, threshold
		}
	}
}

// With every key kept it is full attention, of any grouping, however it was cut
// and wherever it was forked, a question at once and step by step; forks ahead
// of the context's end know nothing of its preparation. Most contexts are longer
// than what is never clustered.
func TestWithEveryKeyItIsFullAttention(t *testing.T) {
	k := cpu.New(cpu.Best(), 2)
	defer k.Close()
	rapid.Check(t, func(t *rapid.T) {
		shape, m, whole := drawnLayer(t), drawnAll(t), full.Full{}
		l := shape.Layer(cpu.F32)
		n, more := rapid.OneOf(rapid.IntRange(1, 400), rapid.IntRange(Observed+1, 400), rapid.IntRange(Observed-1, Observed+2)).Draw(t, "n"), rapid.IntRange(1, 40).Draw(t, "more")
		x := shape.Random(n+more, rapid.Uint64().Draw(t, "seed"))
		width := l.Heads * l.KV.ValueDim
		want := attentiontest.Feed(k, whole, l, whole.New(l), x)
		c := m.New(l)
		near(t, "context", inPieces(t, k, m, l, c, shape, x, 0, n), want[:n*width], width)
		m.EndContext(k, []attention.Layer{l}, []attention.Cache{c})
		if own, ok := c.(*cache); ok {
			own.fixed.keepAll(rapid.SampledFrom([]float64{-1, 0, 1e-30}).Draw(t, "threshold"))
		}
		if said, held := m.Bytes(l, n), attentiontest.Held(c); held > said {
			t.Fatalf("%d bytes are held, said to be %d at the most", held, said)
		}
		at := n
		if rapid.Bool().Draw(t, "ahead") {
			at = rapid.IntRange(0, n).Draw(t, "at")
		}
		forked, ok := c.Fork(at)
		if !ok || forked.Len() != at {
			if shape.Window > 0 {
				return
			}
			t.Fatalf("not forked at %d of %d", at, n)
		}
		question := rapid.IntRange(at, n+more).Draw(t, "question ends")
		got := inPieces(t, k, m, l, forked, shape, x, at, question)
		for ; question < x.N; question++ {
			got = append(got, attentiontest.Feed(k, m, l, forked, shape.Cut(x, question, question+1))...)
		}
		near(t, "question and answer", got, want[at*width:], width)
	})
}

// inPieces feeds tokens from … to, cut anywhere, and returns their rows.
func inPieces(t *rapid.T, k *cpu.Kernels, m attention.Mechanism, l attention.Layer, c attention.Cache, s attentiontest.Shape, x attentiontest.Tokens, from, to int) []float32 {
	var out []float32
	for from < to {
		next := min(to, from+rapid.OneOf(rapid.IntRange(1, 400), rapid.IntRange(1, 80)).Draw(t, "piece"))
		out = append(out, attentiontest.Feed(k, m, l, c, s.Cut(x, from, next))...)
		from = next
	}
	return out
}

func near(t *rapid.T, what string, got, want []float32, width int) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s: %d numbers, want %d", what, len(got), len(want))
	}
	for i, w := range want {
		if !(math.Abs(float64(got[i]-w)) <= 5e-5) {
			t.Fatalf("%s: row %d, number %d: got %g, want %g", what, i/width, i%width, got[i], w)
		}
	}
}

// A centroid for each key estimates the very shares of softmax.
func TestACentroidAKeyGivesTheSoftmax(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	scores, sum := make([]float64, 50), 0.0
	for i := range scores {
		scores[i] = 4 * r.NormFloat64()
		sum += math.Exp(scores[i])
	}
	counts := make([]int, len(scores))
	for i := range counts {
		counts[i] = 1
	}
	for i, got := range shares(scores, counts) {
		if want := math.Exp(scores[i]) / sum; math.Abs(got-want) > 1e-15 {
			t.Errorf("key %d has a share of %g, want %g", i, got, want)
		}
	}
}

// The threshold is such that the context's own last queries keep the share that
// was asked for.
func TestAboutTheShareAskedForIsKept(t *testing.T) {
	k := cpu.New(cpu.Best(), 2)
	defer k.Close()
	shape := attentiontest.Shapes()[1]
	l := shape.Layer(cpu.F32)
	for _, m := range []Squeezed{{Keep: 0.1, Clusters: 0.05, Levels: 1, Rounds: 10}, {Keep: 0.3, Clusters: 0.05, Levels: 1, Rounds: 10}} {
		x := shape.Random(2100, 3)
		c := m.New(l)
		attentiontest.Feed(k, m, l, c, x)
		queries := slices.Clone(c.(*cache).queries)
		m.EndContext(k, []attention.Layer{l}, []attention.Cache{c})
		f, kept := c.(*cache).fixed, 0
		if f.n != 2000 || f.heads[0].table.Rows != 100 {
			t.Fatalf("%d keys in %d clusters, want 2000 in 100", f.n, f.heads[0].table.Rows)
		}
		for h := range l.Heads {
			table := &f.heads[h/(l.Heads/l.KV.Heads)]
			fine := scores(k, l, rowsOf(queries, Observed, l.Heads, h, l.KV.KeyDim), table.table)
			for i, yes := range keep(fine, table.fine, nil, level{}, nil) {
				if yes {
					kept += table.fine.counts[i]
				}
			}
		}
		if got := float64(kept) / float64(2000*l.Heads); math.Abs(got-m.Keep) > 0.02 {
			t.Errorf("%v keeps %.3f of the keys", m, got)
		}
	}
}

func TestQuantileIsThatOfTheValuesSpreadOut(t *testing.T) {
	values := []weighted{{3, 2}, {1, 1}, {2, 3}} // 1 2 2 2 3 3
	for _, c := range []struct{ q, want float64 }{{0, 1}, {1, 3}, {0.5, 2}, {0.7, 2.5}, {0.1, 1.5}} {
		if got := quantile(values, c.q); math.Abs(got-c.want) > 1e-12 {
			t.Errorf("quantile %g: got %g, want %g", c.q, got, c.want)
		}
	}
	if got := quantile(nil, 0.5); got != 0 {
		t.Errorf("of nothing: %g", got)
	}
}
