package model

import (
	"bufio"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"testing"

	"github.com/lcbench/lcbench/localmodel/attention"
	"github.com/lcbench/lcbench/localmodel/attention/full"
	"github.com/lcbench/lcbench/localmodel/attention/sliding"
	"github.com/lcbench/lcbench/localmodel/induction"
	"github.com/lcbench/lcbench/localmodel/kernels/cpu"
)

type inductionCase struct {
	N      int       `json:"n"`
	Window int       `json:"window"`
	IDs    []int32   `json:"ids"`
	ArgMax int       `json:"argmax"`
	Answer int       `json:"answer"`
	Logits []float64 `json:"logits"`
}

// The golden logits are float64 on the file's float16 weights; scores of 576
// in float32 leave this much.
const inductionTolerance = 0.002

func TestGoldenInduction(t *testing.T) {
	cases := readInduction(t, shared(t, "golden", "attention", "induction", "induction-b128-f16.golden.jsonl"))
	models := map[string]*Model{"file": open(t, shared(t, "golden", "attention", "induction", "induction-b128-f16.gguf"))}
	built, err := FromGGUF(induction.Small(), induction.Small())
	if err != nil {
		t.Fatal(err)
	}
	models["built in"] = built
	for name, m := range models {
		for _, level := range cpu.Levels() {
			t.Run(name+"/"+level.String(), func(t *testing.T) {
				k := cpu.New(level, 2)
				defer k.Close()
				for _, g := range cases {
					if level == cpu.Plain && g.N > 65 {
						continue // plain Go is slow, and the same at any length
					}
					var how attention.Mechanism = full.Full{}
					if g.Window > 0 {
						how = sliding.Sliding{Window: g.Window, TruePositions: true}
					}
					checkInduction(t, NewCPU(m, k, how, cpu.F32), g)
				}
			})
		}
	}
}

func checkInduction(t *testing.T, e *CPU, g inductionCase) {
	t.Helper()
	logits := lastLogits(t, e, g.IDs)
	worst := 0.0
	for i, want := range g.Logits {
		worst = max(worst, math.Abs(float64(logits[i])-want))
	}
	if worst > inductionTolerance || math.IsNaN(worst) {
		t.Errorf("n %d, window %d: a logit is off by %.4f", g.N, g.Window, worst)
	}
	// A miss leaves ties: the answer itself is compared where there is one.
	if g.ArgMax == g.Answer && argMax(logits) != g.ArgMax {
		t.Errorf("n %d, window %d: answer %d, want %d", g.N, g.Window, argMax(logits), g.ArgMax)
	}
}

func lastLogits(t *testing.T, e *CPU, ids []int32) []float32 {
	t.Helper()
	var out []float32
	err := e.Forward([]Chunk{{State: e.New(0), IDs: ids, From: len(ids) - 1}}, func(_, _ int, logits []float32) error {
		out = append(out, logits...)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// A window finds the value exactly where it reaches it (spec: right iff
// t - p < W), and full attention at every depth.
func TestInductionFindsWhatAttentionShows(t *testing.T) {
	weights := induction.New()
	m, err := FromGGUF(weights, weights)
	if err != nil {
		t.Fatal(err)
	}
	k := cpu.New(cpu.Best(), 2)
	defer k.Close()
	const n, window = 512, 100
	for _, c := range []struct {
		how   attention.Mechanism
		right func(distance int) bool
	}{
		{full.Full{}, func(int) bool { return true }},
		{sliding.Sliding{Window: window}, func(d int) bool { return d < window }},
		{sliding.Sliding{Window: window - 4, Sinks: 4}, func(d int) bool { return d < window-4 || n-1-d < 4 }},
	} {
		e := NewCPU(m, k, c.how, cpu.F16)
		for _, p := range []int{2, 3, 5, 100, 300, n - window - 1, n - window, n - window + 4, n - window + 5, n - 3} {
			t.Run(fmt.Sprintf("%s, value at %d", c.how, p), func(t *testing.T) {
				ids := make([]int32, n)
				for i := range ids {
					ids[i] = 8000 + int32(i%1000)
				}
				ids[0], ids[p-1], ids[p], ids[n-2], ids[n-1] = induction.BOS, 100, 5000, induction.Question, 100
				got := argMax(lastLogits(t, e, ids))
				if right := got == 5000; right != c.right(n-1-p) {
					t.Errorf("got %d at distance %d: right %v, want %v", got, n-1-p, right, c.right(n-1-p))
				}
			})
		}
	}
}

func readInduction(t *testing.T, path string) []inductionCase {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var out []inductionCase
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<22)
	for lines.Scan() {
		var g inductionCase
		if err := json.Unmarshal(lines.Bytes(), &g); err != nil {
			t.Fatal(err)
		}
		out = append(out, g)
	}
	if len(out) == 0 {
		t.Fatalf("%s: no cases", path)
	}
	return out
}
