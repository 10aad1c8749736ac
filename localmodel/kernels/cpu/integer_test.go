package cpu

import (
	"fmt"
	"math"
	"testing"

	"github.com/lcbench/lcbench/localmodel/quant"
)

// rounded is the definition of a block of activations in 8 bits.
type rounded struct {
	q     [32]int8
	scale float32
}

// roundReference rounds 32 activations. What is no number, or comes to none,
// is -128, and the scale is then no finite number either.
func roundReference(x []float32) (r rounded) {
	top := uint32(0)
	for _, v := range x {
		top = max(top, math.Float32bits(v)&^(1<<31)) // NaN is above all
	}
	largest := math.Float32frombits(top)
	if largest < 0x1p-100 {
		return r
	}
	r.scale = largest / 127
	inverse := 127 / largest
	for i, v := range x {
		p := float64(v * inverse)
		if math.IsNaN(p) {
			p = -128
		}
		r.q[i] = int8(math.RoundToEven(p))
	}
	return r
}

// part is the definition of a block's part of a record: the fields in order.
func (r rounded) part() (low, high [16]int8, scale, sum [4]float32, less8, less32Low, less32High [4]int32) {
	total := int32(0)
	for i, q := range r.q {
		total += int32(q)
		less8[i%16/4] -= 8 * int32(q)
		if i < 16 {
			low[i] = q
			less32Low[i/4] -= 32 * int32(q)
		} else {
			high[i-16] = q
			less32High[i%16/4] -= 32 * int32(q)
		}
	}
	scale = [4]float32{r.scale, r.scale, r.scale, r.scale}
	sum[1] = r.scale * float32(total)
	return low, high, scale, sum, less8, less32Low, less32High
}

// seen returns what the level makes of n rows of activations: themselves, or
// their values in 8 bits.
func seen(k *Kernels, x []float32, n int, w Matrix) []float64 {
	out := make([]float64, n*w.Cols)
	for i := range out {
		out[i] = float64(x[i])
	}
	if n > smallBatch || !k.integer(w.Type) {
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
	for _, blocks := range []int{1, 2, 3, 4, 5, 7, 18, len(all) / 32 / 4} {
		for _, n := range []int{1, 3, 4, 7, 8, 13, 16} {
			x := make([]float32, 0, n*blocks*32)
			for i := range n * blocks {
				x = append(x, all[i*32%len(all):][:32]...)
			}
			each := recordsOf(32 * blocks)
			k.records = make([]record, n*each+1)
			for i := range k.records {
				k.records[i] = record{scale: [4][4]float32{{guard}}}
			}
			untouched := k.records[n*each]
			k.roundFor([]MatMulJob{{W: Matrix{Type: quant.Q4_0, Rows: 1, Cols: 32 * blocks}}}, x, n)
			if k.records[n*each] != untouched {
				t.Fatalf("blocks=%d n=%d: written behind the records", blocks, n)
			}
			alone := n / 4 * 4 // rows from here on have records of their own
			for i := range n * blocks {
				v, b := i/blocks, i%blocks
				at, part := v&^3*each+b, v%4
				if v >= alone {
					at, part = v*each+b/4, b%4
				}
				checkPart(t, fmt.Sprintf("blocks=%d n=%d row %d block %d", blocks, n, v, b), &k.records[at], part, roundReference(x[i*32:][:32]))
			}
			for b := blocks; alone < n && b%4 != 0; b++ {
				checkPart(t, "a block behind the last", &k.records[alone*each+b/4], b%4, rounded{})
			}
		}
	}
}

func checkPart(t *testing.T, what string, r *record, part int, want rounded) {
	t.Helper()
	low, high, scale, sum, less8, less32Low, less32High := want.part()
	same := r.low[part] == low && r.high[part] == high &&
		r.less8[part] == less8 && r.less32Low[part] == less32Low && r.less32High[part] == less32High
	for i := range 4 {
		same = same && sameOrNaN(r.scale[part][i], scale[i]) && sameOrNaN(r.sum[part][i], sum[i])
	}
	if !same {
		t.Fatalf("%s: got %v %v, scale %v, sum %v, offsets %v %v %v, want those of %v", what, r.low[part], r.high[part],
			r.scale[part], r.sum[part], r.less8[part], r.less32Low[part], r.less32High[part], want)
	}
}

func sameOrNaN(got, want float32) bool {
	return got == want || math.IsNaN(float64(got)) && math.IsNaN(float64(want))
}
