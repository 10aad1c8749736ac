package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/lcbench/lcbench/benchmarks"
	"github.com/lcbench/lcbench/benchmarks/all"
	"github.com/lcbench/lcbench/datasets"
	"github.com/lcbench/lcbench/results"
	"github.com/lcbench/lcbench/runners"
)

// judgedReader is a benchmark whose reference has files of answers for judges.
type judgedReader interface {
	// JudgedPrediction turns a line into a sample and its answer.
	JudgedPrediction(index int, line []byte) (benchmarks.Sample, string, error)
}

// judgePlace judges the run in a folder, or makes a folder of a file first.
func judgePlace(c *cli.Context, path string) error {
	info, err := os.Stat(path)
	if err == nil && info.IsDir() {
		return judgeFolder(c, path)
	}
	if errors.Is(err, fs.ErrNotExist) {
		return usagef("%s: no such file or folder; give a folder that lcbench run made, or a file of answers for judges", path)
	}
	if err != nil {
		return usage(err)
	}
	for _, a := range all.List() {
		if reader, ok := a.Open(a.Builtin(0)).(judgedReader); ok {
			dir, err := predictionsFolder(c, a, reader, path)
			if err != nil {
				return err
			}
			return judgeFolder(c, dir)
		}
	}
	return usagef("%s: no benchmark has files of answers for judges; give a run's folder", path)
}

// predictionsFolder makes a run's folder of a file's answers.
func predictionsFolder(c *cli.Context, a benchmarks.Adapter, reader judgedReader, path string) (dir string, err error) {
	if _, err := chosenJudges(c, a); err != nil {
		return "", err
	}
	src := datasets.Folder(filepath.Dir(path), nil)
	answers, err := readJudged(c, reader, src, path)
	if err != nil {
		return "", err
	}
	name := strings.TrimSuffix(strings.TrimSuffix(filepath.Base(path), ".jsonl"), ".pred")
	m := results.Manifest{
		Benchmark: a.Name, Title: a.Title, Model: results.ModelInfo{Spec: "predictions:" + name}, Data: []results.Origin{origin(src)},
		Seed: c.Uint64("seed"), Version: version, Config: []results.Setting{{Name: "predictions", Value: path, Identity: true}},
	}
	if dir = c.String("out"); dir == "" {
		dir = results.DefaultDir("results", "judge", name, results.IdentityHash(m.Config))
	}
	folder, err := results.Open(dir, m)
	if err != nil {
		return "", usage(err)
	}
	defer func() { err = errors.Join(err, folder.Close()) }()
	rows, err := folder.Rows()
	if err != nil {
		return "", err
	}
	for _, r := range answers {
		if err := rows.Add(r); err != nil {
			return "", err
		}
	}
	summary := rows.Facts().Summarise(results.SummaryInput{
		Manifest: folder.Manifest(), State: results.Complete, Average: averageRule(a),
		Warnings: []string{"the file names no documents: intervals take each answer for one of its own"},
	})
	return dir, errors.Join(rows.Finish(), folder.WriteSummary(summary), folder.Finish(results.Complete))
}

// chosenJudges are readJudging's for commands that do nothing else.
func chosenJudges(c *cli.Context, a benchmarks.Adapter) (*judging, error) {
	g, err := readJudging(c, a)
	if err == nil && g == nil {
		err = errors.New("--judge is needed: the model that judges, such as openai:gpt-4o")
	}
	return g, usage(err)
}

// readJudged reads a file's answers; a bad line ends it.
func readJudged(c *cli.Context, reader judgedReader, src datasets.Source, path string) ([]runners.Result, error) {
	var out []runners.Result
	for line, err := range datasets.Lines(c.Context, src, filepath.Base(path)) {
		if err != nil {
			return nil, err
		}
		s, answer, err := reader.JudgedPrediction(line.Number-1, line.Text)
		if err != nil {
			return nil, usage(datasets.NewRowError(path, line.Number, err))
		}
		status := runners.OK
		if strings.TrimSpace(answer) == "" {
			status = runners.NoAnswer
		}
		out = append(out, runners.Result{Sample: s, Answer: runners.Answer{SampleID: s.ID, Status: status, Text: answer}})
	}
	if len(out) == 0 {
		return nil, usage(fmt.Errorf("%s: no answers in it", path))
	}
	return out, nil
}
