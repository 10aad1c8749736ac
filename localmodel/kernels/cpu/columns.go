package cpu

import (
	"math"
	"unsafe"
)

// ColumnSums adds to sums, by query head, what each of the job's Len keys
// receives of the attention of its rows: the sum over the rows of
// exp(score - lse). The job's LSE must be as Attend left it; Out is not
// touched. The score matrix is never stored: this is a second pass over the
// tiles, of half the work of the first.
// Source: ../shared/spec/attention.md, "Column sums without the matrix".
func (k *Kernels) ColumnSums(shape AttendShape, job AttendJob, sums [][]float64) {
	if shape.Scale == 0 {
		shape.Scale = float32(1 / math.Sqrt(float64(shape.KV.KeyDim)))
	}
	need("ColumnSums", "Q", len(job.Q), job.N*shape.Heads*shape.KV.KeyDim)
	need("ColumnSums", "LSE", len(job.LSE), job.N*shape.Heads)
	need("ColumnSums", "sums", len(sums), shape.Heads)
	for _, s := range sums {
		need("ColumnSums", "sums of a head", len(s), job.Len)
	}
	blocks := (job.Len + BlockTokens - 1) / BlockTokens
	k.pool.run(shape.Heads*blocks, func(worker, i int) {
		b, head := i/shape.Heads, i%shape.Heads
		k.columnTile(k.scratch[worker], shape, &job, head, b, sums[head][b*BlockTokens:])
	})
}

// columnTile adds what block b receives from all rows of a query head.
func (k *Kernels) columnTile(s *scratch, shape AttendShape, job *AttendJob, head, b int, sums []float64) {
	a, mr := &s.att, k.ops.mr
	one := shape // a row of masks is a token's
	one.Heads, one.KV.Heads = 1, 1
	tile := attendTile{job: job}
	total := grow(&a.o, BlockTokens)
	grow(&a.s, mr*BlockTokens)
	for tile.q0 = 0; tile.q0 < job.N; tile.q0 = tile.q1 {
		tile.q1 = min(job.N, tile.q0+mr)
		masked, some := masks(grow(&a.mask, mr), one, &tile, b)
		if !some {
			continue
		}
		rows := tile.q1 - tile.q0
		k.columnWeights(s, shape, job, head, b, tile.q0, rows, masked)
		s.gemm = gemmArgs{a: s.unit(), ldb: 4 * BlockTokens, k: uintptr(rows), mr: 1}
		for c := 0; c < BlockTokens; c += k.ops.nr {
			s.gemm.b, s.gemm.c = unsafe.Pointer(&a.s[c]), &total[c]
			k.ops.gemm[F32](&s.gemm)
		}
		for i := range min(BlockTokens, job.Len-b*BlockTokens) {
			sums[i] += float64(total[i])
		}
	}
}

// columnWeights leaves the weights that rows from.. of a query head give the
// keys of block b in the scratch, [rows, 64]: a softmax whose maximum and sum
// are known, so that its maximum doesn't move.
func (k *Kernels) columnWeights(s *scratch, shape AttendShape, job *AttendJob, head, b, from, rows int, masked bool) {
	a, d, kv := &s.att, shape.KV.KeyDim, head/(shape.Heads/shape.KV.Heads)
	scale := shape.Scale
	if shape.SoftCap == 0 {
		scale *= math.Log2E
	}
	q, m := grow(&a.q, rows*d), grow(&a.m, rows)
	clear(grow(&a.sum, rows))
	grow(&a.factor, rows)
	for i := range rows {
		at := (from+i)*shape.Heads + head
		k.ops.scaled(&q[i*d], &job.Q[at*d], scale, d)
		m[i] = job.LSE[at] * math.Log2E
	}
	block, size := job.Blocks[b], shape.KV.Type.size()
	s.gemm = gemmArgs{a: &q[0], lda: uintptr(4 * d), ldb: uintptr(BlockTokens * size), ldc: 4 * BlockTokens, k: uintptr(d), mr: uintptr(rows)}
	for c := 0; c < BlockTokens; c += k.ops.nr {
		s.gemm.b, s.gemm.c = block.keys.pointer(kv*d*BlockTokens+c), &a.s[c]
		k.ops.gemm[shape.KV.Type](&s.gemm)
	}
	s.softmax = softmaxArgs{s: &a.s[0], rows: uintptr(rows), m: &m[0], sum: &a.sum[0], factor: &a.factor[0], kscale: block.keys.scales(kv)}
	if masked {
		s.softmax.mask = &a.mask[0]
	}
	if shape.SoftCap > 0 {
		s.softmax.cap2, s.softmax.invCap = shape.SoftCap*math.Log2E, 2*math.Log2E/shape.SoftCap
	}
	k.ops.softmax(&s.softmax)
}
