package localmodel

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/lcbench/lcbench/localmodel/attention"
	"github.com/lcbench/lcbench/localmodel/attention/full"
	"github.com/lcbench/lcbench/localmodel/attention/landmark"
	"github.com/lcbench/lcbench/localmodel/attention/sinkkv"
	"github.com/lcbench/lcbench/localmodel/kernels/cpu"
	"github.com/lcbench/lcbench/localmodel/rope"
)

// withLandmark gives a model's tokenizer the landmark's spelling.
func withLandmark(m *hubModel) *hubModel {
	m.tokenizer["added_tokens"] = []object{{"id": 256, "content": "<landmark>", "special": true}}
	return m
}

// markedLogProbs are the formulas' of ids with a landmark behind every so many.
func markedLogProbs(m *hubModel, ids []int32, mark int32, every int, foretells bool) []float64 {
	n := newNaive(m)
	n.marks = []bool{}
	var raw []int32
	var rows []int // of raw, which foretells what is behind each id
	for i, id := range ids {
		raw, n.marks, rows = append(raw, id), append(n.marks, false), append(rows, len(raw))
		if (i+1)%every == 0 {
			raw, n.marks = append(raw, mark), append(n.marks, true)
			if foretells {
				rows[i]++
			}
		}
	}
	logits := n.logits(raw)
	var out []float64
	for i := range len(ids) - 1 {
		logits[rows[i]][mark] = math.Inf(-1)
		out = append(out, logProb(logits[rows[i]], ids[i+1]))
	}
	return out
}

func drawnIDs(n int, vocab int32) []int32 {
	r, ids := rand.New(rand.NewPCG(2, 7)), make([]int32, n)
	for i := range ids {
		ids[i] = r.Int32N(vocab)
	}
	return ids
}

// Folders in the layouts of landmark checkpoints compute the formulas, with
// landmarks that nobody but the model sees.
func TestLandmarkFoldersComputeTheFormulas(t *testing.T) {
	const mark = byteTokens - 1
	for _, c := range []struct {
		name, kind string
		changes    object
		every      int
		foretells  bool
		attention  string
	}{
		{"a type of its own", "llama_with_landmark", object{"mem_id": mark, "mem_freq": 13, "train_context_length": 64}, 13, true, "landmark:block=13,topk=4"},
		{"trained to foretell no landmark", "llama_with_landmark", object{"mem_id": mark, "mem_freq": 7, "include_landmark_in_loss": false}, 7, false, "landmark:block=7,topk=4"},
		{"a llama with keys of landmarks", "llama", object{"mem_id": mark, "mem_freq": 6, "mem_top_k": 9, "mem_max_seq_len": 255, "tie_word_embeddings": false}, 6, true, "landmark:block=6,topk=9"},
		{"a llama whose tokenizer has it", "llama", object{}, 50, true, "landmark:block=50,topk=4"},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.changes["model_type"] = "llama"
			m := withLandmark(randomModel(smallConfig("llama", c.changes), "F32"))
			m.config["model_type"] = c.kind
			dir := m.write(t)
			ids := drawnIDs(4*c.every+3, mark)[:min(4*c.every+3, 70)]
			want := markedLogProbs(m, ids, mark, c.every, c.foretells)
			for _, level := range cpu.Levels() {
				local, err := Open(dir, Options{SIMD: level.String(), KV: "f32"})
				if err != nil {
					t.Fatal(err)
				}
				if i := local.Info; i.Attention != c.attention || i.Arch != "llama" || i.Window != 128-128/(c.every+1) {
					t.Errorf("info %+v, want attention %s", i, c.attention)
				}
				got, err := local.ScorePrompt(t.Context(), Prompt{IDs: ids})
				if err != nil {
					t.Fatal(err)
				}
				compare(t, level.String(), got.LogProbs, want)
				if err := closing(local, nil); err != nil {
					t.Fatal(err)
				}
			}
			answersGoOn(t, dir, m, ids, mark, c.every, c.foretells)
		})
	}
}

// answersGoOn generates behind prompts that share a beginning: what is said is
// what the formulas say of it where all blocks are retrieved, it has no
// landmark, and no count has any.
func answersGoOn(t *testing.T, dir string, m *hubModel, ids []int32, mark int32, every int, foretells bool) {
	t.Helper()
	local, err := Open(dir, Options{KV: "f32", Attention: landmark.Landmark{Block: every, TopK: 128 / (every + 1)}})
	if err != nil {
		t.Fatal(err)
	}
	defer local.Close()
	for i := range int32(3) {
		prompt := append(slices.Clone(ids[:20]), i, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19)
		a, err := local.Answer(t.Context(), Prompt{IDs: prompt}, Params{MaxTokens: 12, LogProbs: true, IgnoreEnd: true})
		if err != nil {
			t.Fatal(err)
		}
		if a.PromptTokens != len(prompt) || len(a.IDs) != 12 || slices.Contains(a.IDs, mark) {
			t.Errorf("answer %d: %v behind %d tokens", i, a.IDs, a.PromptTokens)
		}
		if i == 2 && a.Cached != 20 {
			t.Errorf("the third prompt found %d tokens computed, want the 20 that it shares", a.Cached)
		}
		want := markedLogProbs(m, append(prompt, a.IDs...), mark, every, foretells)
		compare(t, fmt.Sprintf("answer %d", i), a.LogProbs, want[len(prompt)-1:])
	}
	if _, err := local.Count(Prompt{IDs: []int32{1, mark}}); err == nil || !strings.Contains(err.Error(), "token 2 of the prompt is a landmark") {
		t.Errorf("a landmark in a prompt: %v", err)
	}
}

// A stretch counts tokens as the model has them, with landmarks: what it leaves
// to others is less, and no stretch at all leaves the window that it was.
func TestLandmarksTakeTheirPlaceOfAStretch(t *testing.T) {
	m := withLandmark(randomModel(smallConfig("llama", object{"mem_id": 256, "mem_freq": 5}), "F32"))
	dir := m.write(t)
	for _, c := range []struct {
		rope   rope.Scaling
		window int
	}{{nil, 107}, {rope.None{}, 107}, {rope.PI{Factor: 2}, 214}} {
		o := Options{Device: "cpu", Rope: c.rope, Window: c.window}
		local, err := Open(dir, o)
		if err != nil {
			t.Errorf("%v: %v", c.rope, err)
			continue
		}
		if err := closing(local, nil); err != nil {
			t.Error(err)
		}
		o.Window++
		var window *WindowError
		if local, err := Open(dir, o); err == nil {
			t.Errorf("%v: it opened with a window of %d (%v), want no more than %d", c.rope, o.Window, closing(local, nil), c.window)
		} else if !errors.As(err, &window) || window.Own != c.window {
			t.Errorf("%v: got %v, want the window to end at %d", c.rope, err, c.window)
		}
	}
}

// With another mechanism a model with landmarks sees none.
func TestLandmarkFoldersUnderFullAttention(t *testing.T) {
	m := withLandmark(randomModel(smallConfig("llama", object{"mem_id": 256, "mem_freq": 5}), "F32"))
	local, err := Open(m.write(t), Options{Attention: full.Full{}, Device: "cpu", KV: "f32"})
	if err != nil {
		t.Fatal(err)
	}
	defer local.Close()
	ids := drawnIDs(30, byteTokens)
	got, err := local.ScorePrompt(t.Context(), Prompt{IDs: ids})
	if err != nil {
		t.Fatal(err)
	}
	compare(t, "full attention", got.LogProbs, newNaive(m).logProbs(ids))
	if local.Info.Window != 128 {
		t.Errorf("a window of %d, want 128", local.Info.Window)
	}
}

// withSinks draws sinks as ReLIC's code names and shapes them.
func withSinks(m *hubModel) *hubModel {
	r := rand.New(rand.NewPCG(3, 1))
	kv, head := m.config["num_key_value_heads"].(int), headDim(m.config)
	for i := range m.config["num_hidden_layers"].(int) {
		p := fmt.Sprintf("model.layers.%d.self_attn.", i)
		m.add(r, p+"head_bias_key", 0, 1, 1, kv, 1, head)
		m.add(r, p+"head_bias_value", 0, 1, 1, kv, 1, head)
	}
	return m
}

func TestSinkFoldersComputeTheFormulas(t *testing.T) {
	ids := drawnIDs(40, byteTokens)
	for _, c := range []struct {
		name, kind string
		changes    object
		how        attention.Mechanism
		sinks      int
		attention  string
	}{
		{"sinks alone", "llama", object{}, nil, 1, "sinkkv:mode=kv,sinks=1"},
		{"asked for", "llama", object{"add_sink_kv": true, "num_sink_tokens": 3}, nil, 3, "sinkkv:mode=kv,sinks=3"},
		{"so many times over", "llama", object{"num_sink_tokens": 3}, nil, 3, "sinkkv:mode=kv,sinks=3"},
		{"in a window", "mistral", object{"add_sink_kv": true, "sliding_window": 7}, nil, 1, "sinkkv:mode=kv,sinks=1"},
		{"by name", "llama", object{}, sinkkv.SinkKV{Mode: sinkkv.KV, Sinks: 1}, 1, "sinkkv:mode=kv,sinks=1"},
		{"unused", "llama", object{}, full.Full{}, 0, "full"},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := withSinks(randomModel(smallConfig(c.kind, c.changes), "F32"))
			n := newNaive(m)
			n.sinks = c.sinks
			want := n.logProbs(ids)
			for _, level := range cpu.Levels() {
				local, err := Open(m.write(t), Options{SIMD: level.String(), KV: "f32", Attention: c.how, Device: "cpu"})
				if err != nil {
					t.Fatal(err)
				}
				if local.Info.Attention != c.attention {
					t.Errorf("attention %s, want %s", local.Info.Attention, c.attention)
				}
				got, err := local.ScorePrompt(t.Context(), Prompt{IDs: ids})
				if err := closing(local, err); err != nil {
					t.Fatal(err)
				}
				compare(t, level.String(), got.LogProbs, want)
			}
		})
	}
}

func TestOwnAttentionThatCantBeUsedSaysWhy(t *testing.T) {
	drop := func(name string) func(*hubModel) {
		return func(m *hubModel) {
			m.tensors = slices.DeleteFunc(m.tensors, func(t hubTensor) bool { return t.name == name })
		}
	}
	for _, c := range []struct {
		name    string
		changes object
		spoil   func(*hubModel)
		how     attention.Mechanism
		want    string
	}{
		{"no distance of landmarks", object{"mem_freq": 0}, nil, nil, "config.json: mem_freq is 0, want 1 to 128"},
		{"a landmark outside the vocabulary", object{"mem_freq": 5, "mem_id": 257}, nil, nil, "config.json: mem_id is 257, the model has 257 tokens"},
		{"a negative landmark", object{"mem_freq": 5, "mem_id": -1}, nil, nil, "config.json: mem_id is -1, want a token"},
		{"a negative number of blocks", object{"mem_freq": 5, "mem_id": 256, "mem_top_k": -1}, nil, nil, "config.json: mem_top_k is -1, want 1 or more"},
		{"landmarks elsewhere", object{"mem_freq": 5, "mem_id": 256}, nil, landmark.Landmark{Block: 50, TopK: 2}, "block=50, but the weights were trained with a landmark behind every 5 tokens"},
		{"more blocks than there are", object{"mem_freq": 5, "mem_id": 256}, nil, landmark.Landmark{Block: 5, TopK: 23}, "attention landmark:block=5,topk=23: topk=23, but a context of 107 tokens has 22 blocks of 5"},
		{"no landmarks", nil, nil, landmark.Landmark{Block: 50, TopK: 2}, "it needs weights that were trained with landmark tokens"},
		{"a missing sink", nil, drop("model.layers.1.self_attn.head_bias_value"), nil, `tensor "blk.1.attn_sink_value" (model.layers.1.self_attn.head_bias_value in the folder): is missing`},
		{"no sinks that are asked for", object{"add_sink_kv": true}, drop("model.layers.0.self_attn.head_bias_key"), nil, `head_bias_key in the folder): is missing`},
		{"sinks on their side", nil, func(m *hubModel) {
			for i := range m.tensors {
				if x := &m.tensors[i]; x.name == "model.layers.2.self_attn.head_bias_key" {
					x.shape = []int{1, 8, 1, 2}
				}
			}
		}, nil, `head_bias_key in the folder): has shape [2 1 8 1], want [8 2]`},
		{"no number of sinks that are there", object{"num_sink_tokens": -1}, nil, nil, "config.json: num_sink_tokens is -1, want 1 to 4096"},
		{"no number of sinks", object{"add_sink_kv": true, "num_sink_tokens": 0}, nil, nil, "config.json: num_sink_tokens is 0, want 1 to 4096"},
		{"other sinks than there are", nil, nil, sinkkv.SinkKV{Mode: sinkkv.KV, Sinks: 2}, "layer 0: 16 numbers of sink keys, want 2 kv heads × 2 sinks × 8"},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := withSinks(randomModel(smallConfig("llama", c.changes), "F32"))
			if c.spoil != nil {
				c.spoil(m)
			}
			local, err := Open(m.write(t), Options{Device: "cpu", Attention: c.how})
			if err == nil {
				t.Fatal(closing(local, fmt.Errorf("it opened, want %q", c.want)))
			}
			if text := err.Error(); !strings.Contains(text, c.want) || strings.Contains(text, "\n") {
				t.Errorf("got %q, want one line with %q", text, c.want)
			}
		})
	}
}

// Answers under way at once take steps together, with a landmark at some ends
// and none at others: not a bit differs from what each is alone.
func TestLandmarksChangeNoAnswerOfABatch(t *testing.T) {
	m := withLandmark(randomModel(smallConfig("llama", object{"mem_id": 256, "mem_freq": 3, "mem_top_k": 2}), "F32"))
	dir := m.write(t)
	say := func(local *Model, i int) Answer {
		a, err := local.Answer(t.Context(), Prompt{IDs: drawnIDs(5+3*i, 256)}, Params{MaxTokens: 20, LogProbs: true, IgnoreEnd: true})
		if err != nil {
			t.Error(err)
		}
		return a
	}
	local, err := Open(dir, Options{KV: "f32", Batch: 16})
	if err != nil {
		t.Fatal(err)
	}
	defer local.Close()
	answers := make([]Answer, 16)
	var wg sync.WaitGroup
	for i := range answers {
		wg.Go(func() { answers[i] = say(local, i) })
	}
	wg.Wait()
	alone, err := Open(dir, Options{KV: "f32", KeepNone: true})
	if err != nil {
		t.Fatal(err)
	}
	defer alone.Close()
	for i, got := range answers {
		if want := say(alone, i); !slices.Equal(got.IDs, want.IDs) || !slices.Equal(got.LogProbs, want.LogProbs) {
			t.Errorf("answer %d: %v, alone %v", i, got.IDs, want.IDs)
		}
	}
}
