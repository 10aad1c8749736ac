package compare

import (
	"errors"
	"strings"
	"testing"

	"github.com/lcbench/lcbench/results"
)

func TestAnAdaptiveRunIsNotCompared(t *testing.T) {
	dir := t.TempDir()
	run, err := results.Open(dir, results.Manifest{
		Benchmark: "needles", Model: results.ModelInfo{Spec: "local:tiny"},
		Config: []results.Setting{{Name: results.SettingAdaptive, Value: "true", Identity: true}},
	})
	must(t, err)
	must(t, run.Close())
	if _, err := Open(dir); !errors.Is(err, ErrNotComparable) || !strings.Contains(err.Error(), "is an adaptive run") {
		t.Errorf("got %v", err)
	}
}
