package localmodel

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"testing"

	"github.com/lcbench/lcbench/localmodel/attention"
	"github.com/lcbench/lcbench/localmodel/attention/all"
	"github.com/lcbench/lcbench/localmodel/attention/evict"
	"github.com/lcbench/lcbench/localmodel/attention/sinkkv"
	"github.com/lcbench/lcbench/localmodel/generate"
	"github.com/lcbench/lcbench/localmodel/induction"
	"github.com/lcbench/lcbench/localmodel/kernels/gpu"
)

func parsed(t *testing.T, spec string) attention.Mechanism {
	t.Helper()
	how, err := all.Parse(spec)
	if err != nil {
		t.Fatal(err)
	}
	return how
}

// onEither opens a model on a device and on the CPU, with the same attention.
func onEither(t *testing.T, open func(Options) (*Model, error), how attention.Mechanism, o Options) (device, host *Model) {
	t.Helper()
	o.Attention, o.KV = how, "f32"
	o.Device = "gpu"
	device, err := open(o)
	if (errors.Is(err, gpu.ErrNoLoader) || errors.Is(err, gpu.ErrNoAdapter)) && os.Getenv("CI") == "" {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := device.Close(); err != nil {
			t.Error(err)
		}
	})
	o.Device = "cpu"
	if host, err = open(o); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = host.Close() })
	return device, host
}

// requests are prompts that share their beginnings in every way: one that goes
// on where another ended, parts from it at a token, comes again, or is scored.
// The fixed context ends ahead of the last tokens.
func requests(n, fixed, parts int) []generate.Request {
	ids := someIDs(2 * n)
	other := slices.Concat(ids[:parts], ids[n:2*n-parts+15])
	ask := func(prompt []int32, tokens int) generate.Request {
		return generate.Request{Prompt: prompt, Fixed: fixed, MaxTokens: tokens, LogProbs: true, IgnoreEnd: true}
	}
	return []generate.Request{
		ask(ids[:n], 8), ask(ids[:n], 8), ask(ids[:n+30], 4), ask(other, 5), ask(ids[:n], 1),
		{Prompt: ids[:n], Fixed: fixed, Score: other[:20]},
		{Prompt: other, Fixed: fixed, Score: ids[:3]},
		ask(ids[:fixed+1], 6),
	}
}

// beyondAnEnd are a prompt that goes on with what was scored behind a shorter
// one: these tokens have seen what that prompt's end left.
func beyondAnEnd(n int) []generate.Request {
	ids := someIDs(2 * n)
	return []generate.Request{
		{Prompt: ids[:n], MaxTokens: 1},
		{Prompt: ids[:n-16], Score: ids[n-16 : n+1]},
		{Prompt: slices.Concat(ids[:n], ids[n+5:n+30]), MaxTokens: 4, LogProbs: true, IgnoreEnd: true},
	}
}

// alike compares what a request comes to.
func alike(t *testing.T, name string, r generate.Request, device, host *Model) {
	t.Helper()
	got, err := device.engine.Generate(t.Context(), r)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	want, err := host.engine.Generate(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(got.IDs, want.IDs) || len(got.LogProbs) != len(want.LogProbs) {
		t.Errorf("%s: %v, on the CPU %v", name, got.IDs, want.IDs)
		return
	}
	for i, w := range want.LogProbs {
		if !(math.Abs(got.LogProbs[i]-w) <= formulaTolerance) {
			t.Errorf("%s: log-probability of token %d is %.6f, on the CPU %.6f", name, i+1, got.LogProbs[i], w)
		}
	}
}

// learnedSinks are sinks as weights might bring them.
func learnedSinks(mode sinkkv.Mode) attention.Mechanism {
	r := rand.New(rand.NewPCG(3, 5))
	layers := make([]sinkkv.Layer, 3)
	for i := range layers {
		for range 2 * 3 * 8 { // kv heads, sinks, channels
			layers[i].Keys = append(layers[i].Keys, r.Float32()*2-1)
			layers[i].Values = append(layers[i].Values, r.Float32()*2-1)
		}
	}
	return sinkkv.SinkKV{Mode: mode, Sinks: 3, Learned: &layers}
}

func TestMechanismsOnADeviceEqualTheCPU(t *testing.T) {
	if testing.Short() {
		t.Skip("long: a software device")
	}
	llama := randomModel(smallConfig("llama", object{"max_position_embeddings": 512}), "F32")
	marked := randomModel(smallConfig("llama", object{"max_position_embeddings": 512, "mem_id": 256, "mem_freq": 6, "mem_top_k": 3}), "F32")
	gemma := randomModel(gemmaConfig(object{"max_position_embeddings": 512}), "F32")
	for _, c := range []struct {
		how   attention.Mechanism
		model *hubModel
		n     int // tokens of a prompt
		parts int // where another one parts from it
	}{
		{parsed(t, "full"), gemma, 60, 35},
		{parsed(t, "sliding:window=12,sinks=3"), llama, 60, 35},
		{parsed(t, "sliding:window=12,sinks=3,remap=false"), llama, 60, 35},
		{parsed(t, "sliding:window=12,sinks=0"), llama, 60, 35},
		{parsed(t, "sliding:window=12,sinks=2"), gemma, 60, 35}, // one layer's own is narrower
		{parsed(t, "sinkkv:mode=k0v0,sinks=2"), gemma, 60, 35},
		{learnedSinks(sinkkv.KV), llama, 60, 35},
		{learnedSinks(sinkkv.K0V), llama, 60, 35},
		{parsed(t, "streaming:capacity=20,recent=6"), llama, 60, 35},
		{parsed(t, "snapkv:capacity=20,recent=6"), gemma, 60, 35},
		{parsed(t, "snapkv:capacity=20,recent=6,pool=max,kernel=4,per-kv=true"), llama, 60, 35},
		{parsed(t, "pyramidkv:capacity=20,recent=6"), llama, 60, 35},
		{parsed(t, "h2o:capacity=20,recent=6"), llama, 60, 35},
		{parsed(t, "h2o:capacity=20,recent=6,per-kv=true"), llama, 140, 115}, // prompts of more than one pass
		{parsed(t, "longheads:chunk=8,topk=4"), llama, 60, 35},
		{parsed(t, "longheads:chunk=20,topk=3"), gemma, 100, 75},
		{parsed(t, "longheads:chunk=8,topk=4,share=group"), llama, 60, 35},
		{parsed(t, "s2:group=16,decode=full"), llama, 60, 35},
		{parsed(t, "s2:group=11,decode=full"), gemma, 60, 35},    // one layer's own window is narrower
		{parsed(t, "s2:group=130,decode=full"), llama, 140, 115}, // of a shorter prompt, one group
		{parsed(t, "h2o-online:heavy=9,recent=6"), llama, 60, 35},
		{parsed(t, "h2o-online:heavy=9,recent=6"), gemma, 140, 115},
		{parsed(t, "longmem:segment=13,memory=40,chunk=3,tokens=9,gate=0.3"), llama, 140, 115}, // memory overflows
		{parsed(t, "longmem:segment=16,memory=64,chunk=4,tokens=8,gate=1,layer=1"), gemma, 60, 35},
		{parsed(t, "landmark:block=6,topk=3"), marked, 60, 35},
		{parsed(t, "landmark:block=6,topk=0"), marked, 60, 35},
		// Documents part ahead of the tokens that squeezed observes: of one that goes
		// on where another was, it sees fewer.
		{parsed(t, "squeezed:keep=0.3,clusters=0.2"), gemma, 190, 60},
		{parsed(t, "squeezed:keep=0.3,clusters=0.2,levels=2,coarse=0.08"), llama, 190, 60},
		{parsed(t, "squeezed:keep=0.3,clusters=0.2,step=each"), llama, 190, 60},
		{parsed(t, "squeezed:keep=0.3,clusters=0.2,levels=2,coarse=0.08,share=group,step=each"), llama, 190, 60},
		{parsed(t, "squeezed:keep=0.3,clusters=0.2"), llama, 110, 85}, // a context of nothing but observed tokens
	} {
		t.Run(fmt.Sprintf("%s on %s", c.how, c.model.config["model_type"]), func(t *testing.T) {
			path := c.model.write(t)
			device, host := onEither(t, func(o Options) (*Model, error) { return Open(path, o) }, c.how, Options{})
			list := requests(c.n, c.n-12, c.parts)
			if _, prepares := c.how.(attention.ContextEnder); !prepares {
				list = append(list, beyondAnEnd(c.n)...)
			}
			for i, r := range list {
				alike(t, fmt.Sprintf("request %d", i+1), r, device, host)
			}
		})
	}
}

// The induction model's map of lengths and depths is the CPU's, cell by cell:
// asked at once, or where a mechanism evicts, behind that.
func TestInductionMapsOnADeviceEqualTheCPUs(t *testing.T) {
	if testing.Short() {
		t.Skip("long: a software device")
	}
	cells, right := 0, 0
	for _, spec := range []string{
		"full", "sliding:window=48,sinks=4", "sinkkv:mode=k0v0", "streaming:capacity=48,recent=8", "snapkv:capacity=48,recent=8",
		"pyramidkv:capacity=48,recent=8", "h2o:capacity=48,recent=8", "longheads:chunk=16,topk=4", "squeezed:keep=0.2,clusters=0.2",
		"s2:group=32,decode=full", "h2o-online:heavy=24,recent=24",
		"longmem:segment=32,memory=128,chunk=4,tokens=16",
	} {
		t.Run(spec, func(t *testing.T) {
			device, host := onEither(t, Induction, parsed(t, spec), Options{Window: 512, KeepNone: true})
			for _, n := range []int{60, 150} {
				for depth := range 3 {
					x := hide(n, float64(depth)/2, uint64(depth))
					r := generate.Request{Prompt: x.ids, Fixed: n - 2, MaxTokens: 1, IgnoreEnd: true}
					if _, evicts := parsed(t, spec).(evict.Evict); evicts { // what is evicted is lost to a question behind it
						r = generate.Request{Prompt: x.ids[:n-1], Score: []int32{x.ids[n-1], x.value}}
					}
					got, want := finds(t, device, r, x), finds(t, host, r, x)
					if got != want {
						t.Errorf("%d tokens, value at %d: right: %t, on the CPU %t", n, x.p, got, want)
					}
					if got {
						right++
					}
					cells++
				}
			}
		})
	}
	if right < cells/3 || right > cells-5 {
		t.Errorf("%d of %d cells are right: the map says too little", right, cells)
	}
	t.Logf("%d of %d cells are right", right, cells)
}

// A model with landmarks of its own retrieves by them on a device too.
func TestLandmarkMapsOnADeviceEqualTheCPUs(t *testing.T) {
	if testing.Short() {
		t.Skip("long: a software device")
	}
	device, host := onEither(t, InductionLandmark, parsed(t, "landmark:block=4,topk=2"), Options{Window: 256, KeepNone: true})
	right := 0
	for depth := range 2 {
		x := hideIn(int(induction.LandmarkToken), 60, float64(depth)/2, uint64(depth))
		r := generate.Request{Prompt: x.ids, MaxTokens: 2, LogProbs: true, IgnoreEnd: true}
		alike(t, fmt.Sprintf("value at %d", x.p), r, device, host)
		if finds(t, device, r, x) {
			right++
		}
	}
	if right < 2 {
		t.Errorf("%d of 2 values are found", right)
	}
}

// finds says whether a model gives the hidden value back.
func finds(t *testing.T, m *Model, r generate.Request, x hidden) bool {
	t.Helper()
	a, err := m.engine.Generate(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	if r.Score != nil {
		return a.LogProbs[1] > -0.5
	}
	return a.IDs[0] == x.value
}
