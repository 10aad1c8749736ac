package gpu

import "fmt"

// Turn rotates x [tokens, heads, dim] by several positions at once into out
// [turns, tokens, heads, dim]: by the angles in table [turns, tokens, pairs, 2],
// as RoPE takes them. Mechanisms that move positions rotate a query once for
// each place that a chosen chunk may have; the keys in the cache stay.
func (s *Step) Turn(out, x, table *Buffer, turns, tokens, heads, dim, pairs int, interleaved bool) {
	if dim%2 != 0 || 2*pairs > dim {
		s.fail(fmt.Errorf("gpu: turn: %d pairs in a head of %d", pairs, dim))
	}
	n := turns * tokens * heads
	if !s.wants("turn", out, n*dim) || !s.wants("turn", x, tokens*heads*dim) || !s.wants("turn", table, 2*turns*tokens*pairs) {
		return
	}
	flag := uint32(0)
	if interleaved {
		flag = 1
	}
	s.elementwise(variant{file: "turn", access: "rrw"},
		words{uint32(tokens * heads), uint32(turns), uint32(heads), uint32(dim), uint32(pairs), flag}, n*dim/2, x, table, out)
}

// Scores computes factor q t for q [tokens, heads, dim] and a table [entries,
// tableHeads, dim] of centroids, chunks' vectors or mean keys, into out
// [tokens, heads, entries]; head h meets the table's h div (heads / tableHeads).
func (s *Step) Scores(out, q, table *Buffer, tokens, heads, tableHeads, entries, dim int, factor float64) {
	s.scores(out, q, table, nil, scored{tokens, heads, tableHeads, entries, dim, 0, 1}, factor)
}

// KeyScores are Scores with keys of a cache, entries of them, step apart from
// position first on, and without a factor.
func (s *Step) KeyScores(out, q *Buffer, c *Cache, tokens, heads, entries, first, step int) {
	s.scores(out, q, c.k, nil, scored{tokens, heads, c.KVHeads, entries, c.KeyDim, first, step}, 1)
}

// ListedScores are KeyScores with those at the positions list [heads, entries].
func (s *Step) ListedScores(out, q *Buffer, c *Cache, list *Buffer, tokens, heads, entries int) {
	if s.wants("scores: list", list, heads*entries) {
		s.scores(out, q, c.k, list, scored{tokens, heads, c.KVHeads, entries, c.KeyDim, 0, 1}, 1)
	}
}

// scored is the shape of products with the entries of a table.
type scored struct{ tokens, heads, tableHeads, entries, dim, first, step int }

func (s *Step) scores(out, q, table, list *Buffer, x scored, factor float64) {
	if x.tableHeads <= 0 || x.heads%x.tableHeads != 0 || x.dim%4 != 0 || x.first < 0 || x.step <= 0 {
		s.fail(fmt.Errorf("gpu: scores: %d heads over a table of %d, head size %d, entries %d apart from %d on", x.heads, x.tableHeads, x.dim, x.step, x.first))
		return
	}
	n, last := x.tokens*x.heads*x.entries, x.first+(x.entries-1)*x.step
	if !s.wants("scores", out, n) || !s.wants("scores", q, x.tokens*x.heads*x.dim) ||
		list == nil && !s.wants("scores", table, (last+1)*x.tableHeads*x.dim) {
		return
	}
	v, buffers := variant{file: "scores", access: "rrw"}, []*Buffer{q, table, out}
	if list != nil {
		v.access, v.fill.Listed = "rrwr", true
		buffers = append(buffers, list)
	}
	s.elementwise(v, words{uint32(x.tokens * x.heads), uint32(x.heads), uint32(x.heads / x.tableHeads), uint32(x.tableHeads),
		uint32(x.entries), uint32(x.dim / 4), f(factor), uint32(x.first), uint32(x.step)}, n, buffers...)
}

// Mean computes the means of runs of rows: x [rows*run, width] to out [rows,
// width], width a multiple of 4.
func (s *Step) Mean(out, x *Buffer, rows, run, width int) {
	if run <= 0 || width%4 != 0 {
		s.fail(fmt.Errorf("gpu: mean of %d rows of %d", run, width))
	}
	if !s.wants("mean", out, rows*width) || !s.wants("mean", x, rows*run*width) {
		return
	}
	s.mean(out, 0, x, 0, rows, run, width)
}

// KeyMeans computes the means of so many runs of a cache's keys, from position
// from on, into rows to, to+1, … of out [rows, kvHeads, keyDim].
func (s *Step) KeyMeans(out *Buffer, to int, c *Cache, from, rows, run int) {
	width := c.KVHeads * c.KeyDim
	if from < 0 || to < 0 || run <= 0 || from+rows*run > c.Slots {
		s.fail(fmt.Errorf("gpu: means of %d runs of %d keys from %d on in a cache of %d", rows, run, from, c.Slots))
	}
	if s.wants("key means", out, (to+rows)*width) {
		s.mean(out, to*width, c.k, from*width, rows, run, width)
	}
}

func (s *Step) mean(out *Buffer, to int, x *Buffer, from, rows, run, width int) {
	s.elementwise(variant{file: "mean", access: "rw"},
		words{uint32(rows * width / 4), uint32(width / 4), uint32(run), uint32(from / 4), uint32(to / 4)}, rows*width/4, x, out)
}

// ColumnSums adds to sums [heads, keys] what each of the first keys of a causal
// attention receives: the sum over q's rows [tokens, heads] of exp(score - lse),
// with lse as Attend left it; so a prompt's chunks add up. A second pass of half the work; no score matrix
// exists. Source: ../shared/spec/attention.md, "Column sums without the matrix".
func (s *Step) ColumnSums(sums, q, lse *Buffer, c *Cache, a Attention, tokens, keys int) {
	s.ColumnSumsInto(sums, keys, q, lse, c, a, tokens, keys)
}

// ColumnSumsInto is ColumnSums into rows of stride sums, of which the first keys
// are added to.
func (s *Step) ColumnSumsInto(sums *Buffer, stride int, q, lse *Buffer, c *Cache, a Attention, tokens, keys int) {
	if err := a.check(c, tokens); err != nil {
		s.fail(err)
		return
	}
	if a.Spans != nil || keys <= 0 || keys > min(c.Slots, stride) {
		s.fail(fmt.Errorf("gpu: column sums of %d keys in a cache of %d, of causal rows only", keys, c.Slots))
	}
	if !s.wants("column sums", sums, (a.Heads-1)*stride+keys) || !s.wants("column sums", q, tokens*a.Heads*c.KeyDim) ||
		!s.wants("column sums", lse, tokens*a.Heads) {
		return
	}
	rows, lanes := shape(keys, c.KeyDim, 0)
	v := variant{file: "columns", access: "rrrw", fill: fill{KeyQuads: c.KeyDim / 4, Rows: rows, Lanes: lanes}}
	p := words{uint32(tokens), uint32(a.Pos), uint32(a.Heads), uint32(c.KVHeads), uint32(a.Heads / c.KVHeads), uint32(a.Window),
		uint32(c.Slots), uint32(keys), f(a.Scale), f(a.Cap), uint32(stride)}
	s.dispatch(v, p, (keys+rows-1)/rows, a.Heads, 1, q, c.k, lse, sums)
}
