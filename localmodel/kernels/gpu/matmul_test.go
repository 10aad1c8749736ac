package gpu

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/lcbench/lcbench/localmodel/quant"
)

// randomTensor makes blocks of random bits whose scales are sane halves, some
// of them subnormal, of either sign.
func randomTensor(r *rand.Rand, typ quant.Type, rows, cols int) quant.Tensor {
	data := make([]byte, rows*typ.RowBytes(cols))
	for i := range data {
		data[i] = byte(r.Uint32())
	}
	size := typ.BlockBytes()
	for at := 0; at < len(data); at += size {
		for _, o := range scaleOffsets(typ) {
			h := quant.F32ToF16(float32(r.NormFloat64() / 16))
			if r.IntN(4) == 0 {
				h = uint16(r.UintN(1024)) // subnormal
			}
			data[at+o], data[at+o+1] = byte(h), byte(h>>8)
		}
		switch typ {
		case quant.F32:
			u := math.Float32bits(float32(r.NormFloat64()))
			data[at], data[at+1], data[at+2], data[at+3] = byte(u), byte(u>>8), byte(u>>16), byte(u>>24)
		case quant.BF16:
			u := quant.F32ToBF16(float32(r.NormFloat64()))
			data[at], data[at+1] = byte(u), byte(u>>8)
		}
	}
	return quant.Tensor{Name: typ.String(), Type: typ, Shape: []int{cols, rows}, Data: data}
}

// scaleOffsets says where a block holds halves.
func scaleOffsets(typ quant.Type) []int {
	switch typ {
	case quant.F16, quant.Q4_0, quant.Q5_0, quant.Q8_0:
		return []int{0}
	case quant.Q4_1, quant.Q5_1, quant.Q4_K, quant.Q5_K:
		return []int{0, 2}
	case quant.Q6_K:
		return []int{208}
	}
	return nil
}

// product is the definition: y[t][r] = sum_i w[r][i] x[t][i], in float64.
func product(t testing.TB, w quant.Tensor, x []float32) (y []float64, size float64) {
	t.Helper()
	weights, err := w.Float32()
	if err != nil {
		t.Fatal(err)
	}
	rows, cols := w.Rows(), w.Cols()
	for tok := 0; tok < len(x)/cols; tok++ {
		for r := range rows {
			sum, abs := 0.0, 0.0
			for i := range cols {
				p := float64(weights[r*cols+i]) * float64(x[tok*cols+i])
				sum += p
				abs += math.Abs(p)
			}
			y = append(y, sum)
			size = max(size, abs)
		}
	}
	return y, size
}

// columns are small widths that leave a remainder wherever the format allows.
func columns(typ quant.Type) []int {
	switch typ.BlockWeights() {
	case 1:
		return []int{4, 36, 100}
	case 32:
		return []int{32, 96, 288}
	}
	return []int{256, 768}
}

func TestMatMulEqualsFloat64ForEveryWeightFormat(t *testing.T) {
	d := openDevice(t, Options{})
	for _, typ := range quant.Types() {
		for _, cols := range columns(typ) {
			for _, rows := range []int{1, 33} {
				for _, tokens := range []int{1, 3, fewTokens, 35} {
					name := fmt.Sprintf("%s/%dx%d/%d tokens", typ, rows, cols, tokens)
					r := source(name)
					w := randomTensor(r, typ, rows, cols)
					x := normal(r, tokens*cols)
					testProduct(t, d, name, w, x)
				}
			}
		}
	}
	t.Logf("%+v", d.Stats())
}

func testProduct(t *testing.T, d *Device, name string, w quant.Tensor, x []float32) {
	t.Helper()
	tokens := len(x) / w.Cols()
	m, err := d.NewMatrix(w)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Release()
	xb, yb := input(t, d, x), output(t, d, tokens*w.Rows())
	defer xb.Release()
	defer yb.Release()
	s := d.Begin()
	s.MatMul(yb, m, xb, tokens)
	want, size := product(t, w, x)
	near(t, name, run(t, s, yb, len(want)), want, size)
}

func TestEmbeddingEqualsDequantisedRows(t *testing.T) {
	d := openDevice(t, Options{})
	ids := []int32{6, 0, 3, 6, 2}
	for _, typ := range quant.Types() {
		for _, cols := range columns(typ) {
			w := randomTensor(source("embed"), typ, 7, cols)
			weights, err := w.Float32()
			if err != nil {
				t.Fatal(err)
			}
			m, err := d.NewMatrix(w)
			if err != nil {
				t.Fatal(err)
			}
			out := output(t, d, len(ids)*cols)
			s := d.Begin()
			s.Embed(out, m, inputInts(t, d, ids), len(ids), 1)
			got := run(t, s, out, len(ids)*cols)
			for i, id := range ids {
				for j := range cols {
					g, w := got[i*cols+j], weights[int(id)*cols+j]
					if math.Abs(float64(g-w)) > 1e-6*math.Abs(float64(w))+1e-7 {
						t.Fatalf("%s: row %d, weight %d is %v, want %v", typ, id, j, g, w)
					}
				}
			}
		}
	}
}

func TestAMatrixBeyondTheBindingLimitIsSplitByRows(t *testing.T) {
	d := openDevice(t, Options{maxBinding: 4096})
	r := source("split")
	w := randomTensor(r, quant.Q8_0, 101, 96) // 102 bytes a row: 39 rows a piece
	m, err := d.NewMatrix(w)
	if err != nil {
		t.Fatal(err)
	}
	if len(m.pieces) != 3 {
		t.Fatalf("%d pieces, want 3", len(m.pieces))
	}
	for _, tokens := range []int{1, 9} {
		testProduct(t, d, fmt.Sprint(tokens, " tokens"), w, normal(r, tokens*96))
	}
	ids := []int32{0, 38, 39, 100, 78}
	weights, _ := w.Float32()
	out := output(t, d, len(ids)*96)
	s := d.Begin()
	s.Embed(out, m, inputInts(t, d, ids), len(ids), 2)
	var want []float64
	for _, id := range ids {
		for j := range 96 {
			want = append(want, 2*float64(weights[int(id)*96+j]))
		}
	}
	near(t, "embedding", run(t, s, out, len(want)), want, 0)
}
