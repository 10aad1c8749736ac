package chat

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/nikolalohinski/gonja/v2/builtins"
	"github.com/nikolalohinski/gonja/v2/exec"
)

// environment is everything that a template can call.
func (g *guard) environment(now func() time.Time) *exec.Environment {
	if now == nil {
		now = time.Now
	}
	namespace, _ := builtins.GlobalFunctions.Get("namespace")
	dict, _ := builtins.GlobalFunctions.Get("dict")
	return &exec.Environment{
		Context: exec.NewContext(map[string]any{
			"namespace": namespace, "dict": dict, "range": g.numbers, "raise_exception": g.raise,
			"strftime_now": func(format string) string { return strftime(now(), format) },
		}),
		Filters: g.filters(), Tests: builtins.Tests, ControlStructures: g.statements(), Methods: g.methods(),
	}
}

// raise is raise_exception.
func (g *guard) raise(_ *exec.Evaluator, params *exec.VarArgs) (string, error) {
	text := "no reason given"
	if v := params.First(); v != nil && !v.IsNil() {
		text = v.String()
	}
	if len(text) > maxCause {
		text = strings.ToValidUTF8(text[:maxCause], "") + "…"
	}
	if g.raised == nil {
		g.raised = errors.New(text)
	}
	return "", g.raised
}

// maxRange is that of Jinja's sandbox.
const maxRange = 100000

// numbers is range.
func (g *guard) numbers(_ *exec.Evaluator, params *exec.VarArgs) ([]int, error) {
	start, stop, step := 0, 0, 1
	switch a := params.Args; len(a) {
	case 1:
		stop = a[0].Integer()
	case 2:
		start, stop = a[0].Integer(), a[1].Integer()
	case 3:
		start, stop, step = a[0].Integer(), a[1].Integer(), a[2].Integer()
	default:
		return nil, errors.New("range takes one to three numbers")
	}
	if step == 0 {
		return nil, errors.New("range: a step of 0")
	}
	list := []int{}
	for i := start; step > 0 && i < stop || step < 0 && i > stop; i += step {
		if len(list) == maxRange {
			return nil, fmt.Errorf("range of more than %d numbers", maxRange)
		}
		g.step()
		list = append(list, i)
	}
	return list, nil
}

// shown is the filter that prepare puts after each expression that is written.
const shown = "lcbench_shown"

// filters returns Jinja's filters less those that pad, wrap or link text
// (none needed in a chat template), each counted.
func (g *guard) filters() *exec.FilterSet {
	set := map[string]exec.FilterFunction{}
	for _, name := range []string{
		"abs", "attr", "capitalize", "default", "d", "dictsort", "first", "float", "int", "items", "last", "length",
		"count", "list", "lower", "map", "max", "min", "rejectattr", "reject", "reverse", "round", "safe", "selectattr",
		"select", "sort", "string", "sum", "title", "unique", "upper",
	} {
		inner, ok := builtins.Filters.Get(name)
		if !ok {
			continue
		}
		set[name] = func(e *exec.Evaluator, in *exec.Value, params *exec.VarArgs) *exec.Value {
			g.step()
			return inner(e, in, params)
		}
	}
	set[shown] = func(_ *exec.Evaluator, in *exec.Value, _ *exec.VarArgs) *exec.Value {
		if in.IsError() {
			return in
		}
		g.show(in)
		return in
	}
	for name, f := range map[string]func(in *exec.Value, params *exec.VarArgs) (any, error){
		"trim": g.trim, "tojson": g.toJSON, "join": g.join, "replace": g.replace, "indent": g.indent,
	} {
		set[name] = func(_ *exec.Evaluator, in *exec.Value, params *exec.VarArgs) *exec.Value {
			if in.IsError() {
				return in
			}
			out, err := f(in, params)
			if err != nil {
				return exec.AsValue(fmt.Errorf("filter %s: %w", name, err))
			}
			return exec.AsValue(out)
		}
	}
	return exec.NewFilterSet(set)
}

// argument returns the argument at position i or of that name, or nil.
func argument(params *exec.VarArgs, i int, name string) *exec.Value {
	if i < len(params.Args) {
		return params.Args[i]
	}
	return params.KwArgs[name]
}

func (g *guard) trim(in *exec.Value, params *exec.VarArgs) (any, error) {
	text := in.String()
	if in.IsNil() {
		text = ""
	}
	g.fits(len(text))
	if chars := argument(params, 0, "chars"); chars != nil && !chars.IsNil() {
		return strings.Trim(text, chars.String()), nil
	}
	return strings.TrimSpace(text), nil
}

func (g *guard) join(in *exec.Value, params *exec.VarArgs) (any, error) {
	sep := ""
	if v := argument(params, 0, "d"); v != nil {
		sep = v.String()
	}
	attribute := argument(params, 1, "attribute")
	var parts []string
	size := 0
	in.Iterate(func(_, _ int, v, _ *exec.Value) bool {
		if attribute != nil {
			v, _ = v.GetItem(attribute.String())
		}
		parts = append(parts, v.String())
		size += len(parts[len(parts)-1]) + len(sep)
		g.fits(size)
		return true
	}, func() {})
	return strings.Join(parts, sep), nil
}

func (g *guard) replace(in *exec.Value, params *exec.VarArgs) (any, error) {
	from, to := argument(params, 0, "old"), argument(params, 1, "new")
	if from == nil || to == nil {
		return nil, errors.New("want two texts")
	}
	n := -1
	if count := argument(params, 2, "count"); count != nil && count.IsInteger() {
		n = count.Integer()
	}
	text, old, next := in.String(), from.String(), to.String()
	g.fits(len(text) + strings.Count(text, old)*len(next))
	return strings.Replace(text, old, next, n), nil
}

func (g *guard) indent(in *exec.Value, params *exec.VarArgs) (any, error) {
	pad, first := strings.Repeat(" ", 4), false
	if width := argument(params, 0, "width"); width != nil {
		if width.IsString() {
			pad = width.String()
		} else if n := width.Integer(); n >= 0 && n <= 100 {
			pad = strings.Repeat(" ", n)
		}
	}
	if v := argument(params, 1, "first"); v != nil {
		first = v.IsTrue()
	}
	lines := strings.Split(in.String(), "\n")
	g.fits(len(in.String()) + len(lines)*len(pad))
	for i, line := range lines {
		if (i > 0 || first) && line != "" {
			lines[i] = pad + line
		}
	}
	return strings.Join(lines, "\n"), nil
}
