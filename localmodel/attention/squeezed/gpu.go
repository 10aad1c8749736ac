package squeezed

import (
	"runtime"

	"github.com/lcbench/lcbench/localmodel/attention"
	"github.com/lcbench/lcbench/localmodel/kernels/cpu"
	"github.com/lcbench/lcbench/localmodel/kernels/gpu"
)

var _ gpu.Mechanism = Squeezed{}

// OnDevice implements gpu.Mechanism. Keys are clustered on the host, once a
// context, and stay where they are on the device: a choice of them is a mask.
func (m Squeezed) OnDevice(d *gpu.Device, c gpu.Config) (gpu.Attending, error) {
	on := gpu.Make(d, c)
	shared := &scratch{
		Squeezed: m, d: d, c: c, k: cpu.New(cpu.Best(), runtime.GOMAXPROCS(0)),
		spans: on.Buffer("spans", 2*c.Chunk*c.Heads), parts: on.Parts(2), queries: on.Buffer("queries observed", Observed*c.Heads*c.KeyDim),
	}
	var ours []*onDevice
	for i, layer := range c.Layer {
		if layer.Window > 0 {
			on.Add(on.Whole(i))
			continue
		}
		l := &onDevice{scratch: shared, index: i, cache: on.Cache(c.Context), last: on.Tail(Observed)}
		on.Add(l)
		ours = append(ours, l)
	}
	on.Own(shared)
	out, err := on.Done()
	out.End = func() error { return m.endOnDevice(ours) }
	out.Reopen = func() {
		for _, l := range ours {
			l.fixed = nil
		}
	}
	return out, err
}

// endOnDevice prepares the context that all layers have seen.
func (m Squeezed) endOnDevice(layers []*onDevice) error {
	if len(layers) == 0 {
		return nil
	}
	list := make([]document, len(layers))
	for i, l := range layers {
		var err error
		if list[i], err = l.document(); err != nil {
			return err
		}
	}
	for i, f := range m.prepare(layers[0].k, list) {
		if err := layers[i].use(f); err != nil {
			return err
		}
	}
	return nil
}

// scratch is what layers use one after the other.
type scratch struct {
	Squeezed
	d            *gpu.Device
	c            gpu.Config
	k            *cpu.Kernels
	spans        *gpu.Buffer // what stands behind the clustered keys, for each row
	parts        *gpu.Partials
	queries      *gpu.Buffer
	fine, coarse sheet
}

// Release ends the kernels, and gives back what was made on the way.
func (s *scratch) Release() {
	s.k.Close()
	s.fine.Release()
	s.coarse.Release()
}

// sheet is memory for scores, as large as was needed so far.
type sheet struct {
	*gpu.Buffer
	n int
}

func (s *sheet) grow(d *gpu.Device, n int) error {
	if n <= s.n {
		return nil
	}
	s.Release()
	*s = sheet{}
	b, err := d.NewBuffer("scores of clusters", n)
	if err == nil {
		*s = sheet{b, n}
	}
	return err
}

// onDevice is the mechanism at one layer of a device.
type onDevice struct {
	*scratch
	index int
	cache *gpu.Cache
	last  *gpu.Tail // queries, rotated
	seen  int
	from  int // the first token whose query counts

	fixed        *fixed
	table, upper *gpu.Buffer // centroids [clusters, kv heads, KeyDim]; upper: nil where there is one level
	chosen       *gpu.Choice
}

// layer is what the host's part knows it as.
func (l *onDevice) layer() attention.Layer {
	c := l.c
	return attention.Layer{
		Index: l.index, Heads: c.Heads, KV: cpu.KVShape{Heads: c.KVHeads, KeyDim: c.KeyDim, ValueDim: c.ValueDim, Type: cpu.F32},
		Scale: float32(c.Scale), SoftCap: float32(c.AttentionCap),
	}
}

// document reads what the preparation looks at.
func (l *onDevice) document() (document, error) {
	c, rows := l.c, min(Observed, l.seen-l.from)
	all, queries := make([]float32, max(0, l.seen-Observed)*c.KVHeads*c.KeyDim), make([]float32, rows*c.Heads*c.KeyDim)
	s := l.d.Begin()
	s.Last(l.queries, l.last, l.seen, rows)
	s.ReadFloats(l.queries, 0, queries)
	if len(all) > 0 {
		s.ReadKeys(l.cache, all)
	}
	err := s.Run()
	return document{l: l.layer(), tokens: l.seen, queries: queries, keys: func(head, n int) []float32 {
		return rowsOf(all, n, c.KVHeads, head, c.KeyDim)
	}}, err
}

// use brings a prepared context's centroids to the device.
func (l *onDevice) use(f *fixed) error {
	l.Release()
	if l.fixed = f; f.n == 0 {
		return nil
	}
	upload := func(of func(*lookup) cpu.Matrix) (*gpu.Buffer, error) {
		n, dim, heads := of(&f.heads[0]).Rows, l.c.KeyDim, l.c.KVHeads
		x := make([]float32, n*heads*dim)
		for h := range heads {
			for i := range n {
				l.k.Row(x[(i*heads+h)*dim:][:dim], of(&f.heads[h]), i)
			}
		}
		b, err := l.d.NewBuffer("centroids", len(x))
		if err != nil {
			return nil, err
		}
		return b, b.WriteFloats(0, x)
	}
	var err error
	if l.table, err = upload(func(h *lookup) cpu.Matrix { return h.table }); err == nil && f.heads[0].parent != nil {
		l.upper, err = upload(func(h *lookup) cpu.Matrix { return h.coarseTable })
	}
	return err
}

// Release gives back what belongs to a context.
func (l *onDevice) Release() {
	l.table.Release()
	l.upper.Release()
	l.chosen.Release()
	l.table, l.upper, l.chosen = nil, nil, nil
}

// Attend implements gpu.LayerAttention.
func (l *onDevice) Attend(r *gpu.Rows) {
	if r.Pos != l.seen {
		l.from = r.Pos
	}
	l.seen = r.Pos + r.N
	r.Rotate()
	r.Step.Store(l.cache, r.K, r.V, r.Pos, r.N)
	switch {
	case l.fixed == nil:
		r.Attend(r.Q, l.cache, r.Attention())
		r.Step.Note(l.last, r.Q, r.Pos, r.N)
	case l.fixed.n == 0:
		r.Attend(r.Q, l.cache, r.Attention())
	default:
		r.Try(l.attendFixed(r))
	}
}

// attendFixed joins attention over the clustered keys that each chooser keeps for
// all rows of the pass with that over what stands behind them.
func (l *onDevice) attendFixed(r *gpu.Rows) error {
	choosers := l.choosers(l.layer())
	jobs, err := l.jobs(r, choosers)
	if err != nil {
		return err
	}
	if l.chosen, err = l.d.Rechoose(l.chosen, l.c.Heads, choosers[0].heads, l.c.KVHeads, jobs); err != nil {
		return err
	}
	a := r.Attention()
	a.Parts = 1
	if r.N == 1 {
		a.Parts = gpu.Attention{Pos: l.fixed.n}.Split(1)
	}
	p := l.parts.View(a.Parts+1, r.N*l.c.Heads)
	r.Step.AttendChosen(p, 0, r.Q, r.N*l.c.Heads, l.cache, l.chosen, a)
	b := r.Attention()
	b.Spans, b.Keys = l.spans, l.seen
	if err := l.spans.WriteInts(0, gpu.Behind(l.fixed.n, r.Pos, r.N, l.c.Heads)); err != nil {
		return err
	}
	r.Step.AttendPart(p, a.Parts, r.Q, l.cache, b, r.N)
	r.Step.Merge(r.Out, r.LSE, p, a.Parts+1)
	return nil
}

// jobs are the clustered keys that each chooser keeps.
func (l *onDevice) jobs(r *gpu.Rows, choosers []chooser) ([]gpu.ChosenJob, error) {
	c, f, heads := l.c, l.fixed, l.c.Heads
	first := f.heads[0]
	rows := r.N * heads
	if err := l.fine.grow(l.d, rows*first.table.Rows); err != nil {
		return nil, err
	}
	r.Step.Scores(l.fine.Buffer, r.Q, l.table, r.N, heads, c.KVHeads, first.table.Rows, c.KeyDim, 1)
	coarse := make([]float32, rows*first.coarseTable.Rows)
	if first.parent != nil {
		if err := l.coarse.grow(l.d, len(coarse)); err != nil {
			return nil, err
		}
		r.Step.Scores(l.coarse.Buffer, r.Q, l.upper, r.N, heads, c.KVHeads, first.coarseTable.Rows, c.KeyDim, 1)
		r.Step.ReadFloats(l.coarse.Buffer, 0, coarse)
	}
	fine := r.Read(l.fine.Buffer, rows*first.table.Rows)
	jobs := make([]gpu.ChosenJob, len(choosers))
	for i, x := range choosers {
		own := &f.heads[x.kv]
		var upper []float64
		if own.parent != nil {
			upper = l.scores(coarse, r.N, x, own.coarseTable.Rows)
		}
		kept := own.keep(r.N, l.scores(fine, r.N, x, own.table.Rows), upper)
		jobs[i] = gpu.ChosenJob{Head: x.kv, Row: x.head, Out: x.head, Rows: r.N * x.heads, Keys: gpu.Those(own.tokens(kept))}
	}
	return jobs, nil
}

// scores are those of a chooser's rows, head by head, of products [n, heads,
// clusters].
func (l *onDevice) scores(raw []float32, n int, x chooser, clusters int) []float64 {
	return scaled(x.rows(raw, n, l.c.Heads, clusters), l.layer())
}

// Cut implements gpu.LayerAttention.
func (l *onDevice) Cut(_, n int) int { return n }

// Back implements gpu.LayerAttention.
func (l *onDevice) Back(n int) int { return n }
