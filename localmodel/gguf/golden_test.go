package gguf_test

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/lcbench/lcbench/localmodel/gguf"
)

// shared returns a path in the reference data, LCBENCH_SHARED or ../shared
// beside the repository; without it the test is skipped, under CI it fails.
func shared(t testing.TB, path ...string) string {
	t.Helper()
	root := os.Getenv("LCBENCH_SHARED")
	if root == "" {
		dir, err := os.Getwd()
		if err != nil {
			t.Fatal(err)
		}
		for {
			if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
				break
			}
			if dir == filepath.Dir(dir) {
				t.Fatal("no go.mod above the working directory")
			}
			dir = filepath.Dir(dir)
		}
		root = filepath.Join(filepath.Dir(dir), "shared")
	}
	full := filepath.Join(append([]string{root}, path...)...)
	if _, err := os.Stat(full); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatalf("reference data: %v (set LCBENCH_SHARED)", err)
		}
		t.Skipf("reference data: %v (set LCBENCH_SHARED)", err)
	}
	return full
}

// TestGoldenInductionFile reads a file that the Python package wrote. The hash
// is that of the weights of all tensors as float32, in the order of the file,
// by gguf 0.19.0: dequantize(t.data, t.tensor_type).
func TestGoldenInductionFile(t *testing.T) {
	f, err := gguf.Open(shared(t, "golden", "attention", "induction", "induction-b128-f16.gguf"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	h := sha256.New()
	for _, x := range f.Tensors() {
		w, err := x.Float32()
		if err != nil {
			t.Fatal(err)
		}
		for _, v := range w {
			h.Write(binary.LittleEndian.AppendUint32(nil, math.Float32bits(v)))
		}
	}
	const want = "53f84d028aa4405f647c98d2a68f093657ab9ad322b1a8e83a1558d310e90846"
	if got := fmt.Sprintf("%x", h.Sum(nil)); got != want || len(f.Tensors()) != 21 {
		t.Errorf("%d tensors with hash %s, want 21 with %s", len(f.Tensors()), got, want)
	}
	tokens, _ := f.Strings("tokenizer.ggml.tokens")
	if arch, _ := f.String("general.architecture"); arch == "" || len(tokens) != 128 {
		t.Errorf("architecture %q, %d tokens", arch, len(tokens))
	}
}

func BenchmarkOpen(b *testing.B) {
	path := shared(b, "golden", "attention", "induction", "induction-b128-f16.gguf")
	for b.Loop() {
		f, err := gguf.Open(path)
		if err != nil {
			b.Fatal(err)
		}
		f.Close()
	}
}
