package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/lcbench/lcbench/benchmarks"
	"github.com/lcbench/lcbench/results"
	"github.com/lcbench/lcbench/runners"
	"github.com/lcbench/lcbench/scorers"
)

func runCommand() *cli.Command {
	flags := slices.Concat(dataFlags(), modelFlags(), adaptiveFlags(), judgeFlags(), hiddenFlags(), []cli.Flag{
		&cli.StringFlag{Name: "out", Usage: "the run's `folder` (default: results/<benchmark>-<model>-<hash of the configuration>)"},
		pluginFlag(),
		&cli.StringFlag{Name: "output", Usage: "also write lm-eval: results_*.json and samples_*.jsonl of lm-evaluation-harness"},
		&cli.BoolFlag{Name: "dry-run", Usage: "the same as lcbench plan"},
		&cli.BoolFlag{Name: "predict-only", Usage: "accepted; score again with lcbench score", Hidden: true},
	})
	return &cli.Command{
		Name: "run", Usage: "ask a model every sample of a benchmark and score the answers", ArgsUsage: "BENCHMARK",
		Description: "Several benchmarks, or all, are run one after the other on one model.\n" +
			"The same command again resumes a run that was stopped, whatever stopped it.\n" +
			"Ctrl-C finishes what is in flight; a second one drops it.",
		Flags: flags,
		Action: func(c *cli.Context) error {
			list, err := readCompared(c)
			if err != nil {
				return err
			}
			if len(list) > 1 && len(c.StringSlice("judge")) > 0 {
				return usagef("--judge goes with one run; have the folders of several judged by lcbench judge")
			}
			if list[0].judging, err = readJudging(c, list[0].adapter); err != nil {
				return usage(err)
			}
			if list[0].adaptive, err = readAdaptive(c, list); err != nil {
				return usage(err)
			}
			if o := c.String("output"); o != "" && o != "lm-eval" {
				return usagef("output %q: the only further format is lm-eval", o)
			}
			if err := checkPlugins(c); err != nil {
				return err
			}
			if err := load(c, list); err != nil {
				return err
			}
			if c.Bool("dry-run") {
				return planSeveral(c, list)
			}
			return run(c, list)
		},
	}
}

// run runs the benchmarks one after the other on one model, or on one under each
// mechanism in turn, under one budget.
// All folders are opened ahead of the first question: what can be refused is
// refused before anything is paid.
func run(c *cli.Context, list []*settings) (err error) {
	ctx, drain, release := interruptible(c.Context, c.App.ErrWriter)
	defer release()
	models := map[*modelSettings]*openedModel{}
	for _, s := range list {
		if models[s.modelSettings] != nil {
			continue
		}
		m, err := s.openModel(ctx, c, modelCalls(c))
		if err != nil {
			return err
		}
		m.close = sync.OnceValue(m.close)
		defer func() { err = errors.Join(err, m.close()) }()
		models[s.modelSettings] = m
	}
	plugins, stop, err := startPlugins(ctx, c)
	if err != nil {
		return err
	}
	for s := range models {
		s.plugins = plugins
	}
	defer func() { err = errors.Join(err, stop()) }()
	if err := list[0].adaptive.survey(ctx, list[0]); err != nil {
		return err
	}
	folders := make([]*results.Run, len(list))
	for i, s := range list {
		s.findSynonyms(c.App.ErrWriter)
		if folders[i], err = s.openFolder(c, s.subfolder(list)); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, folders[i].Close()) }()
	}
	one := session{c: c, ctx: ctx, drain: drain, model: models[list[0].modelSettings], budget: list[0].newBudget(folders)}
	if len(list) == 1 {
		summary, outcome := list[0].runBenchmark(one, folders[0])
		if summary == nil {
			return outcome
		}
		return errors.Join(list[0].show(c, *summary, folders[0].Dir()), outcome)
	}
	return runSeveral(one, models, list, folders)
}

// session is what the runs of one command share; model is that of the run under
// way, over says that no other is to follow.
type session struct {
	c      *cli.Context
	ctx    context.Context
	drain  <-chan struct{}
	model  *openedModel
	budget *runners.Budget // nil: no limit
	over   bool
}

// newBudget counts what the folders' journals have spent already.
func (a *modelSettings) newBudget(folders []*results.Run) *runners.Budget {
	if a.budget == nil {
		return nil
	}
	var price runners.Price
	if a.price != nil {
		price = *a.price
	}
	spent := runners.Usage{Known: true}
	for _, f := range folders {
		spent = spent.Add(f.Journal().Spent())
	}
	return runners.NewBudget(*a.budget, price, spent)
}

// runBenchmark asks the samples of one benchmark into its folder. The summary
// is nil where it came to none.
func (s *settings) runBenchmark(one session, folder *results.Run) (*results.Summary, error) {
	c := one.c
	for _, w := range folder.Warnings() {
		fmt.Fprintf(c.App.ErrWriter, "lcbench: %s\n", plain(w.String()))
	}
	rows, err := folder.Rows()
	if err != nil {
		return nil, err
	}
	meter := &benchmarks.AxesMeter{Benchmark: s.adapter.Name, Tokenizer: s.options.Tokenizer}
	engine := &runners.Engine{
		Model: one.model.model, Journal: folder.Journal(), Score: s.score, Axes: meter.Measure, Sink: rows.Add, Budget: one.budget,
		Concurrency: max(1, c.Int("concurrency")), Asker: s.asker, Progress: &runners.Progress{}, Drain: one.drain,
	}
	stopProgress := s.showProgress(one, engine, folder)
	began := time.Now()
	e := ending{folder: folder, rows: rows, engine: engine}
	e.report, e.err = s.ask(one.ctx, engine)
	stopProgress()
	e.took = time.Since(began)
	if one.model.failed != nil {
		e.report.Notices = append(e.report.Notices, one.model.failed.Error())
	}
	e.report.Notices = append(e.report.Notices, one.model.notes()...)
	if err := errors.Join(rows.Finish(), s.noteOutcome(folder)); err != nil {
		return nil, errors.Join(e.err, err)
	}
	if err := s.judgeRun(one, &e); err != nil {
		return nil, errors.Join(e.err, err)
	}
	return s.conclude(c, e)
}

// ending is how a run ended, and what judges said of it.
type ending struct {
	folder   *results.Run
	rows     *results.Writer
	engine   *runners.Engine
	report   runners.Report
	err      error
	took     time.Duration
	verdicts judgement
}

// judgeRun has the run's answers judged, where that was asked for and the run
// has come to its end. The model has no more to do: a local one's memory goes to
// the judge.
func (s *settings) judgeRun(one session, e *ending) error {
	switch {
	case s.judging == nil:
		return nil
	case e.err != nil || !e.report.Complete:
		e.report.Notices = append(e.report.Notices, "nothing was judged: the run stopped early; the same command goes on")
		return nil
	}
	if err := one.model.close(); err != nil {
		return err
	}
	e.verdicts = s.judging.judge(one.ctx, one.c, e.folder, one.drain)
	return nil
}

// interruptible returns a context that a second Ctrl-C cancels and a channel
// that the first one closes.
func interruptible(parent context.Context, errOut io.Writer) (context.Context, <-chan struct{}, func()) {
	ctx, cancel := context.WithCancel(parent)
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	drain := make(chan struct{})
	done := make(chan struct{})
	go func() {
		for n := 0; ; n++ {
			select {
			case <-signals:
				if n == 0 {
					fmt.Fprintln(errOut, "\nlcbench: finishing what is in flight; Ctrl-C again drops it. The same command resumes.")
					close(drain)
					continue
				}
				cancel()
			case <-done:
			}
			return
		}
	}()
	return ctx, drain, func() { signal.Stop(signals); close(done); cancel() }
}

// score judges an answer by the sample's metric.
func (s *settings) score(sample benchmarks.Sample, answer string) (scorers.Score, error) {
	if sample.ForJudge() {
		return scorers.Score{}, nil
	}
	metric, ok := scorers.Lookup(s.adapter.MetricNamespace(), sample.Metric)
	if !ok {
		return scorers.Score{}, fmt.Errorf("no metric %q", sample.Metric)
	}
	if sample.Cleanup == "first_line" {
		answer = scorers.FirstLine(answer)
	}
	about := scorers.Case{Prediction: answer, References: sample.References, Classes: sample.Classes, Thesaurus: s.thesaurus}
	return s.withPlugins(sample.ID, about, metric.Score(about))
}

// configuration lists a run's settings; those that shape answers are its
// identity.
func (s *settings) configuration(c *cli.Context) []results.Setting {
	o := s.options
	join := func(v any) string { return strings.Trim(strings.ReplaceAll(fmt.Sprint(v), " ", ","), "[]") }
	// Where data comes from counts; which folder holds a copy does not, its
	// files' hashes are in the manifest.
	kind := s.source.Origin().Kind
	id := []results.Setting{
		{Name: "benchmark", Value: s.adapter.Name}, {Name: "model", Value: s.model.String()},
		{Name: "data", Value: kind}, {Name: "tasks", Value: join(o.Tasks)}, {Name: "limit", Value: c.String("limit")},
		{Name: "lengths", Value: join(o.Lengths)}, {Name: "depths", Value: join(o.Depths)},
		{Name: "truncate", Value: string(o.Truncate)}, {Name: "tokenizer", Value: o.Tokenizer.Name()},
		{Name: "seed", Value: fmt.Sprint(o.Seed)}, {Name: "mode", Value: o.Mode}, {Name: "salt", Value: fmt.Sprint(o.Salt)},
		{Name: "chat-template", Value: s.asker.Chat}, {Name: "system-instruction", Value: s.asker.System},
		{Name: "gen-kwargs", Value: c.String("gen-kwargs")}, {Name: "model-args", Value: c.String("model-args")},
		{Name: "reasoning-tokens", Value: fmt.Sprint(s.asker.ReasoningTokens)}, {Name: "window", Value: c.String("window")},
	}
	if len(s.adapter.LengthInstructions) > 0 {
		id = append(id, results.Setting{Name: "length-instruction", Value: cmp.Or(o.LengthInstruction, s.adapter.LengthInstructions[0])})
	}
	for _, set := range o.Shape.Settings() {
		id = append(id, results.Setting{Name: set[0], Value: set[1]})
	}
	if len(o.Languages) > 0 {
		id = append(id, results.Setting{Name: "languages", Value: join(o.Languages)})
	}
	if s.local != nil {
		i := s.local.Info
		id = append(id, results.Setting{Name: "attention", Value: i.Attention}, results.Setting{Name: "kv-type", Value: i.KV},
			results.Setting{Name: "activations", Value: i.Activations})
		if i.Rope != i.OwnRope {
			id = append(id, results.Setting{Name: "rope", Value: i.Rope})
		}
	}
	id = append(id, s.adaptive.settings()...)
	for i := range id {
		id[i].Identity = true
	}
	return append(append(id, s.noContextSetting()...),
		results.Setting{Name: "concurrency", Value: fmt.Sprint(c.Int("concurrency"))},
		results.Setting{Name: "budget", Value: c.String("budget")},
		results.Setting{Name: "data-dir", Value: c.String("data-dir")},
	)
}

func (s *settings) manifest(c *cli.Context) results.Manifest {
	config := s.configuration(c)
	return results.Manifest{
		Benchmark: s.adapter.Name, Title: s.adapter.Title,
		Model:  results.ModelInfo{Spec: s.model.String(), Name: s.model.name, Endpoint: s.model.base, Details: s.localDetails()},
		Config: config, Identity: results.IdentityHash(config), Tokenizer: s.options.Tokenizer.Name(),
		Truncate: string(s.options.Truncate), Seed: s.options.Seed, Version: version,
		Data: []results.Origin{origin(s.source)},
	}
}

// openFolder opens the run's folder; of several runs each has a subfolder in
// --out.
func (s *settings) openFolder(c *cli.Context, sub []string) (*results.Run, error) {
	m := s.manifest(c)
	dir := c.String("out")
	switch {
	case dir != "":
		dir = filepath.Join(append([]string{dir}, sub...)...)
	default:
		dir = results.DefaultDir("results", m.Benchmark, s.model.kind+"-"+s.model.name, m.Identity)
	}
	run, err := results.Open(dir, m)
	var config *results.ConfigError
	if errors.As(err, &config) {
		return nil, usagef("%s; give another --out, or the same settings", config.What())
	}
	return run, err
}

// conclude writes what the run came to. Its error is the run's own outcome.
func (s *settings) conclude(c *cli.Context, e ending) (*results.Summary, error) {
	folder, report, runErr := e.folder, e.report, e.err
	state := results.Partial
	if report.Complete && runErr == nil {
		state = results.Complete
	}
	spent := folder.Journal().Spent()
	cost := s.cost(spent)
	err := folder.Update(func(m *results.Manifest) {
		m.Data = []results.Origin{origin(s.source)}
		m.Usage, m.Cost = spent, cost
		m.Notes = report.Notices
	})
	if err != nil {
		return nil, errors.Join(runErr, err)
	}
	snapshot := e.engine.Progress.Snapshot()
	summary := e.rows.Facts().Summarise(results.SummaryInput{
		Manifest: folder.Manifest(), Tasks: s.bench.Tasks(), MetricEquals: s.metricEquals, Average: averageRule(s.adapter),
		State: state, Unreadable: report.Unreadable, Cost: cost, Seconds: e.took.Seconds(),
		Asked: report.Asked, AskedTokens: snapshot.Tokens, Warnings: report.Notices, Adaptive: s.adaptive.outcome(),
	})
	e.verdicts.addTo(&summary)
	if err := errors.Join(folder.WriteSummary(summary), folder.Finish(state)); err != nil {
		return nil, errors.Join(runErr, err)
	}
	if c.String("output") == "lm-eval" {
		if err := writeLMEval(folder, summary); err != nil {
			return nil, errors.Join(runErr, err)
		}
	}
	return &summary, errors.Join(s.outcome(c, report, runErr), e.verdicts.outcome(c))
}

// show prints a run's table, and where its folder is.
func (s *settings) show(c *cli.Context, summary results.Summary, dir string) error {
	if err := writeTable(c.App.Writer, summary); err != nil {
		return err
	}
	_, err := fmt.Fprintf(c.App.Writer, "\n%s\n", dir)
	return err
}

func (s *settings) cost(u runners.Usage) *results.Cost {
	if s.price == nil {
		return nil
	}
	return &results.Cost{Amount: s.price.Cost(u), Currency: "USD"}
}

func (s *settings) metricEquals(name string) string {
	m, _ := scorers.Lookup(s.adapter.MetricNamespace(), name)
	return m.Equals
}

func averageRule(a benchmarks.Adapter) results.AverageRule {
	if a.Pooled {
		return results.AverageSamples
	}
	return results.AverageCategories
}

func origin(src interface{ Origin() datasetsOrigin }) results.Origin {
	o := src.Origin()
	out := results.Origin{Kind: o.Kind, Place: o.Place}
	for _, f := range o.Files {
		out.Files = append(out.Files, results.FileHash{Name: f.Name, SHA256: f.SHA256, Bytes: f.Bytes, Pinned: f.Pinned})
	}
	return out
}

// outcome turns a finished run into the exit code, and says why.
func (s *settings) outcome(c *cli.Context, report runners.Report, runErr error) error {
	for _, f := range report.Faults {
		fmt.Fprintf(c.App.ErrWriter, "lcbench: %s\n", plain(f.Error()))
	}
	if more := report.Lost - len(report.Faults); more > 0 {
		fmt.Fprintf(c.App.ErrWriter, "lcbench: and %d more lost samples\n", more)
	}
	switch {
	case runErr != nil:
		return hinted(runErr)
	case report.BudgetReached:
		return exitError{exitBudget, errors.New("budget reached; raise --budget and give the same command to go on")}
	case report.Drained:
		return errors.New("stopped; the same command goes on from here")
	case report.Lost > 0 && report.Lost == report.Unreadable:
		return exitError{exitLost, fmt.Errorf("%d samples lost: they could not be made; see above", report.Lost)}
	case report.Lost > 0:
		return exitError{exitLost, fmt.Errorf("%d samples lost; the same command asks them again", report.Lost)}
	}
	return nil
}

// hinted adds what a user can do about an error.
func hinted(err error) error {
	var call *runners.CallError
	if errors.As(err, &call) && (call.Status == 401 || call.Status == 403) && os.Getenv("OPENAI_API_KEY") == "" {
		return fmt.Errorf("%w; set OPENAI_API_KEY", err)
	}
	return err
}
