package cpu

import (
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

// patience is how long an idle worker looks for work before it parks: longer
// than the gaps inside a decode step, short enough to burn nothing that counts.
const patience = 50 * time.Microsecond

// pool runs parallel sections on persistent goroutines. A section is published
// in one atomic word, (generation, items left); whoever takes an item by
// compare-and-swap may read the section's fields, since they can't change
// before that item is reported done. Workers that come late, or never (fewer
// processors than threads), hold nobody up: the caller takes what is left.
type pool struct {
	threads int
	state   atomic.Uint64 // generation << 32 | items left
	pending atomic.Int64  // items not yet done
	idle    atomic.Int64  // workers parked or about to park
	closed  atomic.Bool
	wake    chan struct{}
	workers sync.WaitGroup

	f func(worker, i int) // of this generation
	n int
}

func newPool(threads int) *pool {
	p := &pool{threads: threads, wake: make(chan struct{}, threads)}
	for w := 1; w < threads; w++ {
		p.workers.Go(func() { p.work(w) })
	}
	return p
}

// run calls f(worker, i) for i in 0..n-1; worker < threads is the caller's
// number and no two calls with the same number overlap.
func (p *pool) run(n int, f func(worker, i int)) {
	if n <= 0 {
		return
	}
	if n == 1 || p.threads == 1 {
		for i := range n {
			f(0, i)
		}
		return
	}
	p.f, p.n = f, n
	p.pending.Store(int64(n))
	p.state.Store((p.state.Load()>>32+1)<<32 | uint64(n))
	for range min(int(p.idle.Load()), n-1) {
		select {
		case p.wake <- struct{}{}:
		default:
		}
	}
	p.drain(0)
	p.wait()
}

// wait returns when the last item is done. Its owner is usually about to be;
// else it may need this processor, which both Go and the system can give it.
func (p *pool) wait() {
	for i := 0; p.pending.Load() != 0; i++ {
		switch {
		case i < 500:
			spinPause()
		case i < 550:
			runtime.Gosched()
		default:
			time.Sleep(20 * time.Microsecond)
		}
	}
}

// drain takes items until none is left.
func (p *pool) drain(worker int) {
	for {
		s := p.state.Load()
		left := uint32(s)
		if left == 0 {
			return
		}
		if p.state.CompareAndSwap(s, s-1) {
			p.f(worker, p.n-int(left))
			p.pending.Add(-1)
		}
	}
}

func (p *pool) work(worker int) {
	for !p.closed.Load() {
		p.drain(worker)
		if !p.spin() {
			p.park()
		}
	}
}

// spin waits a little for work and says whether some came. With too few
// processors it doesn't wait: it would keep the caller from running.
func (p *pool) spin() bool {
	if runtime.GOMAXPROCS(0) < p.threads {
		return false
	}
	for start := time.Now(); time.Since(start) < patience; {
		for range 32 {
			if uint32(p.state.Load()) != 0 || p.closed.Load() {
				return true
			}
			spinPause()
		}
	}
	return false
}

// park sleeps until run or close sends a wake-up. It announces itself first
// and looks once more, so that no section slips by between the two.
func (p *pool) park() {
	p.idle.Add(1)
	if uint32(p.state.Load()) == 0 && !p.closed.Load() {
		<-p.wake
	}
	p.idle.Add(-1)
}

func (p *pool) close() {
	p.closed.Store(true)
	for w := 1; w < p.threads; w++ {
		select {
		case p.wake <- struct{}{}:
		default:
		}
	}
	p.workers.Wait()
}
