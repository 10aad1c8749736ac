package main

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"unicode"

	"github.com/urfave/cli/v2"
	"go.yaml.in/yaml/v3"

	"github.com/lcbench/lcbench/benchmarks"
)

// arrange rewrites a command line into the form that the flag parser reads:
// flags may stand behind arguments (lcbench run longbench --limit 5), and
// lm-evaluation-harness's spellings (--model_args, --output_path) become ours.
func arrange(app *cli.App, args []string) []string {
	if len(args) < 2 || slices.Contains(args, "--generate-bash-completion") {
		return args
	}
	var head, flags, positional []string
	commands, known := app.Commands, app.Flags
	rest := args[1:]
	head = append(head, args[0])
	for len(rest) > 0 {
		arg := rest[0]
		rest = rest[1:]
		switch {
		case arg == "--":
			positional = append(positional, rest...)
			rest = nil
		case len(arg) > 1 && arg[0] == '-':
			arg = spelling(arg)
			flags = append(flags, arg)
			if takesValue(known, arg) {
				if len(rest) == 0 {
					return slices.Concat(head, flags) // the parser says that its value is missing
				}
				flags = append(flags, rest[0])
				rest = rest[1:]
			}
		default:
			if c := commandNamed(commands, arg); c != nil && len(positional) == 0 {
				// Flags of the command before belong ahead of this one.
				head = append(append(head, flags...), arg)
				flags, commands, known = nil, c.Subcommands, c.Flags
				continue
			}
			positional = append(positional, arg)
		}
	}
	out := slices.Concat(head, flags)
	if len(positional) > 0 {
		out = append(append(out, "--"), positional...)
	}
	return out
}

func commandNamed(commands []*cli.Command, name string) *cli.Command {
	for _, c := range commands {
		if c.HasName(name) {
			return c
		}
	}
	return nil
}

// spelling turns a flag's name into ours; the value behind = stays.
func spelling(arg string) string {
	name, value, hasValue := strings.Cut(arg, "=")
	name = strings.ReplaceAll(name, "_", "-")
	if name == "--output-path" {
		name = "--out"
	}
	if hasValue {
		return name + "=" + value
	}
	return name
}

func takesValue(flags []cli.Flag, arg string) bool {
	if strings.Contains(arg, "=") {
		return false
	}
	name := strings.TrimLeft(arg, "-")
	for _, f := range flags {
		if slices.Contains(f.Names(), name) {
			_, isBool := f.(*cli.BoolFlag)
			return !isBool
		}
	}
	return false
}

// applyConfig sets the flags that a configuration file names and the command
// line does not. Its keys are the flags' names.
func applyConfig(c *cli.Context) error {
	path := c.String("config")
	if path == "" {
		return nil
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		return usage(err)
	}
	settings, err := parseConfig(path, raw, c.Command.Flags)
	if err != nil {
		return usage(err)
	}
	for _, s := range settings {
		if c.IsSet(s.name) {
			continue
		}
		for _, v := range s.values {
			if err := c.Set(s.name, v); err != nil {
				return usagef("%s:%d: %s: %w", path, s.line, s.name, err)
			}
		}
	}
	return nil
}

// setting is one key of a configuration file.
type setting struct {
	name   string
	values []string
	line   int
}

// maxConfig bounds a configuration file, in bytes.
const maxConfig = 1 << 20

// parseConfig reads a YAML mapping of flag names to scalars or lists of them.
// Keys are checked against the flags; lm-eval's spellings are accepted.
func parseConfig(path string, raw []byte, flags []cli.Flag) ([]setting, error) {
	if len(raw) > maxConfig {
		return nil, fmt.Errorf("%s: over %d bytes, that is no configuration", path, maxConfig)
	}
	var doc yaml.Node
	if err := yaml.Unmarshal(raw, &doc); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if len(doc.Content) == 0 {
		return nil, nil
	}
	top := doc.Content[0]
	if top.Kind != yaml.MappingNode {
		return nil, fmt.Errorf("%s:%d: want a mapping of flag names to values", path, top.Line)
	}
	var known []string
	for _, f := range flags {
		known = append(known, f.Names()[0])
	}
	var out []setting
	for i := 0; i+1 < len(top.Content); i += 2 {
		key, value := top.Content[i], top.Content[i+1]
		name := strings.TrimPrefix(spelling("--"+key.Value), "--")
		if !slices.Contains(known, name) || name == "config" {
			return nil, fmt.Errorf("%s:%d: no setting %q%s", path, key.Line, key.Value, benchmarks.DidYouMean(name, known))
		}
		s := setting{name: name, line: key.Line}
		switch value.Kind {
		case yaml.ScalarNode:
			s.values = []string{value.Value}
		case yaml.SequenceNode:
			for _, v := range value.Content {
				if v.Kind != yaml.ScalarNode {
					return nil, fmt.Errorf("%s:%d: field %q: want plain values in the list", path, v.Line, key.Value)
				}
				s.values = append(s.values, v.Value)
			}
		default:
			return nil, fmt.Errorf("%s:%d: field %q: want a value or a list of values", path, value.Line, key.Value)
		}
		out = append(out, s)
	}
	return out, nil
}

// plain makes text safe for a terminal: no control character survives but the
// line break.
func plain(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\n' && r != '\t' {
			return '\uFFFD'
		}
		return r
	}, s)
}
