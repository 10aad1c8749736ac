package gpu

import (
	"math"

	"github.com/lcbench/lcbench/localmodel/attention/goldentest"
)

// full is plain attention: a mask of keys that isn't padding is a choice.
func (g *goldenRun) full() {
	s := g.d.Begin()
	a := g.attention()
	a.LSE = output(g.t, g.d, g.n*g.heads)
	if g.Params["causal"] == false {
		a.Spans = g.spans(func(int, int) (int, int) { return 0, g.keys })
	}
	if _, ok := g.In["key_mask"]; ok {
		mask, _ := g.Tensor(g.t, "key_mask")
		padding := 0
		for padding < len(mask) && mask[padding] == 0 {
			padding++
		}
		for _, seen := range mask[padding:] {
			if seen == 0 {
				g.masked(mask)
				return
			}
		}
		a.Spans = g.spans(func(t, _ int) (int, int) { return padding, t + 1 })
	}
	out := output(g.t, g.d, g.n*g.heads*g.valueDim)
	lse := make([]float32, g.n*g.heads)
	s.Attend(out, input(g.t, g.d, g.q), g.cache(s, g.k, g.v), g.scratch(), a, g.n)
	s.ReadFloats(a.LSE, 0, lse)
	g.check("o", run(g.t, s, out, g.n*g.heads*g.valueDim))
	g.check("lse", lse)
}

func (g *goldenRun) mergePartials() {
	read := func(name string) []float32 {
		x, _ := g.Tensor(g.t, name)
		for i, v := range x {
			x[i] = max(v, Hidden)
		}
		return goldentest.Narrow(x)
	}
	rows := len(read("lse1"))
	p := &Partials{
		Out: input(g.t, g.d, append(read("o1"), read("o2")...)), LSE: input(g.t, g.d, append(read("lse1"), read("lse2")...)),
		Parts: 2, Rows: rows, Dim: len(read("o1")) / rows,
	}
	s := g.d.Begin()
	out, lse := output(g.t, g.d, rows*p.Dim), output(g.t, g.d, rows)
	s.Merge(out, lse, p, 2)
	got := make([]float32, rows)
	s.ReadFloats(lse, 0, got)
	o := run(g.t, s, out, rows*p.Dim)
	for name, got := range map[string][]float32{"o": o, "lse": got} {
		want, _ := g.Tensor(g.t, name)
		for i, w := range want {
			if !(math.Abs(float64(got[i])-w) <= g.AbsTol) {
				g.t.Errorf("%s[%d]: got %g, want %g", name, i, got[i], w)
			}
		}
	}
}

// streaming is sinks and recent tokens: two parts, the sinks seen from a query
// that is rotated to where they would be in a full cache.
func (g *goldenRun) streaming() {
	sinks, recent := g.number("n_sink"), g.number("recent")
	s, p := g.d.Begin(), g.partials(2, g.n*g.heads)
	far := from0(g.n)
	if g.Params["remap"] == true {
		for i := range far {
			far[i] = min(i, sinks+recent-1)
		}
	}
	c := g.turnedCache(s, from0(g.n))
	a := g.attention()
	a.Spans = g.spans(func(t, _ int) (int, int) {
		if t < sinks+recent {
			return 0, t + 1
		}
		return t + 1 - recent, t + 1
	})
	s.AttendPart(p, 0, g.turned(s, g.q, g.heads, from0(g.n)), c, a, g.n)
	a.Keys, a.Spans = sinks, g.spans(func(t, _ int) (int, int) {
		if t < sinks+recent {
			return 0, 0
		}
		return 0, sinks
	})
	s.AttendPart(p, 1, g.turned(s, g.q, g.heads, far), c, a, g.n)
	g.merged(s, p)
}

// sinkKV has learned keys and values that every row sees, in a cache of their own.
func (g *goldenRun) sinkKV() {
	s, p := g.d.Begin(), g.partials(2, g.n*g.heads)
	q := input(g.t, g.d, g.q)
	s.AttendPart(p, 0, q, g.cache(s, g.k, g.v), g.attention(), g.n)
	k, shape := g.tokens("sink_k")
	v, _ := g.tokens("sink_v")
	a := g.attention()
	a.Keys, a.Spans = shape[1], g.spans(func(int, int) (int, int) { return 0, shape[1] })
	s.AttendPart(p, 1, q, g.cache(s, k, v), a, g.n)
	g.merged(s, p)
}

// shiftedGroups is S2-Attn, all groups of both halves of the heads at once.
func (g *goldenRun) shiftedGroups() {
	group := g.number("group")
	a := g.attention()
	a.Spans = g.spans(func(t, h int) (int, int) {
		switch {
		case group >= g.n:
			return 0, t + 1
		case h < g.heads/2:
			return t / group * group, t + 1
		}
		return max(0, (t+group-group/2)/group*group-group+group/2), t + 1
	})
	o := g.attended(a, g.q, g.k, g.v)
	if shift := group / 2; g.Params["wrap"] == true {
		// The shifted half again, in the rolled order, whose groups are not shifted.
		a.Spans = g.spans(func(t, _ int) (int, int) { return t / group * group, t + 1 })
		rolled := g.attended(a, roll(g.q, g.n, shift), roll(g.k, g.n, shift), roll(g.v, g.n, shift))
		rolled = roll(rolled, g.n, g.n-shift)
		for i := range o {
			if i/g.valueDim%g.heads >= g.heads/2 {
				o[i] = rolled[i]
			}
		}
	}
	g.check("o", o)
}

// roll puts row shift first.
func roll(x []float32, rows, shift int) []float32 {
	at := len(x) / rows * shift
	return append(append([]float32(nil), x[at:]...), x[:at]...)
}

// attended is one Attend over keys and values of its own.
func (g *goldenRun) attended(a Attention, q, k, v []float32) []float32 {
	g.t.Helper()
	s := g.d.Begin()
	out := output(g.t, g.d, g.n*g.heads*g.valueDim)
	s.Attend(out, input(g.t, g.d, q), g.cache(s, k, v), g.scratch(), a, g.n)
	return run(g.t, s, out, g.n*g.heads*g.valueDim)
}

// sharedPrefix has a prefix and suffixes in one cache, packed: each suffix sees
// the prefix and itself.
func (g *goldenRun) sharedPrefix() {
	prefix := g.number("prefix")
	at, start := from0(prefix), make([]int, prefix) // of each row's own run
	for _, n := range g.Params["suffixes"].([]any) {
		first := len(at)
		for i := range int(n.(float64)) {
			at, start = append(at, prefix+i), append(start, first)
		}
	}
	g.samePlaces(prefix, at, start)
	s, p := g.d.Begin(), g.partials(2, g.n*g.heads)
	c, q := g.turnedCache(s, at), g.turned(s, g.q, g.heads, at)
	a := g.attention()
	a.Spans = g.spans(func(t, _ int) (int, int) { return start[t], t + 1 })
	s.AttendPart(p, 0, q, c, a, g.n)
	a.Spans = g.spans(func(t, _ int) (int, int) {
		if t < prefix {
			return 0, 0
		}
		return 0, prefix
	})
	s.AttendPart(p, 1, q, c, a, g.n)
	g.merged(s, p)
}

// samePlaces compares the positions and groups of packed tokens: start is where
// each token's own run begins, and that of the prefix has no number.
func (g *goldenRun) samePlaces(prefix int, at, start []int) {
	g.t.Helper()
	groups := make([]int, len(at))
	for i := range groups {
		switch {
		case i < prefix:
			groups[i] = -1
		case i > prefix && start[i] == start[i-1]:
			groups[i] = groups[i-1]
		case i > prefix:
			groups[i] = groups[i-1] + 1
		}
	}
	g.sameChoice("pos", 0, at)
	g.sameChoice("group", 0, groups)
}
