package all

import (
	"github.com/lcbench/lcbench/localmodel/attention"
	"github.com/lcbench/lcbench/localmodel/attention/landmark"
)

func parseLandmark(p parameters) (attention.Mechanism, error) {
	block, err := p.Count("block", 50, 1)
	if err != nil {
		return nil, err
	}
	topK, err := p.Count("topk", 4, 0)
	return landmark.Landmark{Block: block, TopK: topK}, err
}
