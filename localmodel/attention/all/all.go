// Package all lists the attention mechanisms and reads how a user names them.
package all

import (
	"github.com/lcbench/lcbench/localmodel/attention"
	"github.com/lcbench/lcbench/localmodel/attention/full"
	"github.com/lcbench/lcbench/localmodel/attention/sliding"
	"github.com/lcbench/lcbench/localmodel/choice"
)

// Entry is one mechanism in the list.
type Entry = choice.Entry[attention.Mechanism]

// List returns the mechanisms.
func List() []Entry {
	return []Entry{
		{"full", "full", "every earlier token (or the model's own window); KV cache of n tokens", parseFull},
		{"sliding", "sliding:window=1024,sinks=4[,remap=false]", "the last tokens and the first few (StreamingLLM positions); KV cache of window + sinks tokens", parseSliding},
	}
}

// Parse reads a mechanism as "name" or "name:key=value,…".
func Parse(spec string) (attention.Mechanism, error) {
	return choice.Parse("attention", "mechanism", spec, List())
}

func parseFull(choice.Parameters) (attention.Mechanism, error) { return full.Full{}, nil }

func parseSliding(p choice.Parameters) (attention.Mechanism, error) {
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
