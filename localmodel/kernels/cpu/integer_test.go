package cpu

import (
	"fmt"
	"math"
	"testing"

	"github.com/lcbench/lcbench/localmodel/quant"
)

// rounded is the definition of a block of activations in 16 bits.
type rounded struct {
	q     [32]int32
	scale float32
}

// roundReference rounds 32 activations. What is no number, or comes to none,
// is the least q, and the scale is then no finite number either.
func roundReference(x []float32) (r rounded) {
	const most = 127 * 256
	top := uint32(0)
	for _, v := range x {
		top = max(top, math.Float32bits(v)&^(1<<31)) // NaN is above all
	}
	largest := math.Float32frombits(top)
	if largest < 0x1p-100 {
		return r
	}
	r.scale = largest / most
	inverse := most / largest
	for i, v := range x {
		p := float64(v * inverse)
		if math.IsNaN(p) {
			p = -most
		}
		r.q[i] = int32(math.RoundToEven(p))
	}
	return r
}

// put writes a block to its part of a record.
func (r rounded) put(to *record, part int) {
	total := int32(0)
	for i, q := range r.q {
		half, at := i/16, i%16
		coarse := (q + 128) >> 8
		fine := q - 256*coarse
		to.coarse[half][part][at], to.fine[half][part][at] = int8(coarse), int8(fine)
		to.less8[part][at/4] -= 8 * q
		to.less32[half][part][at/4] -= 32 * coarse
		to.less32[2+half][part][at/4] -= 32 * fine
		total += q
	}
	for i := range 4 {
		to.scale[part][i] = r.scale
	}
	to.sum[part][1] = r.scale * float32(total)
}

// seen returns what the level makes of n rows of activations: themselves, or
// their values in 16 bits.
func seen(k *Kernels, x []float32, n int, w Matrix) []float64 {
	out := make([]float64, n*w.Cols)
	for i := range out {
		out[i] = float64(x[i])
	}
	if n > smallBatch || !k.Integer(w.Type) {
		return out
	}
	for b := 0; b < len(out); b += 32 {
		r := roundReference(x[b : b+32])
		for i, q := range r.q {
			out[b+i] = float64(q) * float64(r.scale)
		}
	}
	return out
}

// vnni returns kernels of the level, or skips.
func vnni(t testing.TB) *Kernels {
	t.Helper()
	if _, err := ParseLevel(VNNI.String()); err != nil {
		t.Skip(err)
	}
	k := New(VNNI, 2)
	t.Cleanup(k.Close)
	return k
}

// hardBlocks are blocks of activations that round in unusual ways.
func hardBlocks() (x []float32) {
	r := seeded(9)
	inf, nan := float32(math.Inf(1)), float32(math.NaN())
	for _, special := range [][]float32{
		{}, {0}, {inf}, {-inf, 3}, {nan}, {-nan, inf}, {math.MaxFloat32}, {-math.MaxFloat32, math.SmallestNonzeroFloat32},
	} {
		block := random(r, 32)
		copy(block[7:], special)
		x = append(x, block...)
	}
	for _, size := range []float32{0, 0x1p-149, 0x1p-101, 0x1p-100, 0x1.8p-98, 0x1p100} {
		for range 32 {
			x = append(x, size*float32(r.IntN(3)-1))
		}
	}
	for i := range 64 { // halves, to even: 127 and then n + 1/2
		x = append(x, float32(i)+0.5)
		if i%32 == 0 {
			x[len(x)-1] = -127
		}
	}
	for size := float32(1e-30); size < 1e30; size *= 97 {
		for range 32 {
			x = append(x, size*float32(r.NormFloat64()))
		}
	}
	return x
}

// The records are equal to their definition, bit for bit (NaN to NaN).
func TestRecordsEqualTheirDefinition(t *testing.T) {
	k := vnni(t)
	all := hardBlocks()
	for _, blocks := range []int{1, 2, 3, 4, 5, 7, 18, len(all) / 32} {
		for _, n := range []int{1, 3, 4, 7, 8, 13, 16} {
			x := make([]float32, 0, n*blocks*32)
			for i := range n * blocks {
				x = append(x, all[i*32%len(all):][:32]...)
			}
			each := recordsOf(32 * blocks)
			k.records = make([]record, n*each+1)
			want := make([]record, n*each+1)
			for i := range k.records {
				k.records[i] = record{scale: [4][4]float32{{guard}}}
				want[i] = k.records[i]
			}
			k.roundFor([]MatMulJob{{W: Matrix{Type: quant.Q4_0, Rows: 1, Cols: 32 * blocks}}}, x, n)
			putRecords(want, x, n, blocks)
			for i := range want {
				if fmt.Sprint(k.records[i]) != fmt.Sprint(want[i]) { // NaN prints as NaN
					t.Fatalf("blocks=%d n=%d: record %d of %d a row:\n got %v\nwant %v", blocks, n, i, each, k.records[i], want[i])
				}
			}
		}
	}
}

// putRecords writes the rows of x as roundFor defines it: by fours in common
// records, the rest alone.
func putRecords(to []record, x []float32, n, blocks int) {
	each, alone := recordsOf(32*blocks), n/4*4
	for i := range blocks * alone {
		v, b := i/blocks, i%blocks
		r := &to[v/4*4*each+b]
		if v%4 == 0 {
			*r = record{}
		}
		roundReference(x[i*32:][:32]).put(r, v%4)
	}
	clear(to[alone*each : n*each])
	for i := blocks * alone; i < blocks*n; i++ {
		v, b := i/blocks, i%blocks
		roundReference(x[i*32:][:32]).put(&to[v*each+b/4], b%4)
	}
}

// The largest sums that integers must hold: weights of all bits or none,
// activations of one size.
func TestIntegerProductsDoNotOverflow(t *testing.T) {
	k := vnni(t)
	for _, typ := range quant.Types() {
		if !k.Integer(typ) {
			continue
		}
		for _, bits := range []byte{0x00, 0x0f, 0xf0, 0x7f, 0x80, 0xff} {
			w := randomMatrix(seeded(1), typ, 3, 768)
			for i := range w.Data {
				if at := i % typ.BlockBytes(); at >= 4 && typ != quant.Q6_K || at < 208 && typ == quant.Q6_K {
					w.Data[i] = bits
				}
			}
			for _, size := range []float32{1, -1} {
				x, out := make([]float32, 4*768), poisoned(4*3)
				for i := range x {
					x[i] = size
				}
				k.MatMul(out, x, 4, w)
				want, magnitudes := matMulReference(k, x, 4, w)
				checkSums(t, fmt.Sprintf("%v bits %x activations %g", typ, bits, size), out, want, magnitudes)
			}
		}
	}
}

// A broken row shows, and breaks no other.
func TestIntegerProductsOfNaNAndInfinity(t *testing.T) {
	k := vnni(t)
	for _, typ := range quant.Types() {
		w := randomMatrix(seeded(2), typ, 5, 256)
		for _, bad := range []float32{float32(math.NaN()), float32(math.Inf(1)), float32(math.Inf(-1))} {
			x, out, sound := random(seeded(3), 4*256), poisoned(4*5), poisoned(4*5)
			k.MatMul(sound, x, 4, w)
			x[256+77] = bad
			k.MatMul(out, x, 4, w)
			for i, v := range out {
				finite := !math.IsNaN(float64(v)) && !math.IsInf(float64(v), 0)
				if row := i / 5; row == 1 && finite || row != 1 && v != sound[i] {
					t.Errorf("%v with %g in row 1: row %d has %g, without it %g", typ, bad, row, v, sound[i])
				}
			}
			intact(t, out)
		}
	}
}
