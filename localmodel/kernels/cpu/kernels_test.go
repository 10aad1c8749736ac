package cpu

import (
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"github.com/lcbench/lcbench/localmodel/quant"
)

// Tolerances, one a data type, the same everywhere.
const (
	// A float32 sum of K products in several chains errs by about
	// sqrt(K) 2^-24 of the sum of the magnitudes; K <= 2048 here.
	tolSum = 2e-6
	// exp and tanh by polynomials, a division: a few units in the last place.
	tolVector = 1e-6
	// Attention over values of size 1: rounding of scores (|s| 2^-24 each, so
	// about 2e-5 at 300) and of sums over some hundred keys.
	tolAttend = 2e-5
)

// eachLevel runs f at every level of this machine, on two threads.
func eachLevel(t *testing.T, f func(t *testing.T, k *Kernels)) {
	t.Helper()
	for _, l := range []Level{Plain, AVX2, AVX512, VNNI} {
		t.Run(l.String(), func(t *testing.T) {
			if _, err := ParseLevel(l.String()); err != nil {
				t.Skip(err)
			}
			k := New(l, 2)
			defer k.Close()
			f(t, k)
		})
	}
}

const guard = float32(12345.678)

// poisoned returns n NaN with guard values behind them, which intact checks.
func poisoned(n int) []float32 {
	s := make([]float32, n+32)
	for i := range s {
		s[i] = float32(math.NaN())
		if i >= n {
			s[i] = guard
		}
	}
	return s[:n]
}

func intact(t *testing.T, s []float32) {
	t.Helper()
	for i, v := range s[len(s):][:32] {
		if v != guard {
			t.Fatalf("written behind the end: element %d+%d is %g", len(s), i, v)
		}
	}
}

func random(r *rand.Rand, n int) []float32 {
	x := make([]float32, n)
	for i := range x {
		x[i] = float32(r.NormFloat64())
	}
	return x
}

func seeded(n int) *rand.Rand { return rand.New(rand.NewPCG(7, uint64(n))) }

// randomMatrix has random bits everywhere and scales of a usual size.
func randomMatrix(r *rand.Rand, t quant.Type, rows, cols int) Matrix {
	data := make([]byte, rows*t.RowBytes(cols))
	for i := range data {
		data[i] = byte(r.Uint32())
	}
	put := func(at int, h uint16) { data[at], data[at+1] = byte(h), byte(h>>8) }
	half := func() uint16 { return quant.F32ToF16(float32(r.NormFloat64() / 16)) }
	for at := 0; at < len(data); at += t.BlockBytes() {
		switch t {
		case quant.F32:
			b := math.Float32bits(float32(r.NormFloat64()))
			put(at, uint16(b))
			put(at+2, uint16(b>>16))
		case quant.BF16:
			put(at, quant.F32ToBF16(float32(r.NormFloat64())))
		case quant.Q6_K:
			put(at+208, half())
		case quant.F16, quant.Q4_0, quant.Q5_0, quant.Q8_0:
			put(at, half())
		default:
			put(at, half())
			put(at+2, half())
		}
	}
	return Matrix{t, rows, cols, data}
}

func checkSums(t *testing.T, what string, got []float32, want, size []float64) {
	t.Helper()
	for i, w := range want {
		if d := math.Abs(float64(got[i]) - w); !(d <= tolSum*(size[i]+1e-30)) {
			t.Fatalf("%s: element %d: got %g, want %g, off by %g of the sum of magnitudes %g", what, i, got[i], w, d, size[i])
		}
	}
	intact(t, got)
}

func TestMatMulEqualsLoopsForAllTypesAndSizes(t *testing.T) {
	eachLevel(t, func(t *testing.T, k *Kernels) {
		for _, typ := range quant.Types() {
			r, cols := seeded(int(typ)), 256
			if typ.BlockWeights() == 32 {
				cols = 96
			} else if typ.BlockWeights() == 1 {
				cols = 83
			}
			for _, rows := range []int{1, 63, 64, 65, 1000} {
				w := randomMatrix(r, typ, rows, cols)
				for _, n := range []int{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 29, 64, 65} {
					if rows == 1000 && n > 4 && n != 17 {
						continue
					}
					x, out := random(r, n*cols), poisoned(n*rows)
					k.MatMul(out, x, n, w)
					want, size := matMulReference(k, x, n, w)
					checkSums(t, fmt.Sprintf("%v rows=%d cols=%d n=%d", typ, rows, cols, n), out, want, size)
				}
			}
		}
	})
}

func TestMatMulEqualsLoopsForModelWidths(t *testing.T) {
	eachLevel(t, func(t *testing.T, k *Kernels) {
		for _, c := range []struct {
			typ        quant.Type
			rows, cols int
		}{
			{quant.Q4_1, 192, 576}, {quant.Q4_1, 70, 1536}, {quant.Q5_0, 256, 640}, {quant.Q4_K, 100, 2048},
			{quant.Q6_K, 33, 2048}, {quant.Q8_0, 129, 576}, {quant.Q5_K, 32, 1024}, {quant.F32, 40, 1},
			{quant.F32, 40, 2047}, {quant.F16, 7, 1601}, {quant.BF16, 31, 33},
		} {
			r := seeded(c.cols)
			w := randomMatrix(r, c.typ, c.rows, c.cols)
			for _, n := range []int{1, 7, 13, 40} {
				x, out := random(r, n*c.cols), poisoned(n*c.rows)
				k.MatMul(out, x, n, w)
				want, size := matMulReference(k, x, n, w)
				checkSums(t, fmt.Sprintf("%v %dx%d n=%d", c.typ, c.rows, c.cols, n), out, want, size)
			}
		}
	})
}

func TestMatMulsOfSeveralMatricesEqualOneByOne(t *testing.T) {
	eachLevel(t, func(t *testing.T, k *Kernels) {
		r := seeded(3)
		for _, n := range []int{1, 5, 20} {
			x := random(r, n*256)
			var jobs []MatMulJob
			for i, rows := range []int{576, 192, 190} {
				w := randomMatrix(r, []quant.Type{quant.Q4_1, quant.Q4_K, quant.F16}[i], rows, 256)
				jobs = append(jobs, MatMulJob{poisoned(n * rows), w})
			}
			k.MatMuls(x, n, jobs...)
			for _, j := range jobs {
				alone := poisoned(n * j.W.Rows)
				k.MatMul(alone, x, n, j.W)
				sameBits(t, fmt.Sprintf("n=%d %v", n, j.W.Type), j.Out, alone)
			}
		}
	})
}

func sameBits(t *testing.T, what string, got, want []float32) {
	t.Helper()
	for i := range want {
		if math.Float32bits(got[i]) != math.Float32bits(want[i]) {
			t.Fatalf("%s: element %d: got %g, want the same bits as %g", what, i, got[i], want[i])
		}
	}
	intact(t, got)
}

func TestMatMulOfABatchHasTheBitsOfItsRows(t *testing.T) {
	eachLevel(t, func(t *testing.T, k *Kernels) {
		for _, typ := range quant.Types() {
			r, rows, cols := seeded(int(typ)), 70, 768
			w := randomMatrix(r, typ, rows, cols)
			x := random(r, 40*cols)
			for n := 2; n <= smallBatch; n++ {
				out, alone := poisoned(n*rows), poisoned(rows)
				k.MatMul(out, x, n, w)
				for i := range n {
					k.MatMul(alone, x[i*cols:], 1, w)
					sameBits(t, fmt.Sprintf("%v n=%d row %d", typ, n, i), alone, out[i*rows:(i+1)*rows])
				}
			}
			all := poisoned(40 * rows)
			k.MatMul(all, x, 40, w)
			for _, n := range []int{17, 18, 25} {
				out := poisoned(n * rows)
				k.MatMul(out, x, n, w)
				sameBits(t, fmt.Sprintf("%v n=%d of 40", typ, n), out, all[:n*rows])
			}
			for n := 1; n <= 17; n++ {
				out := poisoned(n * rows)
				k.MatMulsAmong(40, x, n, MatMulJob{out, w})
				sameBits(t, fmt.Sprintf("%v n=%d among 40", typ, n), out, all[:n*rows])
			}
		}
	})
}

func TestThreadsDontChangeBits(t *testing.T) {
	one, two := New(Best(), 1), New(Best(), 2)
	defer one.Close()
	defer two.Close()
	r := seeded(5)
	w := randomMatrix(r, quant.Q4_1, 1000, 576)
	for _, n := range []int{1, 3, 30} {
		x, a, b := random(r, n*576), poisoned(n*1000), poisoned(n*1000)
		one.MatMul(a, x, n, w)
		two.MatMul(b, x, n, w)
		sameBits(t, fmt.Sprint("n=", n), b, a)
	}
}

func TestRowIsTheDequantisedRow(t *testing.T) {
	eachLevel(t, func(t *testing.T, k *Kernels) {
		for _, typ := range quant.Types() {
			w := randomMatrix(seeded(int(typ)), typ, 5, 768)
			want := make([]float32, 5*768)
			if err := quant.Dequantise(want, w.Data, typ); err != nil {
				t.Fatal(err)
			}
			for row := range 5 {
				out := poisoned(768)
				k.Row(out, w, row)
				for i, v := range out {
					ref := want[row*768+i]
					// One fused rounding less than the definition's d*q + m,
					// of terms up to 32 times the result's scale.
					if d := math.Abs(float64(v - ref)); !(d <= 1e-6*math.Max(1, math.Abs(float64(ref)))) {
						t.Fatalf("%v row %d: weight %d: got %g, want %g", typ, row, i, v, ref)
					}
				}
				intact(t, out)
			}
		}
	})
}

func TestParallelCallsEveryIndexOnce(t *testing.T) {
	for _, threads := range []int{1, 2, 5} {
		k := New(Plain, threads)
		for round := range 2000 {
			n := round % 9
			counts := make([]int, n)
			k.Parallel(n, func(i int) { counts[i]++ })
			for i, c := range counts {
				if c != 1 {
					t.Fatalf("threads=%d round %d: index %d called %d times", threads, round, i, c)
				}
			}
		}
		k.Close()
	}
}

func TestParallelWithFewerProcessorsThanThreadsAndAfterARest(t *testing.T) {
	k := New(Plain, 3)
	defer k.Close()
	for _, processors := range []int{1, runtime.GOMAXPROCS(0)} {
		before := runtime.GOMAXPROCS(processors)
		for range 20 {
			var sum atomic.Int64
			k.Parallel(100, func(i int) { sum.Add(int64(i)) })
			if sum.Load() != 4950 {
				t.Fatalf("%d processors: sum %d, want 4950", processors, sum.Load())
			}
			time.Sleep(patience * 4) // the workers park
		}
		runtime.GOMAXPROCS(before)
	}
}

func TestParseLevelKnowsEachLevelAndRefusesOthers(t *testing.T) {
	for _, l := range Levels() {
		if got, err := ParseLevel(l.String()); err != nil || got != l {
			t.Errorf("ParseLevel(%q) = %v, %v", l, got, err)
		}
	}
	if _, err := ParseLevel("mmx"); err == nil {
		t.Error("ParseLevel(mmx): want an error")
	}
}
