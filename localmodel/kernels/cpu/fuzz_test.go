package cpu

import (
	"testing"

	"github.com/lcbench/lcbench/localmodel/quant"
)

// FuzzMatMul compares every level with the loops on any shape and type.
func FuzzMatMul(f *testing.F) {
	f.Add(uint8(1), uint8(65), uint8(3), uint8(17), uint16(1))
	f.Add(uint8(0), uint8(33), uint8(200), uint8(40), uint16(2))
	f.Add(uint8(9), uint8(31), uint8(2), uint8(1), uint16(3))
	kernels := everyLevel(f)
	f.Fuzz(func(t *testing.T, typ, rows, blocks, n uint8, seed uint16) {
		qt := quant.Types()[int(typ)%len(quant.Types())]
		cols := (int(blocks)%max(1, 1200/qt.BlockWeights()) + 1) * qt.BlockWeights()
		r := seeded(int(seed))
		w := randomMatrix(r, qt, int(rows)+1, cols)
		count := int(n)%50 + 1
		x := random(r, count*cols)
		for _, k := range kernels {
			want, size := matMulReference(k, x, count, w)
			out := poisoned(count * w.Rows)
			k.MatMul(out, x, count, w)
			checkSums(t, k.Level().String(), out, want, size)
		}
	})
}

// FuzzAttend compares every level with the loops on any shape, window, chunk
// and place of the cache.
func FuzzAttend(f *testing.F) {
	f.Add(uint8(3), uint8(3), uint8(64), uint8(64), uint8(2), uint8(9), uint16(130), uint16(0), int8(0), uint16(1))
	f.Add(uint8(1), uint8(4), uint8(255), uint8(255), uint8(1), uint8(1), uint16(900), uint16(512), int8(-3), uint16(2))
	f.Add(uint8(2), uint8(1), uint8(5), uint8(33), uint8(0), uint8(70), uint16(64), uint16(7), int8(90), uint16(3))
	kernels := everyLevel(f)
	f.Fuzz(func(t *testing.T, heads, group, d, dv, typ, n uint8, keys, window uint16, shift int8, seed uint16) {
		kv := KVShape{int(heads)%4 + 1, int(d)%256 + 1, int(dv)%256 + 1, KVType(typ % 3)}
		shape := AttendShape{Heads: kv.Heads * (int(group)%5 + 1), KV: kv, Window: int(window) % 1000}
		c := newCall(seeded(int(seed)), shape, int(n)%80+1, int(keys)%1000+1)
		c.pos += int(shift) // beyond the cache, or before its end
		out, lse := c.reference()
		for _, k := range kernels {
			j := c.job(0, c.n)
			k.Attend(shape, j)
			closeTo(t, k.Level().String()+" out", j.Out, out, tolAttend)
			closeTo(t, k.Level().String()+" lse", j.LSE, lse, tolAttend)
		}
	})
}

// everyLevel returns kernels of each level, closed when the target ends.
func everyLevel(f *testing.F) (kernels []*Kernels) {
	for _, l := range Levels() {
		k := New(l, 2)
		f.Cleanup(k.Close)
		kernels = append(kernels, k)
	}
	return kernels
}
