// Package all lists the attention mechanisms and reads how a user names them.
package all

import (
	"slices"
	"strings"

	"github.com/lcbench/lcbench/localmodel/attention"
	"github.com/lcbench/lcbench/localmodel/attention/evict"
	"github.com/lcbench/lcbench/localmodel/attention/full"
	"github.com/lcbench/lcbench/localmodel/attention/sliding"
	"github.com/lcbench/lcbench/localmodel/choice"
)

// Entry is one mechanism in the list.
type Entry struct {
	Name    string
	Usage   string // how to write it, with its defaults; what is in brackets may be left out too
	Summary string // what a row sees
	// Needs is what it runs on beside any weights: "" for nothing more.
	Needs string
	// KV is what is cached, Reads what is read to compute a token, both in tokens
	// a layer and head, behind n tokens.
	KV, Reads string
	parse     func(parameters) (attention.Mechanism, error)
}

type parameters = choice.Parameters

// List returns the mechanisms.
func List() []Entry {
	return []Entry{
		{
			Name: "full", Usage: "full", Summary: "every earlier token (or the model's own window)",
			KV: "n", Reads: "n", parse: parseFull,
		},
		{
			Name: "sliding", Usage: "sliding:window=1024,sinks=4[,remap=false]",
			Summary: "the last tokens and the first few (StreamingLLM positions)",
			KV:      "window + sinks", Reads: "window + sinks", parse: parseSliding,
		},
		{
			Name: "longheads", Usage: "longheads:chunk=256,topk=16[,share=head]",
			Summary: "each head chooses chunks of the context, packed side by side",
			KV:      "n", Reads: "topk × chunk + n / chunk", parse: parseLongHeads,
		},
		{
			Name: "squeezed", Usage: "squeezed:keep=0.1[,clusters=0.05,levels=1,coarse=0.01,rounds=10,share=head,step=mean]",
			Summary: "keys of the document are clustered once, and a question reads the clusters that promise most",
			Needs:   "a document ahead of the question", KV: "n + clusters × n / 2", Reads: "keep × n + clusters × n / 2", parse: parseSqueezed,
		},
		{
			Name: "landmark", Usage: "landmark:block=50,topk=4",
			Summary: "each head retrieves blocks by their landmark tokens",
			Needs:   "weights trained with landmarks", KV: "n", Reads: "(topk + 1) × block + n / block / 2", parse: parseLandmark,
		},
		{
			Name: "longmem", Usage: "longmem:segment=1024,memory=65536,chunk=4,tokens=64,gate=0.5[,layer=all|N]",
			Summary: "a segment of recent tokens, mixed by a gate with what each head looks up in a memory of earlier ones; on any weights an experiment, since LongMem trains its gate and a side network",
			KV:      "memory + segment", Reads: "segment + tokens + memory / chunk / 2", parse: parseLongMem,
		},
		{
			Name: "s2", Usage: "s2:group=2048[,decode=full]",
			Summary: "the prompt in groups, shifted for half of the heads, as LongLoRA trains; a step of decoding has none: decode=full answers with full attention",
			KV:      "n", Reads: "n", parse: parseS2,
		},
		{
			Name: "sinkkv", Usage: "sinkkv:mode=k0v0[,sinks=1]",
			Summary: "keys and values of no token join every softmax: k0v0 are zeros, softmax with a one in its sum; kv, kv0 and k0v are learned",
			Needs:   "learned sinks, but for mode=k0v0", KV: "n + sinks", Reads: "n + sinks", parse: parseSinkKV,
		},
		{
			Name: "snapkv", Usage: "snapkv:capacity=2048,recent=32[,kernel=5,pool=mean,per-kv=false]",
			Summary: "after the prompt each head keeps the tokens that its last ones attend to",
			KV:      "capacity, for each query head", Reads: "capacity", parse: parseEvict(evict.SnapKV),
		},
		{
			Name: "h2o", Usage: "h2o:capacity=2048,recent=32[,per-kv=false]",
			Summary: "after the prompt each head keeps the tokens that received most attention in all",
			KV:      "capacity, for each query head", Reads: "capacity", parse: parseEvict(evict.H2O),
		},
		{
			Name: "pyramidkv", Usage: "pyramidkv:capacity=2048,recent=32[,kernel=5,pool=mean,beta=20,per-kv=false]",
			Summary: "as snapkv, lower layers keep more and higher ones less",
			KV:      "capacity on average, for each query head", Reads: "capacity on average", parse: parseEvict(evict.PyramidKV),
		},
		{
			Name: "streaming", Usage: "streaming:capacity=2048,recent=32[,per-kv=false]",
			Summary: "after the prompt the first tokens and the last ones are kept",
			KV:      "capacity", Reads: "capacity", parse: parseEvict(evict.Streaming),
		},
		{
			Name: "h2o-online", Usage: "h2o-online:heavy=1024,recent=1024",
			Summary: "h2o as first published: from the first token on, one row after the other",
			KV:      "heavy + recent, for each query head", Reads: "heavy + recent", parse: parseOnline,
		},
	}
}

// Split cuts a list of mechanisms at those commas that no parameter of the same
// mechanism follows: "full,sliding:window=8,sinks=4" are two.
func Split(list string) []string {
	var out []string
	for part := range strings.SplitSeq(list, ",") {
		name, _, isPair := strings.Cut(part, "=")
		if len(out) > 0 && (part == "" || isPair && !strings.Contains(name, ":")) {
			out[len(out)-1] += "," + part
			continue
		}
		out = append(out, part)
	}
	return out
}

// Short is a mechanism without those parameters that may be left out and are the
// usual ones: long enough to tell it from any other. What isn't one stays as it
// is.
func Short(spec string) string {
	m, err := Parse(spec)
	if err != nil {
		return spec
	}
	name, given, _ := strings.Cut(m.String(), ":")
	at := slices.IndexFunc(List(), func(e Entry) bool { return e.Name == name })
	plain, err := Parse(name)
	if at < 0 || err != nil || given == "" {
		return m.String()
	}
	_, usual, _ := strings.Cut(plain.String(), ":")
	_, optional, _ := strings.Cut(List()[at].Usage, "[")
	pairs := slices.DeleteFunc(strings.Split(given, ","), func(pair string) bool {
		key, _, _ := strings.Cut(pair, "=")
		return strings.Contains(","+optional, ","+key+"=") && slices.Contains(strings.Split(usual, ","), pair)
	})
	return name + ":" + strings.Join(pairs, ",")
}

// Parse reads a mechanism as "name" or "name:key=value,…". What there is not is
// a *choice.UnknownError.
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
