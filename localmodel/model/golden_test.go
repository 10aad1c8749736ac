package model

import (
	"bufio"
	"encoding/json"
	"errors"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/lcbench/lcbench/localmodel/attention/full"
	"github.com/lcbench/lcbench/localmodel/gguf"
	"github.com/lcbench/lcbench/localmodel/kernels/cpu"
)

// The reference is float64 on the dequantised weights; float32 sums of a few
// hundred terms through 30 layers stay well within these (issue: Exactness),
// and so do activations of 16 bits.
const (
	logitTolerance = 0.02
	nllTolerance   = 0.005
)

type goldenLogits struct {
	ID       int       `json:"id"`
	IDs      []int32   `json:"ids"`
	TopIDs   []int     `json:"last_top_ids"`
	Top      []float64 `json:"last_top_logits"`
	ProbeIDs []int     `json:"probe_ids"`
	Probe    []float64 `json:"probe_logits"`
	NLL      float64   `json:"mean_nll"`
	Greedy   []int32   `json:"greedy12"`
}

// need skips where reference data is absent, and fails where it must not be.
func need(t testing.TB, path string) string {
	t.Helper()
	_, err := os.Stat(path)
	switch {
	case err == nil:
	case errors.Is(err, fs.ErrNotExist) && os.Getenv("CI") == "":
		t.Skipf("%s is not here", path)
	default:
		t.Fatal(err)
	}
	return path
}

func shared(t testing.TB, parts ...string) string {
	root := os.Getenv("LCBENCH_SHARED")
	if root == "" {
		root = filepath.Join("..", "..", "..", "shared")
	}
	return need(t, filepath.Join(append([]string{root}, parts...)...))
}

// weights finds a real model's file: LCBENCH_MODELS, else the program's cache.
func weights(t testing.TB, name string) string {
	dir := os.Getenv("LCBENCH_MODELS")
	if dir == "" {
		home, err := os.UserHomeDir()
		if err != nil {
			t.Fatal(err)
		}
		dir = filepath.Join(home, ".cache", "lcbench", "models")
	}
	return need(t, filepath.Join(dir, name))
}

func open(t testing.TB, path string) *Model {
	t.Helper()
	f, err := gguf.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	})
	m, err := FromGGUF(f, f)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func readGolden(t *testing.T, path string) []goldenLogits {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var out []goldenLogits
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<24)
	for lines.Scan() {
		var g goldenLogits
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

// eachModel runs f for both real models.
func eachModel(t *testing.T, f func(t *testing.T, m *Model, cases []goldenLogits)) {
	for _, c := range []struct{ file, golden string }{
		{"smollm2-135m.gguf", "smollm2-135m-instruct-q4_1.logits.jsonl"},
		{"gemma3-270m.gguf", "gemma-3-270m-q4_k_m.logits.jsonl"},
	} {
		t.Run(c.file, func(t *testing.T) {
			f(t, open(t, weights(t, c.file)), readGolden(t, shared(t, "golden", "models", c.golden)))
		})
	}
}

func TestGoldenLogits(t *testing.T) {
	eachModel(t, func(t *testing.T, m *Model, cases []goldenLogits) {
		for _, level := range cpu.Levels() {
			t.Run(level.String(), func(t *testing.T) {
				k := cpu.New(level, 2)
				defer k.Close()
				e := NewCPU(m, k, full.Full{}, cpu.F32)
				for _, g := range cases {
					if level == cpu.Plain && len(g.IDs) > 64 {
						continue // plain Go is for short prompts; the fast levels take them all
					}
					checkLogits(t, e, g, (2*len(g.IDs)+2)/3)
				}
			})
		}
	})
}

// With few rows at a time all products are those of decoding, which is what
// the level vnni changes.
func TestGoldenLogitsOfDecoding(t *testing.T) {
	eachModel(t, func(t *testing.T, m *Model, cases []goldenLogits) {
		if _, err := cpu.ParseLevel(cpu.VNNI.String()); err != nil {
			t.Skip(err)
		}
		k := cpu.New(cpu.VNNI, 2)
		defer k.Close()
		e := NewCPU(m, k, full.Full{}, cpu.F32)
		for _, g := range cases {
			rows := 1
			if len(g.IDs) > 64 {
				rows = SameBits
			}
			checkLogits(t, e, g, rows)
		}
	})
}

// The cache in half precision, which is the default, keeps within the same
// bounds.
func TestGoldenLogitsWithAHalfPrecisionCache(t *testing.T) {
	eachModel(t, func(t *testing.T, m *Model, cases []goldenLogits) {
		k := cpu.New(cpu.Best(), 2)
		defer k.Close()
		e := NewCPU(m, k, full.Full{}, cpu.F16)
		for _, g := range cases {
			checkLogits(t, e, g, (2*len(g.IDs)+2)/3)
		}
	})
}

// checkLogits runs one prompt, some rows at a time, and compares its last
// logits, the mean NLL of its tokens, and what greedy decoding makes of it.
func checkLogits(t *testing.T, e *CPU, g goldenLogits, rows int) {
	t.Helper()
	s := e.New(0)
	nll, last := 0.0, []float32(nil)
	for from := 0; from < len(g.IDs); from += rows {
		ids := g.IDs[from:min(from+rows, len(g.IDs))]
		err := e.Forward([]Chunk{{State: s, IDs: ids}}, func(_, row int, logits []float32) error {
			if next := from + row + 1; next < len(g.IDs) {
				nll -= logProbability(logits, g.IDs[next])
			} else {
				last = append(last[:0], logits...)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if nll /= float64(len(g.IDs) - 1); !(math.Abs(nll-g.NLL) <= nllTolerance) {
		t.Errorf("case %d: mean NLL %.5f, want %.5f", g.ID, nll, g.NLL)
	}
	worst := 0.0
	for i, id := range append(g.TopIDs[:len(g.TopIDs):len(g.TopIDs)], g.ProbeIDs...) {
		want := append(g.Top[:len(g.Top):len(g.Top)], g.Probe...)[i]
		worst = max(worst, math.Abs(float64(last[id])-want))
	}
	if worst > logitTolerance || math.IsNaN(worst) {
		t.Errorf("case %d (%d tokens): a logit is off by %.4f", g.ID, len(g.IDs), worst)
	}
	t.Logf("case %d: %d tokens, logits within %.5f, NLL within %.6f", g.ID, len(g.IDs), worst, math.Abs(nll-g.NLL))
	checkGreedy(t, e, g, s, last)
}

// checkGreedy goes on from the last logits of a prompt.
func checkGreedy(t *testing.T, e *CPU, g goldenLogits, s State, last []float32) {
	t.Helper()
	if best := argMax(last); best != g.TopIDs[0] {
		t.Errorf("case %d: first choice %d, want %d", g.ID, best, g.TopIDs[0])
	}
	for i, want := range g.Greedy {
		got := argMax(last)
		if int32(got) != want {
			t.Errorf("case %d: greedy token %d is %d, want %d, %.4f less", g.ID, i, got, want, last[got]-last[want])
			break
		}
		err := e.Forward([]Chunk{{State: s, IDs: []int32{int32(got)}}}, func(_, _ int, logits []float32) error {
			last = append(last[:0], logits...)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

func argMax(x []float32) int {
	best := 0
	for i, v := range x {
		if v > x[best] {
			best = i
		}
	}
	return best
}

func logProbability(logits []float32, id int32) float64 {
	sum, top := 0.0, float64(logits[argMax(logits)])
	for _, v := range logits {
		sum += math.Exp(float64(v) - top)
	}
	return float64(logits[id]) - top - math.Log(sum)
}
