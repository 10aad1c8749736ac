// Package kda is Kimi Delta Attention: linear attention whose state, a matrix
// for each head, forgets by channel and corrects what it holds under a key.
//
// With queries and keys in R^dk, values in R^dv, log decays g <= 0 in R^dk and
// beta in [0, 1], each token does
//
//	S <- diag(exp g) S,  S <- S + beta k (v - S^T k)^T,  o = scale S^T q
//
// Decoding takes these steps as they are (recurrent.go). A prompt is taken in
// chunks of 32 rows by matrix products: inside a chunk the corrections of all
// rows solve one triangular system (the WY/UT form, chunk.go), and only the
// state goes from chunk to chunk (scan.go). Layer is the whole mixer of Kimi
// Linear around it.
//
// What a chunk's rows are to each other is a product of queries and keys as
// decayed from its beginning with keys freed of their decay. Numbers stay in
// range because a chunk ends where a channel would decay to less than e^-60, and
// may begin behind a row that decays by any factor: strong decays make short
// chunks, at worst of a row each.
// Source: ../shared/spec/attention.md §7 (arXiv 2510.26692).
package kda

import (
	"fmt"
	"math"

	"github.com/lcbench/lcbench/localmodel/kernels/cpu"
)

// Shape is what all tokens have in common.
type Shape struct {
	Heads, KeyDim, ValueDim int
	Scale                   float32 // of the outputs; 0 stands for KeyDim^-0.5
}

func (s Shape) scale() float32 {
	if s.Scale == 0 {
		return float32(1 / math.Sqrt(float64(s.KeyDim)))
	}
	return s.Scale
}

// StateLen is the number of elements of a sequence's state.
func (s Shape) StateLen() int { return s.Heads * s.KeyDim * s.ValueDim }

// Work is n new tokens of one sequence.
type Work struct {
	N     int
	Q, K  []float32 // [n, heads, keyDim], K of unit length
	V     []float32 // [n, heads, valueDim]
	Decay []float32 // [n, heads, keyDim]: log decay, at most 0; below -87 counts as -87
	Beta  []float32 // [n, heads]
	State []float32 // [heads, keyDim, valueDim]: before the tokens, and then behind them
	Out   []float32 // [n, heads, valueDim]
}

func (w *Work) check(s Shape) {
	keys, values := s.Heads*s.KeyDim, s.Heads*s.ValueDim
	for _, b := range []struct {
		name string
		have int
		want int
	}{
		{"Q", len(w.Q), w.N * keys}, {"K", len(w.K), w.N * keys}, {"Decay", len(w.Decay), w.N * keys},
		{"V", len(w.V), w.N * values}, {"Out", len(w.Out), w.N * values}, {"Beta", len(w.Beta), w.N * s.Heads},
		{"State", len(w.State), s.StateLen()},
	} {
		if b.have < b.want {
			panic(fmt.Sprintf("kda: %s has %d elements, the shape needs %d", b.name, b.have, b.want))
		}
	}
}

// Scratch is memory that calls reuse; the zero value is ready. One call at a
// time may use it.
type Scratch struct {
	cells   []cell
	threads []thread
	tiles   tiles
	layer   layerScratch
}

// recurrentRows is the number of tokens up to which steps are taken one by one:
// below it a chunk's triangular system costs more than it saves.
const recurrentRows = 16

// Attend appends the works' tokens, of different sequences, to their states:
// few tokens by the recurrence, many by chunks. A work's result does not
// depend on the others, nor, but for rounding, on how a sequence was cut.
func Attend(k *cpu.Kernels, b *Scratch, s Shape, works ...Work) {
	var few, many []Work
	for _, w := range works {
		if w.N <= recurrentRows {
			few = append(few, w)
		} else {
			many = append(many, w)
		}
	}
	Recurrent(k, b, s, few...)
	Chunked(k, b, s, many...)
}

// thread is one thread's scratch.
type thread struct {
	block blockScratch
	tile  tileScratch
	token tokenScratch
	cell  cell // of a lane
	tiles tiles
	spare []float32 // a row of a layer's channels
}

// threadsFor returns scratch for the threads of k.
func (b *Scratch) threadsFor(k *cpu.Kernels) []thread {
	for len(b.threads) < k.Threads() {
		b.threads = append(b.threads, thread{})
	}
	return b.threads
}

// grow returns a slice of n elements, reusing s where it is long enough. The
// contents are whatever was there, at first zeros.
func grow(s *[]float32, n int) []float32 {
	if cap(*s) < n {
		*s = make([]float32, n)
	}
	*s = (*s)[:n]
	return *s
}

// up rounds n up to a multiple of unit.
func up(n, unit int) int { return (n + unit - 1) / unit * unit }

var ones = func() (x [chunkRows]float32) {
	for i := range x {
		x[i] = 1
	}
	return x
}()
