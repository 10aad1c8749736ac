package model

import (
	"testing"

	"github.com/lcbench/lcbench/localmodel/attention/full"
	"github.com/lcbench/lcbench/localmodel/kernels/cpu"
	"github.com/lcbench/lcbench/localmodel/quant"
)

func TestActivationsAreNamedByLevelAndWeights(t *testing.T) {
	for _, level := range cpu.Levels() {
		for _, typ := range quant.Types() {
			k := cpu.New(level, 1)
			w := cpu.Matrix{Type: typ}
			l := layer{query: cpu.Matrix{Type: quant.F32}, network: network{down: w}}
			got := NewCPU(&Model{layers: []layer{l}}, k, full.Full{}, cpu.F16).Activations()
			want := "float32"
			if level == cpu.VNNI && typ.BlockWeights() > 1 {
				want = "int16 (decode), float32 (prefill)"
			}
			if got != want {
				t.Errorf("%v with weights in %v: got %q, want %q", level, typ, got, want)
			}
			k.Close()
		}
	}
}
