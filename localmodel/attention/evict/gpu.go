package evict

import "github.com/lcbench/lcbench/localmodel/kernels/gpu"

var _ gpu.Mechanism = Evict{}

// OnDevice implements gpu.Mechanism. The device's cache has room for the whole
// window anyway: what is not kept stays in it and is not read, so that the next
// prompt can begin with it.
func (e Evict) OnDevice(d *gpu.Device, c gpu.Config) (gpu.Attending, error) {
	m := gpu.Make(d, c)
	shared := &scratch{
		Evict: e, d: d, c: c,
		spans: m.Buffer("spans", 2*c.Chunk*c.Heads), parts: m.Parts(2),
	}
	if e.pools() {
		shared.sums = m.Buffer("received", c.Heads*c.Context)
		shared.attend = m.Scratch(e.Recent)
		shared.queries = m.Buffer("queries observed", e.Recent*c.Heads*c.KeyDim)
		shared.out = m.Buffer("rows observed", e.Recent*c.Heads*c.ValueDim)
		shared.lse = m.Buffer("lse observed", e.Recent*c.Heads)
	}
	var ours []*onDevice
	for i, layer := range c.Layer {
		if layer.Window > 0 {
			m.Add(m.Whole(i))
			continue
		}
		l := &onDevice{scratch: shared, index: i, cache: m.Cache(c.Context)}
		switch {
		case e.pools():
			l.last = m.Tail(e.Recent)
		case e.Method == H2O:
			l.received = m.Buffer("received", c.Heads*c.Context)
		}
		m.Add(l)
		ours = append(ours, l)
	}
	out, err := m.Done()
	out.End = func() error {
		for _, l := range ours {
			if err := l.end(); err != nil {
				return err
			}
		}
		return nil
	}
	out.Reopen = func() {
		for _, l := range ours {
			l.keep = nil
		}
	}
	return out, err
}

// scratch is what layers use one after the other.
type scratch struct {
	Evict
	d     *gpu.Device
	c     gpu.Config
	spans *gpu.Buffer // what stands behind the prompt, for each row
	parts *gpu.Partials
	// To score a prompt by its last rows: of these, and what all tokens receive.
	attend            *gpu.Scratch
	queries, out, lse *gpu.Buffer
	sums              *gpu.Buffer // [heads, tokens]
}

// onDevice is the mechanism at one layer of a device.
type onDevice struct {
	*scratch
	index    int
	cache    *gpu.Cache
	seen     int
	last     *gpu.Tail   // queries, rotated
	from     int         // the first token whose query counts
	received *gpu.Buffer // [heads, context], of the tokens up to noted
	noted    int

	keep   [][]gpu.ChosenKeys // of the prompt, by choice; nil: all
	prompt int                // its length, once it is known
	chosen *gpu.Choice
	rows   int // of chosen
}

// Attend implements gpu.LayerAttention.
func (l *onDevice) Attend(r *gpu.Rows) {
	if r.Pos != l.seen {
		l.from = r.Pos
	}
	l.seen = r.Pos + r.N
	r.Rotate()
	r.Step.Store(l.cache, r.K, r.V, r.Pos, r.N)
	if l.keep != nil {
		l.attendKept(r)
		return
	}
	a := r.Attention()
	if l.received == nil {
		r.Attend(r.Q, l.cache, a)
		if l.last != nil {
			r.Step.Note(l.last, r.Q, r.Pos, r.N)
		}
		return
	}
	if r.Pos == 0 {
		r.Try(l.received.WriteFloats(0, make([]float32, l.c.Heads*l.c.Context)))
	}
	a.LSE = r.LSE
	r.Attend(r.Q, l.cache, a)
	r.Step.ColumnSumsInto(l.received, l.c.Context, r.Q, r.LSE, l.cache, a, r.N, l.seen)
	l.noted = l.seen
}

// attendKept attends over what was kept and what came behind it.
func (l *onDevice) attendKept(r *gpu.Rows) {
	a := r.Attention()
	if r.N == 1 {
		a.Parts = gpu.Attention{Pos: l.Capacity}.Split(1)
	}
	a.Parts = max(1, a.Parts)
	p := l.parts.View(a.Parts+1, r.N*l.c.Heads)
	choice, err := l.choice(r.N)
	if err != nil {
		r.Try(err)
		return
	}
	r.Step.AttendChosen(p, 0, r.Q, r.N*l.c.Heads, l.cache, choice, a)
	b := r.Attention()
	b.Spans, b.Keys = l.spans, l.seen
	r.Try(l.spans.WriteInts(0, gpu.Behind(l.prompt, r.Pos, r.N, l.c.Heads)))
	r.Step.AttendPart(p, a.Parts, r.Q, l.cache, b, r.N)
	r.Step.Merge(r.Out, r.LSE, p, a.Parts+1)
}

// choice is what is kept, for so many rows.
func (l *onDevice) choice(rows int) (*gpu.Choice, error) {
	if l.chosen != nil && l.rows == rows {
		return l.chosen, nil
	}
	l.Release()
	jobs := make([]gpu.ChosenJob, l.c.Heads)
	for h := range jobs {
		jobs[h] = gpu.ChosenJob{
			Head: h / (l.c.Heads / l.c.KVHeads), Row: h, Out: h, Rows: rows, Keys: l.keep[h/(l.c.Heads/len(l.keep))],
		}
	}
	var err error
	l.chosen, err = l.d.Choose(l.c.Heads, 1, l.c.KVHeads, jobs)
	l.rows = rows
	return l.chosen, err
}

// Release gives the choice's memory back.
func (l *onDevice) Release() {
	l.chosen.Release()
	l.chosen = nil
}

// Cut implements gpu.LayerAttention.
func (l *onDevice) Cut(_, n int) int { return n }

// Back implements gpu.LayerAttention. What was received is known of all tokens
// noted alone.
func (l *onDevice) Back(n int) int {
	if l.received != nil && n != l.noted && (l.keep == nil || n < l.prompt) {
		return 0
	}
	return n
}

// end chooses what is kept of a prompt; one shorter than Capacity stays as it
// is.
func (l *onDevice) end() error {
	if l.seen < l.Capacity {
		return nil
	}
	scores, err := l.scores()
	if err != nil {
		return err
	}
	n, heads := l.seen, l.c.Heads
	choices := heads
	if l.PerKV {
		choices = l.c.KVHeads
	}
	l.Release()
	l.prompt, l.keep = n, make([][]gpu.ChosenKeys, choices)
	for i := range l.keep {
		each := heads / choices
		l.keep[i] = gpu.Those(l.choose(mean(scores[i*each:][:each]), n, l.take(n, l.index, l.c.Layers)))
	}
	return nil
}

// scores are the attention that each token received from the rows that are
// observed, by query head.
func (l *onDevice) scores() ([][]float64, error) {
	n, heads, stride := l.seen, l.c.Heads, l.c.Context
	out := make([][]float64, heads)
	if l.Method == Streaming {
		return out, nil
	}
	sums, s := l.received, l.d.Begin()
	if l.pools() {
		sums, stride = l.sums, n
		rows := min(l.Recent, n-l.from)
		if err := sums.WriteFloats(0, make([]float32, heads*n)); err != nil {
			return nil, err
		}
		a := gpu.Attention{Heads: heads, Pos: n - rows, Scale: l.c.Scale, Cap: l.c.AttentionCap, LSE: l.lse}
		s.Last(l.queries, l.last, n, rows)
		s.Attend(l.out, l.queries, l.cache, l.attend, a, rows)
		s.ColumnSums(sums, l.queries, l.lse, l.cache, a, rows, n)
	}
	all := make([]float32, (heads-1)*stride+n)
	s.ReadFloats(sums, 0, all)
	if err := s.Run(); err != nil {
		return nil, err
	}
	for h := range out {
		for _, v := range all[h*stride:][:n] {
			out[h] = append(out[h], float64(v))
		}
	}
	return out, nil
}
