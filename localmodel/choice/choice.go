// Package choice reads what a user chooses by name and parameters: "name" or
// "name:key=value,…". Attention mechanisms and ways to stretch positions are
// written so.
package choice

import (
	"fmt"
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

// Parse reads spec. Errors, in one line, begin with what is chosen ("rope"),
// call things of the list by noun ("kind"), and say how it is written or what
// there is.
func Parse[T any](what, noun, spec string, list []Entry[T]) (T, error) {
	var none T
	name, rest, _ := strings.Cut(spec, ":")
	var names []string
	for _, e := range list {
		if e.Name != name {
			names = append(names, e.Name)
			continue
		}
		chosen, err := e.read(rest)
		if err != nil {
			return none, fmt.Errorf("%s %q: %w; want %s", what, spec, err, e.Usage)
		}
		return chosen, nil
	}
	return none, fmt.Errorf("%s %q: no %s %q; there is %s", what, spec, noun, name, strings.Join(names, ", "))
}

func (e Entry[T]) read(text string) (T, error) {
	var none T
	p, err := parameters(text)
	if err != nil {
		return none, err
	}
	chosen, err := e.Read(p)
	if err == nil {
		err = p.unused()
	}
	if err != nil {
		return none, err
	}
	return chosen, nil
}
