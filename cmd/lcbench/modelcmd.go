package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"
	"text/tabwriter"
	"unicode/utf8"

	"github.com/urfave/cli/v2"

	"github.com/lcbench/lcbench/localmodel/gguf"
	"github.com/lcbench/lcbench/runners/local"
)

func modelCommand() *cli.Command {
	return &cli.Command{
		Name: "model", Usage: "models that run in this process",
		Subcommands: []*cli.Command{
			{Name: "pull", Usage: "fetch a model, check it and keep it", ArgsUsage: "NAME", Action: pullModel},
			{Name: "ls", Usage: "models known by name, and which are here", Action: listLocal},
			{Name: "inspect", Usage: "what a GGUF file holds", ArgsUsage: "FILE.gguf", Action: inspectModel,
				Flags: []cli.Flag{&cli.BoolFlag{Name: "tensors", Usage: "list every tensor"}}},
		},
		Action: func(*cli.Context) error { return usagef("model what? pull, ls or inspect") },
	}
}

func pullModel(c *cli.Context) error {
	if c.NArg() != 1 {
		return usagef("want one model, got %d; see lcbench model ls", c.NArg())
	}
	name := c.Args().First()
	if local.IsBuiltIn(name) {
		fmt.Fprintf(c.App.Writer, "%s is built in\n", name)
		return nil
	}
	files, err := modelFiles(c.App.ErrWriter)
	if err != nil {
		return err
	}
	path, err := findLocal(c.Context, files, name)
	if err != nil {
		return err
	}
	fmt.Fprintln(c.App.Writer, path)
	return nil
}

func listLocal(c *cli.Context) error {
	files, err := modelFiles(c.App.ErrWriter)
	if err != nil {
		return err
	}
	lines := [][]string{{"NAME", "HERE", "LICENCE", "WHAT"}}
	for _, m := range local.BuiltIn() {
		lines = append(lines, []string{m[0], "built in", "", m[1]})
	}
	for _, m := range files.List() {
		here := "no"
		if m.Here {
			here = "yes"
		}
		lines = append(lines, []string{m.Name, here, m.Licence, m.Summary})
	}
	return writeColumns(c.App.Writer, lines)
}

func inspectModel(c *cli.Context) error {
	if c.NArg() != 1 {
		return usagef("want one file, got %d", c.NArg())
	}
	name := c.Args().First()
	if local.IsBuiltIn(name) {
		return usagef("%s is built in: it has no file", name)
	}
	files, err := modelFiles(c.App.ErrWriter)
	if err != nil {
		return err
	}
	path := name
	switch at := slices.IndexFunc(files.List(), func(m local.Stored) bool { return m.Name == name }); {
	case at >= 0 && files.List()[at].Here:
		path = files.List()[at].Path
	case at >= 0:
		return fmt.Errorf("%s is not here; lcbench model pull %s fetches it", name, name)
	default:
		if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("%s: no such file; give the path of a GGUF file, or a name of lcbench model ls", name)
		}
	}
	f, err := gguf.Open(path)
	if err != nil {
		return err
	}
	defer f.Close() //nolint:errcheck // read only
	describe(c.App.Writer, f, c.Bool("tensors"))
	return nil
}

// describe prints a file's metadata, cut to a line each, and its tensors.
func describe(out io.Writer, f *gguf.File, all bool) {
	w := tabwriter.NewWriter(out, 0, 4, 2, ' ', 0)
	defer w.Flush() //nolint:errcheck // the writer below has said it
	fmt.Fprintf(w, "GGUF v%d, %d keys, %d tensors\n", f.Version, len(f.Keys()), len(f.Tensors()))
	room := 80
	for _, key := range f.Keys() {
		room = min(room, 78-utf8.RuneCountInString(plain(key)))
	}
	for _, key := range f.Keys() {
		v, _ := f.Value(key)
		fmt.Fprintf(w, "%s\t%s\n", plain(key), oneLine(v, max(20, room)))
	}
	byType := map[string][2]int{}
	for _, t := range f.Tensors() {
		n := byType[t.Type.String()]
		byType[t.Type.String()] = [2]int{n[0] + 1, n[1] + len(t.Data)}
		if all {
			fmt.Fprintf(w, "%s\t%s %v\n", plain(t.Name), t.Type, t.Shape)
		}
	}
	var types []string
	for t := range byType {
		types = append(types, t)
	}
	slices.Sort(types)
	for _, t := range types {
		fmt.Fprintf(w, "%s\t%d tensors, %.1f MB\n", t, byType[t][0], float64(byType[t][1])/1e6)
	}
}

// oneLine prints a value in one line of at most room characters.
func oneLine(v any, room int) string {
	text := strings.ReplaceAll(plain(fmt.Sprint(v)), "\n", `\n`)
	if r := []rune(text); len(r) > room {
		return string(r[:room-3]) + "..."
	}
	return text
}
