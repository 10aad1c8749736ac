package cpu

import (
	"fmt"
	"unsafe"

	"github.com/lcbench/lcbench/localmodel/quant"
)

// Matrix is a weight matrix as GGUF stores it: Rows output features of Cols
// input features each, row after row in whole blocks of Type.
type Matrix struct {
	Type       quant.Type
	Rows, Cols int
	Data       []byte
}

// Floats is a matrix of float32 numbers [rows, cols]; it shares their memory.
func Floats(x []float32, rows, cols int) Matrix {
	need("Floats", "x", len(x), rows*cols)
	return Matrix{Type: quant.F32, Rows: rows, Cols: cols, Data: unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(x))), 4*rows*cols)}
}

// MatMulJob is one product of MatMuls: Out [n, W.Rows].
type MatMulJob struct {
	Out []float32
	W   Matrix
}

// span is the work of one thread at a time: rows [from, to) of a job's matrix.
type span struct{ job, from, to int }

// smallBatch is the largest n for which the weights are expanded in registers
// once for every few vectors; above it, packing them first is cheaper.
const smallBatch = 16

// MatMul computes out [n, w.Rows] = x [n, w.Cols] times the transpose of w.
// out must not overlap x. Wrong lengths panic.
func (k *Kernels) MatMul(out, x []float32, n int, w Matrix) {
	k.MatMuls(x, n, MatMulJob{out, w})
}

// MatMuls computes several products of the same x [n, cols] in one parallel
// section, as of query, key and value. All matrices must have the same Cols.
func (k *Kernels) MatMuls(x []float32, n int, jobs ...MatMulJob) {
	k.MatMulsAmong(n, x, n, jobs...)
}

// Row writes row row of w, dequantised, into out [w.Cols]: an embedding.
func (k *Kernels) Row(out []float32, w Matrix, row int) {
	w.check()
	if row < 0 || row >= w.Rows {
		panic(fmt.Sprintf("cpu: Row: row %d of a matrix of %d", row, w.Rows))
	}
	need("Row", "out", len(out), w.Cols)
	l := k.layoutOf(w)
	l.dequantise(k.scratch[0], out[:w.Cols], row, 0)
}

func (w Matrix) check() {
	block := w.Type.BlockWeights()
	if block == 0 || w.Rows < 0 || w.Cols <= 0 || w.Cols%block != 0 {
		panic(fmt.Sprintf("cpu: matrix of %d x %d in %v", w.Rows, w.Cols, w.Type))
	}
	need("Matrix", "Data", len(w.Data), w.Rows*w.Type.RowBytes(w.Cols))
}

// at returns the bytes of row row from column col on.
func (w Matrix) at(row, col int) []byte {
	b := w.Data[row*w.Type.RowBytes(w.Cols):]
	return b[w.Type.RowBytes(col):w.Type.RowBytes(w.Cols)]
}

// layout is what is looked up once before many rows of a matrix are expanded.
type layout struct {
	t                 quant.Type
	data              []byte
	rowBytes          int
	unit, unitBytes   int // of the kernels
	block, blockBytes int
	dequant           func(*dequantArgs)
}

func (k *Kernels) layoutOf(w Matrix) layout {
	unit, block, size := unitOf(w.Type), w.Type.BlockWeights(), w.Type.BlockBytes()
	return layout{
		t: w.Type, data: w.Data, rowBytes: w.Cols / block * size, unit: unit, unitBytes: unit / block * size,
		block: block, blockBytes: size, dequant: k.ops.typed[w.Type].dequant,
	}
}

// dequantise expands len(dst) weights of a row from column col on; both are
// whole blocks.
func (l *layout) dequantise(s *scratch, dst []float32, row, col int) {
	src, units := l.data[row*l.rowBytes+col/l.block*l.blockBytes:], len(dst)/l.unit
	if units > 0 {
		s.dequant = dequantArgs{&dst[0], &src[0], uintptr(units)}
		l.dequant(&s.dequant)
	}
	if whole := units * l.unit; whole < len(dst) {
		expand(dst[whole:], src[units*l.unitBytes:], l.t)
	}
}

// expand is the definition of dequantisation on whole blocks.
func expand(dst []float32, src []byte, t quant.Type) {
	if err := quant.Dequantise(dst, src[:t.RowBytes(len(dst))], t); err != nil {
		panic(err.Error()) // lengths were checked: impossible
	}
}

// matVecs multiplies n <= smallBatch vectors: rows are shared out in chunks,
// and a chunk's weights stay in the cache while up to four vectors at a time
// pass over them.
func (k *Kernels) matVecs(x []float32, n int, jobs []MatMulJob) {
	rows, bytes := 0, 0
	for _, j := range jobs {
		rows += j.W.Rows
		bytes += j.W.Rows * j.W.Type.RowBytes(j.W.Cols)
	}
	chunk := (rows/(8*k.Threads()) + 15) &^ 7
	if bytes < 16<<10 {
		chunk = rows
	}
	k.spans = k.spans[:0]
	for i, j := range jobs {
		for r := 0; r < j.W.Rows; r += chunk {
			k.spans = append(k.spans, span{i, r, min(r+chunk, j.W.Rows)})
		}
	}
	k.roundFor(jobs, x, n)
	k.pool.run(len(k.spans), func(worker, i int) {
		p := k.spans[i]
		if k.Integer(jobs[p.job].W.Type) {
			k.integerRows(k.scratch[worker], n, jobs[p.job], p.from, p.to)
			return
		}
		for v := 0; v < n; {
			step := vectorsAtOnce(n - v)
			k.matVecRows(k.scratch[worker], x, v, step, jobs[p.job], p.from, p.to)
			v += step
		}
	})
}

// vectorsAtOnce is how many of n vectors the next kernel takes: 4, 2 or 1.
func vectorsAtOnce(n int) int {
	switch {
	case n >= 4:
		return 4
	case n >= 2:
		return 2
	}
	return 1
}

func (k *Kernels) matVecRows(s *scratch, x []float32, v, vectors int, j MatMulJob, from, to int) {
	w, unit := j.W, unitOf(j.W.Type)
	units := w.Cols / unit
	s.matvec = matvecArgs{
		w: &w.at(from, 0)[0], rowBytes: uintptr(w.Type.RowBytes(w.Cols)), rows: uintptr(to - from), units: uintptr(units),
		x: &x[v*w.Cols], xStride: uintptr(4 * w.Cols), out: &j.Out[v*w.Rows+from], outStride: uintptr(4 * w.Rows),
	}
	k.ops.typed[w.Type].matvec[vectors/2](&s.matvec)
	if units*unit < w.Cols {
		addTail(x, v, vectors, j, from, to, units*unit)
	}
}

// addTail adds the columns behind the last whole unit. Only unquantised types
// have such columns.
func addTail(x []float32, v, vectors int, j MatMulJob, from, to, col int) {
	var buf [32]float32
	w := buf[:j.W.Cols-col]
	for r := from; r < to; r++ {
		expand(w, j.W.at(r, col), j.W.Type)
		for i := v; i < v+vectors; i++ {
			j.Out[i*j.W.Rows+r] += dot(w, x[i*j.W.Cols+col:])
		}
	}
}

// Sizes of a block of packed weights: depth columns of k, so that a tile of x
// stays in the first-level cache beside it, and panels within about half of
// the second-level cache.
const (
	gemmDepth  = 768
	panelFloat = 112 << 10
)

// matMats multiplies n > smallBatch rows: weights are expanded and packed into
// panels [k, nr] a block at a time, and all rows of x pass over the block.
func (k *Kernels) matMats(x []float32, n int, jobs []MatMulJob) {
	nr, rows := k.ops.nr, 0
	for _, j := range jobs {
		rows += j.W.Rows
	}
	depth := min(gemmDepth, (jobs[0].W.Cols+15)&^15)
	perSpan := max(1, panelFloat/(depth*nr))
	perSpan = min(perSpan, max(1, rows/nr/(4*k.Threads())))
	k.spans = k.spans[:0]
	for i, j := range jobs {
		whole := j.W.Rows / nr * nr
		for r := 0; r < whole; r += perSpan * nr {
			k.spans = append(k.spans, span{i, r, min(r+perSpan*nr, whole)})
		}
		if whole < j.W.Rows {
			k.spans = append(k.spans, span{i, whole, j.W.Rows})
		}
	}
	k.pool.run(len(k.spans), func(worker, i int) {
		p := k.spans[i]
		k.matMatSpan(k.scratch[worker], x, n, jobs[p.job], p)
	})
}

// matMatSpan computes the columns [p.from, p.to) of a product, depth by depth;
// out holds the sums in between.
func (k *Kernels) matMatSpan(s *scratch, x []float32, n int, j MatMulJob, p span) {
	cols, nr := j.W.Cols, k.ops.nr
	weights := k.layoutOf(j.W)
	depth := evenly(cols, gemmDepth, max(k.ops.lanes, unitOf(j.W.Type)))
	partial := (p.to-p.from)%nr != 0
	if partial {
		depth = (cols + 15) &^ 15 // its tile goes through scratch, whole
	}
	panels := (p.to - p.from + nr - 1) / nr
	panel := grow(&s.panel, panels*depth*nr)
	for c := 0; c < cols; c += depth {
		d := min(depth, cols-c)
		for i := range panels {
			from := p.from + i*nr
			k.packPanel(s, panel[i*depth*nr:], &weights, from, min(from+nr, p.to), c, d)
		}
		tiles := (n + k.ops.mr - 1) / k.ops.mr
		for t := range tiles {
			from, to := t*n/tiles, (t+1)*n/tiles
			a, lda := k.tileOf(s, x, cols, from, to, c, d)
			s.gemm = gemmArgs{a: a, lda: uintptr(4 * lda), k: uintptr(d), mr: uintptr(to - from), ldb: uintptr(4 * nr)}
			if c > 0 {
				s.gemm.scale = s.unit()
			}
			if partial {
				k.partialTile(s, panel, j, p, from, to)
				continue
			}
			s.gemm.ldc = uintptr(4 * j.W.Rows)
			for i := range panels {
				s.gemm.b = unsafe.Pointer(&panel[i*depth*nr])
				s.gemm.c = &j.Out[from*j.W.Rows+p.from+i*nr]
				k.ops.gemm[F32](&s.gemm)
			}
		}
	}
}

// evenly cuts cols into pieces of about limit, equal up to the unit.
func evenly(cols, limit, unit int) int {
	pieces := (cols + limit - 1) / limit
	return (cols + pieces*unit - 1) / (pieces * unit) * unit
}

// tileOf returns rows [from, to) of x at column c with their stride. Rows a
// multiple of 4 KiB apart would share one set of the first-level cache, so such
// a tile is copied.
func (k *Kernels) tileOf(s *scratch, x []float32, cols, from, to, c, d int) (*float32, int) {
	if cols%1024 != 0 {
		return &x[from*cols+c], cols
	}
	lda := d + 16
	tile := grow(&s.tile, k.ops.mr*lda)
	for r := from; r < to; r++ {
		copy(tile[(r-from)*lda:], x[r*cols+c:r*cols+c+d])
	}
	return &tile[0], lda
}

// partialTile computes the last panel of a matrix, narrower than a panel.
func (k *Kernels) partialTile(s *scratch, panel []float32, j MatMulJob, p span, from, to int) {
	nr, width := k.ops.nr, p.to-p.from
	c := grow(&s.rows, k.ops.mr*nr)
	s.gemm.b, s.gemm.c, s.gemm.ldc = unsafe.Pointer(&panel[0]), &c[0], uintptr(4*nr)
	k.ops.gemm[F32](&s.gemm)
	for r := from; r < to; r++ {
		copy(j.Out[r*j.W.Rows+p.from:][:width], c[(r-from)*nr:])
	}
}

// packPanel writes rows [from, to) of w, columns [c, c+d), as panel [d, nr].
// Columns of the panel without a row keep what they had: their results are not
// read.
func (k *Kernels) packPanel(s *scratch, panel []float32, w *layout, from, to, c, d int) {
	const cut = 256 // columns at a time, so that the rows stay in the first-level cache
	lanes, nr := k.ops.lanes, k.ops.nr
	rows := grow(&s.rows, lanes*(cut+16))
	for c0 := 0; c0 < d; c0 += cut {
		width := min(cut, d-c0)
		for r := from; r < to; r += lanes {
			for i := r; i < min(r+lanes, to); i++ {
				w.dequantise(s, rows[(i-r)*(cut+16):][:width], i, c+c0)
			}
			s.pack = packArgs{
				dst: &panel[c0*nr+r-from], ldd: uintptr(4 * nr),
				src: &rows[0], lds: 4 * (cut + 16), cols: uintptr((width + lanes - 1) / lanes * lanes),
			}
			k.ops.pack(&s.pack)
		}
	}
}
