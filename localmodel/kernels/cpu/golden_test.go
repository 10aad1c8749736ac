package cpu

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"testing"
)

// goldenCase is a case of golden/attention/manifest.json.
type goldenCase struct {
	ID        string
	Mechanism string
	Params    map[string]any
	In, Out   map[string]struct {
		File  string
		Shape []int
	}
	AbsTol float64 `json:"abs_tol"`
	dir    string
}

// goldenCases reads the manifest from LCBENCH_SHARED, or from ../shared beside
// the repository. Without it the test is skipped; under CI it fails.
func goldenCases(t *testing.T) []goldenCase {
	t.Helper()
	root := os.Getenv("LCBENCH_SHARED")
	if root == "" {
		root = filepath.Join(repository(t), "..", "shared")
	}
	dir := filepath.Join(root, "golden", "attention")
	text, err := os.ReadFile(filepath.Join(dir, "manifest.json"))
	if err != nil {
		if os.Getenv("CI") != "" {
			t.Fatalf("reference data: %v (set LCBENCH_SHARED)", err)
		}
		t.Skipf("reference data: %v (set LCBENCH_SHARED)", err)
	}
	var manifest struct{ Cases []goldenCase }
	if err := json.Unmarshal(text, &manifest); err != nil {
		t.Fatal(err)
	}
	for i := range manifest.Cases {
		manifest.Cases[i].dir = dir
	}
	return manifest.Cases
}

// repository walks up to go.mod.
func repository(t *testing.T) string {
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

// npy reads a NumPy file of float32, float64 or bytes.
func npy(t *testing.T, path string) []float64 {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	header := 10 + int(binary.LittleEndian.Uint16(b[8:]))
	text, data := string(b[10:header]), b[header:]
	var out []float64
	switch kind := text[11:14]; kind { // {'descr': '<f4',
	case "<f4":
		for ; len(data) > 0; data = data[4:] {
			out = append(out, float64(math.Float32frombits(binary.LittleEndian.Uint32(data))))
		}
	case "<f8":
		for ; len(data) > 0; data = data[8:] {
			out = append(out, math.Float64frombits(binary.LittleEndian.Uint64(data)))
		}
	default:
		t.Fatalf("%s: type %q in %q", path, kind, text)
	}
	return out
}

// tensor reads a tensor of a case, in or out.
func (c goldenCase) tensor(t *testing.T, name string) (data []float64, shape []int) {
	t.Helper()
	f, ok := c.In[name]
	if !ok {
		f, ok = c.Out[name]
	}
	if !ok {
		t.Fatalf("%s: no tensor %q", c.ID, name)
	}
	return npy(t, filepath.Join(c.dir, f.File)), f.Shape
}

func (c goldenCase) number(name string, otherwise float64) float64 {
	if v, ok := c.Params[name].(float64); ok {
		return v
	}
	return otherwise
}

func narrow(x []float64) []float32 {
	out := make([]float32, len(x))
	for i, v := range x {
		out[i] = float32(v)
	}
	return out
}

// swap turns [a, b, d] into [b, a, d]: the files have heads first.
func swap(x []float64, a, b, d int) []float64 {
	out := make([]float64, 0, len(x))
	for j := range b {
		for i := range a {
			out = append(out, x[(i*b+j)*d:][:d]...)
		}
	}
	return out
}

func TestGoldenFullAttention(t *testing.T) {
	cases := goldenCases(t)
	eachLevel(t, func(t *testing.T, k *Kernels) {
		ran := 0
		for _, c := range cases {
			if c.Mechanism != "full" || c.In["key_mask"].File != "" { // there are no key masks here
				continue
			}
			ran++
			t.Run(c.ID, func(t *testing.T) { runGolden(t, k, c) })
		}
		if ran < 30 {
			t.Errorf("%d cases of full attention, want 30 or more", ran)
		}
	})
}

func runGolden(t *testing.T, k *Kernels, c goldenCase) {
	q, qs := c.tensor(t, "q")
	keys, ks := c.tensor(t, "k")
	values, vs := c.tensor(t, "v")
	want, _ := c.tensor(t, "o")
	lse, _ := c.tensor(t, "lse")
	heads, n, d, kvHeads, rows, dv := qs[0], qs[1], qs[2], ks[0], ks[1], vs[2]
	shape := AttendShape{
		Heads: heads, KV: KVShape{kvHeads, d, dv, F32}, Scale: float32(c.number("scale", 0)),
		SoftCap: float32(c.number("softcap", 0)), Window: int(c.number("window", 0)),
		NonCausal: reflect.DeepEqual(c.Params["causal"], false),
	}
	call := &call{shape: shape, attention: attention{
		len: rows, k: narrow(swap(keys, kvHeads, rows, d)), v: narrow(swap(values, kvHeads, rows, dv)),
	}}
	j := AttendJob{
		Out: poisoned(n * heads * dv), LSE: poisoned(n * heads), Q: narrow(swap(q, heads, n, d)), N: n,
		Pos: int(c.number("q_pos0", float64(rows-n))), Blocks: call.blocks(), Len: rows,
	}
	k.Attend(shape, j)
	closeTo(t, "o", j.Out, swap(want, heads, n, dv), c.AbsTol)
	closeTo(t, "lse", j.LSE, swap(lse, heads, n, 1), c.AbsTol)
}

func TestGoldenMergePartials(t *testing.T) {
	ran := 0
	for _, c := range goldenCases(t) {
		if c.Mechanism != "merge_partials" {
			continue
		}
		ran++
		read := func(name string) []float32 { x, _ := c.tensor(t, name); return narrow(x) }
		o, lse := append(poisoned(0), read("o1")...), append(poisoned(0), read("lse1")...)
		dim := len(o) / len(lse)
		MergePartials(o, lse, read("o2"), read("lse2"), len(lse), dim)
		for name, got := range map[string][]float32{"o": o, "lse": lse} {
			want, _ := c.tensor(t, name)
			for i, w := range want {
				if d := math.Abs(float64(got[i]) - w); !(d <= c.AbsTol) {
					t.Errorf("%s: %s[%d]: got %g, want %g", c.ID, name, i, got[i], w)
				}
			}
		}
	}
	if ran == 0 {
		t.Error("no case of merge_partials")
	}
}

func TestGoldenRoPE(t *testing.T) {
	cases := goldenCases(t)
	eachLevel(t, func(t *testing.T, k *Kernels) {
		ran := 0
		for _, c := range cases {
			if c.Mechanism != "rope" {
				continue
			}
			x, shape := c.tensor(t, "x")
			at, _ := c.tensor(t, "f64_pos")
			want, _ := c.tensor(t, "y")
			positions, whole := make([]int, len(at)), true
			for i, p := range at {
				positions[i] = int(p)
				whole = whole && p == math.Trunc(p)
			}
			if !whole {
				continue
			}
			ran++
			freqs, amplitude := frequencies(t, cases, c)
			heads, n, d := shape[0], shape[1], shape[2]
			got := poisoned(len(x))
			copy(got, narrow(swap(x, heads, n, d)))
			k.RoPE(got, n, heads, d, NewAngles(d, freqs, amplitude, c.Params["layout"] == "interleaved"), positions)
			closeTo(t, c.ID, got, swap(want, heads, n, d), c.AbsTol)
		}
		if ran < 3 {
			t.Errorf("%d cases of rope at whole positions, want 3 or more", ran)
		}
	})
}

// frequencies takes a case's frequencies from the definition or, for the
// extended kinds, from the case that lists them.
func frequencies(t *testing.T, cases []goldenCase, c goldenCase) ([]float64, float64) {
	t.Helper()
	if kind := c.Params["kind"]; kind == "none" || kind == "pi" {
		d := c.number("d", 0)
		freqs := make([]float64, int(d)/2)
		for i := range freqs {
			freqs[i] = math.Pow(c.number("base", 0), -2*float64(i)/d) / c.number("factor", 1)
		}
		return freqs, 1
	}
	for _, f := range cases {
		same := f.Mechanism == "rope_freqs"
		for _, name := range []string{"d", "base", "kind", "factor", "orig"} {
			same = same && fmt.Sprint(f.Params[name]) == fmt.Sprint(c.Params[name])
		}
		if same {
			freqs, _ := f.tensor(t, "f64_inv_freq")
			amplitude, _ := f.tensor(t, "f64_amp")
			return freqs, amplitude[0]
		}
	}
	t.Fatalf("%s: no rope_freqs case like it", c.ID)
	return nil, 0
}
