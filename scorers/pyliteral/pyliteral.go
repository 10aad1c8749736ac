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
	maxOpen = 200 // brackets at once, as in CPython
	maxText = 64 << 20
)

// Parse reads a text that is one literal, or several with commas between them
// (a Tuple), and nothing else but white space, newlines and comments around it. Positions in errors are bytes from 0, of
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
	v, err := p.value()
	if err != nil {
		return nil, err
	}
	if v, err = p.bareTuple(v); err != nil {
		return nil, err
	}
	return v, p.end()
}

// bareTuple reads on behind the first literal: with a comma there it is the
// first element of a tuple that stands without brackets, on one line.
func (p *parser) bareTuple(first Value) (Value, error) {
	list := Tuple{first}
	for {
		if p.skipSpace(); p.peek() != ',' {
			break
		}
		p.at++
		if p.skipSpace(); p.at == len(p.text) || p.peek() == '\n' {
			return list, nil
		}
		v, err := p.value()
		if err != nil {
			return nil, err
		}
		list = append(list, v)
	}
	if len(list) == 1 {
		return first, nil
	}
	return list, nil
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
func (p *parser) value() (Value, error) {
	p.skipSpace()
	switch c := p.peek(); {
	case c == '{':
		return p.braces()
	case c == '[':
		list, _, err := p.elements(']')
		return List(list), err
	case c == '(':
		return p.parentheses()
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
