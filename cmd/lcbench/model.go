package main

import (
	"fmt"
	"net/url"
	"os"
	"strings"

	"github.com/lcbench/lcbench/benchmarks"
)

// modelSpec is a parsed --model.
type modelSpec struct {
	kind string // openai, local, baseline, replay, mock
	name string // what follows the colon, the address removed
	base string // openai: base URL
	args []pair
}

func (m modelSpec) String() string {
	if m.base != "" && !m.official() {
		return m.kind + ":" + m.name + "@" + m.base
	}
	return m.kind + ":" + m.name
}

const officialBase = "https://api.openai.com/v1"

func (m modelSpec) official() bool { return m.base == officialBase }

// modelKinds are what stands ahead of the colon, with what it is.
func modelKinds() [][2]string {
	return [][2]string{
		{"openai", "openai:NAME[@BASE_URL]: any OpenAI-compatible endpoint; OPENAI_API_KEY, OPENAI_BASE_URL"},
		{"local", "local:NAME, local:PATH or local:hf:OWNER/NAME/FILE.gguf: a model in this process; see lcbench model ls"},
		{"baseline", "baseline:lexical: BM25 and extraction, the floor of every report; needs no network"},
		{"replay", "replay:PATH: recorded answers, jsonl of {\"id\", \"answer\"} or a run's samples.jsonl"},
	}
}

// parseModel reads --model, or --judge, with the pairs of --model-args.
func parseModel(text, args string) (modelSpec, error) {
	kind, name, ok := strings.Cut(text, ":")
	m := modelSpec{kind: kind, name: name}
	known := []string{"mock"}
	for _, k := range modelKinds() {
		known = append(known, k[0])
	}
	if !ok || name == "" {
		return m, fmt.Errorf("model %q: want kind:name, such as openai:gpt-4o-mini or baseline:lexical", text)
	}
	var err error
	if m.args, err = parsePairs("model-args", args); err != nil {
		return m, err
	}
	switch kind {
	case "openai":
		return m, m.address()
	case "baseline":
		if name != "lexical" {
			return m, fmt.Errorf("model %q: the only baseline is baseline:lexical", text)
		}
	case "local", "replay", "mock":
	default:
		return m, fmt.Errorf("model %q: no kind %q%s; kinds are openai, local, baseline, replay", text, kind, benchmarks.DidYouMean(kind, known))
	}
	return m, nil
}

// address settles the endpoint: behind @, --model-args base_url, the
// environment, or OpenAI's own.
func (m *modelSpec) address() error {
	m.base = officialBase
	if env := os.Getenv("OPENAI_BASE_URL"); env != "" {
		m.base = env
	}
	for _, a := range m.args {
		if a.key == "base_url" {
			m.base = a.value
		}
	}
	// A model's name may hold an @ itself; an address starts with a scheme.
	if i := strings.LastIndex(m.name, "@http"); i >= 0 {
		m.base, m.name = m.name[i+1:], m.name[:i]
	}
	m.base = strings.TrimRight(m.base, "/")
	u, err := url.Parse(m.base)
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
		return fmt.Errorf("base URL %q: want http(s)://host[:port]/v1", m.base)
	}
	if u.User != nil {
		return fmt.Errorf("base URL %s: no password in the address; set OPENAI_API_KEY", u.Redacted())
	}
	if m.name == "" {
		return fmt.Errorf("model openai:@%s: want a name ahead of the @", m.base)
	}
	return nil
}
