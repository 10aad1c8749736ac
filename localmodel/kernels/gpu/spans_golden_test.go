package gpu

import (
	"fmt"
	"slices"

	"github.com/lcbench/lcbench/localmodel/attention/goldentest"
)

// full is plain attention: a mask of keys is a choice, unless it hides the first
// ones alone.
func (g *goldenRun) full() {
	s, padding := g.d.Begin(), 0
	a := g.attention()
	a.LSE = output(g.t, g.d, g.n*g.heads)
	if _, ok := g.In["key_mask"]; ok {
		mask, _ := g.Tensor(g.t, "key_mask")
		for padding < len(mask) && mask[padding] == 0 {
			padding++
		}
		for _, seen := range mask[padding:] {
			if seen == 0 {
				g.masked(mask)
				return
			}
		}
	}
	if padding > 0 || g.Params["causal"] == false {
		a.Spans = g.spans(func(t, _ int) (int, int) {
			from, to := g.sees(t)
			return min(max(from, padding), to), to
		})
	}
	out := output(g.t, g.d, g.n*g.heads*g.valueDim)
	lse := make([]float32, g.n*g.heads)
	s.Attend(out, input(g.t, g.d, g.q), g.cache(s, g.k, g.v), g.scratch(), a, g.n)
	s.ReadFloats(a.LSE, 0, lse)
	g.check("o", run(g.t, s, out, g.n*g.heads*g.valueDim))
	g.check("lse", lse)
}

// sees is the keys of row t of plain attention, causal or not, by its window.
func (g *goldenRun) sees(t int) (from, to int) {
	a := g.attention()
	at := a.Pos + t
	if from, to = 0, g.keys; a.Window > 0 {
		from, to = max(0, at-a.Window+1), min(to, at+a.Window)
	}
	if g.Params["causal"] != false {
		to = min(to, at+1)
	}
	return from, to
}

func (g *goldenRun) mergePartials() {
	read := func(name string) []float32 {
		x, _ := g.Tensor(g.t, name)
		for i, v := range x {
			x[i] = max(v, Hidden)
		}
		return goldentest.Narrow(x)
	}
	o, lse, parts := read("o1"), read("lse1"), 1
	rows := len(lse)
	for ; g.In[fmt.Sprint("o", parts+1)].File != ""; parts++ {
		o, lse = append(o, read(fmt.Sprint("o", parts+1))...), append(lse, read(fmt.Sprint("lse", parts+1))...)
	}
	p := &Partials{Out: input(g.t, g.d, o), LSE: input(g.t, g.d, lse), Parts: parts, Rows: rows, Dim: len(o) / len(lse)}
	s := g.d.Begin()
	merged, sums := output(g.t, g.d, rows*p.Dim), output(g.t, g.d, rows)
	s.Merge(merged, sums, p, parts)
	got := make([]float32, rows)
	s.ReadFloats(sums, 0, got)
	g.same("merged", "o", run(g.t, s, merged, rows*p.Dim))
	g.same("merged", "lse", got)
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
	k, shape := g.tokens("sink_k")
	v, _ := g.tokens("sink_v")
	parts := min(2, 1+shape[1])
	s, p := g.d.Begin(), g.partials(parts, g.n*g.heads)
	q := input(g.t, g.d, g.q)
	s.AttendPart(p, 0, q, g.cache(s, g.k, g.v), g.attention(), g.n)
	if parts > 1 {
		a := g.attention()
		a.Window, a.Keys, a.Spans = 0, shape[1], g.spans(func(int, int) (int, int) { return 0, shape[1] })
		s.AttendPart(p, 1, q, g.cache(s, k, v), a, g.n)
	}
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
	if shift := group / 2; g.Params["wrap"] == true && group < g.n {
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
	groups := slices.Repeat([]int{-1}, prefix)
	for i, n := range g.Params["suffixes"].([]any) {
		first := len(at)
		for j := range int(n.(float64)) {
			at, start, groups = append(at, prefix+j), append(start, first), append(groups, i)
		}
	}
	g.sameChoice("pos", 0, at)
	g.sameChoice("group", 0, groups)
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
