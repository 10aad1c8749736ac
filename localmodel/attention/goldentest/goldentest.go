// Package goldentest reads golden/attention of the reference data: tensors
// with the results that float64 arithmetic gives for them. It knows nothing of
// kernels and mechanisms, so that the tests of both may use it.
package goldentest

import (
	"encoding/binary"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"testing"
)

// Case is one case of manifest.json.
type Case struct {
	ID        string
	Mechanism string
	Params    map[string]any
	In, Out   map[string]File
	AbsTol    float64 `json:"abs_tol"` // for float32 arithmetic
	dir       string
}

// File is a tensor: heads first, as in [heads, n, d].
type File struct {
	File  string
	Shape []int
}

// Cases reads the manifest from LCBENCH_SHARED, or from ../shared beside the
// repository. Without it the test is skipped; under CI it fails.
func Cases(t testing.TB) []Case {
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
	var manifest struct{ Cases []Case }
	if err := json.Unmarshal(text, &manifest); err != nil {
		t.Fatal(err)
	}
	for i := range manifest.Cases {
		manifest.Cases[i].dir = dir
	}
	return manifest.Cases
}

// repository walks up to go.mod.
func repository(t testing.TB) string {
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

// Tensor reads a tensor of the case, in or out.
func (c Case) Tensor(t testing.TB, name string) (data []float64, shape []int) {
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

// Number is a parameter of the case, otherwise where it has none.
func (c Case) Number(name string, otherwise float64) float64 {
	if v, ok := c.Params[name].(float64); ok {
		return v
	}
	return otherwise
}

// npy reads a NumPy file of float32, float64, int32 or booleans (0 and 1).
func npy(t testing.TB, path string) []float64 {
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
	case "<i4":
		for ; len(data) > 0; data = data[4:] {
			out = append(out, float64(int32(binary.LittleEndian.Uint32(data))))
		}
	case "|u1":
		for _, v := range data {
			out = append(out, float64(v))
		}
	default:
		t.Fatalf("%s: type %q in %q", path, kind, text)
	}
	return out
}

// Swap turns [a, b, d] into [b, a, d]: the files have heads first, the kernels
// tokens.
func Swap(x []float64, a, b, d int) []float64 {
	out := make([]float64, 0, len(x))
	for j := range b {
		for i := range a {
			out = append(out, x[(i*b+j)*d:][:d]...)
		}
	}
	return out
}

// Narrow rounds to float32.
func Narrow(x []float64) []float32 {
	out := make([]float32, len(x))
	for i, v := range x {
		out[i] = float32(v)
	}
	return out
}
