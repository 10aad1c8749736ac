package gpu

import (
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/lcbench/lcbench/localmodel/gguf"
)

// golden is one prompt with the logits that float64 arithmetic on the
// dequantised weights gives behind its last token.
type golden struct {
	IDs      []int32   `json:"ids"`
	TopIDs   []int     `json:"last_top_ids"`
	Top      []float64 `json:"last_top_logits"`
	ProbeIDs []int     `json:"probe_ids"`
	Probe    []float64 `json:"probe_logits"`
	Greedy   []int32   `json:"greedy12"`
	N        int       `json:"n"`
}

// absent skips, or fails under CI, which has to provide the files.
func absent(t testing.TB, err error, hint string) {
	t.Helper()
	if os.Getenv("CI") != "" {
		t.Fatalf("%v (%s)", err, hint)
	}
	t.Skipf("%v (%s)", err, hint)
}

// goldens reads the prompts of a model that have at most so many tokens.
func goldens(t testing.TB, name string, most int) []golden {
	t.Helper()
	root := os.Getenv("LCBENCH_SHARED")
	if root == "" {
		root = filepath.Join(moduleRoot(t), "..", "shared")
	}
	raw, err := os.ReadFile(filepath.Join(root, "golden", "models", name))
	if err != nil {
		absent(t, err, "set LCBENCH_SHARED")
	}
	var list []golden
	for _, line := range strings.Split(strings.TrimSpace(string(raw)), "\n") {
		var g golden
		if err := json.Unmarshal([]byte(line), &g); err != nil {
			t.Fatal(err)
		}
		if g.N <= most {
			list = append(list, g)
		}
	}
	return list
}

func moduleRoot(t testing.TB) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		if dir == filepath.Dir(dir) {
			t.Fatal("no go.mod above the working directory")
		}
		dir = filepath.Dir(dir)
	}
}

func openGGUF(t testing.TB, name string) *gguf.File {
	t.Helper()
	dir := os.Getenv("LCBENCH_MODELS")
	if dir == "" {
		home, err := os.UserHomeDir()
		if err != nil {
			t.Fatal(err)
		}
		dir = filepath.Join(home, ".cache", "lcbench", "models")
	}
	path := filepath.Join(dir, name)
	if _, err := os.Stat(path); err != nil {
		absent(t, err, "set LCBENCH_MODELS to the folder with "+name)
	}
	f, err := gguf.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	})
	return f
}

// powers returns base^(-2i/d), the usual inverse frequencies.
func powers(base float64, d int) []float64 {
	freq := make([]float64, d/2)
	for i := range freq {
		freq[i] = math.Pow(base, -2*float64(i)/float64(d))
	}
	return freq
}

// smolLM2 is the shape of SmolLM2-135M, as its file's keys give it.
func smolLM2() Config {
	c := Config{Layers: 30, Width: 576, FFN: 1536, Heads: 9, KVHeads: 3, KeyDim: 64, ValueDim: 64,
		Vocab: 49152, Eps: 1e-5, Activation: SiLU, Context: 1024}
	for range c.Layers {
		c.Layer = append(c.Layer, LayerConfig{Rope: Rope{InvFreq: powers(1e5, 64), Interleaved: true}})
	}
	return c
}

// gemma3 is the shape of Gemma-3-270M; the base of the local layers and which
// of them are global is the architecture's, not in the file.
func gemma3() Config {
	c := Config{Layers: 18, Width: 640, FFN: 2048, Heads: 4, KVHeads: 1, KeyDim: 256, ValueDim: 256,
		Vocab: 262144, Eps: 1e-6, Activation: GELU, EmbeddingScale: math.Sqrt(640), Context: 1024}
	for i := range c.Layers {
		l := LayerConfig{Rope: Rope{InvFreq: powers(1e4, 256)}, Window: 512}
		if i%6 == 5 {
			l = LayerConfig{Rope: Rope{InvFreq: powers(1e6, 256)}}
		}
		c.Layer = append(c.Layer, l)
	}
	return c
}

func TestGoldenSmolLM2(t *testing.T) {
	testGolden(t, smolLM2(), "smollm2-135m.gguf", "smollm2-135m-instruct-q4_1.logits.jsonl", 6)
}

func TestGoldenGemma3(t *testing.T) {
	testGolden(t, gemma3(), "gemma3-270m.gguf", "gemma-3-270m-q4_k_m.logits.jsonl", 3)
}

// logitTolerance covers float32 against float64 over some tens of layers.
const logitTolerance = 0.02

// testGolden compares the logits of every short prompt and the first greedy
// tokens behind it with float64.
func testGolden(t *testing.T, c Config, model, file string, tokens int) {
	d := openDevice(t, Options{})
	f := openGGUF(t, model)
	most := c.Context
	if d.Kind() == Software {
		most = 64 // the prompts of 740 tokens, beyond Gemma's window, take a minute or two
	}
	list := goldens(t, file, most)
	if len(list) == 0 {
		t.Fatalf("no golden prompt of at most %d tokens", most)
	}
	start := time.Now()
	m, err := NewModel(d, c, f.Tensor)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	t.Logf("uploaded in %v", time.Since(start))
	for _, g := range list {
		start := time.Now()
		if err := m.Prefill(g.IDs, 0); err != nil {
			t.Fatal(err)
		}
		logits, err := m.Logits()
		if err != nil {
			t.Fatal(err)
		}
		prefill := time.Since(start)
		worst := max(farthest(logits, g.TopIDs, g.Top), farthest(logits, g.ProbeIDs, g.Probe))
		if !(worst <= logitTolerance) {
			t.Errorf("%d tokens: a logit is %v off, want at most %v", g.N, worst, logitTolerance)
		}
		start = time.Now()
		greedy(t, m, g, tokens)
		t.Logf("%d tokens: prefill %v, farthest logit %.2g, %v for %d greedy tokens", g.N, prefill, worst, time.Since(start), tokens)
	}
	t.Logf("%+v", d.Stats())
}

// farthest is the largest distance of a logit from its golden value, NaN if
// one is.
func farthest(logits []float32, ids []int, want []float64) float64 {
	worst := 0.0
	for i, id := range ids {
		worst = max(worst, math.Abs(float64(logits[id])-want[i]))
	}
	return worst
}

func greedy(t *testing.T, m *Model, g golden, tokens int) {
	t.Helper()
	tokens = min(tokens, len(g.Greedy))
	next, err := m.Next()
	for i := 0; i < tokens; i++ {
		if err != nil {
			t.Fatal(err)
		}
		if next != g.Greedy[i] {
			t.Errorf("%d tokens: greedy token %d is %d, want %d", g.N, i, next, g.Greedy[i])
			return
		}
		if i+1 < tokens {
			next, err = m.Decode(next)
		}
	}
}
