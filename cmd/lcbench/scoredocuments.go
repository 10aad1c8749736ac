package main

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/lcbench/lcbench/benchmarks"
	"github.com/lcbench/lcbench/datasets"
	"github.com/lcbench/lcbench/results"
	"github.com/lcbench/lcbench/runners"
)

// documentReader is a benchmark whose reference's prediction files hold one
// document a line, with all its questions, and one system a file.
type documentReader interface {
	// PredictionFile reads a file's name: which task, answered by whom.
	PredictionFile(name string) (task, system string, ok bool)
	// Predictions turns a line into samples with answers, and names those
	// questions that lack one.
	Predictions(task benchmarks.Task, line int, text []byte) (answered []benchmarks.Answered, missing []string, err error)
}

// documentScoring is the state of one lcbench score of such files.
type documentScoring struct {
	*settings
	c       *cli.Context
	reader  documentReader
	src     datasets.Source
	tasks   []benchmarks.Task
	metrics map[string][]string // that the system's answers to a task were scored by
	lost    int                 // questions without an answer and documents that are there twice
	garbled int                 // lines that could not be read
}

// scoreDocuments scores files of documents, system by system, each with a
// table of its own.
func scoreDocuments(c *cli.Context, s *settings, reader documentReader) error {
	path := c.String("predictions")
	if path == "" {
		return usagef("--predictions is needed: a folder of <task>_<system>.jsonl files")
	}
	dir, files, err := predictionFiles(path)
	if err != nil {
		return usage(err)
	}
	d := &documentScoring{settings: s, c: c, reader: reader, src: datasets.Folder(dir, nil), tasks: s.bench.Tasks()}
	wanted := splitWords(c.StringSlice("tasks"))
	if err := benchmarks.CheckTasks(s.adapter.Name, d.tasks, wanted); err != nil {
		return usage(err)
	}
	s.findSynonyms(c.App.ErrWriter)
	systems, bySystem := d.systems(files, wanted)
	if len(systems) == 0 {
		return usagef("%s: no predictions for a task of %s", path, s.adapter.Name)
	}
	for i, system := range systems {
		if i > 0 {
			fmt.Fprintln(c.App.Writer)
		}
		if err := d.system(path, system, bySystem[system]); err != nil {
			return err
		}
	}
	if n := d.lost + d.garbled; n > 0 {
		return exitError{exitLost, fmt.Errorf("%d predictions are missing, there twice or could not be read", n)}
	}
	return nil
}

// systems sorts files by who answered; systems come in order of their names.
func (d *documentScoring) systems(files, wanted []string) (names []string, bySystem map[string][]string) {
	bySystem = map[string][]string{}
	for _, name := range files {
		task, system, ok := d.reader.PredictionFile(name)
		if !ok {
			fmt.Fprintf(d.c.App.ErrWriter, "lcbench: %s: not named after a task of %s, left out\n", plain(name), d.adapter.Name)
			continue
		}
		if len(wanted) > 0 && !slices.Contains(wanted, task) {
			continue
		}
		if len(bySystem[system]) == 0 {
			names = append(names, system)
		}
		bySystem[system] = append(bySystem[system], name)
	}
	slices.Sort(names)
	return names, bySystem
}

// system scores one system's files and prints its table.
func (d *documentScoring) system(path, system string, files []string) error {
	facts := results.NewFacts()
	garbled := d.garbled
	d.metrics = map[string][]string{}
	for _, name := range files {
		if err := d.file(name, facts); err != nil {
			return err
		}
	}
	tasks := slices.Clone(d.tasks)
	for i, t := range tasks {
		if used := d.metrics[t.Name]; len(used) == 1 {
			tasks[i].Metric = used[0]
		}
	}
	if system == "" {
		system = path
	}
	summary := facts.Summarise(results.SummaryInput{
		Manifest: results.Manifest{
			Benchmark: d.adapter.Name, Title: d.adapter.Title, Model: results.ModelInfo{Spec: "predictions:" + system},
			Data: []results.Origin{origin(d.src)}, Seed: d.c.Uint64("seed"), Version: version,
		},
		Tasks: tasks, MetricEquals: d.metricEquals, Average: averageRule(d.adapter), State: results.Complete,
		Unreadable: d.garbled - garbled,
	})
	return writeTable(d.c.App.Writer, summary)
}

// file scores one file. A document that stands there a second time counts
// once.
func (d *documentScoring) file(name string, facts *results.Facts) error {
	taskName, _, _ := d.reader.PredictionFile(name)
	task := d.tasks[slices.IndexFunc(d.tasks, func(t benchmarks.Task) bool { return t.Name == taskName })]
	seen := map[[32]byte]int{}
	for line, err := range datasets.Lines(d.c.Context, d.src, name) {
		var row *datasets.RowError
		var answered []benchmarks.Answered
		var missing []string
		if err == nil {
			if answered, missing, err = d.reader.Predictions(task, line.Number, line.Text); err != nil {
				err = datasets.NewRowError(name, line.Number, err)
			}
		}
		if errors.As(err, &row) {
			d.garbled++
			d.complain(err.Error())
			continue
		}
		if err != nil {
			return err
		}
		for _, text := range missing {
			d.lost++
			d.complain(fmt.Sprintf("%s:%d: %s", name, line.Number, text))
		}
		if first, again := seen[identity(answered)]; again && len(answered) > 0 {
			d.lost++
			d.complain(fmt.Sprintf("%s:%d: the same questions as in line %d (%s): the first answers count", name, line.Number, first, answered[0].Sample.ID))
			continue
		}
		seen[identity(answered)] = line.Number
		for _, a := range answered {
			if err := d.add(facts, a); err != nil {
				return err
			}
		}
	}
	return nil
}

func (d *documentScoring) complain(text string) {
	fmt.Fprintf(d.c.App.ErrWriter, "lcbench: %s\n", plain(text))
}

// identity tells documents apart by their questions and references.
func identity(answered []benchmarks.Answered) [32]byte {
	h := sha256.New()
	for _, a := range answered {
		fmt.Fprintf(h, "%q%q%q", a.Sample.Query, a.Sample.References, a.Sample.Classes)
	}
	return [32]byte(h.Sum(nil))
}

// add scores one answer; an empty one too, as the reference does.
func (d *documentScoring) add(facts *results.Facts, a benchmarks.Answered) error {
	a.Sample.Index = facts.Len()
	if used := d.metrics[a.Sample.Task]; !slices.Contains(used, a.Sample.Metric) {
		d.metrics[a.Sample.Task] = append(used, a.Sample.Metric)
	}
	result := runners.Result{Sample: a.Sample, Answer: runners.Answer{SampleID: a.Sample.ID, Status: runners.OK, Text: a.Answer}}
	if strings.TrimSpace(a.Answer) == "" {
		result.Answer.Status = runners.NoAnswer
	}
	var err error
	if result.Score, err = d.score(a.Sample, a.Answer); err != nil {
		return err
	}
	facts.Add(result)
	return nil
}
