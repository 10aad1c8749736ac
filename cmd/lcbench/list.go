package main

import (
	"fmt"
	"io"
	"strings"
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
		return &cli.Command{Name: name, Usage: usage, Action: func(c *cli.Context) error { return do(c, c.App.Writer) }}
	}
	return &cli.Command{
		Name: "list", Usage: "benchmarks, tasks, models, attentions, ropes, metrics",
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
	lines := [][]string{{"NAME", "TITLE", "TASKS", "SAMPLES", "PAPER"}}
	for _, a := range all.List() {
		tasks := a.Open(a.Builtin(0)).Tasks()
		rows := 0
		for _, t := range tasks {
			rows += t.Rows
		}
		lines = append(lines, []string{a.Name, a.Title, fmt.Sprint(len(tasks)), published(rows), "arXiv " + a.Paper})
	}
	return writeColumns(w, lines)
}

// published is a count of samples as their authors give it; of those that are made
// here there are as many as one likes.
func published(rows int) string {
	if rows == 0 {
		return "–"
	}
	return fmt.Sprint(rows)
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
	for i, a := range adapters {
		if len(adapters) > 1 {
			fmt.Fprintf(w, "%s%s\n", strings.Repeat("\n", min(i, 1)), a.Name)
		}
		lines := [][]string{{"TASK", "LANG", "METRIC", "SAMPLES", "CATEGORY"}}
		for _, t := range a.Open(a.Builtin(0)).Tasks() {
			lines = append(lines, []string{t.Name, t.Language, t.Metric, published(t.Rows), t.Category})
		}
		if err := writeColumns(w, lines); err != nil {
			return err
		}
	}
	return nil
}

func listModels(_ *cli.Context, w io.Writer) error {
	var lines [][]string
	for _, k := range modelKinds() {
		lines = append(lines, k[:])
	}
	return writeColumns(w, lines)
}

// writeColumns prints lines of as many cells each in columns, the last one broken
// so that 80 columns hold it.
func writeColumns(w io.Writer, lines [][]string) error {
	last := len(lines[0]) - 1
	widths, used := make([]int, last), 0
	for i := range widths {
		for _, cells := range lines {
			widths[i] = max(widths[i], utf8.RuneCountInString(cells[i]))
		}
		used += widths[i] + 2
	}
	for _, cells := range lines {
		var line strings.Builder
		for i, width := range widths {
			fmt.Fprintf(&line, "%-*s  ", width, cells[i])
		}
		line.WriteString(strings.Join(wrapped(cells[last], 80-used), "\n"+strings.Repeat(" ", used)))
		if _, err := fmt.Fprintln(w, strings.TrimRight(line.String(), " ")); err != nil {
			return err
		}
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
	lines := [][]string{{"BENCHMARK", "METRIC", "EQUALS"}}
	for benchmark, m := range scorers.Metrics() {
		lines = append(lines, []string{benchmark, m.Name, m.Equals})
	}
	return writeColumns(w, lines)
}
