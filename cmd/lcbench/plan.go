package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/lcbench/lcbench/benchmarks"
	"github.com/lcbench/lcbench/datasets"
	"github.com/lcbench/lcbench/runners"
)

func planCommand() *cli.Command {
	return &cli.Command{
		Name: "plan", Usage: "samples, tokens, money, hours, what will be cut; sends nothing", ArgsUsage: "BENCHMARK",
		Flags: slices.Concat(dataFlags(), modelFlags(), hiddenFlags(), []cli.Flag{&cli.StringFlag{Name: "out", Hidden: true}, &cli.StringFlag{Name: "output", Hidden: true}}),
		Action: func(c *cli.Context) error {
			list, err := readSeveral(c)
			if err != nil {
				return err
			}
			if text := c.String("window"); text != "" {
				n, err := parseLengths([]string{text})
				if err != nil {
					return usagef("--window: %w", err)
				}
				list[0].window = n[0]
			}
			if err := load(c, list); err != nil {
				return err
			}
			return planSeveral(c, list)
		},
	}
}

// planTime is how long a plan may read samples; what it has not read by then
// is extrapolated and marked.
const planTime = 700 * time.Millisecond

// taskPlan is what is known of a task's samples.
type taskPlan struct {
	name           string
	samples        int
	prompt, answer int // tokens
	cut, cutTokens int
	estimated      bool
	unread         bool // sized by the paper's figures
}

// plan prints what a run would do.
func plan(ctx context.Context, s *settings, out io.Writer) error {
	tasks := slices.DeleteFunc(s.bench.Tasks(), func(t benchmarks.Task) bool { return !s.options.Selects(t) })
	deadline := time.Now().Add(planTime)
	var plans []taskPlan
	for i, t := range tasks {
		share := time.Until(deadline) / time.Duration(len(tasks)-i)
		p, err := s.planTask(ctx, t, time.Now().Add(share))
		if err != nil {
			return err
		}
		plans = append(plans, p)
	}
	return s.printPlan(out, plans)
}

// planTask reads a task's samples until its time is up.
func (s *settings) planTask(ctx context.Context, t benchmarks.Task, until time.Time) (taskPlan, error) {
	p := taskPlan{name: t.Name}
	o := s.options
	o.Tasks = []string{t.Name}
	// What is made here needs no data, and sizes are known without making it.
	o.Unmade = s.adapter.Generated && (len(o.Lengths) > 0 || t.Rows == 0)
	if hub, ok := s.source.(*datasets.Hub); ok && !o.Unmade && !pulled(hub) {
		return s.published(t), nil
	}
	for sample, err := range s.bench.Samples(ctx, o) {
		var notice *benchmarks.Notice
		switch {
		case errors.As(err, &notice), runners.CostsOneSample(err):
			continue
		case err != nil:
			return p, err
		}
		prompt, answer := s.asker.Cost(sample)
		p.samples++
		p.answer += answer
		p.prompt += prompt
		if room := s.asker.RoomIn(s.window, sample.MaxTokens); s.window > 0 && prompt > room {
			p.cut++
			p.cutTokens += prompt - max(room, 0)
			p.prompt += room - prompt
		}
		if !o.Unmade && time.Now().After(until) {
			return s.extrapolate(p, t), nil
		}
	}
	return p, nil
}

// pulled says whether all pinned files are on this machine.
func pulled(h *datasets.Hub) bool {
	files, err := datasets.List(h)
	if err != nil {
		return false
	}
	return !slices.ContainsFunc(files, func(f datasets.Stored) bool { return f.State == datasets.StateMissing })
}

// wantedRows is how many samples a task's published size makes.
func (s *settings) wantedRows(t benchmarks.Task) int {
	return min(t.Rows, s.options.Wanted(t)) * max(1, len(s.options.Lengths)) * max(1, len(s.options.Depths))
}

func (s *settings) extrapolate(p taskPlan, t benchmarks.Task) taskPlan {
	want := s.wantedRows(t)
	if want <= p.samples {
		p.estimated = want < p.samples
		return p
	}
	scale := float64(want) / float64(p.samples)
	grow := func(n int) int { return int(float64(n) * scale) }
	return taskPlan{
		name: p.name, samples: want, prompt: grow(p.prompt), answer: grow(p.answer),
		cut: grow(p.cut), cutTokens: grow(p.cutTokens), estimated: true,
	}
}

// bareTokens is about what a prompt without its document takes.
const bareTokens = 200

// published sizes a task whose data is not here by the paper's figures: 1.35
// tokens for an English word, 0.8 for a Chinese character.
func (s *settings) published(t benchmarks.Task) taskPlan {
	perUnit := 1.35
	if t.Language == "zh" {
		perUnit = 0.8
	}
	n := s.wantedRows(t)
	length := int(float64(t.AverageLength) * perUnit)
	if s.noContext {
		length = bareTokens
	}
	if len(s.options.Lengths) > 0 {
		length = 0
		for _, l := range s.options.Lengths {
			length += l / len(s.options.Lengths)
		}
	}
	answer := max(t.MaxTokens, 64) + s.asker.ReasoningTokens
	return taskPlan{name: t.Name, samples: n, prompt: n * length, answer: n * answer, estimated: true, unread: true}
}

func (s *settings) printPlan(out io.Writer, plans []taskPlan) error {
	var sum taskPlan
	w := tabwriter.NewWriter(out, 0, 4, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "task\tsamples\tprompt tokens\tanswer tokens\tcut\t")
	for _, p := range plans {
		about := ""
		if p.estimated {
			about = "~"
		}
		fmt.Fprintf(w, "%s\t%s%d\t%s%d\t<=%d\t%d\t\n", p.name, about, p.samples, about, p.prompt, p.answer, p.cut)
		sum.samples += p.samples
		sum.prompt += p.prompt
		sum.answer += p.answer
		sum.cut += p.cut
		sum.cutTokens += p.cutTokens
		sum.estimated = sum.estimated || p.estimated
		sum.unread = sum.unread || p.unread
	}
	fmt.Fprintf(w, "all\t%d\t%d\t<=%d\t%d\t\n", sum.samples, sum.prompt, sum.answer, sum.cut)
	if err := w.Flush(); err != nil {
		return err
	}
	fmt.Fprintf(out, "\n%s on %s, data: %s, tokens by %s\n", s.model, s.adapter.Name, s.source.Origin().Kind, s.options.Tokenizer.Name())
	switch {
	case sum.unread:
		fmt.Fprintln(out, "~ sizes are the paper's averages: the data is not here (lcbench data pull)")
	case sum.estimated:
		fmt.Fprintln(out, "~ extrapolated from the first samples of the task")
	}
	s.printCut(out, sum)
	s.printCost(out, sum)
	if s.adaptive != nil {
		fmt.Fprintln(out, "adaptive: these are the most; a cell stops when enough is known of it")
	}
	if s.judging != nil {
		fmt.Fprintln(out, "judge: not in these figures; --judge-budget bounds it")
	}
	return nil
}

func (s *settings) printCut(out io.Writer, sum taskPlan) {
	if s.window == 0 {
		fmt.Fprintln(out, "cut:   unknown without --window; a run asks the endpoint for its own")
		return
	}
	fmt.Fprintf(out, "cut:   %d samples by %d tokens to fit %s\n", sum.cut, sum.cutTokens, benchmarks.FormatTokens(s.window))
}

func (s *settings) printCost(out io.Writer, sum taskPlan) {
	if s.model.kind != "openai" {
		fmt.Fprintln(out, "money: none, nothing is sent")
		return
	}
	if s.price == nil {
		fmt.Fprintln(out, "money: unknown: no price for this model (--price in=USD,out=USD)")
	} else {
		dear := s.price.Cost(runners.Usage{Prompt: sum.prompt, Completion: sum.answer})
		cheap := s.price.Cost(runners.Usage{Prompt: sum.prompt})
		fmt.Fprintf(out, "money: %.2f USD if every answer fills its limit, %.2f for the prompts alone\n", dear, cheap)
	}
	// An endpoint of ordinary speed: 5,000 prompt tokens and 50 answer tokens a
	// second for each request, half of the answers' limit used.
	seconds := (float64(sum.prompt)/5000 + float64(sum.answer)/2/50) / float64(max(1, s.concurrency))
	fmt.Fprintf(out, "time:  %s, %d requests in flight, each 5000 tokens/s in, 50 out (assumed)\n",
		strings.TrimSuffix(time.Duration(seconds*float64(time.Second)).Round(time.Minute).String(), "0s"), max(1, s.concurrency))
}
