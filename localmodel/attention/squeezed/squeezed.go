// Package squeezed reads only those keys of a fixed context that a question is
// likely to need. Once the context is cached, each kv head's keys are clustered;
// a question's queries are compared with the centroids, and attend exactly to
// the keys of clusters that promise more than a threshold, and to all that
// stands behind the context. The threshold is one number for all layers and
// heads, set on the context's own last queries so that about the share Keep of
// keys is kept. It runs on unchanged weights; prompts need a fixed context.
//
// The work is done once a context: questions that share one share its clusters.
// Keys of a cluster are stored side by side, each with its value, so that what is
// dropped isn't read. How much a single query keeps of what many keep on average
// depends on how alike their shares are: see Each.
// Source: ../shared/spec/attention.md §6 (Squeezed Attention, arXiv 2411.09688,
// and its code). Clusters are per kv head, the choice per query head.
package squeezed

import (
	"errors"
	"fmt"
	"slices"

	"github.com/lcbench/lcbench/localmodel/attention"
	"github.com/lcbench/lcbench/localmodel/attention/full"
	"github.com/lcbench/lcbench/localmodel/kernels/cpu"
)

// Squeezed is the mechanism with its parameters.
type Squeezed struct {
	Keep     float64 // share of the context's keys that is kept on average, in (0, 1)
	Clusters float64 // clusters as a share of the keys, in (0, 1]
	// Levels is 1, or 2: then clusters of centroids, Coarse of the keys in
	// number, are looked up first and drop about half of the keys.
	Levels int
	Coarse float64
	Rounds int // of K-means at the most
	// Group lets the query heads of a kv head choose together, by the mean of
	// their shares, and read what they keep once. The paper lets each choose for
	// itself.
	Group bool
	// Each gives a step, whose query stands alone, a threshold of its own, set on
	// the shares that each observed query gives; shares of one query vary more than
	// the mean of many, by which the paper sets its one number for both.
	Each bool
}

var (
	_ attention.ContextEnder = Squeezed{}
	_ attention.Chooser      = Squeezed{}
	_ attention.Filler       = Squeezed{}
	_ attention.Reader       = (*cache)(nil)
)

// Observed is how many of the context's last tokens set the threshold. They are
// not clustered, and always seen.
const Observed = 100

// coarseQuantile is the share of keys that the first of two levels drops.
const coarseQuantile = 0.5

// String implements attention.Mechanism.
func (m Squeezed) String() string {
	out := fmt.Sprintf("squeezed:keep=%g,clusters=%g,levels=%d", m.Keep, m.Clusters, max(1, m.Levels))
	if m.Levels == 2 {
		out += fmt.Sprintf(",coarse=%g", m.Coarse)
	}
	share, step := "head", "mean"
	if m.Group {
		share = "group"
	}
	if m.Each {
		step = "each"
	}
	return out + fmt.Sprintf(",rounds=%d,share=%s,step=%s", m.Rounds, share, step)
}

// Fits implements attention.Chooser.
func (m Squeezed) Fits(layers []attention.Layer, _ int) error {
	if slices.ContainsFunc(layers, func(l attention.Layer) bool { return l.Window == 0 }) {
		return nil
	}
	return errors.New("every layer of this model has a window of its own")
}

// New implements attention.Mechanism.
func (m Squeezed) New(l attention.Layer) attention.Cache {
	if l.Window > 0 {
		return full.Full{}.New(l)
	}
	return &cache{tail: attention.NewBlocks(l.KV)}
}

// Bytes implements attention.Mechanism: keys and values of all tokens, with
// those of the context twice for a moment, the centroids, a place for each key,
// and the queries observed.
func (m Squeezed) Bytes(l attention.Layer, n int) int64 {
	if l.Window > 0 {
		return full.Full{}.Bytes(l, n)
	}
	clusters := m.clusters(n) + m.coarse(n)
	each := 4*clusters*l.KV.KeyDim + 4*n + 28*clusters
	return attention.RunBytes(l.KV, n) + l.KV.RowsBytes(n) + int64(l.KV.Heads*each) + int64(4*min(n, Observed)*l.Heads*l.KV.KeyDim)
}

// clusters is how many clusters n keys are put into.
func (m Squeezed) clusters(n int) int { return share(m.Clusters, n) }

func (m Squeezed) coarse(n int) int {
	if m.Levels < 2 {
		return 0
	}
	return share(m.Coarse, n)
}

func share(of float64, n int) int {
	if n <= 0 {
		return 0
	}
	return min(n, max(1, int(of*float64(n)+0.5)))
}

// Attend implements attention.Mechanism. Layers with a window of their own keep
// it.
func (m Squeezed) Attend(k *cpu.Kernels, l attention.Layer, works []attention.Work) {
	if l.Window > 0 {
		full.Full{}.Attend(k, l, works)
		return
	}
	for _, w := range works {
		m.attend(k, l, w, w.Cache.(*cache))
	}
}

func shape(l attention.Layer) cpu.AttendShape {
	return cpu.AttendShape{Heads: l.Heads, KV: l.KV, Scale: l.Scale, SoftCap: l.SoftCap}
}

func (m Squeezed) attend(k *cpu.Kernels, l attention.Layer, w attention.Work, c *cache) {
	fill(k, l, w, c)
	job := c.tail.Job(w.N, w.Q, w.Out)
	c.Count(w.N, l.Heads*c.tail.Len())
	if c.fixed == nil {
		k.Attend(shape(l), job)
		return
	}
	job.LSE = make([]float32, w.N*l.Heads)
	k.Attend(shape(l), job)
	if c.fixed.n > 0 {
		out, lse, clustered := c.fixed.attend(k, m, l, w)
		c.Count(w.N, l.Heads*c.tail.Len()+clustered)
		cpu.MergePartials(w.Out, job.LSE, out, lse, w.N*l.Heads, l.KV.ValueDim)
	}
}

// fill appends a work's tokens, and notes the last queries of a context. Queries
// are left rotated.
func fill(k *cpu.Kernels, l attention.Layer, w attention.Work, c *cache) {
	if l.Angles != nil {
		at := attention.Positions(c.Len(), w.N)
		k.RoPE(w.Q, w.N, l.Heads, l.KV.KeyDim, l.Angles, at)
		k.RoPE(w.K, w.N, l.KV.Heads, l.KV.KeyDim, l.Angles, at)
	}
	c.tail.Append(w.N, w.K, w.V)
	if c.fixed == nil {
		width := l.Heads * l.KV.KeyDim
		c.queries = append(c.queries, w.Q[max(0, w.N-Observed)*width:w.N*width]...)
		c.queries = c.queries[max(0, len(c.queries)-Observed*width):]
	}
}

// Fill implements attention.Filler.
func (m Squeezed) Fill(k *cpu.Kernels, l attention.Layer, w attention.Work) {
	if l.Window > 0 {
		full.Full{}.Fill(k, l, w)
		return
	}
	fill(k, l, w, w.Cache.(*cache))
}
