package cpu

import (
	"fmt"
	"math"
	"unsafe"

	"github.com/lcbench/lcbench/localmodel/quant"
)

// LatentShape is attention over rows that are key and value at once: all heads
// share one key of KeyDim numbers a token, whose first ValueDim are its value.
// The cache holds keys alone: its blocks have Heads 1 and ValueDim 0.
type LatentShape struct {
	Heads, KeyDim, ValueDim int
	Type                    KVType
	Scale                   float32
}

// KV is the shape of the cache's blocks.
func (s LatentShape) KV() KVShape { return KVShape{Heads: 1, KeyDim: s.KeyDim, Type: s.Type} }

// latentTile is the work of one thread at a time: rows [r0, r1) of a job, row
// (token, head), over the blocks [b0, b1). Its results go to out [rows,
// ValueDim] and lse [rows].
type latentTile struct {
	job      *AttendJob
	r0, r1   int
	b0, b1   int
	out, lse []float32
}

// AttendLatent computes causal attention of each job: Q [N, Heads, KeyDim],
// Out [N, Heads, ValueDim]. A job gets the bits it gets alone.
func (k *Kernels) AttendLatent(s LatentShape, jobs ...AttendJob) {
	var tiles []latentTile
	for i := range jobs {
		j := &jobs[i]
		need("AttendLatent", "Q", len(j.Q), j.N*s.Heads*s.KeyDim)
		need("AttendLatent", "Out", len(j.Out), j.N*s.Heads*s.ValueDim)
		for _, b := range j.Blocks {
			if b.shape != s.KV() {
				panic(fmt.Sprintf("cpu: AttendLatent: block of %+v in a cache of %+v", b.shape, s.KV()))
			}
		}
		tiles = planLatent(tiles, s, j)
	}
	k.pool.run(len(tiles), func(worker, i int) { k.latentTile(k.scratch[worker], s, &tiles[i]) })
	for _, t := range tiles {
		if t.b0 > 0 { // a further range of rows that the tile before it began
			first := t.r0 * s.ValueDim
			MergePartials(t.job.Out[first:], t.job.LSE[t.r0:], t.out, t.lse, t.r1-t.r0, s.ValueDim)
		}
	}
}

// planLatent appends a job's tiles. Few rows over many blocks are split into
// ranges, of which the first writes to the job and the others to parts.
func planLatent(tiles []latentTile, s LatentShape, j *AttendJob) []latentTile {
	rows := j.N * s.Heads
	j.LSE = make([]float32, rows)
	count := (rows + tileRows - 1) / tileRows
	for t := range count {
		r0, r1 := t*rows/count, (t+1)*rows/count
		blocks := (j.Pos+(r1-1)/s.Heads)/BlockTokens + 1
		ranges := max(1, min(blocks/rangeBlock, wantTiles/count))
		for r := range ranges {
			tile := latentTile{
				job: j, r0: r0, r1: r1, b0: r * blocks / ranges, b1: (r + 1) * blocks / ranges,
				out: j.Out[r0*s.ValueDim : r1*s.ValueDim], lse: j.LSE[r0:r1],
			}
			if r > 0 {
				tile.out, tile.lse = make([]float32, (r1-r0)*s.ValueDim), make([]float32, r1-r0)
			}
			tiles = append(tiles, tile)
		}
	}
	return tiles
}

func (k *Kernels) latentTile(w *scratch, s LatentShape, t *latentTile) {
	a, rows, dim := &w.att, t.r1-t.r0, up32(s.ValueDim)
	q := grow(&a.q, rows*s.KeyDim)
	k.ops.scaled(&q[0], &t.job.Q[t.r0*s.KeyDim], s.Scale*math.Log2E, rows*s.KeyDim)
	grow(&a.s, k.ops.mr*BlockTokens)
	clear(grow(&a.o, rows*dim))
	clear(grow(&a.sum, rows))
	clear(grow(&a.factor, rows))
	for i := range grow(&a.m, rows) {
		a.m[i] = float32(math.Inf(-1))
	}
	mask := grow(&a.mask, rows)
	tiles := (rows + k.ops.mr - 1) / k.ops.mr
	for b := t.b0; b < t.b1; b++ {
		for i := range mask {
			mask[i] = firstKeys(t.job.Pos + (t.r0+i)/s.Heads + 1 - b*BlockTokens)
		}
		values := k.latentValues(w, s, t.job.Blocks[b])
		for i := range tiles {
			k.latentRows(w, s, t.job.Blocks[b], values, i*rows/tiles, (i+1)*rows/tiles)
		}
	}
	for r := range rows {
		inverse := float32(0)
		t.lse[r] = float32(math.Inf(-1))
		if a.sum[r] > 0 {
			inverse = 1 / a.sum[r]
			t.lse[r] = float32((float64(a.m[r]) + math.Log2(float64(a.sum[r]))) * math.Ln2)
		}
		k.ops.scaled(&t.out[r*s.ValueDim], &a.o[r*dim], inverse, s.ValueDim)
	}
}

// firstKeys is a mask of the first n of a block's keys.
func firstKeys(n int) uint64 {
	switch {
	case n <= 0:
		return 0
	case n >= BlockTokens:
		return ^uint64(0)
	}
	return 1<<n - 1
}

// latentRows lets rows [from, to), at most mr, pass over a block.
func (k *Kernels) latentRows(w *scratch, s LatentShape, block *KVBlock, values []float32, from, to int) {
	a, nr, mr, dim := &w.att, k.ops.nr, uintptr(to-from), up32(s.ValueDim)
	w.gemm = gemmArgs{
		a: &a.q[from*s.KeyDim], lda: uintptr(4 * s.KeyDim), ldb: uintptr(BlockTokens * s.Type.size()),
		ldc: 4 * BlockTokens, k: uintptr(s.KeyDim), mr: mr,
	}
	for c := 0; c < BlockTokens; c += nr {
		w.gemm.b, w.gemm.c = block.keys.pointer(c), &a.s[c]
		k.ops.gemm[s.Type](&w.gemm)
	}
	scales := block.keys.scales(0)
	w.softmax = softmaxArgs{
		s: &a.s[0], rows: mr, mask: &a.mask[from], m: &a.m[from], sum: &a.sum[from], factor: &a.factor[from], kscale: scales, vscale: scales,
	}
	k.ops.softmax(&w.softmax)
	w.gemm = gemmArgs{
		a: &a.s[0], lda: 4 * BlockTokens, ldb: uintptr(4 * dim), ldc: uintptr(4 * dim), k: BlockTokens, mr: mr, scale: &a.factor[from],
	}
	for c := 0; c < dim; c += nr {
		w.gemm.b, w.gemm.c = unsafe.Pointer(&values[c]), &a.o[from*dim+c]
		k.ops.gemm[F32](&w.gemm)
	}
}

// latentValues returns a block's values [64, ValueDim rounded up to 32] as
// float32: the keys' first channels, transposed. Those of Q8 lack their scales,
// which the softmax puts into the weights.
func (k *Kernels) latentValues(w *scratch, s LatentShape, block *KVBlock) []float32 {
	dim, lanes := up32(s.ValueDim), k.ops.lanes
	values := grow(&w.panel, BlockTokens*dim)
	rows := grow(&w.rows, lanes*BlockTokens)
	for c := 0; c < dim; c += lanes {
		n := max(0, min(lanes, s.ValueDim-c))
		k.widen(w, rows[:n*BlockTokens], &block.keys, c*BlockTokens)
		clear(rows[n*BlockTokens:])
		w.pack = packArgs{dst: &values[c], ldd: uintptr(4 * dim), src: &rows[0], lds: 4 * BlockTokens, cols: BlockTokens}
		k.ops.pack(&w.pack)
	}
	return values
}

// widen writes elements of a cache from index at on as float32, without the
// scales of Q8; whole rows of a block.
func (k *Kernels) widen(w *scratch, dst []float32, u *kvBuffer, at int) {
	switch {
	case len(dst) == 0:
	case u.f32 != nil:
		copy(dst, u.f32[at:])
	case u.f16 != nil:
		w.dequant = dequantArgs{&dst[0], (*byte)(unsafe.Pointer(&u.f16[at])), uintptr(len(dst) / unitOf(quant.F16))}
		k.ops.typed[quant.F16].dequant(&w.dequant)
	default:
		for i, q := range u.q8[at:][:len(dst)] {
			dst[i] = float32(q)
		}
	}
}

// up32 rounds up to whole panels.
func up32(n int) int { return (n + Panel - 1) &^ (Panel - 1) }
