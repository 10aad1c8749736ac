package cpu

import (
	"fmt"
	"math"
	"unsafe"
)

// AttendShape is what the jobs of an Attend call have in common. Query head h
// uses kv head h / (Heads / KV.Heads).
type AttendShape struct {
	Heads     int
	KV        KVShape
	Scale     float32 // of the scores; 0 stands for KeyDim^-0.5
	SoftCap   float32 // c: scores become c tanh(score / c), before masking; 0: none
	Window    int     // keys that a row sees, itself among them; 0: all
	NonCausal bool    // rows see keys behind them too: all, or those nearer than Window
}

// AttendJob is attention of N query rows over a list of cache blocks.
type AttendJob struct {
	Out    []float32  // [N, Heads, ValueDim]
	Q      []float32  // [N, Heads, KeyDim]
	N      int        // query rows
	Pos    int        // absolute position of the first query row
	Blocks []*KVBlock // the cache, each but the last one full
	Base   int        // absolute position of row 0 of Blocks[0]
	Len    int        // rows in use
	LSE    []float32  // optional [N, Heads]: natural log of the sum of exp(score)
	First  int        // absolute position of the first key that rows see; 0: no limit
	// KVFrom and KVTo limit the job to the query heads of kv heads KVFrom …
	// KVTo-1, and leave Out and LSE of the others alone; both 0: all heads.
	KVFrom, KVTo int
}

// Attend computes softmax attention: the row at position p sees the key at
// position j when j <= p and, with a window, p - j < Window; NonCausal, any j, or
// with a window |p - j| < Window. A row that sees nothing gets zeros, and -inf for
// LSE. The score matrix is never stored:
// tiles of queries pass over the blocks with a streaming softmax (spec of
// attention, section 1), and few rows over many blocks are split over ranges of
// blocks whose results are merged by their LSE.
func (k *Kernels) Attend(shape AttendShape, jobs ...AttendJob) {
	if shape.Scale == 0 {
		shape.Scale = float32(1 / math.Sqrt(float64(shape.KV.KeyDim)))
	}
	tiles, parts := k.tiles[:0], 0 // parts: numbers in k.parts
	for i := range jobs {
		checkJob(shape, &jobs[i])
		tiles, parts = planJob(tiles, parts, shape, &jobs[i])
	}
	k.tiles = tiles
	grow(&k.parts, parts)
	k.pool.run(len(tiles), func(worker, i int) {
		k.attendTile(&k.scratch[worker].att, shape, &tiles[i], k.scratch[worker])
	})
	k.mergeTiles(shape, tiles)
	clear(tiles) // keep no job's buffers alive
}

func checkJob(s AttendShape, j *AttendJob) {
	if s.Heads <= 0 || s.KV.Heads <= 0 || s.Heads%s.KV.Heads != 0 {
		panic(fmt.Sprintf("cpu: Attend: %d heads over %d kv heads", s.Heads, s.KV.Heads))
	}
	need("Attend", "Q", len(j.Q), j.N*s.Heads*s.KV.KeyDim)
	need("Attend", "Out", len(j.Out), j.N*s.Heads*s.KV.ValueDim)
	need("Attend", "Blocks (in rows)", len(j.Blocks)*BlockTokens, j.Len)
	if j.LSE != nil {
		need("Attend", "LSE", len(j.LSE), j.N*s.Heads)
	}
	if j.KVTo == 0 {
		j.KVTo = s.KV.Heads
	}
	if j.KVFrom < 0 || j.KVFrom > j.KVTo || j.KVTo > s.KV.Heads {
		panic(fmt.Sprintf("cpu: Attend: kv heads %d to %d of %d", j.KVFrom, j.KVTo, s.KV.Heads))
	}
	for _, b := range j.Blocks {
		if b.shape != s.KV {
			panic(fmt.Sprintf("cpu: Attend: block of %+v in a cache of %+v", b.shape, s.KV))
		}
	}
}

// attendTile is the work of one thread at a time: query rows [q0, q1) of all
// heads of one kv head over the blocks [b0, b1).
type attendTile struct {
	job    *AttendJob
	head   int // kv head
	q0, q1 int
	b0, b1 int
	parts  int // tiles, this one first, that share the rows: merged afterwards
	out    int // index into k.parts of [rows, ValueDim] and then [rows] LSE; -1: the job's own
}

// Plan sizes: rows of a tile, and the ranges of blocks that few rows are cut
// into. They depend on the job alone, so that a job's bits don't depend on
// the company it comes in, nor on the number of threads.
const (
	tileRows   = 192
	wantTiles  = 16
	rangeBlock = 4 // blocks of the smallest range worth a tile
)

// planJob appends the tiles of a job, the longest ones (the last rows) first.
func planJob(tiles []attendTile, parts int, s AttendShape, j *AttendJob) ([]attendTile, int) {
	group := s.Heads / s.KV.Heads
	step := max(1, tileRows/group)
	count := (j.N + step - 1) / step
	for t := count - 1; t >= 0; t-- {
		q0, q1 := t*j.N/count, (t+1)*j.N/count
		b0, b1 := visibleBlocks(s, j, q0, q1)
		ranges := max(1, min((b1-b0)/rangeBlock, wantTiles/(count*s.KV.Heads)))
		for head := j.KVFrom; head < j.KVTo; head++ {
			for r := range ranges {
				tile := attendTile{job: j, head: head, q0: q0, q1: q1, out: -1}
				tile.b0, tile.b1 = b0+r*(b1-b0)/ranges, b0+(r+1)*(b1-b0)/ranges
				if ranges > 1 {
					tile.parts, tile.out = ranges-r, parts
					parts += (q1 - q0) * group * (s.KV.valueStride() + 1)
				}
				tiles = append(tiles, tile)
			}
		}
	}
	return tiles, parts
}

// visibleBlocks returns the blocks that some row of [q0, q1) sees.
func visibleBlocks(s AttendShape, j *AttendJob, q0, q1 int) (from, to int) {
	first, last := 0, j.Len-1
	if s.Window > 0 {
		first, last = max(0, j.Pos+q0-s.Window+1-j.Base), min(last, j.Pos+q1-1+s.Window-1-j.Base)
	}
	if !s.NonCausal {
		first, last = max(first, j.First-j.Base), min(last, j.Pos+q1-1-j.Base)
	}
	if last < first {
		return 0, 0
	}
	return first / BlockTokens, last/BlockTokens + 1
}

// attendScratch holds a tile's rows: queries, scores, sums.
type attendScratch struct {
	q, s, o        []float32
	m, sum, factor []float32
	scales         []float32
	mask           []uint64
	wide           []float32 // a block's keys and values, expanded
	part           []float32 // of steep scores
	sums           []float64 // likewise
}

// attendTile computes one tile.
func (k *Kernels) attendTile(a *attendScratch, shape AttendShape, t *attendTile, s *scratch) {
	group := shape.Heads / shape.KV.Heads
	rows, dim := (t.q1-t.q0)*group, shape.KV.valueStride()
	k.loadQueries(a, shape, t)
	k.startRows(a, rows, dim)
	tiles, bands := k.tilesOf(rows), k.bandsOf(rows)
	for b := t.b0; b < t.b1; b++ {
		masked, some := masks(grow(&a.mask, rows), shape, t, b)
		if !some {
			continue
		}
		block := t.job.Blocks[b]
		if b+1 < t.b1 {
			t.job.Blocks[b+1].prefetch(t.head)
		}
		wide := k.widened(s, block, t.head, tiles)
		for i := range bands {
			from, to := i*rows/bands, (i+1)*rows/bands
			var mask *uint64
			if masked {
				mask = &a.mask[from]
			}
			k.attendRows(s, shape, blockRows{block, t.head, from, from, to, mask, wide})
		}
	}
	k.finish(a, shape, t)
}

// startRows makes room for the streaming softmax of rows and begins it.
func (k *Kernels) startRows(a *attendScratch, rows, dim int) {
	grow(&a.s, min(rows, bandTiles*k.ops.mr)*BlockTokens)
	clear(grow(&a.o, rows*dim))
	clear(grow(&a.sum, rows))
	clear(grow(&a.factor, rows))
	for i := range grow(&a.m, rows) {
		a.m[i] = float32(math.Inf(-1))
	}
}

// outcome returns the factor that turns a row's sums into its result, and its LSE.
func (a *attendScratch) outcome(row int) (inverse, lse float32) {
	if a.sum[row] > 0 {
		return 1 / a.sum[row], float32((float64(a.m[row]) + math.Log2(float64(a.sum[row]))) * math.Ln2)
	}
	return 0, float32(math.Inf(-1))
}

// loadQueries copies the tile's queries, scaled, to a.q [rows, KeyDim]; row
// (token, head of the group). Without a soft-cap the factor log2(e) of the
// softmax in base 2 is in the scale too.
func (k *Kernels) loadQueries(a *attendScratch, shape AttendShape, t *attendTile) {
	group, d := shape.Heads/shape.KV.Heads, shape.KV.KeyDim
	scale := shape.Scale
	if shape.SoftCap == 0 {
		scale *= math.Log2E
	}
	q := grow(&a.q, (t.q1-t.q0)*group*d)
	for i := t.q0; i < t.q1; i++ {
		from := (i*shape.Heads + t.head*group) * d
		k.ops.scaled(&q[(i-t.q0)*group*d], &t.job.Q[from], scale, group*d)
	}
}

// masks writes for each row which of block b's 64 keys it sees. It says whether
// any is hidden from some row, and whether any is seen at all.
func masks(mask []uint64, shape AttendShape, t *attendTile, b int) (masked, some bool) {
	group := shape.Heads / shape.KV.Heads
	first := t.job.Base + b*BlockTokens                // position of key 0
	inUse := min(BlockTokens, t.job.Len-b*BlockTokens) // keys in use
	for i := range t.q1 - t.q0 {
		from, to, at := 0, inUse, t.job.Pos+t.q0+i-first
		if shape.Window > 0 {
			from, to = max(0, at-shape.Window+1), min(to, at+shape.Window)
		}
		if !shape.NonCausal {
			from, to = max(from, t.job.First-first), min(to, at+1)
		}
		var m uint64
		if from < to {
			m = ^uint64(0) >> (BlockTokens - to + from) << from
			some = true
		}
		masked = masked || m != ^uint64(0)
		for g := range group {
			mask[i*group+g] = m
		}
	}
	return masked, some
}

// bandTiles is how many tiles of mr rows pass over a panel of keys or values
// while it is in the first-level cache, beside their queries, scores and sums.
const bandTiles = 4

// tilesOf is the number of tiles of at most mr rows.
func (k *Kernels) tilesOf(rows int) int { return (rows + k.ops.mr - 1) / k.ops.mr }

// bandsOf is the number of bands of at most bandTiles tiles.
func (k *Kernels) bandsOf(rows int) int {
	band := bandTiles * k.ops.mr
	return (rows + band - 1) / band
}

// blockRows are rows [from, to), at most a band, of a softmax under way that
// pass over a block.
type blockRows struct {
	block    *KVBlock
	head     int // kv head
	query    int // row of the scratch's queries that row from has
	from, to int
	mask     *uint64   // of each row; nil: all keys are seen
	wide     []float32 // the head's keys [KeyDim, 64] and then values [64, ValueDim …]; nil: as the block stores them
}

// attendRows lets rows pass over a block: scores, softmax step, sums of values.
func (k *Kernels) attendRows(s *scratch, shape AttendShape, t blockRows) {
	a, kv, block, from := &s.att, shape.KV, t.block, t.from
	dim := kv.valueStride()
	gemm, size := k.ops.gemm[kv.Type], kv.Type.size()
	keys := block.keys.pointer(t.head * kv.KeyDim * block.rows)
	values := block.values.pointer(t.head * block.rows * dim)
	if t.wide != nil {
		gemm, size = k.ops.gemm[F32], F32.size()
		keys, values = unsafe.Pointer(&t.wide[0]), unsafe.Pointer(&t.wide[kv.KeyDim*block.rows])
	}
	s.gemm = gemmArgs{lda: uintptr(4 * kv.KeyDim), ldb: uintptr(block.rows * size), ldc: 4 * BlockTokens, k: uintptr(kv.KeyDim)}
	// Behind a short block's rows masks hide what was there.
	if shape.Scale > steepScale {
		k.steepScores(s, gemm, t, keys, size)
	} else {
		k.bandProduct(s, gemm, t.to-from, block.rows, size, a.q[t.query*kv.KeyDim:], keys, a.s, nil)
	}
	s.softmax = softmaxArgs{
		s: &a.s[0], rows: uintptr(t.to - from), mask: t.mask, m: &a.m[from], sum: &a.sum[from], factor: &a.factor[from],
		kscale: block.keys.scales(t.head), vscale: block.values.scales(t.head),
	}
	if shape.SoftCap > 0 {
		s.softmax.cap2, s.softmax.invCap = shape.SoftCap*math.Log2E, 2*math.Log2E/shape.SoftCap
	}
	k.ops.softmax(&s.softmax)
	s.gemm = gemmArgs{lda: 4 * BlockTokens, ldb: uintptr(dim * size), ldc: uintptr(4 * dim), k: uintptr(block.rows)}
	k.bandProduct(s, gemm, t.to-from, dim, size, a.s, values, a.o[from*dim:], a.factor[from:])
}

// bandProduct computes c [rows, cols] = scale c + a b by s.gemm, whose strides
// and k are set, a panel of b at a time; b's numbers are of so many bytes.
func (k *Kernels) bandProduct(s *scratch, gemm func(*gemmArgs), rows, cols, size int, a []float32, b unsafe.Pointer, c, scale []float32) {
	g, tiles := &s.gemm, k.tilesOf(rows)
	lda, ldc := int(g.lda/4), int(g.ldc/4)
	for col := 0; col < cols; col += k.ops.nr {
		g.b = unsafe.Add(b, col*size)
		for i := range tiles {
			from, to := i*rows/tiles, (i+1)*rows/tiles
			g.a, g.c, g.mr = &a[from*lda], &c[from*ldc+col], uintptr(to-from)
			if scale != nil {
				g.scale = &scale[from]
			}
			gemm(g)
		}
	}
}

// finish divides by the sums and writes the tile's rows to where they belong.
func (k *Kernels) finish(a *attendScratch, shape AttendShape, t *attendTile) {
	group, d, dim := shape.Heads/shape.KV.Heads, shape.KV.ValueDim, shape.KV.valueStride()
	rows := (t.q1 - t.q0) * group
	for r := range rows {
		inverse, lse := a.outcome(r)
		if t.out >= 0 {
			k.ops.scaled(&k.parts[t.out+r*dim], &a.o[r*dim], inverse, dim)
			k.parts[t.out+rows*dim+r] = lse
			continue
		}
		to := t.rowOf(shape, r)
		k.ops.scaled(&t.job.Out[to*d], &a.o[r*dim], inverse, d)
		if t.job.LSE != nil {
			t.job.LSE[to] = lse
		}
	}
}

// rowOf returns the row of the job's [N, Heads] that row r of the tile is.
func (t *attendTile) rowOf(shape AttendShape, r int) int {
	group := shape.Heads / shape.KV.Heads
	return (t.q0+r/group)*shape.Heads + t.head*group + r%group
}

// mergeTiles combines the ranges of split rows: a product of the weights
// exp(lse_p - lse) with the parts.
func (k *Kernels) mergeTiles(shape AttendShape, tiles []attendTile) {
	for i := 0; i < len(tiles); i++ {
		t := &tiles[i]
		if t.out < 0 {
			continue
		}
		rows := (t.q1 - t.q0) * (shape.Heads / shape.KV.Heads)
		for r := range rows {
			k.mergeRow(shape, t, r, rows)
		}
		i += t.parts - 1
	}
}

func (k *Kernels) mergeRow(shape AttendShape, t *attendTile, r, rows int) {
	to := t.rowOf(shape, r)
	var lse *float32
	if t.job.LSE != nil {
		lse = &t.job.LSE[to]
	}
	k.mergeParts(shape.KV, partsOf{t.out, t.parts, rows, r}, t.job.Out[to*shape.KV.ValueDim:], lse)
}

// partsOf are the parts of a row in k.parts: count parts from offset on, each
// of [rows, ValueDim rounded up] and then [rows] LSE.
type partsOf struct{ offset, count, rows, row int }

// mergeParts combines the parts of a row into out and, if that is not nil, lse.
func (k *Kernels) mergeParts(kv KVShape, p partsOf, out []float32, lse *float32) {
	dim, s := kv.valueStride(), k.scratch[0]
	part := p.rows * (dim + 1)
	weights := grow(&s.att.factor, p.count)
	for i := range weights {
		weights[i] = k.parts[p.offset+i*part+p.rows*dim+p.row]
	}
	sum := softmaxInto(weights)
	if lse != nil {
		*lse = sum
	}
	o := grow(&s.att.o, dim)
	s.gemm = gemmArgs{a: &weights[0], ldb: uintptr(4 * part), k: uintptr(p.count), mr: 1}
	for c := 0; c < dim; c += k.ops.nr {
		s.gemm.b, s.gemm.c = unsafe.Pointer(&k.parts[p.offset+p.row*dim+c]), &o[c]
		k.ops.gemm[F32](&s.gemm)
	}
	copy(out[:kv.ValueDim], o)
}

// mergeJob merges the parts of n rows into out[i*stride:] and, if that is not
// nil, lse [n].
func (k *Kernels) mergeJob(kv KVShape, offset, count, n int, out []float32, stride int, lse []float32) {
	for i := range n {
		var to *float32
		if lse != nil {
			to = &lse[i]
		}
		k.mergeParts(kv, partsOf{offset, count, n, i}, out[i*stride:], to)
	}
}

// softmaxInto replaces log weights by weights that sum to 1 (all 0 when all are
// -inf) and returns the log of their sum.
func softmaxInto(w []float32) float32 {
	top := math.Inf(-1)
	for _, v := range w {
		top = max(top, float64(v))
	}
	if math.IsInf(top, -1) {
		clear(w)
		return float32(top)
	}
	var sum float64
	for _, v := range w {
		sum += math.Exp(float64(v) - top)
	}
	lse := top + math.Log(sum)
	for i, v := range w {
		w[i] = float32(math.Exp(float64(v) - lse))
	}
	return float32(lse)
}

// MergePartials merges attention over two disjoint sets of keys: out and out2
// are [rows, dim], lse and lse2 [rows]; the result replaces out and lse. A part
// that saw nothing (lse -inf) has no weight.
func MergePartials(out, lse, out2, lse2 []float32, rows, dim int) {
	for r := range rows {
		w := []float32{lse[r], lse2[r]}
		lse[r] = softmaxInto(w)
		a, b := out[r*dim:][:dim], out2[r*dim:][:dim]
		for i := range a {
			a[i] = a[i]*w[0] + b[i]*w[1]
		}
	}
}
