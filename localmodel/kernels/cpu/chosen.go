package cpu

import (
	"fmt"
	"math"
)

// ChosenBlock is a block of a cache of which some keys were chosen.
type ChosenBlock struct {
	Block *KVBlock
	Keys  uint64 // bit i: key i was chosen; rows that were not stored must be 0
	// Turn is which of the job's queries meets the block: mechanisms that move
	// positions rotate a query by as many angles as there are places.
	Turn int
}

// ChosenJob is attention of query rows of one kv head over keys that were
// chosen for them alone.
type ChosenJob struct {
	Head   int         // kv head
	N      int         // query rows
	Q      [][]float32 // by turn: [N, KeyDim]
	Blocks []ChosenBlock
	// Out is where row i's result goes: Out[i*Stride:], ValueDim numbers.
	Out    []float32
	Stride int
	LSE    []float32 // optional [N]: natural log of the sum of exp(score)
}

// AttendChosen computes softmax attention of each job over its chosen keys,
// all of them visible: NonCausal and Window of the shape don't count, nor do
// its Heads. A row without a key gets zeros, and -inf for LSE. A job's bits
// depend on neither the others nor the number of threads.
func (k *Kernels) AttendChosen(shape AttendShape, jobs ...ChosenJob) {
	if shape.Scale == 0 {
		shape.Scale = float32(1 / math.Sqrt(float64(shape.KV.KeyDim)))
	}
	for i := range jobs {
		checkChosen(shape, &jobs[i])
	}
	k.pool.run(len(jobs), func(worker, i int) { k.attendChosen(k.scratch[worker], shape, &jobs[i]) })
}

func checkChosen(s AttendShape, j *ChosenJob) {
	if j.Head < 0 || j.Head >= s.KV.Heads {
		panic(fmt.Sprintf("cpu: AttendChosen: kv head %d of %d", j.Head, s.KV.Heads))
	}
	for _, q := range j.Q {
		need("AttendChosen", "Q", len(q), j.N*s.KV.KeyDim)
	}
	if j.N > 0 {
		need("AttendChosen", "Out", len(j.Out), (j.N-1)*j.Stride+s.KV.ValueDim)
	}
	if j.LSE != nil {
		need("AttendChosen", "LSE", len(j.LSE), j.N)
	}
	for _, b := range j.Blocks {
		if b.Block.shape != s.KV || b.Turn < 0 || b.Turn >= len(j.Q) {
			panic(fmt.Sprintf("cpu: AttendChosen: block of %+v, turn %d, in a cache of %+v with %d turns", b.Block.shape, b.Turn, s.KV, len(j.Q)))
		}
	}
}

func (k *Kernels) attendChosen(s *scratch, shape AttendShape, j *ChosenJob) {
	a, d, dim := &s.att, shape.KV.KeyDim, shape.KV.valueStride()
	scale := shape.Scale
	if shape.SoftCap == 0 {
		scale *= math.Log2E
	}
	q := grow(&a.q, len(j.Q)*j.N*d)
	for i, turned := range j.Q {
		if j.N > 0 {
			k.ops.scaled(&q[i*j.N*d], &turned[0], scale, j.N*d)
		}
	}
	k.startRows(a, j.N, dim)
	mask := grow(&a.mask, k.ops.mr)
	tiles := (j.N + k.ops.mr - 1) / k.ops.mr
	for b, block := range j.Blocks {
		if block.Keys == 0 {
			continue
		}
		if tiles == 1 && b+1 < len(j.Blocks) {
			j.Blocks[b+1].Block.prefetch(j.Head)
		}
		for i := range mask {
			mask[i] = block.Keys
		}
		wide := k.widened(s, block.Block, j.Head, tiles)
		for t := range tiles {
			from, to := t*j.N/tiles, (t+1)*j.N/tiles
			m := &mask[0]
			if block.Keys == ^uint64(0) {
				m = nil
			}
			k.attendRows(s, shape, blockRows{block.Block, j.Head, block.Turn*j.N + from, from, to, m, wide})
		}
	}
	for r := range j.N {
		inverse, lse := a.outcome(r)
		k.ops.scaled(&j.Out[r*j.Stride], &a.o[r*dim], inverse, shape.KV.ValueDim)
		if j.LSE != nil {
			j.LSE[r] = lse
		}
	}
}
