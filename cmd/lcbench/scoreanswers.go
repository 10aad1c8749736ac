package main

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"

	"github.com/urfave/cli/v2"

	"github.com/lcbench/lcbench/benchmarks"
	"github.com/lcbench/lcbench/datasets"
	"github.com/lcbench/lcbench/results"
	"github.com/lcbench/lcbench/runners"
)

// answerReader is a benchmark whose reference's prediction files are of one
// task and variant each, and may leave the references to the data.
type answerReader interface {
	// AnswerFile reads a file's path.
	AnswerFile(path string) (f benchmarks.AnswerFile, ok bool)
	// Answered turns the index-th row into a sample and its answer. A sample without
	// references is to be found in the data, by its group.
	Answered(f benchmarks.AnswerFile, index int, row []byte) (benchmarks.Sample, string, error)
}

// answerScoring is the state of one lcbench score of such files.
type answerScoring struct {
	*settings
	c      *cli.Context
	reader answerReader
	src    datasets.Source
	data   benchmarks.Benchmark // of --data-dir, nil without
	lost   int
}

// scoreAnswers scores files of answers, a table for each system.
func scoreAnswers(c *cli.Context, s *settings, reader answerReader) error {
	at := c.String("predictions")
	if at == "" {
		return usagef("--predictions is needed: a folder of the reference's result files")
	}
	dir, names, err := answerFiles(at)
	if err != nil {
		return usage(err)
	}
	a := &answerScoring{settings: s, c: c, reader: reader, src: datasets.Folder(dir, nil)}
	if data := c.String("data-dir"); data != "" {
		a.data = s.adapter.Open(datasets.Folder(data, s.adapter.Pins))
	}
	wanted := splitWords(c.StringSlice("tasks"))
	if err := benchmarks.CheckTasks(s.adapter.Name, s.bench.Tasks(), wanted); err != nil {
		return usage(err)
	}
	bySystem := map[string][]benchmarks.AnswerFile{}
	var systems []string
	for _, name := range names {
		f, ok := reader.AnswerFile(name)
		if !ok {
			fmt.Fprintf(c.App.ErrWriter, "lcbench: %s: not named like a result of %s, left out\n", plain(name), s.adapter.Name)
			continue
		}
		if len(wanted) > 0 && !slices.Contains(wanted, f.Task) {
			continue
		}
		if bySystem[f.System] == nil {
			systems = append(systems, f.System)
		}
		bySystem[f.System] = append(bySystem[f.System], f)
	}
	if len(systems) == 0 {
		return usagef("%s: no predictions for a task of %s", at, s.adapter.Name)
	}
	for i, system := range systems {
		if i > 0 {
			fmt.Fprintln(c.App.Writer)
		}
		if err := a.system(system, bySystem[system]); err != nil {
			return err
		}
	}
	if a.lost > 0 {
		return exitError{exitLost, fmt.Errorf("%d predictions are missing, there twice or could not be read", a.lost)}
	}
	return nil
}

// answerFiles lists the result files below a folder, or the one file.
func answerFiles(at string) (dir string, names []string, err error) {
	info, err := os.Stat(at)
	if err != nil {
		return "", nil, err
	}
	if !info.IsDir() {
		// The folder's name may tell the task.
		up := filepath.Dir(filepath.Dir(at))
		name, err := filepath.Rel(up, at)
		return up, []string{filepath.ToSlash(name)}, err
	}
	err = fs.WalkDir(os.DirFS(at), ".", func(name string, e fs.DirEntry, err error) error {
		if ext := path.Ext(name); err == nil && !e.IsDir() && (ext == ".json" || ext == ".jsonl") {
			names = append(names, name)
		}
		return err
	})
	return at, names, err
}

func (a *answerScoring) system(system string, files []benchmarks.AnswerFile) error {
	facts := results.NewFacts()
	before := a.lost
	for _, f := range files {
		if err := a.file(f, facts); err != nil {
			return err
		}
	}
	summary := facts.Summarise(results.SummaryInput{
		Manifest: results.Manifest{
			Benchmark: a.adapter.Name, Title: a.adapter.Title, Model: results.ModelInfo{Spec: "predictions:" + cmp.Or(system, a.c.String("predictions"))},
			Data: []results.Origin{origin(a.src)}, Seed: a.c.Uint64("seed"), Version: version,
		},
		Tasks: a.bench.Tasks(), MetricEquals: a.metricEquals, Average: averageRule(a.adapter), State: results.Complete, Unreadable: a.lost - before,
	})
	return writeTable(a.c.App.Writer, summary)
}

func (a *answerScoring) complain(text string) {
	a.lost++
	fmt.Fprintf(a.c.App.ErrWriter, "lcbench: %s\n", plain(text))
}

// file scores one file.
func (a *answerScoring) file(f benchmarks.AnswerFile, facts *results.Facts) error {
	var known map[string]benchmarks.Sample // by group
	taken := map[string]bool{}
	index := -1
	for row, err := range datasets.Rows(a.c.Context, a.src, f.Path, func(line []byte) ([]byte, error) { return slices.Clone(line), nil }) {
		index++
		var bad *datasets.RowError
		var s benchmarks.Sample
		var answer string
		if err == nil {
			if s, answer, err = a.reader.Answered(f, index, row); err != nil {
				err = datasets.NewRowError(f.Path, index+1, err)
			}
		}
		if err == nil && s.References == nil {
			if known == nil {
				if known, err = a.samples(f); err != nil {
					return err
				}
			}
			s, err = found(f, index, s.Group, known, taken)
		}
		if errors.As(err, &bad) {
			a.complain(err.Error())
			continue
		}
		if err != nil {
			return err
		}
		if err := a.add(facts, s, answer); err != nil {
			return err
		}
	}
	if n := len(known) - len(taken); n > 0 {
		a.complain(fmt.Sprintf("%s: no prediction for %d of %d samples", f.Path, n, len(known)))
	}
	return nil
}

// found is the sample of a group, once.
func found(f benchmarks.AnswerFile, index int, group string, known map[string]benchmarks.Sample, taken map[string]bool) (benchmarks.Sample, error) {
	s, ok := known[group]
	switch {
	case !ok:
		return s, datasets.NewRowError(f.Path, index+1, errors.New("the data has no sample of that name"))
	case taken[group]:
		return s, datasets.NewRowError(f.Path, index+1, fmt.Errorf("a second prediction for %s", s.ID))
	}
	taken[group] = true
	return s, nil
}

// samples are the data's samples that a file answers, by group.
func (a *answerScoring) samples(f benchmarks.AnswerFile) (map[string]benchmarks.Sample, error) {
	if a.data == nil {
		return nil, usagef("%s: these predictions name no references: --data-dir is needed, the folder of the benchmark's files", f.Path)
	}
	out := map[string]benchmarks.Sample{}
	for s, err := range a.data.Samples(a.c.Context, benchmarks.Options{Tasks: []string{f.Task}, Mode: f.Mode}) {
		var notice *benchmarks.Notice
		switch {
		case errors.As(err, &notice):
			fmt.Fprintf(a.c.App.ErrWriter, "lcbench: %s\n", plain(notice.Text))
			continue
		case runners.CostsOneSample(err):
			continue
		case err != nil:
			return nil, err
		}
		if slices.Contains(s.Strata, f.Stratum) {
			s.Prompt = benchmarks.Prompt{} // a context each would be much
			out[s.Group] = s
		}
	}
	return out, nil
}

// add scores one prediction; an empty one too, as the reference does.
func (a *answerScoring) add(facts *results.Facts, s benchmarks.Sample, answer string) error {
	s.Index = facts.Len()
	result := runners.Result{Sample: s, Answer: runners.Answer{SampleID: s.ID, Status: runners.OK, Text: answer}}
	if answer == "" {
		result.Answer.Status = runners.NoAnswer
	}
	var err error
	if result.Score, err = a.score(s, answer); err != nil {
		return err
	}
	facts.Add(result)
	return nil
}
