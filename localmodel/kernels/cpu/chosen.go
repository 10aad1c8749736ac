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
	// Cuts are places of Blocks, ascending, at which the job is cut into parts
	// that threads share; they are merged by their LSE. Nil: one part.
	Cuts []int
	// Follows says that the job belongs to the one ahead of it, of the same head
	// and as many cuts: a thread computes the same part of both, since they read
	// much the same blocks.
	Follows bool
}

// chosenPart is the work of one thread at a time: a part of jobs [from, to).
type chosenPart struct{ from, to, part int }

// AttendChosen computes softmax attention of each job over its chosen keys,
// all of them visible: NonCausal and Window of the shape don't count, nor do
// its Heads. A row without a key gets zeros, and -inf for LSE. A job's bits
// depend on neither the others nor the number of threads.
func (k *Kernels) AttendChosen(shape AttendShape, jobs ...ChosenJob) {
	if shape.Scale == 0 {
		shape.Scale = float32(1 / math.Sqrt(float64(shape.KV.KeyDim)))
	}
	var parts []chosenPart
	offsets, total := make([]int, len(jobs)), 0 // into k.parts, of jobs that are cut
	for i := range jobs {
		j := &jobs[i]
		checkChosen(shape, j)
		if offsets[i] = total; j.Cuts != nil {
			total += (len(j.Cuts) + 1) * j.N * (shape.KV.valueStride() + 1)
		}
		if !j.Follows || i == 0 {
			for p := range len(j.Cuts) + 1 {
				parts = append(parts, chosenPart{i, i + 1, p})
			}
			continue
		}
		if before := &jobs[i-1]; before.Head != j.Head || len(before.Cuts) != len(j.Cuts) {
			panic(fmt.Sprintf("cpu: AttendChosen: job %d of head %d with %d cuts follows one of head %d with %d", i, j.Head, len(j.Cuts), before.Head, len(before.Cuts)))
		}
		for p := range len(j.Cuts) + 1 {
			parts[len(parts)-1-p].to = i + 1
		}
	}
	grow(&k.parts, total)
	k.pool.run(len(parts), func(worker, i int) {
		p := parts[i]
		for j := p.from; j < p.to; j++ {
			k.attendChosen(k.scratch[worker], shape, &jobs[j], p.part, offsets[j])
		}
	})
	for i := range jobs {
		if j := &jobs[i]; j.Cuts != nil {
			k.mergeJob(shape.KV, offsets[i], len(j.Cuts)+1, j.N, j.Out, j.Stride, j.LSE)
		}
	}
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

// blocksOf are the blocks of a part.
func (j *ChosenJob) blocksOf(part int) []ChosenBlock {
	from, to := 0, len(j.Blocks)
	if part > 0 {
		from = j.Cuts[part-1]
	}
	if part < len(j.Cuts) {
		to = j.Cuts[part]
	}
	return j.Blocks[from:to]
}

// attendChosen computes a part of a job, into k.parts from offset on where the
// job is cut.
func (k *Kernels) attendChosen(s *scratch, shape AttendShape, j *ChosenJob, part, offset int) {
	a, dim := &s.att, shape.KV.valueStride()
	k.startRows(a, j.N, dim)
	k.passBlocks(s, shape, j, j.blocksOf(part))
	offset += part * j.N * (dim + 1)
	for r := range j.N {
		inverse, lse := a.outcome(r)
		if j.Cuts != nil {
			k.ops.scaled(&k.parts[offset+r*dim], &a.o[r*dim], inverse, dim)
			k.parts[offset+j.N*dim+r] = lse
			continue
		}
		k.ops.scaled(&j.Out[r*j.Stride], &a.o[r*dim], inverse, shape.KV.ValueDim)
		if j.LSE != nil {
			j.LSE[r] = lse
		}
	}
}

// passBlocks lets a job's rows pass over blocks.
func (k *Kernels) passBlocks(s *scratch, shape AttendShape, j *ChosenJob, blocks []ChosenBlock) {
	a, d := &s.att, shape.KV.KeyDim
	scale := shape.Scale
	if shape.SoftCap == 0 {
		scale *= math.Log2E
	}
	q, turn := grow(&a.q, j.N*d), -1
	tiles, bands := k.tilesOf(j.N), k.bandsOf(j.N)
	mask := grow(&a.mask, min(j.N, bandTiles*k.ops.mr))
	for b, block := range blocks {
		if block.Keys == 0 || j.N == 0 {
			continue
		}
		if block.Turn != turn {
			turn = block.Turn
			k.ops.scaled(&q[0], &j.Q[turn][0], scale, j.N*d)
		}
		if tiles == 1 && b+1 < len(blocks) {
			blocks[b+1].Block.prefetch(j.Head)
		}
		m := &mask[0]
		if block.Keys == ^uint64(0) {
			m = nil
		}
		for i := range mask {
			mask[i] = block.Keys
		}
		wide := k.widened(s, block.Block, j.Head, tiles)
		for i := range bands {
			from, to := i*j.N/bands, (i+1)*j.N/bands
			k.attendRows(s, shape, blockRows{block.Block, j.Head, from, from, to, m, wide})
		}
	}
}
