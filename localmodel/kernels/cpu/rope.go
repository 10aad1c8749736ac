package cpu

import (
	"fmt"
	"math"
	"sync"
)

// Angles holds the rotations of RoPE, one a position and pair, computed in
// float64 and kept as float32 cosines and sines. Several Kernels may share it.
// Source: spec of the models; pairs (x, y) -> (x cos - y sin, y cos + x sin).
type Angles struct {
	rotated     int
	freqs       []float64
	amplitude   float64
	interleaved bool

	mu     sync.Mutex
	tables [][]float32 // by position / anglesChunk: [anglesChunk][cos.., sin..]
}

// anglesChunk positions are computed at a time.
const anglesChunk = 64

// NewAngles describes a rotation of the first rotated channels of a head:
// pair i turns by position * inverseFrequencies[i] and is multiplied by
// amplitude (0 stands for 1). interleaved pairs channels (2i, 2i+1), otherwise
// (i, i + rotated/2). rotated must be even and have a frequency a pair.
func NewAngles(rotated int, inverseFrequencies []float64, amplitude float64, interleaved bool) *Angles {
	if rotated < 0 || rotated%2 != 0 || len(inverseFrequencies) != rotated/2 {
		panic(fmt.Sprintf("cpu: NewAngles: %d rotated channels with %d frequencies", rotated, len(inverseFrequencies)))
	}
	if amplitude == 0 {
		amplitude = 1
	}
	return &Angles{rotated: rotated, freqs: inverseFrequencies, amplitude: amplitude, interleaved: interleaved}
}

// upTo returns the tables with those of the given positions filled in.
func (a *Angles) upTo(positions []int) [][]float32 {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, p := range positions {
		if p < 0 {
			panic(fmt.Sprintf("cpu: RoPE: position %d", p))
		}
		c := p / anglesChunk
		if c >= len(a.tables) {
			// A new slice: others may still read the old one.
			tables := make([][]float32, c+1, 2*(c+1))
			copy(tables, a.tables)
			a.tables = tables
		}
		if a.tables[c] == nil {
			tables := append(make([][]float32, 0, cap(a.tables)), a.tables...)
			tables[c] = a.table(c)
			a.tables = tables
		}
	}
	return a.tables
}

func (a *Angles) table(chunk int) []float32 {
	half := a.rotated / 2
	t := make([]float32, anglesChunk*a.rotated)
	for p := range anglesChunk {
		row := t[p*a.rotated:]
		for i, f := range a.freqs {
			sin, cos := math.Sincos(float64(chunk*anglesChunk+p) * f)
			row[i], row[half+i] = float32(cos*a.amplitude), float32(sin*a.amplitude)
		}
	}
	return t
}

// RoPE rotates x [n, heads, headDim] in place; row i is at positions[i].
// Channels from the rotated ones on stay as they are.
func (k *Kernels) RoPE(x []float32, n, heads, headDim int, angles *Angles, positions []int) {
	if n <= 0 || angles.rotated == 0 {
		return
	}
	need("RoPE", "x", len(x), n*heads*headDim)
	need("RoPE", "positions", len(positions), n)
	need("RoPE", "a head", headDim, angles.rotated)
	tables := angles.upTo(positions[:n])
	k.each(n, heads*headDim, func(i int) {
		angles.rotate(tables, x[i*heads*headDim:], heads, headDim, positions[i])
	})
}

// RoPE is that of Kernels on one thread.
func (t Thread) RoPE(x []float32, n, heads, headDim int, angles *Angles, positions []int) {
	if n <= 0 || angles.rotated == 0 {
		return
	}
	need("RoPE", "x", len(x), n*heads*headDim)
	need("RoPE", "positions", len(positions), n)
	need("RoPE", "a head", headDim, angles.rotated)
	tables := angles.upTo(positions[:n])
	for i, p := range positions[:n] {
		angles.rotate(tables, x[i*heads*headDim:], heads, headDim, p)
	}
}

// rotate turns heads of one row to a position.
func (a *Angles) rotate(tables [][]float32, x []float32, heads, headDim, p int) {
	row := tables[p/anglesChunk][p%anglesChunk*a.rotated:][:a.rotated]
	cos, sin := row[:a.rotated/2], row[a.rotated/2:]
	for h := range heads {
		head := x[h*headDim:][:a.rotated]
		if a.interleaved {
			rotatePairs(head, cos, sin)
		} else {
			rotateHalves(head, cos, sin)
		}
	}
}

func rotatePairs(x, cos, sin []float32) {
	for i, c := range cos {
		s, p := sin[i], x[2*i:2*i+2:2*i+2]
		p[0], p[1] = p[0]*c-p[1]*s, p[1]*c+p[0]*s
	}
}

func rotateHalves(x, cos, sin []float32) {
	a, b := x[:len(cos)], x[len(cos):2*len(cos)]
	sin = sin[:len(cos)]
	for i, c := range cos {
		u, v := a[i], b[i]
		a[i], b[i] = u*c-v*sin[i], v*c+u*sin[i]
	}
}
