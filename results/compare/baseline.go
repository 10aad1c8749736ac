package compare

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/lcbench/lcbench/results"
)

// A baseline is what a comparison needs of a run, in a file small enough to be
// committed: about 190 bytes a sample, one a line, so that a change shows in a
// diff. It holds no texts of models or data sets.
const (
	baselineFormat  = "lcbench-baseline"
	baselineVersion = 2
	// plainVersion has no parts of scores, no strata and no axes.
	plainVersion = 1
)

// baselineFile is the file as JSON.
type baselineFile struct {
	Format  string        `json:"format"`
	Version int           `json:"version"`
	Runs    []baselineRun `json:"runs"`
}

// baselineRun is a run's manifest, as far as it says what the scores are of,
// with its tasks and samples.
type baselineRun struct {
	Benchmark string            `json:"benchmark"`
	Title     string            `json:"title,omitempty"`
	Model     string            `json:"model"`
	Attention string            `json:"attention,omitempty"`
	Identity  string            `json:"identity"`
	Version   string            `json:"lcbench_version"`
	State     results.State     `json:"state"`
	Seed      uint64            `json:"seed"`
	Tokenizer string            `json:"tokenizer,omitempty"`
	Config    map[string]string `json:"config"`
	Data      []baselineData    `json:"data,omitempty"`
	Prompts   []baselinePrompt  `json:"prompts,omitempty"`
	Tasks     []baselineTask    `json:"tasks"`
	Strata    [][]string        `json:"strata,omitempty"` // combinations
	ForJudges int               `json:"for_judges,omitempty"`
	Samples   []baselineSample  `json:"samples"`
}

type baselineData struct {
	Kind  string            `json:"kind"`
	Files map[string]string `json:"files,omitempty"` // sha256 by name
}

type baselinePrompt struct {
	Name   string `json:"name"`
	SHA256 string `json:"sha256"`
}

type baselineTask struct {
	Name     string `json:"name"`
	Category string `json:"category,omitempty"`
}

// baselineSample is one sample. Task counts in Tasks, Document numbers the
// documents of the run, Strata counts from 1 in the run's combinations; Score is
// left out where Status is of a lost sample, Status where it isn't. Parts are
// there where a task's figure is made of them.
type baselineSample struct {
	ID        string    `json:"id"`
	Task      int       `json:"task"`
	Document  int       `json:"doc"`
	Score     *float64  `json:"score,omitempty"`
	Parts     []float64 `json:"parts,omitempty"`
	Weight    float64   `json:"weight,omitempty"`
	Status    string    `json:"lost,omitempty"`
	Length    int       `json:"length,omitempty"`
	Depth     *float64  `json:"depth,omitempty"`
	Strata    int       `json:"strata,omitempty"`
	Axes      string    `json:"axes,omitempty"`
	Diffusion *float64  `json:"diffusion,omitempty"`
	Scope     *float64  `json:"scope,omitempty"`
	Context   string    `json:"context,omitempty"`
	Ask       string    `json:"ask"`
	Sent      string    `json:"sent,omitempty"`
}

// WriteBaseline replaces path by a baseline of the runs.
func WriteBaseline(path string, s Source) error {
	return results.ReplaceFile(path, func(w io.Writer) error { return encodeBaseline(w, s.Runs) })
}

func encodeBaseline(w io.Writer, runs []Run) error {
	var out bytes.Buffer
	version := baselineVersion
	if slices.ContainsFunc(runs, func(r Run) bool { return r.Plain }) {
		version = plainVersion // what was never known isn't made up
	}
	fmt.Fprintf(&out, "{\"format\":%q,\"version\":%d,\"runs\":[\n", baselineFormat, version)
	for i, r := range runs {
		if i > 0 {
			out.WriteString(",\n")
		}
		head := headOf(r)
		line, err := marshal(head)
		if err != nil {
			return err
		}
		// The samples, which stand last and are empty so far, go on lines of their own.
		out.Write(bytes.TrimSuffix(line, []byte("[]}")))
		out.WriteString("[\n")
		for k, s := range r.Samples {
			line, err := marshal(lineOf(s, head))
			if err != nil {
				return err
			}
			out.Write(line)
			if k < len(r.Samples)-1 {
				out.WriteByte(',')
			}
			out.WriteByte('\n')
		}
		out.WriteString("]}")
	}
	out.WriteString("\n]}\n")
	_, err := w.Write(out.Bytes())
	return err
}

func marshal(v any) ([]byte, error) {
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSpace(out.Bytes()), nil
}

// headOf is a run without its samples.
func headOf(r Run) baselineRun {
	b := baselineRun{
		Benchmark: r.Benchmark, Title: r.Title, Model: orElse(r.Model.Spec, r.Model.Name), Attention: r.Model.Details["attention"],
		Identity: r.Identity, Version: r.Version, State: r.State, Seed: r.Seed, Tokenizer: r.Tokenizer,
		Config: map[string]string{}, Tasks: []baselineTask{}, ForJudges: r.ForJudges, Samples: []baselineSample{},
	}
	for _, s := range r.Config {
		if s.Identity {
			b.Config[s.Name] = s.Value
		}
	}
	for _, o := range r.Data {
		d := baselineData{Kind: o.Kind, Files: map[string]string{}}
		for _, f := range o.Files {
			d.Files[f.Name] = f.SHA256
		}
		b.Data = append(b.Data, d)
	}
	for _, p := range r.Prompts {
		b.Prompts = append(b.Prompts, baselinePrompt(p))
	}
	for _, s := range r.Samples {
		if t := (baselineTask{s.Task, s.Category}); !slices.Contains(b.Tasks, t) {
			b.Tasks = append(b.Tasks, t)
		}
		if len(s.Strata) > 0 && b.combination(s.Strata) == 0 {
			b.Strata = append(b.Strata, s.Strata)
		}
	}
	return b
}

// combination is 1 + the place of a combination of strata, 0 where it isn't.
func (b baselineRun) combination(strata []string) int {
	return 1 + slices.IndexFunc(b.Strata, func(c []string) bool { return slices.Equal(c, strata) })
}

func lineOf(s Sample, head baselineRun) baselineSample {
	out := baselineSample{
		ID: s.ID, Task: slices.Index(head.Tasks, baselineTask{s.Task, s.Category}), Document: s.Document, Weight: s.Weight,
		Parts: s.Parts, Axes: s.Axes.State, Length: s.Cell.Length, Depth: s.Cell.Depth, Context: s.Pins.Context, Ask: s.Pins.Ask, Sent: s.Pins.Sent,
	}
	if len(s.Strata) > 0 {
		out.Strata = head.combination(s.Strata)
	}
	if s.Axes.placed() {
		out.Diffusion, out.Scope = &s.Axes.Diffusion, &s.Axes.Scope
	}
	if s.Lost() {
		out.Status = s.Status
	} else {
		out.Score = &s.Score
	}
	return out
}

// manifest is the run's head as a manifest: what comparisons read of it.
func (b baselineRun) manifest() results.Manifest {
	m := results.Manifest{
		Benchmark: b.Benchmark, Title: b.Title, Model: results.ModelInfo{Spec: b.Model}, Identity: b.Identity,
		Version: b.Version, State: b.State, Seed: b.Seed, Tokenizer: b.Tokenizer,
	}
	if b.Attention != "" {
		m.Model.Details = map[string]string{"attention": b.Attention}
	}
	for name, value := range b.Config {
		m.Config = append(m.Config, results.Setting{Name: name, Value: value, Identity: true})
	}
	slices.SortFunc(m.Config, func(a, b results.Setting) int { return strings.Compare(a.Name, b.Name) })
	for _, d := range b.Data {
		o := results.Origin{Kind: d.Kind}
		for name, sum := range d.Files {
			o.Files = append(o.Files, results.FileHash{Name: name, SHA256: sum})
		}
		slices.SortFunc(o.Files, func(a, b results.FileHash) int { return strings.Compare(a.Name, b.Name) })
		m.Data = append(m.Data, o)
	}
	for _, p := range b.Prompts {
		m.Prompts = append(m.Prompts, results.NamedHash(p))
	}
	return m
}
