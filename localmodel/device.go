package localmodel

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/lcbench/lcbench/localmodel/attention/all"
	"github.com/lcbench/lcbench/localmodel/generate"
	"github.com/lcbench/lcbench/localmodel/kernels/gpu"
	"github.com/lcbench/lcbench/localmodel/model"
	"github.com/lcbench/lcbench/localmodel/rope"
)

// openDevice opens a graphics device for --device gpu and, if there is a real
// one, for auto; nil stands for the CPU. What was asked for is never replaced
// in silence: gpu without a device is an error.
func openDevice(o Options) (*gpu.Device, error) {
	switch o.Device {
	case "cpu":
		return nil, nil
	case "", "auto":
		if _, ok := model.OnDevice(o.Attention); !ok || o.KV != "" && o.KV != "f16" || o.SIMD != "" {
			return nil, nil // what only the CPU does was asked for
		}
		d, err := gpu.Open(gpu.Options{})
		if err != nil {
			return nil, nil //nolint:nilerr // no real GPU: the CPU serves, and the device's name says so
		}
		return d, nil
	case "gpu":
		if err := o.checkGPU(); err != nil {
			return nil, err
		}
		return gpu.Open(gpu.Options{AllowSoftware: true})
	}
	return nil, fmt.Errorf("device %q: want cpu, gpu or auto", o.Device)
}

// checkGPU refuses what only the CPU does.
func (o Options) checkGPU() error {
	if o.Attention != nil {
		if _, ok := model.OnDevice(o.Attention); !ok {
			return fmt.Errorf("attention %s runs on the CPU only so far; use --device cpu, or one of %s", o.Attention, strings.Join(OnDevice(), ", "))
		}
	}
	switch {
	case strings.EqualFold(o.KV, "q8"):
		return errors.New("KV cache type q8 runs on the CPU only so far; use --device cpu")
	case o.SIMD != "":
		return fmt.Errorf("SIMD level %s is the CPU's; use --device cpu", o.SIMD)
	}
	return nil
}

// OnDevice names the mechanisms that run on a graphics device too.
func OnDevice() []string {
	var names []string
	for _, e := range all.List() {
		how, err := all.Parse(e.Name)
		if err != nil {
			continue // none but with parameters: its name alone runs nowhere
		}
		if _, ok := model.OnDevice(how); ok {
			names = append(names, e.Name)
		}
	}
	return names
}

// MixerError is an option that a model can't follow whose layers have mixers of
// their own.
type MixerError struct{ Why string }

func (e *MixerError) Error() string { return e.Why }

// checkMixers refuses what a model whose layers have mixers of their own can't do.
func (o Options) checkMixers(m *model.Model) error {
	how := m.Attends("full")
	switch {
	case o.Attention.String() != "full":
		return &MixerError{fmt.Sprintf("attention %s: the model's layers attend as they were trained (%s); use --attention full", o.Attention, how)}
	case o.Rope != nil && o.Rope != (rope.None{}) && !slices.Contains(strings.Split(how, ", "), "full"):
		return &MixerError{fmt.Sprintf("rope %s: the model's layers (%s) have no positions to stretch", o.Rope, how)}
	case o.Device == "gpu":
		return &MixerError{fmt.Sprintf("layers of %s run on the CPU only so far; use --device cpu", how)}
	}
	return nil
}

// keptOnDevice is how many whole windows of ids are remembered beside a
// device's one cache: it serves no prompt but those that begin like its last.
const keptOnDevice = 8

// onDevice puts a graphics device under a model. It takes one sequence at a
// time.
func onDevice(d *gpu.Device, weights *model.Model, t model.Tensors, words vocabulary, o Options) (*Model, error) {
	context := o.Window
	if l, ok := marked(weights, o.Attention); ok {
		context = l.Marked(context)
	}
	e, err := model.NewGPU(weights, d, t, context, o.Attention)
	if err != nil {
		return nil, errors.Join(err, d.Close())
	}
	m := &Model{Info: info(weights, o), words: words, release: func() {
		e.Close()
		_ = d.Close() // nothing is left to be lost
	}}
	m.Info.Device, m.Info.KV = "gpu "+d.Adapter().String(), "f32"
	m.engine = generate.New(m.marking(weights, e, o), generate.Options{
		Window: o.Window, Batch: 1, KVBudget: e.CacheBytes() + e.Bytes(keptOnDevice*context), KeepNone: o.KeepNone, EndTokens: words.ends(),
	})
	return m, nil
}
