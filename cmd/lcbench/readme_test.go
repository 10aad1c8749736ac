package main

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/urfave/cli/v2"
)

func readme(t *testing.T) string {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("..", "..", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

// fenced returns what stands between the fences of a language, block by block.
func fenced(text, language string) []string {
	var out []string
	for _, m := range regexp.MustCompile("(?s)\n```(\\w*)\n(.*?)\n```").FindAllStringSubmatch(text, -1) {
		if m[1] == language {
			out = append(out, m[2])
		}
	}
	return out
}

// Every lcbench line of the README is one that the program takes: its command
// exists, and so do its flags.
func TestREADMECommandsExist(t *testing.T) {
	lines := 0
	for _, block := range fenced(readme(t), "sh") {
		for line := range strings.SplitSeq(block, "\n") {
			line, _, _ = strings.Cut(line, " #")
			line = strings.Replace(line, "go run ./cmd/lcbench", "lcbench", 1)
			line, _, _ = strings.Cut(line, " <")
			args := strings.Fields(line)
			if len(args) == 0 || args[0] != "lcbench" {
				continue
			}
			lines++
			app := newApp(strings.NewReader(""), &bytes.Buffer{}, &bytes.Buffer{})
			ran := ""
			idle(app.Commands, &ran)
			if err := app.Run(arrange(app, args)); err != nil || ran == "" {
				t.Errorf("%s: %v (command run: %q)", line, err, ran)
			}
		}
	}
	if lines < 10 {
		t.Errorf("only %d lines were found", lines)
	}
}

// idle makes commands do nothing but say that they would run.
func idle(commands []*cli.Command, ran *string) {
	for _, c := range commands {
		c.Action = func(c *cli.Context) error {
			*ran = c.Command.Name
			return nil
		}
		idle(c.Subcommands, ran)
	}
}

// The first table of the README is what its first command prints.
func TestREADMEFirstTable(t *testing.T) {
	t.Setenv("LCBENCH_CACHE", t.TempDir())
	var out, errs bytes.Buffer
	if code := Run(t.Context(), []string{"lcbench", "run", "longbench", "--out", filepath.Join(t.TempDir(), "run")}, nil, &out, &errs); code != 0 {
		t.Fatalf("exit code %d: %s", code, errs.String())
	}
	blocks := fenced(readme(t), "")
	if len(blocks) == 0 {
		t.Fatal("the README shows no output")
	}
	if diff := cmp.Diff(steady(blocks[0]), steady(out.String())); diff != "" {
		t.Errorf("README (-) and program (+) differ:\n%s", diff)
	}
}

// steady leaves out what is never the same twice: speeds and the run's folder.
func steady(table string) string {
	table = regexp.MustCompile(`(?s)Speed: .*?s\)\.\n`).ReplaceAllString(table+"\n", "")
	if i := strings.Index(table, "\n\n/"); i >= 0 {
		table = table[:i]
	}
	return strings.TrimSpace(table)
}
