package gpu

import (
	"encoding/binary"
	"fmt"
	"math"
	"testing"

	"github.com/lcbench/lcbench/localmodel/attention/goldentest"
	"github.com/lcbench/lcbench/localmodel/quant"
)

// matrix uploads a weight [out, in] of the case.
func (g *goldenRun) matrix(name string) *Matrix {
	g.t.Helper()
	x, shape := g.Tensor(g.t, name)
	return floatMatrix(g.t, g.d, goldentest.Narrow(x), shape[0], shape[1])
}

// vector uploads numbers of the case as they are.
func (g *goldenRun) vector(name string) *Buffer {
	g.t.Helper()
	x, _ := g.Tensor(g.t, name)
	return input(g.t, g.d, goldentest.Narrow(x))
}

// deltaLayer is the case's layer.
func (g *goldenRun) deltaLayer() *DeltaLayer {
	g.t.Helper()
	dim, taps := g.number("d"), g.number("conv")
	conv := func(name string) *Buffer {
		x, shape := g.Tensor(g.t, name)
		return input(g.t, g.d, goldentest.Narrow(goldentest.Swap(x, shape[0], taps, 1)))
	}
	return &DeltaLayer{
		DeltaAttention: DeltaAttention{Heads: g.number("heads"), KeyDim: dim, ValueDim: dim, Scale: invSqrt(dim)},
		Query:          g.matrix("wq"), Key: g.matrix("wk"), Value: g.matrix("wv"), Taps: taps,
		Conv:      [3]*Buffer{conv("wq_conv"), conv("wk_conv"), conv("wv_conv")},
		DecayDown: g.matrix("f_down"), DecayUp: g.matrix("f_up"), ALog: g.vector("a_log"), DecayBias: g.vector("dt_bias"),
		Beta: g.matrix("wb"), GateDown: g.matrix("g_down"), GateUp: g.matrix("g_up"), GateBias: g.vector("g_bias"),
		Norm: g.vector("norm"), NormEps: g.Number("norm_eps", 0),
	}
}

// kdaLayer runs the whole mixer, in one call, token by token, and by prefills
// that the tails of the convolutions and the state have to bridge.
func (g *goldenRun) kdaLayer() {
	l, last := g.deltaLayer(), g.matrix("wo")
	x, shape := g.Tensor(g.t, "x")
	n, width := shape[0], shape[1]
	m, err := g.d.NewDeltaLayerScratch(n, l)
	if err != nil {
		g.t.Fatal(err)
	}
	for _, steps := range feeds(n) {
		c, err := g.d.NewDeltaState(l)
		if err != nil {
			g.t.Fatal(err)
		}
		s, at := g.d.Begin(), 0
		y := make([]float32, n*last.Rows)
		for _, tokens := range steps {
			rows := input(g.t, g.d, goldentest.Narrow(x[at*width:(at+tokens)*width]))
			o, part := output(g.t, g.d, tokens*l.Heads*l.ValueDim), output(g.t, g.d, tokens*last.Rows)
			s.MixDelta(o, rows, l, c, m, tokens)
			s.MatMul(part, last, o, tokens)
			s.ReadFloats(part, 0, y[at*last.Rows:(at+tokens)*last.Rows])
			at += tokens
		}
		state := g.ran(s, c.State, l.Heads*l.KeyDim*l.ValueDim)
		how := fmt.Sprintf("by %d, …", steps[0])
		g.same(how, "y", y)
		g.same(how, "state", state)
	}
}

// floatMatrix uploads float32 weights [rows, cols].
func floatMatrix(t testing.TB, d *Device, w []float32, rows, cols int) *Matrix {
	t.Helper()
	data := make([]byte, 0, 4*len(w))
	for _, v := range w {
		data = binary.LittleEndian.AppendUint32(data, math.Float32bits(v))
	}
	m, err := d.NewMatrix(quant.Tensor{Name: "weights", Type: quant.F32, Shape: []int{cols, rows}, Data: data})
	if err != nil {
		t.Fatal(err)
	}
	return m
}
