package cpu

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
)

// call is one attention over a cache, for the kernels and for the reference.
type call struct {
	attention
	shape AttendShape
	pos   int // of the first query row
	base  int // of key 0
}

// newCall draws q, k and v of size 1; the newest key is at the last query's position.
func newCall(r *rand.Rand, shape AttendShape, n, keys int) *call {
	kv := shape.KV
	c := &call{shape: shape, pos: 1000 + keys - n, base: 1000}
	c.attention = attention{
		n: n, len: keys, heads: shape.Heads, kvHeads: kv.Heads, d: kv.KeyDim, dv: kv.ValueDim,
		scale: float64(shape.Scale), softCap: float64(shape.SoftCap),
		q: random(r, n*shape.Heads*kv.KeyDim), k: random(r, keys*kv.Heads*kv.KeyDim), v: random(r, keys*kv.Heads*kv.ValueDim),
	}
	if shape.Scale == 0 {
		c.scale = 1 / math.Sqrt(float64(kv.KeyDim))
	}
	c.visible = func(i, j int) bool {
		p, at := c.pos+i, c.base+j
		return (shape.NonCausal || at <= p) && (shape.Window == 0 || max(p-at, at-p) < shape.Window)
	}
	c.roundLikeCache()
	return c
}

// roundLikeCache replaces keys and values by what the cache makes of them, so
// that the kernels are measured and not the storage.
func (c *call) roundLikeCache() {
	kv := c.shape.KV
	for j, b := range c.blocks() {
		for row := range min(BlockTokens, c.len-j*BlockTokens) {
			at := (j*BlockTokens + row) * kv.Heads
			for h := range kv.Heads {
				b.Key(row, h, c.k[(at+h)*kv.KeyDim:][:kv.KeyDim])
				b.Value(row, h, c.v[(at+h)*kv.ValueDim:][:kv.ValueDim])
			}
		}
	}
}

// blocks stores the call's keys and values.
func (c *call) blocks() []*KVBlock {
	var blocks []*KVBlock
	kv := c.shape.KV
	for j := 0; j < c.len; j += BlockTokens {
		b := NewKVBlock(kv)
		b.StoreRows(0, min(BlockTokens, c.len-j), c.k[j*kv.Heads*kv.KeyDim:], c.v[j*kv.Heads*kv.ValueDim:])
		blocks = append(blocks, b)
	}
	return blocks
}

// job asks for rows [from, to) of the call, seeing keys up to the last of them.
func (c *call) job(from, to int) AttendJob {
	row := c.heads * c.d
	return AttendJob{
		Out: poisoned((to - from) * c.heads * c.dv), LSE: poisoned((to - from) * c.heads),
		Q: c.q[from*row : to*row], N: to - from, Pos: c.pos + from,
		Blocks: c.blocks(), Base: c.base, Len: c.len,
	}
}

func closeTo(t *testing.T, what string, got []float32, want []float64, tol float64) {
	t.Helper()
	for i, w := range want {
		g := float64(got[i])
		if g != w && !(math.Abs(g-w) <= tol*math.Max(1, math.Abs(w))) {
			t.Fatalf("%s: element %d: got %g, want %g", what, i, g, w)
		}
	}
	intact(t, got)
}

func TestAttendEqualsLoops(t *testing.T) {
	shapes := []AttendShape{
		{Heads: 3, KV: KVShape{3, 64, 64, F32}},
		{Heads: 9, KV: KVShape{3, 64, 64, F16}},
		{Heads: 4, KV: KVShape{1, 256, 256, F16}, Window: 100},
		{Heads: 8, KV: KVShape{2, 128, 96, Q8}, SoftCap: 5},
		{Heads: 4, KV: KVShape{4, 80, 80, F32}, SoftCap: 20, Window: 64},
		{Heads: 6, KV: KVShape{2, 96, 128, F16}, NonCausal: true},
		{Heads: 6, KV: KVShape{3, 32, 48, F32}, NonCausal: true, Window: 20},
		{Heads: 4, KV: KVShape{1, 256, 256, Q8}},
		{Heads: 32, KV: KVShape{1, 16, 17, F32}, Scale: 0.5},
	}
	var calls []*call
	for _, shape := range shapes {
		for _, size := range [][2]int{{1, 1}, {1, 64}, {1, 1000}, {2, 65}, {3, 700}, {17, 17}, {63, 63}, {65, 130}, {100, 400}} {
			calls = append(calls, newCall(seeded(size[1]), shape, size[0], size[1]))
		}
	}
	checkCalls(t, calls)
}

// checkCalls compares every level with the reference, which is computed once.
func checkCalls(t *testing.T, calls []*call) {
	t.Helper()
	type answer struct{ out, lse []float64 }
	var want []answer
	for _, c := range calls {
		out, lse := c.reference()
		want = append(want, answer{out, lse})
	}
	eachLevel(t, func(t *testing.T, k *Kernels) {
		for i, c := range calls {
			j := c.job(0, c.n)
			k.Attend(c.shape, j)
			what := fmt.Sprintf("%+v n=%d keys=%d", c.shape, c.n, c.len)
			closeTo(t, what+" out", j.Out, want[i].out, tolAttend)
			closeTo(t, what+" lse", j.LSE, want[i].lse, tolAttend)
		}
	})
}

func TestAttendWindowEdges(t *testing.T) {
	var calls []*call
	for _, window := range []int{1, 2, 63, 64, 65, 128, 511, 512, 513, 599, 600, 601} {
		shape := AttendShape{Heads: 2, KV: KVShape{1, 32, 32, F32}, Window: window}
		for _, n := range []int{1, 5, 600} {
			calls = append(calls, newCall(seeded(window), shape, n, 600))
		}
	}
	checkCalls(t, calls)
}

func TestAttendLargeScoresAndSoftCap(t *testing.T) {
	eachLevel(t, func(t *testing.T, k *Kernels) {
		for _, cap := range []float32{0, 50} {
			// Keys of size 1 and 64 channels: scores of about scale * 8 * (-3 .. 3).
			shape := AttendShape{Heads: 4, KV: KVShape{2, 64, 64, F32}, Scale: 12, SoftCap: cap}
			c := newCall(seeded(1), shape, 70, 300)
			j := c.job(0, 70)
			k.Attend(shape, j)
			out, lse := c.reference()
			// Scores of 300 have an error of 2^-24 * 300 * a few, so do their weights.
			closeTo(t, fmt.Sprint("cap ", cap), j.Out, out, 10*tolAttend)
			closeTo(t, fmt.Sprint("lse, cap ", cap), j.LSE, lse, tolAttend)
		}
	})
}

func TestAttendRowsThatSeeNothingAreZero(t *testing.T) {
	eachLevel(t, func(t *testing.T, k *Kernels) {
		shape := AttendShape{Heads: 4, KV: KVShape{2, 64, 80, F16}}
		c := newCall(seeded(9), shape, 30, 90)
		j := c.job(0, 30)
		j.Base += 75 // the first rows are before the oldest key
		c.base += 75
		k.Attend(shape, j)
		out, lse := c.reference()
		if !math.IsInf(lse[0], -1) || math.IsInf(lse[len(lse)-1], -1) {
			t.Fatal("the case has no row that sees nothing, or only such rows")
		}
		closeTo(t, "out", j.Out, out, tolAttend)
		closeTo(t, "lse", j.LSE, lse, tolAttend)
		j.Len, j.Blocks = 0, nil
		k.Attend(shape, j)
		for i, l := range j.LSE {
			if !math.IsInf(float64(l), -1) || j.Out[i] != 0 {
				t.Fatalf("no keys: row %d: out %g, lse %g", i, j.Out[i], l)
			}
		}
	})
}

func TestPrefillEqualsChunksEqualsTokens(t *testing.T) {
	eachLevel(t, func(t *testing.T, k *Kernels) {
		shape := AttendShape{Heads: 9, KV: KVShape{3, 64, 64, F16}, Window: 90}
		c := newCall(seeded(2), shape, 150, 150)
		whole := c.job(0, 150)
		k.Attend(shape, whole)
		want := make([]float64, len(whole.Out))
		for i, v := range whole.Out {
			want[i] = float64(v)
		}
		row := c.heads * c.dv
		for _, step := range []int{1, 7, 64, 100} {
			for from := 0; from < 150; from += step {
				to := min(150, from+step)
				part := c.job(from, to)
				k.Attend(shape, part)
				closeTo(t, fmt.Sprintf("rows %d to %d", from, to), part.Out, want[from*row:to*row], tolAttend)
			}
		}
	})
}

func TestBatchedAttendHasTheBitsOfOneByOne(t *testing.T) {
	eachLevel(t, func(t *testing.T, k *Kernels) {
		shape := AttendShape{Heads: 4, KV: KVShape{1, 256, 256, F16}}
		var batch []AttendJob
		for i, keys := range []int{1, 70, 1000, 3000, 64} {
			c := newCall(seeded(i), shape, 1+i%2*3, max(keys, 4))
			batch = append(batch, c.job(0, c.n))
		}
		k.Attend(shape, batch...)
		single := New(k.Level(), 1)
		defer single.Close()
		for i, j := range batch {
			alone := j
			alone.Out, alone.LSE = poisoned(len(j.Out)), poisoned(len(j.LSE))
			single.Attend(shape, alone)
			sameBits(t, fmt.Sprint("job ", i), alone.Out, j.Out)
			sameBits(t, fmt.Sprint("lse of job ", i), alone.LSE, j.LSE)
		}
	})
}

func TestMergePartialsOfDisjointKeysIsTheWhole(t *testing.T) {
	k := New(Best(), 1)
	defer k.Close()
	shape := AttendShape{Heads: 4, KV: KVShape{2, 64, 64, F32}, NonCausal: true}
	c := newCall(seeded(4), shape, 5, 192)
	whole := c.job(0, 5)
	k.Attend(shape, whole)
	a, b := whole, whole
	a.Out, a.LSE, a.Blocks, a.Len = poisoned(len(a.Out)), poisoned(len(a.LSE)), whole.Blocks[:1], 64
	b.Out, b.LSE, b.Blocks, b.Len = poisoned(len(a.Out)), poisoned(len(a.LSE)), whole.Blocks[1:], 128
	k.Attend(shape, a, b)
	MergePartials(a.Out, a.LSE, b.Out, b.LSE, 20, 64)
	out, lse := c.reference()
	closeTo(t, "out", a.Out, out, tolAttend)
	closeTo(t, "lse", a.LSE, lse, tolAttend)
	empty := []float32{float32(math.Inf(-1))}
	o := []float32{0}
	MergePartials(o, empty, []float32{0}, []float32{float32(math.Inf(-1))}, 1, 1)
	if o[0] != 0 || !math.IsInf(float64(empty[0]), -1) {
		t.Errorf("two empty parts: out %g, lse %g", o[0], empty[0])
	}
}

func TestKVBlockKeepsWhatItWasGiven(t *testing.T) {
	for _, typ := range []KVType{F32, F16, Q8} {
		shape := KVShape{2, 80, 33, typ}
		r := seeded(int(typ))
		k, v := random(r, 64*160), random(r, 64*66)
		b := NewKVBlock(shape)
		b.StoreRows(0, 64, k, v)
		c := b.Copy(40)
		for _, row := range []int{0, 1, 39, 40, 63} {
			for head := range 2 {
				key, value := make([]float32, 80), make([]float32, 33)
				b.Key(row, head, key)
				b.Value(row, head, value)
				tol := []float64{0, 1e-3, 2e-2}[typ]
				closeTo(t, typ.String()+" key", append(key, poisoned(0)[:32]...)[:80], wide(k[row*160+head*80:][:80]), tol)
				closeTo(t, typ.String()+" value", append(value, poisoned(0)[:32]...)[:33], wide(v[row*66+head*33:][:33]), tol)
				copied := make([]float32, 80)
				c.Key(row, head, copied)
				for i := range copied {
					if want := key[i]; row < 40 && copied[i] != want || row >= 40 && copied[i] != 0 {
						t.Fatalf("%v: copy of 40 rows: key %d channel %d is %g, the block has %g", typ, row, i, copied[i], want)
					}
				}
			}
		}
		if want := []int{(160 + 128) * 256, (160 + 128) * 128, (160+128)*64 + 1024}[typ]; b.Bytes() != want {
			t.Errorf("%v: %d bytes, want %d", typ, b.Bytes(), want)
		}
	}
}

// A short block gives every row the bits that a whole one does.
func TestShortBlocksAreWholeOnes(t *testing.T) {
	eachLevel(t, func(t *testing.T, k *Kernels) {
		for _, typ := range []KVType{F32, F16, Q8} {
			for _, n := range []int{1, 4, 32} { // keys
				shape := AttendShape{Heads: 6, KV: KVShape{2, 48, 33, typ}, NonCausal: true}
				c := newCall(seeded(n), shape, 50, n)
				want := c.job(0, c.n)
				k.Attend(shape, want)
				whole, short := want.Blocks[0], NewHalfKVBlock(shape.KV)
				short.StoreRows(0, n, c.k, c.v)
				job := c.job(0, c.n)
				job.Blocks = []*KVBlock{short.Copy(n)}
				k.Attend(shape, job)
				sameBits(t, "out", want.Out, job.Out)
				sameBits(t, "lse", want.LSE, job.LSE)
				a, b := poisoned(48), poisoned(48)
				whole.Key(n-1, 1, a)
				short.Key(n-1, 1, b)
				whole.Value(n-1, 1, a[:33])
				short.Value(n-1, 1, b[:33])
				sameBits(t, "a row read back", a, b)
				if short.Bytes() >= whole.Bytes() {
					t.Errorf("%v: %d bytes, a whole block has %d", typ, short.Bytes(), whole.Bytes())
				}
			}
		}
	})
}

func wide(x []float32) []float64 {
	w := make([]float64, len(x))
	for i, v := range x {
		w[i] = float64(v)
	}
	return w
}

// Rows that see nothing ahead of a position, and jobs of some heads.
func TestAttendFromAPositionAndForSomeHeads(t *testing.T) {
	for _, shape := range []AttendShape{{Heads: 6, KV: KVShape{3, 64, 64, F16}}, {Heads: 4, KV: KVShape{2, 16, 17, F32}, Window: 100}} {
		for _, first := range []int{1, 1063, 1064, 1100, 1129} {
			c := newCall(seeded(first), shape, 130, 230)
			visible := c.visible
			c.visible = func(i, j int) bool { return visible(i, j) && c.base+j >= first }
			out, lse := c.reference()
			eachLevel(t, func(t *testing.T, k *Kernels) {
				job := c.job(0, c.n)
				job.First, job.KVFrom, job.KVTo = first, 1, 2
				k.Attend(shape, job)
				group := shape.Heads / shape.KV.Heads
				for row := range c.n * shape.Heads {
					h := row % shape.Heads
					if h < group || h >= 2*group {
						if !math.IsNaN(float64(job.LSE[row])) || !math.IsNaN(float64(job.Out[row*c.dv])) {
							t.Fatalf("first %d: head %d was not asked for", first, h)
						}
						continue
					}
					for i := range c.dv {
						if g, w := float64(job.Out[row*c.dv+i]), out[row*c.dv+i]; !(math.Abs(g-w) <= tolAttend*math.Max(1, math.Abs(w))) {
							t.Fatalf("first %d: row %d of head %d: got %g, want %g", first, row/shape.Heads, h, g, w)
						}
					}
					if g, w := float64(job.LSE[row]), lse[row]; g != w && !(math.Abs(g-w) <= tolAttend*math.Max(1, math.Abs(w))) {
						t.Fatalf("first %d: LSE of row %d of head %d: got %g, want %g", first, row/shape.Heads, h, g, w)
					}
				}
			})
		}
	}
}
