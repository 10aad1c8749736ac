// Package all lists the attention mechanisms and reads how a user names them.
package all

import (
	"github.com/lcbench/lcbench/localmodel/attention"
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
