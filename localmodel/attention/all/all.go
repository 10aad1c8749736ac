// Package all lists the attention mechanisms and reads how a user names them.
package all

import (
	"github.com/lcbench/lcbench/localmodel/attention"
	"github.com/lcbench/lcbench/localmodel/attention/evict"
	"github.com/lcbench/lcbench/localmodel/attention/full"
	"github.com/lcbench/lcbench/localmodel/attention/sliding"
	"github.com/lcbench/lcbench/localmodel/choice"
)

// Entry is one mechanism in the list.
type Entry struct {
	Name    string
	Usage   string // how to write it
	Summary string
	parse   func(parameters) (attention.Mechanism, error)
}

type parameters = choice.Parameters

// List returns the mechanisms.
func List() []Entry {
	return []Entry{
		{"full", "full", "every earlier token (or the model's own window); KV cache of n tokens", parseFull},
		{"sliding", "sliding:window=1024,sinks=4[,remap=false]", "the last tokens and the first few (StreamingLLM positions); KV cache of window + sinks tokens", parseSliding},
		{"longheads", "longheads:chunk=256,topk=16", "each head chooses chunks of the context, packed side by side; KV cache of n tokens, of which topk × chunk are read", parseLongHeads},
		{"squeezed", "squeezed:keep=0.1[,clusters=0.05,levels=1,coarse=0.01,rounds=10]", "keys of the document are clustered once, and a question reads the clusters that promise most; KV cache of n tokens, of which keep × n are read; needs a document ahead of the question", parseSqueezed},
		{"landmark", "landmark:block=50,topk=4", "each head retrieves blocks by their landmark tokens; KV cache of n tokens, of which (topk + 1) × block are read; needs weights trained with landmarks", parseLandmark},
		{"longmem", "longmem:segment=1024,memory=65536,chunk=4,tokens=64,gate=0.5[,layer=N]", "a segment of recent tokens, mixed by a gate with what each head looks up in a memory of earlier ones; KV cache of memory + segment tokens; an experiment: LongMem's gate and side network are trained", parseLongMem},
		{"s2", "s2:group=2048[,decode=full]", "the prompt in groups, shifted for half of the heads, as LongLoRA trains; a step of decoding has none: decode=full answers with full attention; KV cache of n tokens", parseS2},
		{"sinkkv", "sinkkv:mode=k0v0[,sinks=1]", "keys and values of no token join every softmax; k0v0 (zeros: softmax with a one in its sum) runs on any weights, kv, kv0 and k0v need learned ones; KV cache of n + sinks tokens", parseSinkKV},
		{"snapkv", "snapkv:capacity=2048,recent=32[,kernel=5,pool=mean,per-kv=false]", "after the prompt each head keeps the tokens that its last ones attend to; KV cache of capacity tokens a head", parseEvict(evict.SnapKV)},
		{"h2o", "h2o:capacity=2048,recent=32[,per-kv=false]", "after the prompt each head keeps the tokens that received most attention in all; KV cache of capacity tokens a head", parseEvict(evict.H2O)},
		{"pyramidkv", "pyramidkv:capacity=2048,recent=32[,kernel=5,pool=mean,per-kv=false]", "as snapkv, lower layers keep more and higher ones less; KV cache of capacity tokens a head on average", parseEvict(evict.PyramidKV)},
		{"streaming", "streaming:capacity=2048,recent=32", "after the prompt the first tokens and the last ones are kept; KV cache of capacity tokens a head", parseEvict(evict.Streaming)},
		{"h2o-online", "h2o-online:heavy=1024,recent=1024", "h2o as first published: from the first token on, computed row by row (slow); KV cache of heavy + recent tokens a head", parseOnline},
	}
}

// Parse reads a mechanism as "name" or "name:key=value,…".
func Parse(spec string) (attention.Mechanism, error) {
	var list []choice.Entry[attention.Mechanism]
	for _, e := range List() {
		list = append(list, choice.Entry[attention.Mechanism]{Name: e.Name, Usage: e.Usage, Read: e.parse})
	}
	return choice.Parse("attention", "mechanism", spec, list)
}

func parseFull(parameters) (attention.Mechanism, error) { return full.Full{}, nil }

func parseSliding(p parameters) (attention.Mechanism, error) {
	window, err := p.Count("window", 1024, 1)
	if err != nil {
		return nil, err
	}
	sinks, err := p.Count("sinks", 4, 0)
	if err != nil {
		return nil, err
	}
	remap, err := p.Flag("remap", true)
	if err != nil {
		return nil, err
	}
	return sliding.Sliding{Window: window, Sinks: sinks, TruePositions: !remap}, nil
}
