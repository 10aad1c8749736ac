// Package all lists the attention mechanisms and reads how a user names them.
package all

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/lcbench/lcbench/localmodel/attention"
	"github.com/lcbench/lcbench/localmodel/attention/full"
	"github.com/lcbench/lcbench/localmodel/attention/sliding"
)

// Entry is one mechanism in the list.
type Entry struct {
	Name    string
	Usage   string // how to write it
	Summary string
	parse   func(parameters) (attention.Mechanism, error)
}

// List returns the mechanisms.
func List() []Entry {
	return []Entry{
		{"full", "full", "every earlier token (or the model's own window); KV cache of n tokens", parseFull},
		{"sliding", "sliding:window=1024,sinks=4[,remap=false]", "the last tokens and the first few (StreamingLLM positions); KV cache of window + sinks tokens", parseSliding},
	}
}

// Parse reads a mechanism as "name" or "name:key=value,…".
func Parse(spec string) (attention.Mechanism, error) {
	name, rest, _ := strings.Cut(spec, ":")
	var names []string
	for _, e := range List() {
		if e.Name != name {
			names = append(names, e.Name)
			continue
		}
		p, err := parseParameters(rest)
		if err != nil {
			return nil, fmt.Errorf("attention %q: %w; want %s", spec, err, e.Usage)
		}
		m, err := e.parse(p)
		if err == nil {
			err = p.unused()
		}
		if err != nil {
			return nil, fmt.Errorf("attention %q: %w; want %s", spec, err, e.Usage)
		}
		return m, nil
	}
	return nil, fmt.Errorf("attention %q: no mechanism %q; there is %s", spec, name, strings.Join(names, ", "))
}

type parameters map[string]string

func parseParameters(text string) (parameters, error) {
	p := parameters{}
	if text == "" {
		return p, nil
	}
	for pair := range strings.SplitSeq(text, ",") {
		key, value, ok := strings.Cut(pair, "=")
		if !ok || key == "" {
			return nil, fmt.Errorf("%q is not key=value", pair)
		}
		if _, twice := p[key]; twice {
			return nil, fmt.Errorf("%s is given twice", key)
		}
		p[key] = value
	}
	return p, nil
}

// count takes a whole number of at least least.
func (p parameters) count(key string, otherwise, least int) (int, error) {
	text, ok := p[key]
	if !ok {
		return otherwise, nil
	}
	delete(p, key)
	n, err := strconv.Atoi(text)
	if err != nil || n < least {
		return 0, fmt.Errorf("%s=%s: want a whole number of at least %d", key, text, least)
	}
	return n, nil
}

func (p parameters) flag(key string, otherwise bool) (bool, error) {
	text, ok := p[key]
	if !ok {
		return otherwise, nil
	}
	delete(p, key)
	v, err := strconv.ParseBool(text)
	if err != nil {
		return false, fmt.Errorf("%s=%s: want true or false", key, text)
	}
	return v, nil
}

func (p parameters) unused() error {
	if len(p) == 0 {
		return nil
	}
	var keys []string
	for k := range p {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return fmt.Errorf("no parameter %s", strings.Join(keys, ", "))
}

func parseFull(parameters) (attention.Mechanism, error) { return full.Full{}, nil }

func parseSliding(p parameters) (attention.Mechanism, error) {
	window, err := p.count("window", 1024, 1)
	if err != nil {
		return nil, err
	}
	sinks, err := p.count("sinks", 4, 0)
	if err != nil {
		return nil, err
	}
	remap, err := p.flag("remap", true)
	if err != nil {
		return nil, err
	}
	return sliding.Sliding{Window: window, Sinks: sinks, TruePositions: !remap}, nil
}
