package cpu

import (
	"fmt"
	"math"
	"sort"
	"unsafe"
)

// Run is rows From … To-1 of KVRows.
type Run struct{ From, To int }

// RunsJob is attention of query rows of one kv head over rows that were chosen
// for all of them.
type RunsJob struct {
	Head int       // kv head
	N    int       // query rows
	Q    []float32 // [N, KeyDim]
	Runs []Run     // ascending, none empty, none over another
	// Out is where row i's result goes: Out[i*Stride:], ValueDim numbers.
	Out    []float32
	Stride int
	LSE    []float32 // [N]: natural log of the sum of exp(score); may be nil
}

// regionRows is how many rows a job's parts span: what the heads of a group
// chose of a region is read by one thread, and fits its second-level cache. A
// job's bits depend on it.
const regionRows = 4096

// runsPart is the work of one thread at a time: what jobs [from, to), which are
// of one kv head, chose of a region.
type runsPart struct{ from, to, region int }

// AttendRuns computes softmax attention of each job over its chosen rows, all
// of them visible; Heads, NonCausal and Window of the shape don't count. A row
// of a job that chose none gets zeros, and -inf for LSE. Jobs of one kv head
// belong side by side: what several of them chose comes from memory once. A
// job's bits depend on neither the others nor the number of threads.
func (k *Kernels) AttendRuns(shape AttendShape, rows *KVRows, jobs ...RunsJob) {
	if shape.Scale == 0 {
		shape.Scale = float32(1 / math.Sqrt(float64(shape.KV.KeyDim)))
	}
	regions, total := max(1, (rows.n+regionRows-1)/regionRows), 0
	offsets := make([]int, len(jobs)) // into k.parts: [regions] of [N, dim] and [N] LSE
	var parts []runsPart
	for i := range jobs {
		checkRuns(shape, rows, &jobs[i])
		offsets[i] = total
		total += regions * jobs[i].N * (shape.KV.valueStride() + 1)
	}
	for from := 0; from < len(jobs); {
		to := from + 1
		for to < len(jobs) && jobs[to].Head == jobs[from].Head {
			to++
		}
		for r := range regions {
			parts = append(parts, runsPart{from, to, r})
		}
		from = to
	}
	grow(&k.parts, total)
	k.pool.run(len(parts), func(worker, i int) {
		p := parts[i]
		for j := p.from; j < p.to; j++ {
			k.attendRegion(k.scratch[worker], shape, rows, &jobs[j], p.region, offsets[j])
		}
	})
	for i := range jobs {
		k.mergeJob(shape.KV, offsets[i], regions, jobs[i].N, jobs[i].Out, jobs[i].Stride, jobs[i].LSE)
	}
}

func checkRuns(s AttendShape, rows *KVRows, j *RunsJob) {
	if rows.shape != s.KV || j.Head < 0 || j.Head >= s.KV.Heads {
		panic(fmt.Sprintf("cpu: AttendRuns: kv head %d of %+v in a shape of %+v", j.Head, rows.shape, s.KV))
	}
	need("AttendRuns", "Q", len(j.Q), j.N*s.KV.KeyDim)
	if j.N > 0 {
		need("AttendRuns", "Out", len(j.Out), (j.N-1)*j.Stride+s.KV.ValueDim)
	}
	if j.LSE != nil {
		need("AttendRuns", "LSE", len(j.LSE), j.N)
	}
	end := 0
	for _, r := range j.Runs {
		if r.From < end || r.To <= r.From || r.To > rows.n {
			panic(fmt.Sprintf("cpu: AttendRuns: rows %d to %d behind %d, of %d", r.From, r.To, end, rows.n))
		}
		end = r.To
	}
}

// attendRegion computes a job's part of a region into k.parts.
func (k *Kernels) attendRegion(s *scratch, shape AttendShape, rows *KVRows, j *RunsJob, region, offset int) {
	a, dim, d := &s.att, shape.KV.valueStride(), shape.KV.keyStride()
	scale := shape.Scale
	if shape.SoftCap == 0 {
		scale *= math.Log2E
	}
	k.startRows(a, j.N, dim)
	first, end := region*regionRows, (region+1)*regionRows
	at := sort.Search(len(j.Runs), func(i int) bool { return j.Runs[i].To > first })
	if at < len(j.Runs) && j.Runs[at].From < end {
		q := grow(&a.q, j.N*d)
		if d != shape.KV.KeyDim {
			clear(q)
		}
		for i := range j.N {
			k.ops.scaled(&q[i*d], &j.Q[i*shape.KV.KeyDim], scale, shape.KV.KeyDim)
		}
		w := window{job: j, next: at, row: first, end: end}
		w.take()
		for _, run := range w.ahead {
			rows.prefetch(j.Head, run)
		}
		for len(w.ahead) > 0 {
			w.take()
			k.attendWindow(s, shape, rows, &w)
		}
	}
	part := offset + region*j.N*(dim+1)
	for r := range j.N {
		inverse, lse := a.outcome(r)
		k.ops.scaled(&k.parts[part+r*dim], &a.o[r*dim], inverse, dim)
		k.parts[part+j.N*dim+r] = lse
	}
}

// window walks over a job's runs of a region, BlockTokens rows at a time.
type window struct {
	job        *RunsJob
	next       int   // run of the job
	row        int   // all ahead of it is taken
	end        int   // of the region
	now, ahead []Run // in hand, and on its way from memory
	space      [2][BlockTokens]Run
	which      int
}

// take makes the runs ahead those in hand, and the next ones those ahead.
func (w *window) take() {
	w.now = w.ahead
	w.which ^= 1
	w.ahead = w.space[w.which][:0]
	for left := BlockTokens; left > 0 && w.next < len(w.job.Runs); {
		whole := w.job.Runs[w.next]
		run := Run{max(whole.From, w.row), min(whole.To, w.end)}
		if run.From >= run.To {
			return // of another region
		}
		run.To = min(run.To, run.From+left)
		left -= run.To - run.From
		if w.row = run.To; w.row == whole.To {
			w.next++
		}
		w.ahead = append(w.ahead, run)
	}
}

// attendWindow lets a job's rows pass over the runs in hand, and asks for those
// ahead meanwhile.
func (k *Kernels) attendWindow(s *scratch, shape AttendShape, rows *KVRows, w *window) {
	j := w.job
	tiles := (j.N + k.ops.mr - 1) / k.ops.mr
	for t := range tiles {
		from, to := t*j.N/tiles, (t+1)*j.N/tiles
		var ahead []Run
		if t == 0 {
			ahead = w.ahead
		}
		count := k.runScores(s, shape.KV, rows, w, from, to, ahead)
		k.runSoftmax(s, shape, rows, w, from, to, count)
		k.runValues(s, shape.KV, rows, w, from, to)
	}
}

// runScores writes the scores of query rows [from, to), and returns how many
// keys there are.
func (k *Kernels) runScores(s *scratch, kv KVShape, rows *KVRows, w *window, from, to int, ahead []Run) int {
	a, d, count := &s.att, kv.keyStride(), 0
	s.matvec = matvecArgs{rowBytes: uintptr(kv.rowBytes()), units: uintptr(d / 32), xStride: uintptr(4 * d), outStride: 4 * BlockTokens}
	for i, run := range w.now {
		if i < len(ahead) {
			rows.prefetch(w.job.Head, ahead[i])
		}
		s.matvec.w, s.matvec.rows = (*byte)(rows.key(run.From, w.job.Head)), uintptr(run.To-run.From)
		for v := from; v < to; {
			step := vectorsAtOnce(to - v)
			s.matvec.x, s.matvec.out = &a.q[v*d], &a.s[(v-from)*BlockTokens+count]
			k.ops.dots[kv.Type][step/2](&s.matvec)
			v += step
		}
		count += run.To - run.From
	}
	for _, run := range ahead[min(len(ahead), len(w.now)):] {
		rows.prefetch(w.job.Head, run)
	}
	return count
}

// runSoftmax makes the softmax step over count scores.
func (k *Kernels) runSoftmax(s *scratch, shape AttendShape, rows *KVRows, w *window, from, to, count int) {
	a := &s.att
	s.softmax = softmaxArgs{s: &a.s[0], rows: uintptr(to - from), m: &a.m[from], sum: &a.sum[from], factor: &a.factor[from]}
	if count < BlockTokens {
		mask := grow(&a.mask, k.ops.mr)
		for i := range mask {
			mask[i] = 1<<count - 1
		}
		s.softmax.mask = &mask[0]
	}
	if shape.KV.Type == Q8 {
		scales, at := grow(&a.scales, 2*BlockTokens), 0
		for _, run := range w.now {
			copy(scales[at:], rows.heads[w.job.Head].keyScale[run.From:run.To])
			at += copy(scales[BlockTokens+at:], rows.heads[w.job.Head].valueScale[run.From:run.To])
		}
		clear(scales[at:BlockTokens])
		clear(scales[BlockTokens+at:])
		s.softmax.kscale, s.softmax.vscale = &scales[0], &scales[BlockTokens]
	}
	if shape.SoftCap > 0 {
		s.softmax.cap2, s.softmax.invCap = shape.SoftCap*math.Log2E, 2*math.Log2E/shape.SoftCap
	}
	k.ops.softmax(&s.softmax)
}

// runValues adds the values to the sums of query rows [from, to).
func (k *Kernels) runValues(s *scratch, kv KVShape, rows *KVRows, w *window, from, to int) {
	a, dim, size, at := &s.att, kv.valueStride(), kv.Type.size(), 0
	for i, run := range w.now {
		s.gemm = gemmArgs{
			a: &a.s[at], lda: 4 * BlockTokens, ldb: uintptr(kv.rowBytes()), ldc: uintptr(4 * dim),
			k: uintptr(run.To - run.From), mr: uintptr(to - from), scale: s.unit(),
		}
		if i == 0 {
			s.gemm.scale = &a.factor[from]
		}
		values := rows.value(run.From, w.job.Head)
		for c := 0; c < dim; c += k.ops.nr {
			s.gemm.b, s.gemm.c = unsafe.Add(values, c*size), &a.o[from*dim+c]
			k.ops.gemm[kv.Type](&s.gemm)
		}
		at += run.To - run.From
	}
}
