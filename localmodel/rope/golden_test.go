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

func TestGoldenFrequencies(t *testing.T) {
	ran := 0
	for _, c := range goldentest.Cases(t) {
		if c.Mechanism != "rope_freqs" {
			continue
		}
		ran++
		t.Run(fmt.Sprintf("%s %v", c.ID, c.Params["kind"]), func(t *testing.T) {
			f, amplitude := c.Frequencies(t)
			want, _ := c.Tensor(t, "f64_inv_freq")
			near(t, "frequency", f, want)
			amplitudes, _ := c.Tensor(t, "f64_amp")
			near(t, "amplitude", []float64{amplitude}, amplitudes)
		})
	}
	if ran == 0 {
		t.Error("no case of frequencies")
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
		near(t, "position", rope.TrainingPositions(int(c.Number("n", 0)), c.Number("g", 0), c.Number("t", 0), int(c.Number("protected", 4))), want)
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
		f, amplitude := c.Frequencies(t)
		x, shape := c.Tensor(t, "x")
		want, _ := c.Tensor(t, "y")
		at, _ := c.Tensor(t, "f64_pos")
		heads, n, d := shape[0], shape[1], shape[2]
		for _, level := range cpu.Levels() {
			t.Run(c.ID+"/"+level.String(), func(t *testing.T) {
				k := cpu.New(level, 1)
				defer k.Close()
				y := goldentest.Narrow(goldentest.Swap(x, heads, n, d))
				for i, p := range at {
					turned, whole := goldentest.Whole(f, p)
					angles := cpu.NewAngles(2*len(f), turned, amplitude, c.Params["layout"] == "interleaved")
					k.RoPE(y[i*heads*d:], 1, heads, d, angles, []int{whole})
				}
				for i, w := range goldentest.Swap(want, heads, n, d) {
					if !(math.Abs(float64(y[i])-w) <= c.AbsTol) {
						t.Fatalf("number %d: got %g, want %g", i, y[i], w)
					}
				}
			})
		}
	}
	if ran == 0 {
		t.Error("no case of rotation")
	}
}
