package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/lcbench/lcbench/benchmarks"
	"github.com/lcbench/lcbench/localmodel"
	"github.com/lcbench/lcbench/localmodel/tokenizer"
	"github.com/lcbench/lcbench/runners/local"
)

// load makes ready what takes seconds, or a download, once every flag has been
// read: local models and what counts tokens. The models of a comparison are all
// loaded at once: what doesn't fit is refused before anything runs.
func load(c *cli.Context, list []*settings) error {
	for from := 0; from < len(list); {
		a, to := list[from].modelSettings, from+1
		for to < len(list) && list[to].modelSettings == a {
			to++
		}
		if err := a.load(c, list[from:to]); err != nil {
			return errors.Join(err, closeLocals(list))
		}
		from = to
	}
	return nil
}

// load is load for the benchmarks that are run on one model.
func (a *modelSettings) load(c *cli.Context, list []*settings) error {
	lengths := list[0].options.Lengths
	count, err := a.namedTokenizer(c, lengths)
	if err != nil {
		return err
	}
	if err := a.useLocal(c); err != nil {
		return err
	}
	a.tellUndivided(c, lengths)
	a.countWith(count, list)
	return usage(a.askLocal(list[0].options.Tokenizer))
}

// countWith has tokens counted by a tokenizer; nil: the local model's own.
func (a *modelSettings) countWith(t benchmarks.Tokenizer, list []*settings) {
	if t == nil {
		t = a.local.Tokenizer()
	}
	for _, s := range list {
		s.options.Tokenizer = t
	}
	a.asker.Tokenizer, a.asker.Exact = t, tokenizer.ForModel(a.model.name) == t.Name()
}

// namedTokenizer opens what --tokenizer names, or what is known to be the API
// model's; nil where a local model brings its own.
func (a *modelSettings) namedTokenizer(c *cli.Context, lengths []int) (benchmarks.Tokenizer, error) {
	name := c.String("tokenizer")
	switch {
	case name != "":
	case a.model.kind == "local":
		return nil, nil
	default:
		name = tokenizer.ApproxName
		if own := tokenizer.ForModel(a.model.name); own != "" && len(lengths) > 0 {
			name = own
		}
	}
	return openTokenizer(c, name)
}

// openTokenizer takes a named vocabulary, or that of a model: a name that
// lcbench model ls knows, or the path of a file or folder.
func openTokenizer(c *cli.Context, name string) (benchmarks.Tokenizer, error) {
	if slices.Contains(tokenizer.Names(), name) {
		return tokenizer.Named(name)
	}
	files, err := modelFiles(c.App.ErrWriter)
	if err != nil {
		return nil, err
	}
	if !files.Knows(name) && !strings.ContainsAny(name, `/\.:`) {
		known := slices.Concat(tokenizer.Names(), files.Names())
		return nil, usagef("tokenizer %q%s: known are %s, and paths of a GGUF file or a tokenizer.json", name, benchmarks.DidYouMean(name, known), strings.Join(known, ", "))
	}
	path, err := files.Find(c.Context, name)
	var none *local.NameError
	switch {
	case errors.As(err, &none):
		return nil, usagef("tokenizer: %w", err)
	case err != nil:
		return nil, fmt.Errorf("tokenizer: %w", err)
	}
	t, err := localmodel.OpenTokenizer(path)
	return t, usage(err)
}
