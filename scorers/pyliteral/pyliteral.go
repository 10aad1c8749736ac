// Package pyliteral reads literals of Python's expression syntax, without
// evaluating anything: what ast.literal_eval accepts, less arithmetic. Some
// benchmarks keep their rows as such literals, and some references pass a
// model's answer to eval, which nothing here ever does.
//
// Source: The Python Language Reference 3.11, sections 2.4 and 6.2.
package pyliteral

import (
	"errors"
	"fmt"
	"strings"
)

// Value is a literal: a string, Bytes, bool, nil (None), Ellipsis, Number, List,
// Tuple, Set or *Dict.
type Value any

// Ellipsis is "...".
type Ellipsis struct{}

// Bytes is a bytes literal; it equals no string.
type Bytes string

// Number is a number as it is written, sign included.
type Number string

// List is a list's elements.
type List []Value

// Tuple is a tuple's elements.
type Tuple []Value

// Set is a set's elements in the order written; one may stand there twice.
type Set []Value

// Dict is a dictionary display. Keys that are strings are in Text; of equal
// ones the last value counts, at the place of the first.
type Dict struct {
	Keys []string
	Text map[string]Value
	// Others counts the entries whose keys are no strings.
	Others int
}

// Limits that keep a hostile text from costing more than its length.
const (
	maxDepth = 100
	maxText  = 64 << 20
)

// Parse reads a text that is one literal and nothing else but white space,
// newlines and comments around it. Positions in errors are bytes from 0, of
// the text with its newlines made "\n".
func Parse(text string) (Value, error) {
	if len(text) > maxText {
		return nil, fmt.Errorf("longer than %d bytes", maxText)
	}
	if strings.ContainsRune(text, 0) {
		return nil, errors.New("a null character")
	}
	if strings.ContainsRune(text, '\r') {
		text = strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(text)
	}
	p := &parser{text: strings.TrimLeft(text, " \t")}
	if err := p.skipBlankLines(); err != nil {
		return nil, err
	}
	v, err := p.value(0)
	if err != nil {
		return nil, err
	}
	return v, p.end()
}

// parser walks over a text. Inside of brackets newlines are white space.
type parser struct {
	text string
	at   int
	open int // brackets
}

func (p *parser) fail(want string) error {
	if p.at >= len(p.text) {
		return fmt.Errorf("byte %d: want %s, got the end", p.at, want)
	}
	return fmt.Errorf("byte %d: want %s, got %q", p.at, want, firstRune(p.text[p.at:]))
}

func firstRune(s string) string {
	for i := range s {
		if i > 0 {
			return s[:i]
		}
	}
	return s
}

// peek is the next byte, 0 at the end.
func (p *parser) peek() byte {
	if p.at < len(p.text) {
		return p.text[p.at]
	}
	return 0
}

// skipBlankLines steps over lines of white space and comments ahead of the
// expression. The expression must then begin its line: Python takes white space
// before it for an indent, save on the very first line.
func (p *parser) skipBlankLines() error {
	for {
		start := p.at
		p.skipSpace()
		if p.peek() != '\n' {
			if start > 0 && p.at > start && p.at < len(p.text) {
				return fmt.Errorf("byte %d: unexpected indent", start)
			}
			return nil
		}
		p.at++
	}
}

// skipSpace steps over white space, comments and joined lines.
func (p *parser) skipSpace() {
	for p.at < len(p.text) {
		switch c := p.text[p.at]; {
		case c == ' ', c == '\t', c == '\f', c == '\n' && p.open > 0:
			p.at++
		case c == '\\' && strings.HasPrefix(p.text[p.at:], "\\\n") && p.at+2 < len(p.text):
			p.at += 2
		case c == '#':
			n := strings.IndexByte(p.text[p.at:], '\n')
			if n < 0 {
				n = len(p.text) - p.at
			}
			p.at += n
		default:
			return
		}
	}
}

// end makes sure that nothing but blank lines follows.
func (p *parser) end() error {
	p.skipSpace()
	for p.peek() == '\n' {
		p.at++
		p.skipSpace()
	}
	if p.at < len(p.text) {
		return p.fail("the end")
	}
	return nil
}

// value reads one literal.
func (p *parser) value(depth int) (Value, error) {
	if depth > maxDepth {
		return nil, fmt.Errorf("byte %d: nested deeper than %d", p.at, maxDepth)
	}
	p.skipSpace()
	switch c := p.peek(); {
	case c == '{':
		return p.braces(depth)
	case c == '[':
		list, _, err := p.elements(']', depth)
		return List(list), err
	case c == '(':
		return p.parentheses(depth)
	case strings.HasPrefix(p.text[p.at:], "..."):
		p.at += 3
		return Ellipsis{}, nil
	case c == '-' || c == '+' || c == '.' || isDigit(c):
		return p.number()
	case p.startsString():
		return p.stringOrBytes()
	}
	return p.name()
}

// name reads one of the three constants.
func (p *parser) name() (Value, error) {
	n := 0
	for p.at+n < len(p.text) && isNameByte(p.text[p.at+n]) {
		n++
	}
	word := p.text[p.at : p.at+n]
	p.at += n
	switch word {
	case "None":
		return nil, nil
	case "True":
		return true, nil
	case "False":
		return false, nil
	}
	p.at -= n
	return nil, p.fail("a literal")
}

// parentheses reads a tuple, or one literal in brackets.
func (p *parser) parentheses(depth int) (Value, error) {
	list, comma, err := p.elements(')', depth)
	if err == nil && len(list) == 1 && !comma {
		return list[0], nil
	}
	return Tuple(list), err
}

// elements reads a bracket's elements, and whether a comma stood among or
// behind them.
func (p *parser) elements(closing byte, depth int) (list []Value, comma bool, err error) {
	p.at++
	p.open++
	defer func() { p.open-- }()
	list = []Value{}
	for {
		p.skipSpace()
		if p.peek() == closing {
			p.at++
			return list, comma, nil
		}
		v, err := p.value(depth + 1)
		if err != nil {
			return list, comma, err
		}
		list = append(list, v)
		p.skipSpace()
		switch p.peek() {
		case ',':
			p.at++
			comma = true
		case closing:
		default:
			return list, comma, p.fail(fmt.Sprintf("',' or '%c'", closing))
		}
	}
}

// braces reads a dictionary or a set.
func (p *parser) braces(depth int) (Value, error) {
	p.at++
	p.open++
	defer func() { p.open-- }()
	d := &Dict{Text: map[string]Value{}}
	var set Set
	for n := 0; ; n++ {
		p.skipSpace()
		if p.peek() == '}' {
			p.at++
			if set != nil {
				return set, nil
			}
			return d, nil
		}
		key, err := p.value(depth + 1)
		if err != nil {
			return nil, err
		}
		if !hashable(key) {
			return nil, fmt.Errorf("byte %d: an element or key that is a list, set or dictionary", p.at)
		}
		p.skipSpace()
		switch {
		case p.peek() == ':' && set == nil:
			p.at++
			if err := p.entry(d, key, depth); err != nil {
				return nil, err
			}
		case n == 0 || set != nil:
			set = append(set, key)
		default:
			return nil, p.fail("':'")
		}
		p.skipSpace()
		if p.peek() == ',' {
			p.at++
		} else if p.peek() != '}' {
			return nil, p.fail("',' or '}'")
		}
	}
}

// entry reads a dictionary entry's value.
func (p *parser) entry(d *Dict, key Value, depth int) error {
	v, err := p.value(depth + 1)
	if err != nil {
		return err
	}
	text, ok := key.(string)
	if !ok {
		d.Others++
		return nil
	}
	if _, again := d.Text[text]; !again {
		d.Keys = append(d.Keys, text)
	}
	d.Text[text] = v
	return nil
}

func hashable(v Value) bool {
	switch v := v.(type) {
	case List, Set, *Dict:
		return false
	case Tuple:
		for _, e := range v {
			if !hashable(e) {
				return false
			}
		}
	}
	return true
}
