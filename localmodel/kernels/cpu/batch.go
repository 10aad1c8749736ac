package cpu

import "fmt"

// SmallBatch is the number of rows up to which MatMul gives each row the bits
// that it gets alone, and from which on other kernels take over.
const SmallBatch = smallBatch

// MatMulsAmong is MatMuls of n rows that are some of a pass of all: each row
// gets the bits that it gets in a pass of as many, however many of the others
// come with it, as among those that take the same expert.
func (k *Kernels) MatMulsAmong(all int, x []float32, n int, jobs ...MatMulJob) {
	if n <= 0 {
		return
	}
	for _, j := range jobs {
		j.W.check()
		if j.W.Cols != jobs[0].W.Cols {
			panic(fmt.Sprintf("cpu: MatMuls: matrices of %d and %d columns", jobs[0].W.Cols, j.W.Cols))
		}
		need("MatMul", "x", len(x), n*j.W.Cols)
		need("MatMul", "out", len(j.Out), n*j.W.Rows)
	}
	if max(all, n) <= smallBatch {
		k.matVecs(x, n, jobs)
	} else {
		k.matMats(x, n, jobs)
	}
}
