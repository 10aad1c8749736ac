package measure_test

import (
	"context"
	"errors"
	"os"
	"testing"

	"github.com/lcbench/lcbench/localmodel/attention/measure"
	"github.com/lcbench/lcbench/localmodel/attention/sliding"
	"github.com/lcbench/lcbench/localmodel/attention/squeezed"
	"github.com/lcbench/lcbench/localmodel/kernels/gpu"
)

// Mechanisms are timed on a device, once their kernels are there.
func TestMechanismsAreMeasuredOnADevice(t *testing.T) {
	d, err := gpu.Open(gpu.Options{AllowSoftware: true})
	if (errors.Is(err, gpu.ErrNoLoader) || errors.Is(err, gpu.ErrNoAdapter)) && os.Getenv("CI") == "" {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	shape, n := measure.Shape{Heads: 2, KVHeads: 1, Dim: 8}, 530
	for _, how := range []gpu.Mechanism{nil, sliding.Sliding{Window: 16, Sinks: 4}, squeezed.Squeezed{Keep: 0.1, Clusters: 0.1, Levels: 1, Rounds: 3}} {
		before := d.Stats().Dispatches
		got, err := measure.OnDevice(t.Context(), d, how, shape, n)
		if err != nil {
			t.Fatal(err)
		}
		if got.N != n || !(got.Prefill > got.LastChunk && got.LastChunk > 0 && got.Decode > 0) {
			t.Errorf("%v: %+v", how, got)
		}
		if all := int64(4 * 16 * n); got.KVBytes < all {
			t.Errorf("%v: %d bytes, want those of all keys, %d, at least", how, got.KVBytes, all)
		}
		compiled := d.Stats().Pipelines
		if _, err := measure.OnDevice(t.Context(), d, how, shape, n); err != nil || d.Stats().Pipelines != compiled || d.Stats().Dispatches == before {
			t.Errorf("%v: kernels were left to be compiled (%v)", how, err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := measure.OnDevice(ctx, d, nil, shape, n); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	if _, err := measure.OnDevice(t.Context(), d, nil, measure.Shape{Heads: 1, KVHeads: 1, Dim: 1024}, n); err == nil {
		t.Error("heads larger than a kernel takes are measured")
	}
}
