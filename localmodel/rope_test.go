package localmodel

import (
	"errors"
	"math"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/lcbench/lcbench/localmodel/kernels/cpu"
	"github.com/lcbench/lcbench/localmodel/kernels/gpu"
	"github.com/lcbench/lcbench/localmodel/rope"
)

// someIDs is a text for models over the bytes.
func someIDs(n int) []int32 {
	ids := make([]int32, n)
	for i := range ids {
		ids[i] = int32((i*i*7 + 31*i + 72) % 256)
	}
	return ids
}

// gemmaConfig is a small gemma with one global layer of two.
func gemmaConfig(changes object) object {
	c := smallConfig("gemma3_text", object{"head_dim": 16, "sliding_window": 9, "sliding_window_pattern": 2, "rope_theta": 1e5, "rope_local_base_freq": 5e3})
	for k, v := range changes {
		c[k] = v
	}
	return c
}

func yarn(factor float64, original int) rope.YaRN {
	return rope.YaRN{Factor: factor, Original: original, BetaFast: 32, BetaSlow: 1}
}

// A folder's config.json says how positions are scaled, in the words of
// transformers before and since version 5.
func TestFoldersDeclareTheirScaling(t *testing.T) {
	without := func(c object, keys ...string) object {
		for _, k := range keys {
			delete(c, k)
		}
		return c
	}
	const n = 60 // tokens; contexts are longer, original lengths shorter
	for _, c := range []struct {
		name   string
		config object
		base   float64
		want   rope.Scaling
		window int
	}{
		{"yarn", smallConfig("llama", object{"rope_scaling": object{"rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 32}}), 1e4, yarn(4, 32), 128},
		{"yarn by the older key, context as trained", smallConfig("qwen2", object{"rope_scaling": object{"type": "yarn", "factor": 4.0, "original_max_position_embeddings": 128}}), 1e4, yarn(4, 128), 512},
		{"yarn without an original length", smallConfig("llama", object{"rope_scaling": object{"rope_type": "yarn", "factor": 2.0}}), 1e4, yarn(2, 128), 256},
		{"yarn without a factor", smallConfig("llama", object{"rope_scaling": object{"rope_type": "yarn", "original_max_position_embeddings": 16}}), 1e4, yarn(8, 16), 128},
		{"yarn with everything", smallConfig("llama", object{"rope_scaling": object{"rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 32, "beta_fast": 4, "beta_slow": 0.5, "attention_factor": 1.5, "truncate": true}}),
			1e4, rope.YaRN{Factor: 4, Original: 32, BetaFast: 4, BetaSlow: 0.5, Amplitude: 1.5}, 128},
		{"yarn with two factors of its logarithm", smallConfig("llama", object{"rope_scaling": object{"rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 32, "mscale": 2.0, "mscale_all_dim": 0.5}}),
			1e4, rope.YaRN{Factor: 4, Original: 32, BetaFast: 32, BetaSlow: 1, Amplitude: (0.2*math.Log(4) + 1) / (0.05*math.Log(4) + 1)}, 128},
		{"yarn of transformers 5", without(smallConfig("llama", object{"rope_parameters": object{"rope_type": "yarn", "rope_theta": 5e5, "factor": 4.0, "original_max_position_embeddings": 32}}), "rope_theta"), 5e5, yarn(4, 32), 128},
		{"nothing but a base of transformers 5", without(smallConfig("qwen3", object{"head_dim": 16, "rope_parameters": object{"rope_type": "default", "rope_theta": 1e6}}), "rope_theta"), 1e6, rope.None{}, 128},
		{"linear", smallConfig("llama", object{"rope_scaling": object{"type": "linear", "factor": 8.0}}), 1e4, rope.PI{Factor: 8}, 128},
		{"linear of a mistral, whose layers all have a window", smallConfig("mistral", object{"head_dim": nil, "sliding_window": 20, "rope_scaling": object{"rope_type": "linear", "factor": 8.0}}), 1e4, rope.PI{Factor: 8}, 128},
		{"dynamic", smallConfig("llama", object{"max_position_embeddings": 32, "rope_scaling": object{"rope_type": "dynamic", "factor": 4.0}}), 1e4, rope.NTK{Factor: 4*64.0/32 - 3}, 128},
		{"llama3", smallConfig("llama", object{"rope_scaling": object{"rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0, "original_max_position_embeddings": 32}}), 1e4, rope.Llama3{Factor: 8, Original: 32, Low: 1, High: 4}, 128},
		{"default", smallConfig("llama", object{"rope_scaling": object{"rope_type": "default"}}), 1e4, rope.None{}, 128},
		{"null", smallConfig("llama", object{"rope_scaling": nil, "rope_parameters": nil}), 1e4, rope.None{}, 128},
		{"linear of gemma's global layers", gemmaConfig(object{"rope_scaling": object{"rope_type": "linear", "factor": 8.0}}), 1e5, rope.PI{Factor: 8}, 128},
		{"gemma by layer types", without(gemmaConfig(object{"rope_parameters": object{
			"full_attention":    object{"rope_type": "linear", "factor": 8.0, "rope_theta": 2e5},
			"sliding_attention": object{"rope_type": "default", "rope_theta": 5e3},
		}}), "rope_theta", "rope_local_base_freq"), 2e5, rope.PI{Factor: 8}, 128},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := randomModel(c.config, "F32")
			reference := newNaive(m)
			reference.stretch, reference.base = c.want, c.base
			if reference.gemma {
				reference.localBase = 5e3
			}
			local := opened(t, m, Options{Device: "cpu", KV: "f32"})
			if local.Info.Window != c.window {
				t.Errorf("window %d, want %d", local.Info.Window, c.window)
			}
			scored(t, local, someIDs(n), reference)
		})
	}
}

// opened opens a model's folder until the test ends.
func opened(t *testing.T, m *hubModel, o Options) *Model {
	t.Helper()
	local, err := Open(m.write(t), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := local.Close(); err != nil {
			t.Error(err)
		}
	})
	return local
}

// scored compares with the definition, which has to differ from that without
// its stretch for the comparison to say anything.
func scored(t *testing.T, local *Model, ids []int32, reference *naive) {
	t.Helper()
	want := reference.logProbs(ids)
	got, err := local.ScorePrompt(t.Context(), Prompt{IDs: ids})
	if err != nil {
		t.Fatal(err)
	}
	compare(t, local.Info.Rope, got.LogProbs, want)
	if reference.stretch == nil || reference.stretch == (rope.None{}) {
		return
	}
	plain := *reference
	plain.stretch = nil
	apart := 0.0
	for i, v := range plain.logProbs(ids) {
		apart = max(apart, math.Abs(v-want[i]))
	}
	if apart < 100*formulaTolerance {
		t.Errorf("%v moves log-probabilities by %.2g only: the comparison says nothing", reference.stretch, apart)
	}
}

func TestScalingsThatCantBeUsedSayWhy(t *testing.T) {
	for _, c := range []struct {
		name   string
		config object
		want   string
	}{
		{"an unknown kind", object{"rope_scaling": object{"rope_type": "longrope", "factor": 4.0}}, `rope_scaling "longrope" is not supported; supported are default, linear, dynamic, yarn and llama3`},
		{"no factor", object{"rope_scaling": object{"type": "linear"}}, "rope scaling pi:factor=0: factor=0: want a number from 1 to 1e+06"},
		{"a factor that is a text", object{"rope_scaling": object{"type": "linear", "factor": "4"}}, "config.json: rope_scaling: json: cannot unmarshal string"},
		{"a list", object{"rope_parameters": []int{1}}, "config.json: rope_parameters: json: cannot unmarshal array"},
		{"yarn between pairs", object{"rope_scaling": object{"rope_type": "yarn", "factor": 4.0, "truncate": false}}, "rope scaling yarn: truncate false is not supported"},
		{"llama3 without its length", object{"rope_scaling": object{"rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0}}, "rope scaling llama3: original_max_position_embeddings is missing"},
		{"llama3 the wrong way round", object{"rope_scaling": object{"rope_type": "llama3", "factor": 8.0, "low_freq_factor": 4.0, "high_freq_factor": 1.0, "original_max_position_embeddings": 32}}, "low=4, high=1: want numbers from 0 on"},
		{"a part of the channels", object{"rope_parameters": object{"rope_theta": 1e4, "partial_rotary_factor": 0.5}}, "rope_parameters: partial_rotary_factor 0.5 is not supported"},
		{"local layers that are scaled", object{"model_type": "gemma3_text", "head_dim": 16, "sliding_window": 9, "rope_parameters": object{
			"full_attention": object{"rope_theta": 1e6}, "sliding_attention": object{"rope_type": "linear", "factor": 2.0},
		}}, `sliding_attention has type "linear", want default`},
	} {
		t.Run(c.name, func(t *testing.T) {
			kind := "llama"
			if k, ok := c.config["model_type"].(string); ok {
				kind = k
			}
			dir := randomModel(smallConfig(kind, c.config), "F32").write(t)
			local, err := Open(dir, Options{Device: "cpu"})
			if err == nil {
				t.Fatal(closing(local, errors.New("it opened")))
			}
			if text := err.Error(); !strings.Contains(text, c.want) || strings.Contains(text, "\n") {
				t.Errorf("got %q, want one line with %q", text, c.want)
			}
		})
	}
}

// What the user asks for replaces what the file says, but in local layers, and
// moves the window's bounds.
func TestRopeOfTheOptions(t *testing.T) {
	declared := object{"rope_scaling": object{"rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 32}}
	for _, c := range []struct {
		name         string
		config       object
		spec, called string
		want         rope.Scaling
		window, most int
	}{
		{"yarn on a plain model", smallConfig("llama", nil), "yarn:factor=2", "yarn:factor=2,original=128,beta-fast=32,beta-slow=1,form=shipped,amplitude=1.0693147180559945", yarn(2, 128), 128, 256},
		{"the paper's yarn", smallConfig("llama", nil), "yarn:factor=2,original=32,form=paper", "yarn:factor=2,original=32,beta-fast=32,beta-slow=1,form=paper,amplitude=1.0693147180559945", rope.YaRN{Factor: 2, Original: 32, BetaFast: 32, BetaSlow: 1, Paper: true}, 64, 128},
		{"plain on a stretched model", smallConfig("llama", declared), "none", "none", rope.None{}, 32, 128},
		{"pi on a stretched model", smallConfig("llama", declared), "pi:factor=8", "pi:factor=8", rope.PI{Factor: 8}, 128, 256},
		{"another base", smallConfig("llama", nil), "abf:base=160000", "abf:base=160000", rope.ABF{Base: 160000}, 128, 1024},
		{"dynamic ntk", smallConfig("llama", nil), "dynamic-ntk:factor=2,original=32", "dynamic-ntk:factor=2,original=32", rope.NTK{Factor: 3}, 64, 128},
		{"llama3", smallConfig("llama", nil), "llama3:factor=4,original=32", "llama3:factor=4,low=1,high=4,original=32", rope.Llama3{Factor: 4, Original: 32, Low: 1, High: 4}, 128, 128},
		{"ntk on gemma", gemmaConfig(nil), "ntk:factor=4", "ntk:factor=4", rope.NTK{Factor: 4}, 128, 512},
		{"e2llm on gemma", gemmaConfig(nil), "e2llm:g=3", "e2llm:g=3", rope.PI{Factor: 3}, 128, 384},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, err := rope.Parse(c.spec)
			if err != nil {
				t.Fatal(err)
			}
			m := randomModel(c.config, "F32")
			local := opened(t, m, Options{Device: "cpu", KV: "f32", Rope: s})
			if local.Info.Rope != c.called || local.Info.Window != c.window {
				t.Errorf("called %q, window %d, want %q, %d", local.Info.Rope, local.Info.Window, c.called, c.window)
			}
			reference := newNaive(m)
			reference.stretch = c.want
			scored(t, local, someIDs(min(60, c.window)), reference)
			opened(t, m, Options{Device: "cpu", Rope: s, Window: c.most})
			_, err = Open(m.write(t), Options{Device: "cpu", Rope: s, Window: c.most + 1})
			var window *WindowError
			if !errors.As(err, &window) || window.Own != c.most || !strings.Contains(err.Error(), "with rope "+c.called+" the model's ends at") {
				t.Errorf("a window beyond %d: %v", c.most, err)
			}
		})
	}
}

// Prompts of another length, by dynamic NTK's steps, have keys of another base:
// nothing is taken from them. Those of the same step share what they begin with,
// and no answer depends on what was kept.
func TestDynamicNTKTakesNothingFromAnotherBase(t *testing.T) {
	s := rope.DynamicNTK{Factor: 4, Original: 64} // steps of 16 tokens
	m := randomModel(smallConfig("llama", object{"max_position_embeddings": 64}), "F32")
	o := Options{Device: "cpu", KV: "f32", Rope: s, Window: 256}
	keeps := opened(t, m, o)
	o.KeepNone = true
	forgets := opened(t, m, o)
	document := someIDs(100)
	for i, c := range []struct {
		prompt, limit int
		cached        bool
	}{
		{100, 10, false}, // 110 tokens count as 112
		{100, 11, true},  // 111: the same
		{96, 16, true},   // 112: the last of them
		{100, 13, false}, // 113 count as 128
		{100, 28, true},  // 128
		{40, 20, false},  // 60: not stretched
		{50, 14, true},   // 64: not stretched either
		{50, 15, false},  // 65 count as 80
		{100, 10, true},  // the first again
	} {
		ask := func(m *Model) Answer {
			a, err := m.Answer(t.Context(), Prompt{IDs: document[:c.prompt]}, Params{MaxTokens: c.limit, IgnoreEnd: true, LogProbs: true})
			if err != nil {
				t.Fatal(err)
			}
			return a
		}
		got, want := ask(keeps), ask(forgets)
		if (got.Cached > 0) != c.cached || want.Cached > 0 {
			t.Errorf("prompt %d: %d and %d tokens from before, want some: %v", i, got.Cached, want.Cached, c.cached)
		}
		if !slices.Equal(got.IDs, want.IDs) {
			t.Errorf("prompt %d: %v with what was kept, %v without", i, got.IDs, want.IDs)
		}
		for j, lp := range got.LogProbs {
			if math.Abs(lp-want.LogProbs[j]) > 1e-4 {
				t.Errorf("prompt %d, token %d: log-probability %v with what was kept, %v without", i, j, lp, want.LogProbs[j])
				break
			}
		}
	}
}

// A device has the tables of the CPU, amplitude and all, and makes new ones
// where the next sequence has another base.
func TestStretchesOnADeviceEqualTheCPU(t *testing.T) {
	for _, c := range []struct {
		spec   string
		config object
		totals []int
	}{
		{"yarn:factor=4,original=32", smallConfig("llama", nil), []int{60}},
		{"yarn:factor=8,original=32,form=paper", gemmaConfig(nil), []int{60}},
		{"dynamic-ntk:factor=4,original=32", gemmaConfig(nil), []int{30, 60, 41, 42, 30, 60}},
		{"dynamic-ntk:factor=4,original=32", smallConfig("qwen3", object{"head_dim": 16}), []int{60, 30}},
	} {
		t.Run(c.spec+" on "+c.config["model_type"].(string), func(t *testing.T) {
			s, err := rope.Parse(c.spec)
			if err != nil {
				t.Fatal(err)
			}
			m := randomModel(c.config, "F32")
			onGPU, err := Open(m.write(t), Options{Device: "gpu", Rope: s})
			if (errors.Is(err, gpu.ErrNoLoader) || errors.Is(err, gpu.ErrNoAdapter)) && os.Getenv("CI") == "" {
				t.Skip(err)
			}
			if err != nil {
				t.Fatal(err)
			}
			onCPU := opened(t, m, Options{Device: "cpu", KV: "f32", SIMD: cpu.Plain.String(), Rope: s})
			if onGPU.Info.Rope != onCPU.Info.Rope {
				t.Errorf("called %q, on the CPU %q", onGPU.Info.Rope, onCPU.Info.Rope)
			}
			for _, n := range c.totals {
				answersAlike(t, onGPU, onCPU, someIDs(n-6), 6)
				want, err := onCPU.ScorePrompt(t.Context(), Prompt{IDs: someIDs(n)})
				if err != nil {
					t.Fatal(err)
				}
				got, err := onGPU.ScorePrompt(t.Context(), Prompt{IDs: someIDs(n)})
				if err != nil {
					t.Fatal(err)
				}
				compare(t, onGPU.Info.Device, got.LogProbs, want.LogProbs)
			}
			if err := onGPU.Close(); err != nil {
				t.Error(err)
			}
		})
	}
}

// answersAlike compares what two models make of a prompt.
func answersAlike(t *testing.T, a, b *Model, prompt []int32, tokens int) {
	t.Helper()
	var said [2]Answer
	for i, m := range []*Model{a, b} {
		var err error
		if said[i], err = m.Answer(t.Context(), Prompt{IDs: prompt}, Params{MaxTokens: tokens, IgnoreEnd: true, LogProbs: true}); err != nil {
			t.Fatal(err)
		}
	}
	if !slices.Equal(said[0].IDs, said[1].IDs) {
		t.Errorf("behind %d tokens: %v on %s, %v on %s", len(prompt), said[0].IDs, a.Info.Device, said[1].IDs, b.Info.Device)
	}
}
