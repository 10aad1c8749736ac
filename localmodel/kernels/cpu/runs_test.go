package cpu

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

// rows copies a call's cache into rows, and jobs over those that each head
// chose, of one length of runs and more.
func (c *choice) rows() (*KVRows, []RunsJob) {
	rows := NewKVRows(c.shape.KV, c.len)
	for b, block := range c.blocks() {
		for i := range min(BlockTokens, c.len-b*BlockTokens) {
			for h := range c.kvHeads {
				rows.Copy(b*BlockTokens+i, h, block, i)
			}
		}
	}
	var jobs []RunsJob
	for h := range c.heads {
		j := RunsJob{Head: h / (c.heads / c.kvHeads), N: c.n, Out: poisoned(c.n * c.dv), Stride: c.dv, LSE: poisoned(c.n)}
		for i := range c.n {
			j.Q = append(j.Q, c.q[(i*c.heads+h)*c.d:][:c.d]...)
		}
		for i, seen := range c.keys[h] {
			if last := len(j.Runs) - 1; seen && last >= 0 && j.Runs[last].To == i {
				j.Runs[last].To++
			} else if seen {
				j.Runs = append(j.Runs, Run{i, i + 1})
			}
		}
		jobs = append(jobs, j)
	}
	return rows, jobs
}

func TestAttendRunsEqualsLoops(t *testing.T) {
	for _, shape := range []AttendShape{
		{Heads: 3, KV: KVShape{3, 64, 64, F32}},
		{Heads: 9, KV: KVShape{3, 64, 64, F16}},
		{Heads: 4, KV: KVShape{2, 128, 96, Q8}, SoftCap: 5},
		{Heads: 2, KV: KVShape{1, 16, 17, F32}, Scale: 0.5},
		{Heads: 2, KV: KVShape{1, 40, 8, Q8}},
	} {
		for _, size := range [][2]int{{1, 1}, {1, 64}, {1, 700}, {3, 130}, {40, 200}, {2, regionRows + 90}} {
			c := newChoice(seeded(size[1]), shape, size[0], size[1])
			clear(c.turn)
			eachLevel(t, func(t *testing.T, k *Kernels) {
				rows, jobs := c.rows()
				k.AttendRuns(c.shape, rows, jobs...)
				for h, j := range jobs {
					intact(t, j.Out)
					intact(t, j.LSE)
					for i := range c.n {
						out, lse := c.row(h, i)
						what := fmt.Sprintf("%+v n=%d keys=%d head %d row %d", shape, c.n, c.len, h, i)
						near(t, what+" out", j.Out[i*c.dv:][:c.dv], out)
						near(t, what+" lse", j.LSE[i:][:1], []float64{lse})
					}
				}
			})
		}
	}
}

// A job gets the bits that it gets alone, on any number of threads.
func TestRunsAndCutsHaveTheBitsTheyHaveAlone(t *testing.T) {
	c := newChoice(seeded(7), AttendShape{Heads: 6, KV: KVShape{2, 64, 64, F16}}, 1, 700)
	for _, threads := range []int{1, 3} {
		k := New(Best(), threads)
		rows, together := c.rows()
		k.AttendRuns(c.shape, rows, together...)
		chosen := c.cut()
		k.AttendChosen(c.shape, chosen...)
		_, alone := c.rows()
		again := c.cut()
		for h := range alone {
			k.AttendRuns(c.shape, rows, alone[h])
			again[h].Follows = false
			k.AttendChosen(c.shape, again[h])
			sameBits(t, fmt.Sprintf("runs of head %d on %d threads", h, threads), together[h].Out, alone[h].Out)
			sameBits(t, fmt.Sprintf("blocks of head %d on %d threads", h, threads), chosen[h].Out, again[h].Out)
		}
		k.Close()
	}
}

// cut are a choice's jobs in three parts each, those of a kv head together.
func (c *choice) cut() []ChosenJob {
	jobs := c.jobs()
	for h := range jobs {
		jobs[h].Cuts = []int{len(jobs[h].Blocks) / 4, len(jobs[h].Blocks) / 2}
		jobs[h].Follows = h%(c.heads/c.kvHeads) != 0
	}
	return jobs
}

func TestJobsThatAreCutEqualLoops(t *testing.T) {
	c := newChoice(seeded(9), AttendShape{Heads: 6, KV: KVShape{2, 64, 96, F16}}, 3, 700)
	eachLevel(t, func(t *testing.T, k *Kernels) {
		jobs := c.cut()
		k.AttendChosen(c.shape, jobs...)
		for h, j := range jobs {
			intact(t, j.Out)
			for i := range c.n {
				out, lse := c.row(h, i)
				near(t, fmt.Sprintf("head %d row %d", h, i), j.Out[i*c.dv:][:c.dv], out)
				near(t, fmt.Sprintf("head %d row %d lse", h, i), j.LSE[i:][:1], []float64{lse})
			}
		}
	})
}

// Rows hold what the blocks held, bit for bit.
func TestRowsReadAsTheirBlocks(t *testing.T) {
	for _, kv := range []KVType{F32, F16, Q8} {
		c := newChoice(seeded(3), AttendShape{Heads: 2, KV: KVShape{2, 40, 24, kv}}, 1, 100)
		rows, _ := c.rows()
		key, value, key2, value2 := make([]float32, 40), make([]float32, 24), poisoned(40), poisoned(24)
		for b, block := range c.blocks() {
			for i := range min(BlockTokens, c.len-b*BlockTokens) {
				for h := range 2 {
					block.Key(i, h, key)
					block.Value(i, h, value)
					rows.Read(b*BlockTokens+i, h, key2, value2)
					sameBits(t, kv.String()+" key", key2, key)
					sameBits(t, kv.String()+" value", value2, value)
				}
			}
		}
	}
}

func TestDotsEqualLoops(t *testing.T) {
	eachLevel(t, func(t *testing.T, k *Kernels) {
		k.Share(1, func(th Thread, _ int) {
			for _, vectors := range []int{1, 2, 3, 7} {
				for _, cols := range []int{8, 32, 64, 75} {
					checkDots(t, th, vectors, 5, cols)
				}
			}
		})
	})
}

func checkDots(t *testing.T, th Thread, vectors, rows, cols int) {
	t.Helper()
	r := rand.New(rand.NewPCG(1, uint64(cols)))
	x, w, out := Dense{random(r, vectors*(cols+2)), cols + 2}, strided(cols, rows, cols, cols+3), Dense{poisoned(vectors * (rows + 1)), rows + 1}
	th.Dots(out, x, w, vectors, rows, cols)
	for v := range vectors {
		for i := range rows {
			var want float64
			for c := range cols {
				want += float64(x.From(v).Data[c]) * float64(w.From(i).Data[c])
			}
			near(t, fmt.Sprintf("%d vectors of %d: %d with row %d", vectors, cols, v, i), out.From(v).Data[i:i+1], []float64{want})
		}
	}
}
