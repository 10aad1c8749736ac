package main

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"unicode/utf8"

	"github.com/urfave/cli/v2"

	"github.com/lcbench/lcbench/benchmarks"
	"github.com/lcbench/lcbench/benchmarks/all"
	attentions "github.com/lcbench/lcbench/localmodel/attention/all"
	"github.com/lcbench/lcbench/localmodel/rope"
	"github.com/lcbench/lcbench/scorers"
)

func listCommand() *cli.Command {
	sub := func(name, usage string, do func(*cli.Context, io.Writer) error) *cli.Command {
		return &cli.Command{Name: name, Usage: usage, Action: func(c *cli.Context) error {
			w := tabwriter.NewWriter(c.App.Writer, 0, 4, 2, ' ', 0)
			if err := do(c, w); err != nil {
				return err
			}
			return w.Flush()
		}}
	}
	return &cli.Command{
		Name: "list", Usage: "what there is: benchmarks, tasks, models, attentions, ropes, metrics",
		Subcommands: []*cli.Command{
			sub("benchmarks", "all benchmarks", listBenchmarks),
			sub("tasks", "tasks of one benchmark, or of all", listTasks),
			sub("models", "kinds of models", listModels),
			sub("attentions", "attention mechanisms for local models", listAttentions),
			sub("ropes", "ways to stretch positions of local models", listRopes),
			sub("metrics", "metrics and what each equals", listMetrics),
		},
		Action: func(*cli.Context) error {
			return usagef("list what? benchmarks, tasks, models, attentions, ropes or metrics")
		},
	}
}

func listBenchmarks(_ *cli.Context, w io.Writer) error {
	fmt.Fprintln(w, "NAME\tTITLE\tTASKS\tSAMPLES\tPAPER")
	for _, a := range all.List() {
		tasks := a.Open(a.Builtin(0)).Tasks()
		rows := 0
		for _, t := range tasks {
			rows += t.Rows
		}
		fmt.Fprintf(w, "%s\t%s\t%d\t%d\tarXiv %s\n", a.Name, a.Title, len(tasks), rows, a.Paper)
	}
	return nil
}

func listTasks(c *cli.Context, w io.Writer) error {
	adapters := all.List()
	if c.Args().Present() {
		a, err := all.Find(c.Args().First())
		if err != nil {
			return usage(err)
		}
		adapters = []benchmarks.Adapter{a}
	}
	fmt.Fprintln(w, "BENCHMARK\tTASK\tCATEGORY\tLANGUAGE\tMETRIC\tSAMPLES")
	for _, a := range adapters {
		for _, t := range a.Open(a.Builtin(0)).Tasks() {
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%d\n", a.Name, t.Name, t.Category, t.Language, t.Metric, t.Rows)
		}
	}
	return nil
}

func listModels(_ *cli.Context, w io.Writer) error {
	for _, k := range modelKinds() {
		fmt.Fprintf(w, "%s\t%s\n", k[0], k[1])
	}
	return nil
}

// listAttentions prints a mechanism in a few lines of 80 columns: how it is
// written, what a row sees, and what that takes.
func listAttentions(_ *cli.Context, w io.Writer) error {
	fmt.Fprintln(w, "For local models: --attention NAME or NAME:PARAMETER=VALUE,…. The values shown\n"+
		"are defaults; each may be left out. KV: tokens whose keys and values a layer\n"+
		"caches. Reads: tokens that are read for a new one behind n. All of them run on a\n"+
		"GPU too (--device gpu).")
	for _, a := range attentions.List() {
		fmt.Fprintf(w, "\n%s\n", strings.Join(atCommas(a.Usage, 76), "\n    "))
		for _, line := range wrapped(a.Summary, 76) {
			fmt.Fprintf(w, "    %s\n", line)
		}
		fmt.Fprintf(w, "    weights: %s\n    KV: %s; reads: %s\n", orAny(a.Needs), a.KV, a.Reads)
	}
	return nil
}

// atCommas cuts text behind commas into lines of up to width bytes, where it has
// commas enough.
func atCommas(text string, width int) []string {
	var lines []string
	for len(text) > width {
		cut := strings.LastIndexByte(text[:width], ',') + 1
		if cut == 0 {
			break
		}
		lines = append(lines, text[:cut])
		text = text[cut:]
	}
	return append(lines, text)
}

func orAny(needs string) string {
	switch {
	case needs == "":
		return "any"
	case strings.HasPrefix(needs, "weights "):
		return strings.TrimPrefix(needs, "weights ")
	}
	return "any; needs " + needs
}

// wrapped breaks text into lines of so many columns at the most.
func wrapped(text string, columns int) []string {
	var lines []string
	for _, word := range strings.Fields(text) {
		last := len(lines) - 1
		if last < 0 || utf8.RuneCountInString(lines[last])+1+utf8.RuneCountInString(word) > columns {
			lines = append(lines, word)
			continue
		}
		lines[last] += " " + word
	}
	return lines
}

// listRopes prints a stretch in a few lines of 80 columns: how it is written and
// how pairs turn.
func listRopes(_ *cli.Context, w io.Writer) error {
	fmt.Fprintln(w, "For local models: --rope NAME:PARAMETER=VALUE,…. What stands in brackets may be\n"+
		"left out.")
	for _, r := range rope.List() {
		fmt.Fprintf(w, "\n%s\n", strings.Join(atCommas(r.Usage, 76), "\n    "))
		for _, line := range wrapped(r.Summary, 76) {
			fmt.Fprintf(w, "    %s\n", line)
		}
	}
	return nil
}

func listMetrics(_ *cli.Context, w io.Writer) error {
	fmt.Fprintln(w, "BENCHMARK\tMETRIC\tEQUALS")
	for benchmark, m := range scorers.Metrics() {
		fmt.Fprintf(w, "%s\t%s\t%s\n", benchmark, m.Name, m.Equals)
	}
	return nil
}
