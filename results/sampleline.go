package results

import (
	"encoding/json"
	"fmt"
	"io"
	"unicode/utf8"

	"github.com/lcbench/lcbench/benchmarks"
)

// SampleLine is one sample as lcbench generate writes it: one JSON object a
// line, for use by other programs. Names are those of samples.jsonl where both
// have a field. What is unknown or doesn't apply is left out, never 0.
type SampleLine struct {
	ID        string `json:"id"`
	Benchmark string `json:"benchmark"`
	// Data is where the sample comes from: builtin, folder or hub.
	Data     string `json:"data"`
	Task     string `json:"task"`
	Category string `json:"category,omitempty"`
	Language string `json:"language,omitempty"`

	// The prompt is system as the system turn, then before + context + after as
	// one user turn (chat) or as plain text.
	Chat    bool   `json:"chat"`
	System  string `json:"system,omitempty"`
	Before  string `json:"before"`
	Context string `json:"context"`
	After   string `json:"after"`
	Query   string `json:"query,omitempty"`

	MaxTokens   int      `json:"max_tokens"`
	Temperature float64  `json:"temperature"`
	Stop        []string `json:"stop,omitempty"`

	Metric     string   `json:"metric"`
	References []string `json:"references"`
	Classes    []string `json:"classes,omitempty"`

	ContextTokens     *int     `json:"context_tokens,omitempty"`
	ContextCharacters int      `json:"context_characters"`
	Tokenizer         string   `json:"tokenizer,omitempty"`
	TargetLength      *int     `json:"target_length,omitempty"`
	Depth             *float64 `json:"depth,omitempty"`
	Strata            []string `json:"strata,omitempty"`
	Group             string   `json:"group,omitempty"`

	// EvidenceSpans are byte ranges of the context in UTF-8.
	EvidenceState       string    `json:"evidence_state"`
	EvidenceSpans       []RowSpan `json:"evidence_spans,omitempty"`
	EvidenceApproximate bool      `json:"evidence_approximate,omitempty"`
	// Hops is the number of steps that must be chained, where it is more than one.
	Hops *int `json:"hops,omitempty"`
	// Axes to Redundancy are of the sample as it stands here, see Row.
	Axes       string   `json:"axes,omitempty"`
	Diffusion  *float64 `json:"diffusion,omitempty"`
	Scope      *float64 `json:"scope,omitempty"`
	Dispersion *float64 `json:"dispersion,omitempty"`
	Obscurity  *float64 `json:"obscurity,omitempty"`
	Chain      *float64 `json:"chain,omitempty"`
	Extent     *float64 `json:"extent,omitempty"`
	Overlap    *float64 `json:"overlap,omitempty"`
	Distractor *float64 `json:"distractor,omitempty"`
	Redundancy *int     `json:"redundancy,omitempty"`
	// PaperQuadrant is as in summary.json.
	PaperQuadrant string `json:"paper_quadrant,omitempty"`

	FollowUp string `json:"follow_up,omitempty"`
}

// LineSource is where the samples of WriteSamples come from.
type LineSource struct {
	Benchmark string
	Data      string // builtin, folder or hub
	// Axes places a sample on the axes of difficulty.
	Axes func(benchmarks.Sample) (benchmarks.Axes, error)
}

// WriteSamples writes the samples that next yields, one a line, and returns
// how many there were. An error of next ends the writing.
func WriteSamples(w io.Writer, src LineSource, next func(yield func(benchmarks.Sample) error) error) (int, error) {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	n := 0
	err := next(func(s benchmarks.Sample) error {
		line, err := src.line(s)
		if err != nil {
			return err
		}
		n++
		return enc.Encode(line)
	})
	return n, err
}

// WriteSamplesFile is WriteSamples into a file, which appears whole or not at
// all.
func WriteSamplesFile(path string, src LineSource, next func(yield func(benchmarks.Sample) error) error) (int, error) {
	n := 0
	err := replaceFile(path, func(w io.Writer) (err error) {
		n, err = WriteSamples(w, src, next)
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("write %s: %w", path, err)
	}
	return n, nil
}

func (src LineSource) line(s benchmarks.Sample) (SampleLine, error) {
	axes, err := src.Axes(s)
	if err != nil {
		return SampleLine{}, fmt.Errorf("%s: %w", s.ID, err)
	}
	line := SampleLine{
		ID: s.ID, Benchmark: src.Benchmark, Data: src.Data, Task: s.Task, Category: s.Category, Language: s.Language,
		Chat: s.Chat, System: s.Prompt.System, Before: s.Prompt.Before, Context: s.Prompt.Context, After: s.Prompt.After, Query: s.Query,
		MaxTokens: s.MaxTokens, Temperature: s.Temperature, Stop: s.Stop,
		Metric: s.Metric, References: s.References, Classes: s.Classes,
		ContextCharacters: utf8.RuneCountInString(s.Prompt.Context), Tokenizer: s.Tokenizer,
		TargetLength: positive(s.TargetLength), Depth: s.Depth, Strata: s.Strata, Group: s.Group,
		EvidenceState: string(s.Evidence.State), EvidenceApproximate: s.Evidence.Approximate,
		PaperQuadrant: paperQuadrant(src.Benchmark, s.Task, s.Category),
	}
	line.setAxes(axes)
	if s.Hops > 1 {
		line.Hops = &s.Hops
	}
	if s.Tokenizer != "" {
		line.ContextTokens = &s.ContextTokens
	}
	if f := s.FollowUp; f != nil {
		line.FollowUp = orElse(f.After, f.Template)
	}
	for _, e := range s.Evidence.Spans {
		line.EvidenceSpans = append(line.EvidenceSpans, RowSpan{e.Start, e.End})
	}
	return line, nil
}

func (l *SampleLine) setAxes(a benchmarks.Axes) {
	var row Row
	row.setAxes(a)
	l.Axes, l.Diffusion, l.Scope = row.Axes, row.Diffusion, row.Scope
	l.Dispersion, l.Obscurity, l.Chain = row.Dispersion, row.Obscurity, row.Chain
	l.Extent, l.Overlap, l.Distractor, l.Redundancy = row.Extent, row.Overlap, row.Distractor, row.Redundancy
}
