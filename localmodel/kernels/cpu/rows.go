package cpu

import (
	"fmt"
	"unsafe"
)

// KVRows holds keys and values of n rows of one layer, each kv head in an order
// of its own, for attention to single rows that were chosen: all that a head
// has of a row lies side by side, its key and its value behind it, so that a
// run of rows is one piece of memory, and costs no more than what it is. Blocks
// serve all heads alike and cost 64 keys where one is chosen.
type KVRows struct {
	shape KVShape
	n     int
	heads []kvRowsHead
}

// kvRowsHead is one kv head's rows, and the scales [n] of Q8.
type kvRowsHead struct {
	data                 []byte // [n, rowBytes]
	keyScale, valueScale []float32
}

// keyStride is KeyDim rounded up to whole units of the kernels.
func (s KVShape) keyStride() int { return (s.KeyDim + 31) &^ 31 }

// rowBytes is the size of a key and a value in KVRows.
func (s KVShape) rowBytes() int { return (s.keyStride() + s.valueStride()) * s.Type.size() }

// RowsBytes is the memory that KVRows of n rows take.
func (s KVShape) RowsBytes(n int) int64 {
	each := s.rowBytes()
	if s.Type == Q8 {
		each += 2 * 4
	}
	return int64(s.Heads) * int64(n) * int64(each)
}

// NewKVRows returns n rows of zeros.
func NewKVRows(shape KVShape, n int) *KVRows {
	r := &KVRows{shape: shape, n: n, heads: make([]kvRowsHead, shape.Heads)}
	for h := range r.heads {
		r.heads[h].data = make([]byte, n*shape.rowBytes())
		if shape.Type == Q8 {
			r.heads[h].keyScale, r.heads[h].valueScale = make([]float32, n), make([]float32, n)
		}
	}
	return r
}

// Shape returns the shape that NewKVRows was given.
func (r *KVRows) Shape() KVShape { return r.shape }

// Len is the number of rows.
func (r *KVRows) Len() int { return r.n }

// Bytes returns the memory that the rows take.
func (r *KVRows) Bytes() int64 { return r.shape.RowsBytes(r.n) }

// Copy writes what a head has in row at of a block of the same shape to a row,
// bit for bit.
func (r *KVRows) Copy(row, head int, from *KVBlock, at int) {
	s := r.shape
	if from.shape != s {
		panic(fmt.Sprintf("cpu: KVRows of %+v: a block of %+v", s, from.shape))
	}
	key, value := r.key(row, head), r.value(row, head)
	k0, v0, size := head*s.KeyDim*BlockTokens+at, (head*BlockTokens+at)*s.valueStride(), s.Type.size()
	copy(unsafe.Slice((*byte)(value), s.ValueDim*size), unsafe.Slice((*byte)(from.values.pointer(v0)), s.ValueDim*size))
	switch s.Type {
	case F32:
		gather((*float32)(key), from.keys.f32[k0:], s.KeyDim)
	case F16:
		gather((*uint16)(key), from.keys.f16[k0:], s.KeyDim)
	case Q8:
		gather((*int8)(key), from.keys.q8[k0:], s.KeyDim)
		r.heads[head].keyScale[row] = from.keys.scale[head*BlockTokens+at]
		r.heads[head].valueScale[row] = from.values.scale[head*BlockTokens+at]
	}
}

// gather writes every BlockTokens-th of n elements.
func gather[T any](dst *T, src []T, n int) {
	to := unsafe.Slice(dst, n)
	for i := range to {
		to[i] = src[i*BlockTokens]
	}
}

// Read writes key and value of a row of a head, as stored.
func (r *KVRows) Read(row, head int, key, value []float32) {
	h := &r.heads[head]
	r.floats(key[:r.shape.KeyDim], r.key(row, head), h.keyScale, row)
	r.floats(value[:r.shape.ValueDim], r.value(row, head), h.valueScale, row)
}

func (r *KVRows) floats(dst []float32, p unsafe.Pointer, scales []float32, row int) {
	n := len(dst)
	switch r.shape.Type {
	case F32:
		copy(dst, unsafe.Slice((*float32)(p), n))
	case F16:
		u := kvBuffer{f16: unsafe.Slice((*uint16)(p), n)}
		u.load(dst, 0, 1, 0)
	case Q8:
		u := kvBuffer{q8: unsafe.Slice((*int8)(p), n), scale: scales}
		u.load(dst, 0, 1, row)
	}
}

// key is the address of a row's key, value that of its value.
func (r *KVRows) key(row, head int) unsafe.Pointer {
	return unsafe.Pointer(&r.heads[head].data[row*r.shape.rowBytes()])
}

func (r *KVRows) value(row, head int) unsafe.Pointer {
	return unsafe.Add(r.key(row, head), r.shape.keyStride()*r.shape.Type.size())
}

// prefetch asks for a run of a head's rows.
func (r *KVRows) prefetch(head int, run Run) {
	prefetch((*byte)(r.key(run.From, head)), (run.To-run.From)*r.shape.rowBytes())
}
