package all

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lcbench/lcbench/benchmarks"
	"github.com/lcbench/lcbench/benchmarks/benchmarktest"
	"github.com/lcbench/lcbench/datasets"
)

var update = flag.Bool("update", false, "rewrite testdata/bytes.json")

// The same seed gives the same samples to the byte on any machine, in any
// version that doesn't say otherwise: their hashes lie in testdata/bytes.json.
// A change here changes what users have measured; CHANGELOG.md has to tell it.
func TestSamplesAreTheSameBytesEverywhere(t *testing.T) {
	got := map[string]map[string]string{}
	for _, a := range List() {
		got[a.Name] = map[string]string{
			"own lengths":         hashOf(t, a, benchmarks.Options{Seed: 7, Limit: 4}),
			"lengths and depths":  hashOf(t, a, benchmarks.Options{Seed: 7, Limit: 4, Lengths: []int{1000, 3000}, Depths: []float64{0, 40, 100}}),
			"another seed":        hashOf(t, a, benchmarks.Options{Seed: 8, Limit: 4}),
			"salted, at a length": hashOf(t, a, benchmarks.Options{Seed: 7, Limit: 2, Lengths: []int{2000}, Salt: true}),
		}
	}
	path := filepath.Join("testdata", "bytes.json")
	if *update {
		raw, err := json.MarshalIndent(got, "", "  ")
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, append(raw, '\n'), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]map[string]string{}
	if err := json.Unmarshal(raw, &want); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("samples changed (-want +got); if that is meant, -update and tell it in CHANGELOG.md:\n%s", diff)
	}
}

// hashOf is the sha256 of everything that the benchmark's samples hold.
func hashOf(t *testing.T, a benchmarks.Adapter, o benchmarks.Options) string {
	t.Helper()
	o.Tokenizer, o.Tasks = benchmarktest.Words{}, benchmarktest.Present(t, a)
	h := sha256.New()
	enc := json.NewEncoder(h)
	n := 0
	for s, err := range a.Open(a.Builtin(o.Seed)).Samples(t.Context(), o) {
		var notice *benchmarks.Notice
		var row *datasets.RowError
		switch {
		case errors.As(err, &notice), errors.As(err, &row), errors.Is(err, benchmarks.ErrSample):
			h.Write([]byte(err.Error()))
			continue
		case err != nil:
			t.Fatalf("%s: %v", a.Name, err)
		}
		n++
		if err := enc.Encode(s); err != nil {
			t.Fatal(err)
		}
	}
	if n == 0 {
		t.Errorf("%s: no samples of %+v", a.Name, o)
	}
	return hex.EncodeToString(h.Sum(nil))
}
