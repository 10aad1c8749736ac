package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/lcbench/lcbench/localmodel"
	"github.com/lcbench/lcbench/localmodel/attention"
	"github.com/lcbench/lcbench/localmodel/attention/measure"
	"github.com/lcbench/lcbench/localmodel/kernels/cpu"
	"github.com/lcbench/lcbench/localmodel/kernels/gpu"
	"github.com/lcbench/lcbench/localmodel/model"
)

// benchOnDevice is benchAttention on a graphics device.
func benchOnDevice(c *cli.Context, specs []string) error {
	mechanisms, err := benchMechanisms(specs)
	if err != nil {
		return err
	}
	if mechanisms, err = withForms(mechanisms, slices.Equal(specs, []string{everything})); err != nil {
		return err
	}
	if err := onlyOfCPU(c); err != nil {
		return err
	}
	shape, err := parseShape(c.String("shape"))
	if err != nil {
		return usage(err)
	}
	d, err := gpu.Open(gpu.Options{AllowSoftware: true})
	if err != nil {
		return err
	}
	defer d.Close() //nolint:errcheck // nothing is left to be lost
	usual := []int{1000, 4000, 16000}
	if d.Kind() == gpu.Software {
		usual = []int{256, 1000}
	}
	lengths, err := benchLengths(c, specs, usual...)
	if err != nil {
		return err
	}
	t := &comparison{out: c.App.Writer, layer: shape.Layer(cpu.F32), json: c.Bool("json"), device: d.Adapter().String(), labels: labels(mechanisms)}
	if !t.json {
		fmt.Fprintf(t.out, "one layer of %d heads over %d kv heads of %d, gpu %s, KV cache f32\n", shape.Heads, shape.KVHeads, shape.Dim, d.Adapter())
	}
	for _, n := range lengths {
		for _, m := range mechanisms {
			form, _ := model.OnDevice(m)
			times, err := measure.OnDevice(c.Context, d, form, shape, n)
			if err != nil {
				return fmt.Errorf("attention %s: %w", m, err)
			}
			if err := t.add(m, times); err != nil {
				return err
			}
		}
	}
	return nil
}

// withForms leaves those mechanisms that run on a device; one that doesn't is
// refused, unless all were asked for.
func withForms(list []attention.Mechanism, all bool) ([]attention.Mechanism, error) {
	var out []attention.Mechanism
	for _, m := range list {
		if _, ok := model.OnDevice(m); ok {
			out = append(out, m)
		} else if !all {
			return nil, usagef("--device gpu: attention %s runs on the CPU only so far; leave out --device, or name one of %s", m, strings.Join(localmodel.OnDevice(), ", "))
		}
	}
	return out, nil
}

// onlyOfCPU refuses flags that mean nothing to a device.
func onlyOfCPU(c *cli.Context) error {
	for _, name := range []string{"kv-type", "threads", "simd", "whole", "sgemm"} {
		if c.IsSet(name) {
			return usagef("--%s is the CPU's; leave it out with --device gpu", name)
		}
	}
	return nil
}
