package all

import (
	"github.com/lcbench/lcbench/localmodel/attention"
	"github.com/lcbench/lcbench/localmodel/attention/longheads"
)

func parseLongHeads(p parameters) (attention.Mechanism, error) {
	chunk, err := p.Count("chunk", 256, 1)
	if err != nil {
		return nil, err
	}
	topK, err := p.Count("topk", 16, longheads.LeastTopK)
	if err != nil {
		return nil, err
	}
	share, err := p.Word("share", "head", "group")
	return longheads.LongHeads{Chunk: chunk, TopK: topK, Group: share == "group"}, err
}
