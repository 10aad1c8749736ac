package cpu

import (
	"fmt"
	"math"
	"unsafe"

	"github.com/lcbench/lcbench/localmodel/quant"
)

// BlockTokens is the number of tokens that a KVBlock holds, and HalfBlock that of
// the short ones.
const (
	BlockTokens = 64
	HalfBlock   = 32
)

// KVType is how a cache stores its numbers.
type KVType int

// The cache types. The zero value is exact.
const (
	F32 KVType = iota
	F16        // IEEE half, rounded to nearest even
	Q8         // int8 with one float32 scale a row and head: largest magnitude / 127
)

// String returns f32, f16 or q8.
func (t KVType) String() string {
	return [...]string{"f32", "f16", "q8"}[t]
}

// size is the number of bytes of an element.
func (t KVType) size() int { return [...]int{4, 2, 1}[t] }

// KVShape is the shape of one layer's cache: Heads kv heads with keys of KeyDim
// and values of ValueDim numbers.
type KVShape struct {
	Heads, KeyDim, ValueDim int
	Type                    KVType
}

// valueStride is ValueDim rounded up to whole panels of the kernels.
func (s KVShape) valueStride() int { return (s.ValueDim + 31) &^ 31 }

// BlockBytes is the memory that a block of this shape takes.
func (s KVShape) BlockBytes() int { return s.bytes(BlockTokens) }

// HalfBytes is the memory that a short block of this shape takes.
func (s KVShape) HalfBytes() int { return s.bytes(HalfBlock) }

func (s KVShape) bytes(rows int) int {
	n := s.Heads * rows * (s.KeyDim + s.valueStride()) * s.Type.size()
	if s.Type == Q8 {
		n += 2 * 4 * s.Heads * BlockTokens
	}
	return n
}

// KVBlock holds keys and values of up to BlockTokens tokens of one layer.
// Keys lie transposed, [heads, KeyDim, 64], so that the scores of 64 keys are
// sums over whole registers in prefill and decode alike; values lie
// [heads, 64, ValueDim rounded up to 32]. A short block has 32 in place of 64.
// Rows that were not stored are zero. Writing a row while another goroutine
// reads the block is a race, even of another row.
type KVBlock struct {
	shape  KVShape
	rows   int // BlockTokens or HalfBlock
	keys   kvBuffer
	values kvBuffer
}

// kvBuffer is one of three slices, by type, and the scales [heads, 64] of Q8.
type kvBuffer struct {
	f32   []float32
	f16   []uint16
	q8    []int8
	scale []float32
}

func newKVBuffer(t KVType, n, heads int) kvBuffer {
	switch t {
	case F32:
		return kvBuffer{f32: make([]float32, n)}
	case F16:
		return kvBuffer{f16: make([]uint16, n)}
	case Q8:
		return kvBuffer{q8: make([]int8, n), scale: make([]float32, heads*BlockTokens)}
	}
	panic(fmt.Sprintf("cpu: cache type %d", int(t)))
}

// NewKVBlock returns an empty block.
func NewKVBlock(shape KVShape) *KVBlock { return newKVBlock(shape, BlockTokens) }

// NewHalfKVBlock returns an empty block of HalfBlock tokens, which may stand last
// among those of Attend and AttendChosen.
func NewHalfKVBlock(shape KVShape) *KVBlock { return newKVBlock(shape, HalfBlock) }

func newKVBlock(shape KVShape, rows int) *KVBlock {
	return &KVBlock{
		shape: shape, rows: rows,
		keys:   newKVBuffer(shape.Type, shape.Heads*shape.KeyDim*rows, shape.Heads),
		values: newKVBuffer(shape.Type, shape.Heads*shape.valueStride()*rows, shape.Heads),
	}
}

// Shape returns the shape that NewKVBlock was given.
func (b *KVBlock) Shape() KVShape { return b.shape }

// Bytes returns the memory that the block takes.
func (b *KVBlock) Bytes() int { return b.shape.bytes(b.rows) }

// Store writes one token: k [heads, KeyDim] and v [heads, ValueDim] go to row
// row (0 .. BlockTokens-1, of a short block HalfBlock-1).
func (b *KVBlock) Store(row int, k, v []float32) {
	s := b.shape
	if row < 0 || row >= b.rows {
		panic(fmt.Sprintf("cpu: KVBlock: row %d", row))
	}
	need("KVBlock.Store", "k", len(k), s.Heads*s.KeyDim)
	need("KVBlock.Store", "v", len(v), s.Heads*s.ValueDim)
	for h := range s.Heads {
		b.StoreHead(row, h, k[h*s.KeyDim:], v[h*s.ValueDim:])
	}
}

// StoreHead writes what one kv head has of a token, k [KeyDim] and v
// [ValueDim], to a row: heads may hold different tokens in a row.
func (b *KVBlock) StoreHead(row, head int, k, v []float32) {
	s := b.shape
	b.keys.store(k[:s.KeyDim], head*s.KeyDim*b.rows+row, b.rows, head*BlockTokens+row)
	b.values.store(v[:s.ValueDim], (head*b.rows+row)*s.valueStride(), 1, head*BlockTokens+row)
}

// StoreRows writes n tokens, k [n, heads, KeyDim] and v [n, heads, ValueDim],
// to rows row .. row+n-1.
func (b *KVBlock) StoreRows(row, n int, k, v []float32) {
	s := b.shape
	for i := range n {
		b.Store(row+i, k[i*s.Heads*s.KeyDim:], v[i*s.Heads*s.ValueDim:])
	}
}

// store writes x to elements at, at+step, ...; Q8 puts its scale at scaleAt.
func (u *kvBuffer) store(x []float32, at, step, scaleAt int) {
	switch {
	case u.f32 != nil:
		for i, v := range x {
			u.f32[at+i*step] = v
		}
	case u.f16 != nil && step == 1:
		halves(u.f16[at:at+len(x)], x)
	case u.f16 != nil:
		var buf [64]uint16
		for len(x) > 0 {
			part := buf[:min(len(buf), len(x))]
			halves(part, x[:len(part)])
			for _, h := range part {
				u.f16[at] = h
				at += step
			}
			x = x[len(part):]
		}
	case u.q8 != nil:
		u.scale[scaleAt] = quantise8(x, func(i int, q int8) { u.q8[at+i*step] = q })
	}
}

// quantise8 gives put every number of x as a multiple of the returned scale.
func quantise8(x []float32, put func(i int, q int8)) float32 {
	var top float32
	for _, v := range x {
		top = max(top, float32(math.Abs(float64(v))))
	}
	scale := top / 127
	inverse := float32(0)
	if scale > 0 {
		inverse = 1 / scale
	}
	for i, v := range x {
		put(i, int8(max(-127, min(127, math.RoundToEven(float64(v*inverse))))))
	}
	return scale
}

// Key writes key row of a head into dst [KeyDim], as stored.
func (b *KVBlock) Key(row, head int, dst []float32) {
	n := b.shape.KeyDim
	b.keys.load(dst[:n], head*n*b.rows+row, b.rows, head*BlockTokens+row)
}

// Value writes value row of a head into dst [ValueDim], as stored.
func (b *KVBlock) Value(row, head int, dst []float32) {
	b.values.load(dst[:b.shape.ValueDim], (head*b.rows+row)*b.shape.valueStride(), 1, head*BlockTokens+row)
}

func (u *kvBuffer) load(dst []float32, at, step, scaleAt int) {
	for i := range dst {
		switch e := at + i*step; {
		case u.f32 != nil:
			dst[i] = u.f32[e]
		case u.f16 != nil:
			dst[i] = quant.F16ToF32(u.f16[e])
		default:
			dst[i] = float32(u.q8[e]) * u.scale[scaleAt]
		}
	}
}

// Copy returns a block with the first rows rows of b, bit for bit, and zeros
// behind them.
func (b *KVBlock) Copy(rows int) *KVBlock {
	c := newKVBlock(b.shape, b.rows)
	c.CopyRows(b, 0, rows)
	return c
}

// CopyRows copies rows [from, to) of a block of the same shape and size, bit for
// bit.
func (b *KVBlock) CopyRows(src *KVBlock, from, to int) {
	s, n := b.shape, to-from
	if src.shape != s || src.rows != b.rows || from < 0 || to > b.rows {
		panic(fmt.Sprintf("cpu: KVBlock: rows %d to %d of %+v in blocks of %d and %d", from, to, src.shape, src.rows, b.rows))
	}
	for h := range s.Heads {
		for i := range s.KeyDim {
			copyRows(&b.keys, &src.keys, (h*s.KeyDim+i)*b.rows+from, n)
		}
		copyRows(&b.values, &src.values, (h*b.rows+from)*s.valueStride(), n*s.valueStride())
		if s.Type == Q8 {
			at := h*BlockTokens + from
			copy(b.keys.scale[at:at+n], src.keys.scale[at:])
			copy(b.values.scale[at:at+n], src.values.scale[at:])
		}
	}
}

// copyRows copies n elements from index at on.
func copyRows(dst, src *kvBuffer, at, n int) {
	switch {
	case src.f32 != nil:
		copy(dst.f32[at:at+n], src.f32[at:])
	case src.f16 != nil:
		copy(dst.f16[at:at+n], src.f16[at:])
	default:
		copy(dst.q8[at:at+n], src.q8[at:])
	}
}

// prefetch asks for a head's keys and values: a block is too small for the
// processor to foresee where the next one lies, few rows pass over it faster than
// it comes from memory, and many would wait for it before they begin.
func (b *KVBlock) prefetch(head int) {
	s := b.shape
	for _, part := range []struct {
		buffer *kvBuffer
		n      int
	}{{&b.keys, s.KeyDim * b.rows}, {&b.values, s.valueStride() * b.rows}} {
		prefetch((*byte)(part.buffer.pointer(head*part.n)), part.n*s.Type.size())
	}
}

// pointer returns the address of element i.
func (u *kvBuffer) pointer(i int) unsafe.Pointer {
	switch {
	case u.f32 != nil:
		return unsafe.Pointer(&u.f32[i])
	case u.f16 != nil:
		return unsafe.Pointer(&u.f16[i])
	}
	return unsafe.Pointer(&u.q8[i])
}

// scales returns the 64 scales of a head, nil where the type has none.
func (u *kvBuffer) scales(head int) *float32 {
	if u.scale == nil {
		return nil
	}
	return &u.scale[head*BlockTokens]
}
