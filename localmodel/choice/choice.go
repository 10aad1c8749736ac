// Package choice reads what a user chooses by name and parameters: "name" or
// "name:key=value,…". Attention mechanisms and ways to stretch positions are
// written so.
package choice

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// Entry is one thing of a list to choose from.
type Entry[T any] struct {
	Name    string
	Usage   string // how to write it
	Summary string
	// Read makes it of its parameters. It takes those that it knows; one that it
	// leaves is an error of the user's.
	Read func(Parameters) (T, error)
}

// UnknownError is a thing that is not in the list, or a parameter that it does
// not have.
type UnknownError struct {
	Name  string
	Known []string
	Hint  string // stands behind the name; a caller may know a nearer one
	// The error is before, the name, Hint, after.
	before, after string
	quoted        bool
}

func (e *UnknownError) Error() string {
	name := e.Name
	if e.quoted {
		name = strconv.Quote(name)
	}
	return e.before + name + e.Hint + e.after
}

// Parse reads spec. Errors, in one line, begin with what is chosen ("rope"),
// call things of the list by noun ("kind"), and say how it is written or what
// there is; where a name is unknown they are an *UnknownError.
func Parse[T any](what, noun, spec string, list []Entry[T]) (T, error) {
	var none T
	name, rest, _ := strings.Cut(spec, ":")
	var names []string
	for _, e := range list {
		if e.Name != name {
			names = append(names, e.Name)
			continue
		}
		p, err := parameters(rest)
		if err != nil {
			return none, fmt.Errorf("%s %q: %w; want %s", what, spec, err, e.Usage)
		}
		if err := e.unknown(what, spec, p); err != nil {
			return none, err
		}
		chosen, err := e.Read(p)
		if err != nil {
			return none, fmt.Errorf("%s %q: %w; want %s", what, spec, err, e.Usage)
		}
		if err := e.without(what, spec, slices.Sorted(maps.Keys(p))); err != nil {
			return none, err
		}
		return chosen, nil
	}
	if strings.TrimSpace(name) == "" {
		return none, fmt.Errorf("%s %q names no %s: want one of %s, or leave it out", what, spec, noun, strings.Join(names, ", "))
	}
	return none, &UnknownError{
		Name: name, Known: names, quoted: true,
		before: fmt.Sprintf("%s %q: no %s ", what, spec, noun), after: "; there is " + strings.Join(names, ", "),
	}
}

// unknown refuses parameters that the entry has under no circumstances, ahead of
// what else is wrong: a misspelt one isn't missing.
func (e Entry[T]) unknown(what, spec string, p Parameters) error {
	known := e.Parameters()
	return e.without(what, spec, slices.DeleteFunc(slices.Sorted(maps.Keys(p)), func(key string) bool { return slices.Contains(known, key) }))
}

// without refuses parameters; none are no error.
func (e Entry[T]) without(what, spec string, parameters []string) error {
	if len(parameters) == 0 {
		return nil
	}
	return &UnknownError{
		Name: strings.Join(parameters, ", "), Known: e.Parameters(),
		before: fmt.Sprintf("%s %q: no parameter ", what, spec), after: "; want " + e.Usage,
	}
}

// Parameters are the names of an entry's parameters, as Usage has them.
func (e Entry[T]) Parameters() []string {
	var out []string
	for _, pair := range strings.FieldsFunc(strings.TrimPrefix(e.Usage, e.Name), func(r rune) bool { return strings.ContainsRune(":,[]", r) }) {
		name, _, _ := strings.Cut(pair, "=")
		out = append(out, name)
	}
	return out
}
