package rope_test

import (
	"fmt"
	"math"
	"testing"

	"github.com/lcbench/lcbench/localmodel/attention/goldentest"
	"github.com/lcbench/lcbench/localmodel/kernels/cpu"
	"github.com/lcbench/lcbench/localmodel/rope"
)

// tableTolerance is relative: both sides are a few float64 operations.
const tableTolerance = 1e-12

// scaling is what a golden case names.
func scaling(t *testing.T, c goldentest.Case) rope.Scaling {
	t.Helper()
	s, original := c.Number("factor", 1), int(c.Number("orig", 4096))
	switch kind := c.Params["kind"]; kind {
	case "none":
		return rope.None{}
	case "abf":
		return rope.ABF{Base: c.Number("base", 0)}
	case "pi":
		return rope.PI{Factor: s}
	case "ntk":
		return rope.NTK{Factor: s}
	case "dynamic_ntk":
		return rope.DynamicNTK{Factor: s, Original: original}
	case "yarn", "yarn_paper":
		return rope.YaRN{Factor: s, Original: original, BetaFast: 32, BetaSlow: 1, Paper: kind == "yarn_paper"}
	case "llama3":
		return rope.Llama3{Factor: s, Original: original, Low: 1, High: 4}
	default:
		t.Fatalf("%s: no kind %v", c.ID, kind)
		return nil
	}
}

func frequencies(t *testing.T, c goldentest.Case) ([]float64, float64) {
	t.Helper()
	return scaling(t, c).Frequencies(c.Number("base", 0), int(c.Number("d", 0)), int(c.Number("n", 0)))
}

func TestGoldenFrequencies(t *testing.T) {
	kinds := map[any]int{}
	for _, c := range goldentest.Cases(t) {
		if c.Mechanism != "rope_freqs" {
			continue
		}
		kinds[c.Params["kind"]]++
		t.Run(fmt.Sprintf("%s %v", c.ID, c.Params["kind"]), func(t *testing.T) {
			f, amplitude := frequencies(t, c)
			want, _ := c.Tensor(t, "f64_inv_freq")
			near(t, "frequency", f, want)
			amplitudes, _ := c.Tensor(t, "f64_amp")
			near(t, "amplitude", []float64{amplitude}, amplitudes)
		})
	}
	if len(kinds) < 8 {
		t.Errorf("cases by kind: %v, want 8 kinds", kinds)
	}
}

func near(t *testing.T, what string, got, want []float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%d of %s, want %d", len(got), what, len(want))
	}
	for i, w := range want {
		if !(math.Abs(got[i]-w) <= tableTolerance*math.Abs(w)) {
			t.Errorf("%s %d: got %.17g, want %.17g", what, i, got[i], w)
		}
	}
}

func TestGoldenTrainingPositions(t *testing.T) {
	ran := 0
	for _, c := range goldentest.Cases(t) {
		if c.Mechanism != "e2llm_positions" {
			continue
		}
		ran++
		want, _ := c.Tensor(t, "f64_pos")
		near(t, "position", rope.TrainingPositions(int(c.Number("n", 0)), c.Number("g", 0), c.Number("t", 0), int(c.Number("protected", 0))), want)
	}
	if ran == 0 {
		t.Error("no case of training positions")
	}
}

// The kernel rotates by these frequencies as the reference does, amplitude
// included.
func TestGoldenRotations(t *testing.T) {
	ran := 0
	for _, c := range goldentest.Cases(t) {
		if c.Mechanism != "rope" {
			continue
		}
		ran++
		f, amplitude := frequencies(t, c)
		x, shape := c.Tensor(t, "x")
		want, _ := c.Tensor(t, "y")
		at, _ := c.Tensor(t, "f64_pos")
		heads, n, d := shape[0], shape[1], shape[2]
		positions := make([]int, n)
		for i, p := range at {
			positions[i] = int(p)
			if float64(positions[i]) != p {
				t.Fatalf("%s: position %g, the kernel takes whole ones", c.ID, p)
			}
		}
		angles := cpu.NewAngles(d, f, amplitude, c.Params["layout"] == "interleaved")
		for _, level := range cpu.Levels() {
			t.Run(c.ID+"/"+level.String(), func(t *testing.T) {
				k := cpu.New(level, 1)
				defer k.Close()
				y := goldentest.Narrow(goldentest.Swap(x, heads, n, d))
				k.RoPE(y, n, heads, d, angles, positions)
				for i, w := range goldentest.Swap(want, heads, n, d) {
					if !(math.Abs(float64(y[i])-w) <= c.AbsTol) {
						t.Fatalf("number %d: got %g, want %g", i, y[i], w)
					}
				}
			})
		}
	}
	if ran < 5 {
		t.Errorf("%d cases of rotation, want 5 or more", ran)
	}
}
