package gpu

import (
	"fmt"
	"math"

	"github.com/lcbench/lcbench/localmodel/attention/goldentest"
	"github.com/lcbench/lcbench/localmodel/rope"
)

// ropeOf is the rotation that the case names, by the formulas that models on a
// device get theirs from.
func (g *goldenRun) ropeOf() Rope {
	g.t.Helper()
	f, magnitude := g.Frequencies(g.t)
	return Rope{InvFreq: f, Interleaved: g.interleaved(), Magnitude: magnitude}
}

// rotatedAt rotates x [heads, dim] at a position, by tables as a model has them.
func (g *goldenRun) rotatedAt(r Rope, x []float32, heads, pos int) []float32 {
	g.t.Helper()
	tables, err := newRopeTables(g.d, Config{Chunk: 1, Layer: []LayerConfig{{Rope: r}}})
	if err != nil {
		g.t.Fatal(err)
	}
	if err := tables.fill(pos, 1); err != nil {
		g.t.Fatal(err)
	}
	b := output(g.t, g.d, len(x))
	if err := b.WriteFloats(0, x); err != nil {
		g.t.Fatal(err)
	}
	s := g.d.Begin()
	s.RoPE(b, tables.buf, 1, heads, len(x)/heads, len(r.InvFreq), r.Interleaved, 0)
	return run(g.t, s, b, len(x))
}

// rotation rotates a case's tokens, each at its own position; one that is no
// whole number is in the frequencies.
func (g *goldenRun) rotation() {
	x, shape := g.tokens("x")
	at, _ := g.Tensor(g.t, "f64_pos")
	heads, width := shape[0], shape[0]*shape[2]
	var got []float32
	for i, p := range at {
		r, whole := g.ropeOf(), 0
		r.InvFreq, whole = goldentest.Whole(r.InvFreq, p)
		got = append(got, g.rotatedAt(r, x[i*width:(i+1)*width], heads, whole)...)
	}
	g.check("y", got)
}

// frequencies compares the table with the case's in float64, on the host, where
// it is made, and then what a device makes of it: a pair (1, 0) at some position
// shows amplitude, cosine and sine.
func (g *goldenRun) frequencies() {
	r := g.ropeOf()
	f, _ := g.Tensor(g.t, "f64_inv_freq")
	amplitude, _ := g.Tensor(g.t, "f64_amp")
	g.precisely("frequencies", r.InvFreq, f)
	g.precisely("amplitude", []float64{r.Magnitude}, amplitude)
	dim := 2 * len(f)
	x := make([]float32, dim)
	for i := range f {
		x[i] = 1
	}
	for _, pos := range []int{0, 1, 4095, 131071} {
		want := make([]float64, dim)
		for i, f := range f {
			sin, cos := math.Sincos(float64(pos) * f)
			want[i], want[i+len(want)/2] = amplitude[0]*cos, amplitude[0]*sin
		}
		near(g.t, fmt.Sprint("position ", pos), g.rotatedAt(r, x, 1, pos), want, 1)
	}
}

// trainingPositions rotates at the positions of E2-LLM's training, which are no
// whole numbers.
func (g *goldenRun) trainingPositions() {
	at := rope.TrainingPositions(g.number("n"), g.Number("g", 0), g.Number("t", 0), int(g.Number("protected", 4)))
	want, _ := g.Tensor(g.t, "f64_pos")
	g.precisely("positions", at, want)
	const dim = 16
	var x []float32
	var table, turned []float64
	for i := range want {
		for _, f := range powers(1e4, dim) {
			sin, cos := math.Sincos(at[i] * f)
			table, x = append(table, cos, sin), append(x, 1, 0)
			sin, cos = math.Sincos(want[i] * f)
			turned = append(turned, cos, sin)
		}
	}
	s, b := g.d.Begin(), output(g.t, g.d, len(x))
	if err := b.WriteFloats(0, x); err != nil {
		g.t.Fatal(err)
	}
	s.RoPE(b, input(g.t, g.d, goldentest.Narrow(table)), len(at), 1, dim, dim/2, true, 0)
	near(g.t, "rotation", run(g.t, s, b, len(x)), turned, 1)
}

// precisely compares float64 numbers within the case's tolerance, relative.
func (g *goldenRun) precisely(what string, got, want []float64) {
	g.t.Helper()
	if len(got) != len(want) {
		g.t.Fatalf("%s: %d numbers, want %d", what, len(got), len(want))
	}
	for i, w := range want {
		if !(math.Abs(got[i]-w) <= g.AbsTol*math.Abs(w)) {
			g.t.Fatalf("%s: number %d: got %.17g, want %.17g", what, i, got[i], w)
		}
	}
}
