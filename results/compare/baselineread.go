package compare

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"slices"

	"github.com/lcbench/lcbench/results"
	"github.com/lcbench/lcbench/runners"
)

// maxBaseline bounds a baseline file in bytes: two million samples.
const maxBaseline = 256 << 20

// ReadBaseline reads the runs of a baseline. Anything in it that WriteBaseline
// wouldn't have written is an error that names the line.
func ReadBaseline(path string) ([]Run, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("compare: %w", err)
	}
	if info.Size() > maxBaseline {
		return nil, fmt.Errorf("compare: %s: %d MiB are no baseline: give a run's folder, or a file of lcbench baseline save", path, info.Size()>>20)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("compare: %w", err)
	}
	runs, err := parseBaseline(data)
	if err != nil {
		return nil, fmt.Errorf("compare: %s%w", path, err)
	}
	return runs, nil
}

// parseBaseline reads a baseline. Its errors begin with the place in the file:
// ":3: …" or ": …".
func parseBaseline(data []byte) ([]Run, error) {
	if err := checkHead(data); err != nil {
		return nil, err
	}
	var file baselineFile
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&file); err != nil {
		return nil, atLine(data, dec.InputOffset(), err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, atLine(data, dec.InputOffset(), errors.New("something stands behind the end: save the baseline again"))
	}
	if len(file.Runs) == 0 {
		return nil, errors.New(": no runs in it: save the baseline again")
	}
	var out []Run
	for _, b := range file.Runs {
		r, err := b.run()
		r.Plain = file.Version == plainVersion
		if err != nil {
			return nil, fmt.Errorf(": %w: save the baseline again", err)
		}
		if slices.ContainsFunc(out, func(o Run) bool { return o.Benchmark == r.Benchmark }) {
			return nil, fmt.Errorf(": benchmark %q is there twice: save the baseline again", r.Benchmark)
		}
		out = append(out, r)
	}
	return out, nil
}

// checkHead looks at format and version before anything else, so that a file of
// another kind, or of a newer lcbench, is told as such.
func checkHead(data []byte) error {
	var head struct {
		Format  string `json:"format"`
		Version int    `json:"version"`
	}
	err := json.Unmarshal(data, &head)
	var syntax *json.SyntaxError
	switch {
	case errors.As(err, &syntax):
		return atLine(data, syntax.Offset, fmt.Errorf("not a baseline: %w: give a run's folder, or a file of lcbench baseline save", err))
	case head.Format != baselineFormat:
		return errors.New(": not a baseline: give a run's folder, or a file of lcbench baseline save")
	case err != nil:
		return fmt.Errorf(": %w", err)
	case head.Version > baselineVersion:
		return fmt.Errorf(": written by a newer lcbench (version %d; this one reads %d)", head.Version, baselineVersion)
	case head.Version < 1:
		return fmt.Errorf(`: "version" %d: want %d`, head.Version, baselineVersion)
	}
	return nil
}

// atLine puts the line of an offset before an error.
func atLine(data []byte, offset int64, err error) error {
	at := min(max(int(offset), 0), len(data))
	return fmt.Errorf(":%d: %w", 1+bytes.Count(data[:at], []byte{'\n'}), err)
}

// run checks a run and turns it into what comparisons work on.
func (b baselineRun) run() (Run, error) {
	switch {
	case b.Benchmark == "":
		return Run{}, errors.New(`a run has no "benchmark"`)
	case !slices.Contains([]results.State{results.Running, results.Partial, results.Complete}, b.State):
		return Run{}, fmt.Errorf(`%s: unknown "state" %q`, b.Benchmark, b.State)
	}
	for i, t := range b.Tasks {
		if t.Name == "" {
			return Run{}, fmt.Errorf("%s: task %d has no name", b.Benchmark, i)
		}
	}
	if b.ForJudges < 0 {
		return Run{}, fmt.Errorf(`%s: "for_judges" %d`, b.Benchmark, b.ForJudges)
	}
	r := Run{Manifest: b.manifest(), ForJudges: b.ForJudges}
	seen := make(map[string]bool, len(b.Samples))
	for i, s := range b.Samples {
		sample, err := b.sample(s)
		switch {
		case s.ID == "":
			return Run{}, fmt.Errorf(`%s: sample %d has no "id"`, b.Benchmark, i+1)
		case seen[s.ID]:
			return Run{}, fmt.Errorf("%s: sample %q is there twice", b.Benchmark, s.ID)
		case err != nil:
			return Run{}, fmt.Errorf("%s: sample %q: %w", b.Benchmark, s.ID, err)
		}
		seen[s.ID] = true
		r.Samples = append(r.Samples, sample)
	}
	return r, nil
}

func (b baselineRun) sample(s baselineSample) (Sample, error) {
	out := Sample{
		ID: s.ID, Document: s.Document, Weight: s.Weight, Status: orElse(s.Status, string(runners.OK)),
		Cell: results.Cell{Length: s.Length, Depth: s.Depth}, Pins: Pins{s.Context, s.Ask, s.Sent},
	}
	switch {
	case s.Task < 0 || s.Task >= len(b.Tasks):
		return out, fmt.Errorf(`"task" %d of %d`, s.Task, len(b.Tasks))
	case s.Status != "" && !out.Lost():
		return out, fmt.Errorf(`"lost" %q is no such status`, s.Status)
	case (s.Score == nil) != out.Lost():
		return out, errors.New(`want either "score" or "lost"`)
	case s.Document < 0, s.Length < 0:
		return out, errors.New(`"doc" and "length" can't be negative`)
	case s.Weight < 0 || math.IsInf(s.Weight, 0):
		return out, fmt.Errorf(`"weight" %v`, s.Weight)
	case s.Depth != nil && !(*s.Depth >= 0 && *s.Depth <= 100):
		return out, fmt.Errorf(`"depth" %v: want 0 to 100`, *s.Depth)
	case len(s.Ask) != pinLength:
		return out, fmt.Errorf(`"ask": want %d hex digits`, pinLength)
	case s.Strata < 0 || s.Strata > len(b.Strata):
		return out, fmt.Errorf(`"strata" %d of %d`, s.Strata, len(b.Strata))
	}
	out.Task, out.Category, out.Parts = b.Tasks[s.Task].Name, b.Tasks[s.Task].Category, s.Parts
	if s.Strata > 0 {
		out.Strata = b.Strata[s.Strata-1]
	}
	var err error
	if out.Axes, err = newAxes(s.Axes, s.Diffusion, s.Scope); err != nil {
		return out, err
	}
	if s.Score == nil {
		return out, nil
	}
	out.Score = *s.Score
	return out, checkScore(out.Score)
}
