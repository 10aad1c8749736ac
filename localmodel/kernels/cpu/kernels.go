// Package cpu holds the numerical kernels of the local models for processors:
// products with quantised matrices, attention over a cache in blocks, and the
// small vector operations between them. Activations are float32: weights are
// expanded in registers and never rounded again, so a result differs from a
// float64 computation only by float32 sums. The one exception is the level
// VNNI, where products of up to 16 rows with quantised weights are sums of
// integers over blocks of 32, of activations rounded to 16 bits (see records.go).
//
// Every operation exists in plain Go (the reference, and what runs where there
// is no assembly), for AVX2 and for AVX-512; the level is chosen once, by New.
//
// What is promised about equal bits, at one level:
//   - MatMul with n <= 16 gives each row of x the bits that it gets alone (n = 1);
//     with n > 16 each row's bits don't depend on n or on its neighbours, but
//     differ from the first case in the last places.
//   - Attend gives every job the bits it gets when it is called alone.
//   - No result depends on the number of threads.
package cpu

import (
	"fmt"
	"runtime"

	"github.com/lcbench/lcbench/localmodel/quant"
)

// Kernels runs the operations at one level on a fixed number of threads. One
// goroutine may use it at a time; several Kernels may work side by side.
type Kernels struct {
	level   Level
	ops     *ops
	pool    *pool
	scratch []*scratch // one a thread
	parts   []float32  // partial results of split attention
	spans   []span     // the plan of a product, reused
	records []record   // activations of 16 bits
	tiles   []attendTile
}

// New returns kernels of the given level on threads threads (0 or less: all of
// GOMAXPROCS). It panics on a level that this machine lacks: ask Levels first.
// Close ends its goroutines.
func New(level Level, threads int) *Kernels {
	if _, err := ParseLevel(level.String()); err != nil {
		panic(err.Error())
	}
	if threads <= 0 {
		threads = runtime.GOMAXPROCS(0)
	}
	k := &Kernels{level: level, ops: opsFor(level), pool: newPool(threads)}
	for range threads {
		k.scratch = append(k.scratch, &scratch{})
	}
	return k
}

// Level returns the level that New was given.
func (k *Kernels) Level() Level { return k.level }

// Threads returns the number of threads that share a parallel section.
func (k *Kernels) Threads() int { return len(k.scratch) }

// Close ends the worker goroutines and waits for them. The Kernels must not be
// used afterwards.
func (k *Kernels) Close() { k.pool.close() }

// Parallel calls f(0) .. f(n-1), each once, on the threads of k, and returns
// when all are done. f must not use k's other methods.
func (k *Kernels) Parallel(n int, f func(i int)) {
	k.pool.run(n, func(_, i int) { f(i) })
}

// scratch is what one thread needs for itself; buffers only grow.
type scratch struct {
	gemm     gemmArgs
	matvec   matvecArgs
	integer  integerArgs
	quantise quantiseArgs
	dequant  dequantArgs
	pack     packArgs
	softmax  softmaxArgs
	fade     fadeArgs
	triangle triangleArgs

	panel []float32 // packed weights
	rows  []float32 // dequantised weights before packing
	tile  []float32 // a tile of x or of a result
	ones  []float32
	att   attendScratch
}

// unit returns factors of one for a tile of gemm: c stays as it is.
func (s *scratch) unit() *float32 {
	for len(s.ones) < 16 {
		s.ones = append(s.ones, 1)
	}
	return &s.ones[0]
}

// grow returns a slice of n elements, reusing s where it is long enough.
// The contents are whatever was there.
func grow[T any](s *[]T, n int) []T {
	if cap(*s) < n {
		*s = make([]T, n)
	}
	*s = (*s)[:n]
	return *s
}

// need panics when a buffer is shorter than the shape says: a mistake in the
// caller, and the assembly behind it checks nothing.
func need(op, name string, have, want int) {
	if have < want {
		panic(fmt.Sprintf("cpu: %s: %s has %d elements, the shape needs %d", op, name, have, want))
	}
}

// unitOf is the number of weights that a kernel of a type takes at a time.
func unitOf(t quant.Type) int { return max(32, t.BlockWeights()) }
