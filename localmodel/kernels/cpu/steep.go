package cpu

import "unsafe"

// Scores of a scale above steepScale are many times as large as a softmax of
// values of size 1 asks for, up to a thousand in the golden cases, and a chain of
// products of d channels errs by about |score| sqrt(d) 2^-25: more than 1e-4. They
// are summed in chains of steepChain channels, and these in float64, which leaves
// the rounding of the score. No model in use has such a scale.
const (
	steepScale = 1
	steepChain = 8
)

// steepScores leaves the scores of rows against a block's keys, numbers of so many
// bytes, in the scratch by s.gemm, whose strides are set.
func (k *Kernels) steepScores(s *scratch, gemm func(*gemmArgs), t blockRows, keys unsafe.Pointer, size int) {
	a, d, rows, cols := &s.att, t.block.shape.KeyDim, t.to-t.from, t.block.rows
	part, sums := grow(&a.part, rows*BlockTokens), grow(&a.sums, rows*cols)
	clear(sums)
	for from := 0; from < d; from += steepChain {
		s.gemm.k = uintptr(min(steepChain, d-from))
		k.bandProduct(s, gemm, rows, cols, size, a.q[t.query*d+from:], unsafe.Add(keys, from*cols*size), part, nil)
		for i := range sums {
			sums[i] += float64(part[i/cols*BlockTokens+i%cols])
		}
	}
	for i, v := range sums {
		a.s[i/cols*BlockTokens+i%cols] = float32(v)
	}
}
