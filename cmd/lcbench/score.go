package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/lcbench/lcbench/benchmarks"
	"github.com/lcbench/lcbench/benchmarks/all"
	"github.com/lcbench/lcbench/datasets"
	"github.com/lcbench/lcbench/results"
	"github.com/lcbench/lcbench/runners"
	"github.com/lcbench/lcbench/scorers"
)

func scoreCommand() *cli.Command {
	return &cli.Command{
		Name: "score", Usage: "score predictions made elsewhere; needs no network", ArgsUsage: "BENCHMARK",
		Description: "LongBench's own format: one <task>.jsonl a task with pred, answers, all_classes, length; LongBench v2: rows with response (or pred), answer, difficulty, length.\n" +
			"LooGLE: <task>_<system>.jsonl with qa_pairs (or question), llm_output, output, one document a row; a table for each system.",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "predictions", Usage: "`folder` of <task>.jsonl files, or one file"},
			&cli.StringSliceFlag{Name: "tasks", Usage: "tasks to score, by commas"},
			&cli.Uint64Flag{Name: "seed", Usage: "seed of the intervals"},
		},
		Action: func(c *cli.Context) error {
			if c.NArg() != 1 {
				return usagef("want one benchmark, got %d; see lcbench list benchmarks", c.NArg())
			}
			a, err := all.Find(c.Args().First())
			if err != nil {
				return usage(err)
			}
			return scorePredictions(c, a)
		},
	}
}

// predictionReader is a benchmark that knows its reference's prediction files.
type predictionReader interface {
	// Prediction turns a line of a task's prediction file into a sample with
	// its references, and the answer.
	Prediction(task benchmarks.Task, index int, line []byte) (benchmarks.Sample, string, error)
}

func scorePredictions(c *cli.Context, a benchmarks.Adapter) error {
	s := &settings{adapter: a, bench: a.Open(a.Builtin(0))}
	if documents, ok := s.bench.(documentReader); ok {
		return scoreDocuments(c, s, documents)
	}
	reader, ok := s.bench.(predictionReader)
	if !ok {
		return usagef("%s: no format of predictions is known", a.Name)
	}
	if c.String("predictions") == "" {
		return usagef("--predictions is needed: a folder of <task>.jsonl files")
	}
	dir, files, err := predictionFiles(c.String("predictions"))
	if err != nil {
		return usage(err)
	}
	src := datasets.Folder(dir, nil)
	facts := results.NewFacts()
	wanted := splitWords(c.StringSlice("tasks"))
	tasks := s.bench.Tasks()
	if err := benchmarks.CheckTasks(a.Name, tasks, wanted); err != nil {
		return usage(err)
	}
	lost := 0
	for _, name := range files {
		task, ok := taskOfFile(tasks, name)
		if !ok {
			fmt.Fprintf(c.App.ErrWriter, "lcbench: %s: not a task of %s, left out\n", plain(name), a.Name)
			continue
		}
		if len(wanted) > 0 && !slices.Contains(wanted, task.Name) {
			continue
		}
		n, err := s.scoreFile(c, src, name, task, reader, facts)
		if err != nil {
			return err
		}
		lost += n
	}
	if facts.Len() == 0 {
		return usagef("%s: no predictions for a task of %s", c.String("predictions"), a.Name)
	}
	summary := facts.Summarise(results.SummaryInput{
		Manifest: results.Manifest{
			Benchmark: a.Name, Title: a.Title, Model: results.ModelInfo{Spec: "predictions:" + c.String("predictions")},
			Data: []results.Origin{origin(src)}, Seed: c.Uint64("seed"), Version: version,
		},
		Tasks: tasks, MetricEquals: s.metricEquals, Average: averageRule(a.Name), State: results.Complete, Unreadable: lost,
	})
	if err := writeTable(c.App.Writer, summary); err != nil {
		return err
	}
	if lost > 0 {
		return exitError{exitLost, fmt.Errorf("%d predictions could not be read", lost)}
	}
	return nil
}

// predictionFiles lists the jsonl files of a folder, or the one file.
func predictionFiles(path string) (dir string, names []string, err error) {
	info, err := os.Stat(path)
	if err != nil {
		return "", nil, err
	}
	if !info.IsDir() {
		return filepath.Dir(path), []string{filepath.Base(path)}, nil
	}
	entries, err := os.ReadDir(path)
	if err != nil {
		return "", nil, err
	}
	for _, e := range entries {
		if strings.HasSuffix(e.Name(), ".jsonl") {
			names = append(names, e.Name())
		}
	}
	if len(names) == 0 {
		return "", nil, fmt.Errorf("%s: no .jsonl file", path)
	}
	return path, names, nil
}

// taskOfFile finds the task that a file is named after. A benchmark whose
// predictions are one file for all tasks names the task in each row.
func taskOfFile(tasks []benchmarks.Task, name string) (benchmarks.Task, bool) {
	base := strings.TrimSuffix(strings.TrimSuffix(name, ".jsonl"), "_e")
	for _, t := range tasks {
		if t.Name == base {
			return t, true
		}
	}
	if len(tasks) > 0 && tasks[0].Metric == "v2_choice" {
		return tasks[0], true
	}
	return benchmarks.Task{}, false
}

// scoreFile scores one file and returns how many lines it could not read.
func (s *settings) scoreFile(c *cli.Context, src datasets.Source, name string, task benchmarks.Task, reader predictionReader, facts *results.Facts) (lost int, err error) {
	for line, err := range datasets.Lines(c.Context, src, name) {
		var row *datasets.RowError
		var sample benchmarks.Sample
		var answer string
		if err == nil {
			if sample, answer, err = reader.Prediction(task, line.Number-1, line.Text); err != nil {
				err = datasets.NewRowError(name, line.Number, err)
			}
		}
		if errors.As(err, &row) {
			lost++
			fmt.Fprintf(c.App.ErrWriter, "lcbench: %s\n", plain(err.Error()))
			continue
		}
		if err != nil {
			return lost, err
		}
		result := runners.Result{Sample: sample, Answer: runners.Answer{SampleID: sample.ID, Status: runners.OK, Text: answer}}
		if strings.TrimSpace(answer) == "" {
			result.Answer.Status = runners.NoAnswer
		}
		// An empty prediction is scored too: the reference does.
		var score scorers.Score
		if score, err = s.score(sample, answer); err != nil {
			return lost, err
		}
		result.Score = score
		facts.Add(result)
	}
	return lost, nil
}
