package cpu

import (
	"slices"
	"unsafe"

	"github.com/lcbench/lcbench/localmodel/quant"
)

// record is four blocks of 32 activations in 16 bits, a part each: four blocks
// of one vector, or the same block of four vectors. A block x becomes q =
// round(x * (32512 / max |x|)), halves to even, with scale = max |x| / 32512;
// where all are below 2^-100, q and scale are 0. q is cut into bytes: coarse =
// (q + 128) >> 8, so that fine = q - 256 coarse has a sign as well. Beside them
// stands what the offsets of weights need, element i of a part belonging to
// activations 4i .. 4i+3 of each half. asm/integer.go knows these fields by
// their offsets.
type record struct {
	coarse, fine [2][4][16]int8 // of q[:16], q[16:]
	scale        [4][4]float32  // the same four times
	sum          [4][4]float32  // scale * the sum of q in element 1, else 0
	less8        [4][4]int32    // -8 * the sums of q, both halves
	less32       [4][4][4]int32 // -32 * the sums of coarse[0], coarse[1], fine[0], fine[1]
}

// recordBlock is how many activations share a scale.
const recordBlock = 32

// recordsOf is how many records a row of cols activations takes.
func recordsOf(cols int) int { return (cols/recordBlock + 3) / 4 }

// Integer says whether weights of a type are multiplied by activations of 16
// bits, up to SmallBatch rows at a time.
func (k *Kernels) Integer(t quant.Type) bool { return k.ops.integer[t][0] != nil }

// roundFor writes the records of n rows of x if some job needs them: those of
// row v from record v*recordsOf(cols) on, rows that are multiplied by four or
// eight in common records of four.
func (k *Kernels) roundFor(jobs []MatMulJob, x []float32, n int) {
	if !slices.ContainsFunc(jobs, func(j MatMulJob) bool { return k.Integer(j.W.Type) }) {
		return
	}
	cols := jobs[0].W.Cols
	each := recordsOf(cols)
	if len(k.records) < n*each {
		k.records = alignedRecords(n * each)
	}
	for v := 0; v < n; {
		step := integersAtOnce(n - v)
		for i := v; i < v+step; i++ {
			row := x[i*cols : (i+1)*cols]
			if step == 1 {
				k.roundAlone(k.records[i*each:(i+1)*each], row)
			} else {
				k.round(k.records[i&^3*each:], i%4, row, 1)
			}
		}
		v += step
	}
}

// integersAtOnce is how many of n vectors the next kernel takes: 8, 4 or 1.
func integersAtOnce(n int) int {
	switch {
	case n >= 8:
		return 8
	case n >= 4:
		return 4
	}
	return 1
}

// roundAlone writes a row to records of its own. Blocks that it lacks in the
// last one are zero.
func (k *Kernels) roundAlone(to []record, row []float32) {
	to[len(to)-1] = record{}
	for part := range min(4, len(row)/recordBlock) {
		k.round(to, part, row[part*recordBlock:], 4)
	}
}

// round writes every step-th block of a row to one part of each record.
func (k *Kernels) round(to []record, part int, row []float32, step int) {
	s := &k.scratch[0].quantise
	*s = quantiseArgs{
		x: &row[0], xStep: uintptr(4 * recordBlock * step), dst: &to[0].coarse[0][part][0],
		blocks: uintptr((len(row)/recordBlock + step - 1) / step),
	}
	k.ops.round(s)
}

// integerRows multiplies rows [from, to) of a job by the n vectors that
// roundFor wrote.
func (k *Kernels) integerRows(s *scratch, n int, j MatMulJob, from, to int) {
	w, each := j.W, recordsOf(j.W.Cols)
	for v := 0; v < n; {
		step := integersAtOnce(n - v)
		s.integer = integerArgs{
			w: &w.at(from, 0)[0], rowBytes: uintptr(w.Type.RowBytes(w.Cols)), rows: uintptr(to - from),
			blocks: uintptr(w.Cols / w.Type.BlockWeights()),
			x:      &k.records[v*each], xStride: uintptr(4*each) * unsafe.Sizeof(record{}),
			out: &j.Out[v*w.Rows+from], outStride: uintptr(4 * w.Rows),
		}
		k.ops.integer[w.Type][step/4](&s.integer)
		v += step
	}
}

// alignedRecords returns n records at the start of a cache line.
func alignedRecords(n int) []record {
	const line = 64
	size := int(unsafe.Sizeof(record{}))
	raw := make([]byte, n*size+line)
	skip := -uintptr(unsafe.Pointer(&raw[0])) % line
	return unsafe.Slice((*record)(unsafe.Pointer(&raw[skip])), n)
}
