package chat

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// prepare checks a template's brackets and does itself what gonja 2.9.1 gets
// wrong. White space around tags (-, + and the options trim_blocks and
// lstrip_blocks) is cut here; gonja takes white space before a block that
// doesn't begin its line. In expressions it writes
//
//	(a if c else b)   which gonja only reads outside brackets
//	                  as (((c) and [a] or [b])[0])
//	list[-1]          which is nothing when the list has one element
//	                  as list[-1:][0]
//
// Lines keep their numbers: newlines that are cut move into comments.
func prepare(source string) (string, error) {
	p := preparer{source: strings.TrimSuffix(source, "\n"), factor: 1} // as keep_trailing_newline=False
	for p.at < len(p.source) {
		at := p.tagStart()
		p.data(at)
		if at == len(p.source) {
			break
		}
		if err := p.tag(); err != nil {
			return "", err
		}
	}
	return p.out.String(), nil
}

// preparer walks through a template.
type preparer struct {
	source string
	at     int
	out    strings.Builder
	// trim says how the tag before wants the data that follows cut.
	trim cut
	// factor is the product of what the template multiplies by.
	factor int
}

type cut int

const (
	keep    cut = iota
	newline     // one newline: trim_blocks
	all         // all white space: -
)

const blanks = " \t\n\r\v\f"

// tagStart returns where the next tag begins, or the end.
func (p *preparer) tagStart() int {
	for i := p.at; i+1 < len(p.source); i++ {
		if p.source[i] == '{' && strings.IndexByte("{%#", p.source[i+1]) >= 0 {
			return i
		}
	}
	return len(p.source)
}

// data writes the text up to the tag at end, cut on both sides.
func (p *preparer) data(end int) {
	text := p.source[p.at:end]
	switch p.trim {
	case all:
		text = strings.TrimLeft(text, blanks)
	case newline:
		text = strings.TrimPrefix(strings.TrimPrefix(text, "\r"), "\n")
	}
	if end < len(p.source) {
		switch sign := p.source[min(end+2, len(p.source)-1)]; {
		case sign == '-':
			text = strings.TrimRight(text, blanks)
		case sign != '+' && p.source[end+1] != '{' && startsLine(p.source, end):
			text = strings.TrimRight(text, " \t\v\f")
		}
	}
	p.out.WriteString(text)
	p.at, p.trim = end, keep
}

// startsLine says whether only white space stands before at on its line.
func startsLine(source string, at int) bool {
	begin := strings.LastIndexByte(source[:at], '\n') + 1
	return strings.Trim(source[begin:at], blanks) == ""
}

// tag writes the tag at p.at without its signs and sets p.trim.
func (p *preparer) tag() error {
	kind, end := p.source[p.at+1], 0
	if kind == '#' {
		end = endOf(p.source, p.at, "#}")
	} else {
		end = tagEnd(p.source, p.at)
	}
	if end < 0 {
		return p.fail(fmt.Errorf("%q is never closed", p.source[p.at:p.at+2]))
	}
	inner, sign := p.source[p.at+2:end-2], byte(0)
	if inner != "" && strings.IndexByte("-+", inner[0]) >= 0 {
		inner = inner[1:]
	}
	if n := len(inner); n > 0 && strings.IndexByte("-+", inner[n-1]) >= 0 {
		inner, sign = inner[:n-1], inner[n-1]
	}
	switch {
	case sign == '-':
		p.trim = all
	case kind != '{' && sign != '+':
		p.trim = newline
	}
	if kind == '%' && strings.TrimSpace(inner) == "raw" {
		return p.raw(end)
	}
	if err := p.write(kind, inner); err != nil {
		return err
	}
	p.at = end
	return nil
}

func (p *preparer) fail(err error) error {
	return &Error{Line: line(p.source, p.at), Err: err}
}

// write writes a tag, its expressions rewritten, with as many newlines as have
// been cut since the tag before.
func (p *preparer) write(kind byte, inner string) error {
	if kind == '#' {
		inner = strings.Repeat("\n", strings.Count(inner, "\n"))
	} else {
		split := 0 // where an expression begins that may be a condition
		if kind == '%' {
			split = conditionStart(inner)
		}
		head, _, err := rewrite(inner[:split], false, 0)
		if err == nil {
			inner, _, err = rewrite(inner[split:], true, 0)
		}
		if err != nil {
			return p.fail(err)
		}
		inner = head + inner
	}
	if err := checkOperators(inner, &p.factor); err != nil {
		return p.fail(err)
	}
	missing := strings.Count(p.source[:p.at], "\n") - strings.Count(p.out.String(), "\n")
	closing := "}"
	if kind != '{' {
		closing = string(kind)
	} else if strings.TrimSpace(inner) != "" {
		inner = "(" + inner + ")|" + shown
	}
	if missing > 0 {
		p.out.WriteString("{#" + strings.Repeat("\n", missing) + "#}")
	}
	p.out.WriteString("{" + string(kind) + " " + strings.TrimLeft(inner, blanks) + " " + closing + "}")
	return nil
}

var endRaw = regexp.MustCompile(`\{%([-+]?)\s*endraw\s*([-+]?)%\}`)

// raw writes a raw block, whose first tag ends at end, as a text.
func (p *preparer) raw(end int) error {
	at := endRaw.FindStringSubmatchIndex(p.source[end:])
	if at == nil {
		return p.fail(errors.New("raw is never closed"))
	}
	text := p.source[end : end+at[0]]
	switch p.trim {
	case all:
		text = strings.TrimLeft(text, blanks)
	case newline:
		text = strings.TrimPrefix(text, "\n")
	}
	switch sign := p.source[end+at[2] : end+at[3]]; {
	case sign == "-":
		text = strings.TrimRight(text, blanks)
	case sign == "" && startsLine(p.source, end+at[0]):
		text = strings.TrimRight(text, " \t\v\f")
	}
	p.out.WriteString("{% raw %}" + text + "{% endraw %}")
	switch p.source[end+at[4] : end+at[5]] {
	case "-":
		p.trim = all
	case "":
		p.trim = newline
	default:
		p.trim = keep
	}
	p.at = end + at[1]
	return nil
}

func line(source string, at int) int { return 1 + strings.Count(source[:at], "\n") }

func endOf(source string, i int, mark string) int {
	at := strings.Index(source[i:], mark)
	if at < 0 {
		return -1
	}
	return i + at + len(mark)
}

// tagEnd returns the end of the tag at i; texts in it may hold its end mark.
func tagEnd(source string, i int) int {
	brace, depth := source[i+1], 0
	for k := i + 2; k < len(source); k++ {
		switch c := source[k]; c {
		case '\'', '"':
			if k = quoteEnd(source, k); k < 0 {
				return -1
			}
			k--
		case '{':
			depth++
		case '}', '%':
			if k+1 < len(source) && source[k+1] == '}' && depth == 0 && (c == '%') == (brace == '%') {
				return k + 2
			}
			if c == '}' && depth > 0 {
				depth--
			}
		}
	}
	return -1
}

// quoteEnd returns the end of the text that begins with the quote at i.
func quoteEnd(source string, i int) int {
	for k := i + 1; k < len(source); k++ {
		switch source[k] {
		case '\\':
			k++
		case source[i]:
			return k + 1
		}
	}
	return -1
}
