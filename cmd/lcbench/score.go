package main

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/lcbench/lcbench/benchmarks"
	"github.com/lcbench/lcbench/benchmarks/all"
	"github.com/lcbench/lcbench/datasets"
	"github.com/lcbench/lcbench/results"
	"github.com/lcbench/lcbench/runners"
)

func scoreCommand() *cli.Command {
	return &cli.Command{
		Name: "score", Usage: "score predictions made elsewhere; needs no network", ArgsUsage: "BENCHMARK",
		Description: "LongBench's own format: one <task>.jsonl a task with pred, answers, all_classes, length; LongBench v2: rows with response (or pred), answer, difficulty, length.\n" +
			"L-Eval: <task>.pred.jsonl with query, gt, evaluation, <model>_pred; files of one task in several folders are several systems, each named by its folder.\n" +
			"LooGLE: <task>_<system>.jsonl with qa_pairs (or question), llm_output, output, one document a row; a table for each system.\n" +
			"M4LE: <model>/<task>.jsonl, its rows with gen_resp; a task's name may carry the suffix that upstream's evaluation gives it.",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "predictions", Usage: "`folder` of <task>.jsonl files, at any depth, or one file"},
			&cli.StringFlag{Name: "data-dir", Usage: "the benchmark's files in this `folder`: predictions that are missing or there twice are named by sample"},
			&cli.StringFlag{Name: "out", Usage: "also write summary.json to this `folder` (one below it for each system)"},
			&cli.StringSliceFlag{Name: "tasks", Usage: "tasks to score, by commas"},
			&cli.Uint64Flag{Name: "seed", Usage: "seed of the intervals"},
			pluginFlag(),
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

// scoring is the state of one lcbench score.
type scoring struct {
	*settings
	c      *cli.Context
	reader predictionReader
	src    datasets.Source
	tasks  []benchmarks.Task
	wanted []string
	known  *sampleIndex // nil without --data-dir
	lost   int          // predictions that are missing, there twice or unreadable
}

func scorePredictions(c *cli.Context, a benchmarks.Adapter) (err error) {
	plugins, stop, err := startPlugins(c.Context, c)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stop()) }()
	s := &scoring{settings: &settings{modelSettings: &modelSettings{plugins: plugins}, adapter: a, bench: a.Open(a.Builtin(0))}, c: c}
	if documents, ok := s.bench.(documentReader); ok {
		return scoreDocuments(c, s.settings, documents)
	}
	if answers, ok := s.bench.(answerReader); ok {
		return scoreAnswers(c, s.settings, answers)
	}
	var ok bool
	if s.reader, ok = s.bench.(predictionReader); !ok {
		return usagef("%s: no format of predictions is known", a.Name)
	}
	path := c.String("predictions")
	if path == "" {
		return usagef("--predictions is needed: a folder of <task>.jsonl files")
	}
	s.tasks, s.wanted = s.bench.Tasks(), splitWords(c.StringSlice("tasks"))
	if err := benchmarks.CheckTasks(a.Name, s.tasks, s.wanted); err != nil {
		return usage(err)
	}
	dir, systems, err := s.findPredictions(path)
	if err != nil {
		return usage(err)
	}
	s.src = datasets.Folder(dir, nil)
	if data := c.String("data-dir"); data != "" {
		s.known = &sampleIndex{bench: a.Open(datasets.Folder(data, a.Pins))}
	}
	for i, system := range systems {
		if i > 0 {
			fmt.Fprintln(c.App.Writer)
		}
		if err := s.system(path, system, len(systems) > 1); err != nil {
			return err
		}
	}
	if s.lost > 0 {
		return exitError{exitLost, fmt.Errorf("%d predictions are missing, there twice or could not be read", s.lost)}
	}
	return nil
}

// system scores the files of one system and prints its table.
func (s *scoring) system(path string, system predictionSystem, several bool) error {
	facts := results.NewFacts()
	unreadable := 0
	for _, f := range system.files {
		n, err := s.file(f, facts)
		if err != nil {
			return err
		}
		unreadable += n
	}
	name := path
	if several {
		name = system.name
	}
	summary := facts.Summarise(results.SummaryInput{
		Manifest: results.Manifest{
			Benchmark: s.adapter.Name, Title: s.adapter.Title, Model: results.ModelInfo{Spec: "predictions:" + name},
			Data: []results.Origin{origin(s.src)}, Seed: s.c.Uint64("seed"), Version: version,
		},
		Tasks: s.tasks, MetricEquals: s.metricEquals, Average: averageRule(s.adapter), State: results.Complete, Unreadable: unreadable,
	})
	if out := s.c.String("out"); out != "" {
		if several {
			out = filepath.Join(out, system.name)
		}
		if err := results.WriteSummary(out, summary); err != nil {
			return err
		}
	}
	return writeTable(s.c.App.Writer, summary)
}

// file scores one file and returns how many of its lines could not be read.
func (s *scoring) file(f predictionFile, facts *results.Facts) (unreadable int, err error) {
	match, err := s.known.task(s.c.Context, f.task)
	if err != nil {
		return 0, err
	}
	count := lineCount{task: f.task}
	for line, err := range datasets.Lines(s.c.Context, s.src, f.name) {
		var row *datasets.RowError
		var sample benchmarks.Sample
		var answer string
		if err == nil {
			if sample, answer, err = s.reader.Prediction(f.task, line.Number-1, line.Text); err != nil {
				err = datasets.NewRowError(f.name, line.Number, err)
			}
		}
		if errors.As(err, &row) {
			unreadable++
			s.complain(err.Error())
			continue
		}
		if err != nil {
			return unreadable, err
		}
		count.add(sample, line.Number)
		if sample, err = match.find(sample); err != nil {
			s.complain(datasets.NewRowError(f.name, line.Number, err).Error())
			continue
		}
		if err := s.add(facts, sample, answer); err != nil {
			return unreadable, err
		}
	}
	complaints := count.complaints()
	if match != nil {
		complaints = match.missing()
	}
	for _, text := range complaints {
		s.complain(f.name + ": " + text)
	}
	return unreadable, nil
}

// complain names a prediction that is lost.
func (s *scoring) complain(text string) {
	s.lost++
	fmt.Fprintf(s.c.App.ErrWriter, "lcbench: %s\n", plain(text))
}

// add scores one prediction; an empty one too, as the reference does.
func (s *scoring) add(facts *results.Facts, sample benchmarks.Sample, answer string) error {
	result := runners.Result{Sample: sample, Answer: runners.Answer{SampleID: sample.ID, Status: runners.OK, Text: answer}}
	if strings.TrimSpace(answer) == "" {
		result.Answer.Status = runners.NoAnswer
	}
	var err error
	if result.Score, err = s.score(sample, answer); err != nil {
		return err
	}
	facts.Add(result)
	return nil
}
