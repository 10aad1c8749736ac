package longheads

import (
	"slices"

	"github.com/lcbench/lcbench/localmodel/kernels/cpu"
)

// vectors are those of a sequence's complete chunks, [heads, KeyDim] each, in
// pieces of chunksAtOnce: a head's vectors are matched against a query by one
// product a piece, and forks share the pieces that are full.
type vectors struct {
	list  [][]float32 // [chunksAtOnce, heads, KeyDim]
	n     int         // chunks
	width int         // heads × KeyDim
}

// chunksAtOnce is how many vectors a piece has room for.
const chunksAtOnce = 8

// vectorsBytes is the memory of the vectors of n chunks.
func vectorsBytes(n, width int) int64 {
	return 4 * int64(width) * int64((n+chunksAtOnce-1)/chunksAtOnce*chunksAtOnce)
}

func (v *vectors) append(x []float32) {
	if v.n%chunksAtOnce == 0 {
		v.width = len(x)
		v.list = append(v.list, make([]float32, chunksAtOnce*v.width))
	}
	copy(v.of(v.n), x)
	v.n++
}

// of is the vectors of a chunk.
func (v *vectors) of(chunk int) []float32 {
	return v.list[chunk/chunksAtOnce][chunk%chunksAtOnce*v.width:][:v.width]
}

// fork returns the vectors of the first n chunks.
func (v *vectors) fork(n int) vectors {
	whole := n / chunksAtOnce
	f := vectors{list: slices.Clone(v.list[:whole]), n: n, width: v.width}
	if n%chunksAtOnce > 0 {
		f.list = append(f.list, slices.Clone(v.list[whole]))
	}
	return f
}

// scores writes how well a head's vectors of the first n chunks agree with
// queries [rows, KeyDim], out [rows, n] of out.Stride.
func (v *vectors) scores(t cpu.Thread, out, queries cpu.Dense, rows, head, dim, n int) {
	for at := 0; at < n; at += chunksAtOnce {
		w := cpu.Dense{Data: v.list[at/chunksAtOnce][head*dim:], Stride: v.width}
		t.Dots(cpu.Dense{Data: out.Data[at:], Stride: out.Stride}, queries, w, rows, min(chunksAtOnce, n-at), dim)
	}
}
