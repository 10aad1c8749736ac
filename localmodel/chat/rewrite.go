package chat

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// conditionStart returns where in a statement an expression stands that may be
// a condition by itself: after the = of set. In a for statement, if is
// something else.
func conditionStart(inner string) int {
	if fields := strings.Fields(inner); len(fields) == 0 || fields[0] != "set" {
		return len(inner)
	}
	if at := strings.IndexByte(inner, '='); at >= 0 {
		return at + 1
	}
	return len(inner)
}

// rewrite rewrites an expression, or with commas several; condition says
// whether a condition may stand at its top level. calls is the longest chain of
// calls in it.
func rewrite(text string, condition bool, depth int) (out string, calls int, err error) {
	if depth > maxNesting {
		return "", 0, fmt.Errorf("brackets nest more than %d deep", maxNesting)
	}
	var b strings.Builder // all parts before this one
	var p part
	for i := 0; i < len(text); {
		end, err := p.next(text, i, depth)
		if err != nil {
			return "", 0, err
		}
		calls = max(calls, p.calls)
		if calls > maxCalls {
			return "", 0, fmt.Errorf("more than %d calls in a chain", maxCalls)
		}
		if end > i {
			i = end
			continue
		}
		// A separator ends the part.
		b.WriteString(p.finish(condition))
		b.WriteByte(text[i])
		p = part{}
		i++
	}
	b.WriteString(p.finish(condition))
	return b.String(), calls, nil
}

// part is an expression between separators, with the first if and else of its
// top level.
type part struct {
	text      strings.Builder
	ifAt      int // offsets in text, just before the words; 0: none
	elseAt    int
	afterTerm bool // a [ would be an index
	afterDot  bool
	// calls counts those in a row on one value, a.b().c(): the library
	// evaluates what stands before a call twice, so n of them cost 2^n.
	calls int
}

// next adds the token at i and returns its end, or i at a separator.
func (p *part) next(text string, i, depth int) (int, error) {
	switch c := text[i]; {
	case c == '\'' || c == '"':
		end := quoteEnd(text, i)
		if end < 0 {
			return 0, errors.New("a text is never closed")
		}
		p.add(text[i:end], true)
		return end, nil
	case c == '(' || c == '[' || c == '{':
		return p.group(text, i, depth)
	case isWord(c):
		end := i
		for end < len(text) && isWord(text[end]) {
			end++
		}
		p.word(text[i:end])
		return end, nil
	case c == ',' || c == ':' || c == '=' && !comparison(text, i):
		return i, nil
	case c == ' ' || c == '\n' || c == '\t' || c == '\r':
		p.text.WriteByte(c)
	case c == '=' || c == '!' || c == '<' || c == '>':
		end := i + 1
		if end < len(text) && text[end] == '=' {
			end++
		}
		p.add(text[i:end], false)
		return end, nil
	default:
		p.add(text[i:i+1], false)
	}
	return i + 1, nil
}

func (p *part) add(token string, term bool) {
	p.text.WriteString(token)
	p.afterTerm, p.afterDot = term, token == "."
	if !term && !p.afterDot {
		p.calls = 0
	}
}

func (p *part) word(w string) {
	switch {
	case w == "if" && p.ifAt == 0:
		p.ifAt = max(p.text.Len(), 1)
	case w == "else" && p.ifAt > 0 && p.elseAt == 0:
		p.elseAt = p.text.Len()
	}
	if !p.afterDot {
		p.calls = 0
	}
	switch w {
	case "if", "else", "and", "or", "not", "in", "is":
		p.add(w, false)
	default:
		p.add(w, true)
	}
}

var negativeIndex = regexp.MustCompile(`^\s*-\s*\d+\s*$`)

// group adds a pair of brackets and what is in it.
func (p *part) group(text string, i, depth int) (int, error) {
	end := groupEnd(text, i)
	if end < 0 {
		return 0, fmt.Errorf("%q is never closed", text[i:i+1])
	}
	inner := text[i+1 : end-1]
	if text[i] == '[' && p.afterTerm && negativeIndex.MatchString(inner) {
		p.add("["+inner+":][0]", true)
		return end, nil
	}
	inner, calls, err := rewrite(inner, true, depth+1)
	if err != nil {
		return 0, err
	}
	switch {
	case !p.afterTerm:
		p.calls = calls
	case text[i] == '(':
		p.calls++
	}
	p.add(text[i:i+1]+inner+text[end-1:end], true)
	return end, nil
}

// groupEnd returns the end of the brackets that open at i.
func groupEnd(text string, i int) int {
	depth := 0
	for k := i; k < len(text); k++ {
		switch text[k] {
		case '\'', '"':
			if k = quoteEnd(text, k); k < 0 {
				return -1
			}
			k--
		case '(', '[', '{':
			depth++
		case ')', ']', '}':
			if depth--; depth == 0 {
				return k + 1
			}
		}
	}
	return -1
}

// finish returns the part, its condition rewritten if it has one.
func (p *part) finish(condition bool) string {
	text := p.text.String()
	if !condition || p.ifAt == 0 {
		return text
	}
	a, c, b := text[:p.ifAt], text[p.ifAt+len("if"):], "''"
	if p.elseAt > 0 {
		c, b = text[p.ifAt+len("if"):p.elseAt], text[p.elseAt+len("else"):]
		if more, _, err := rewrite(b, true, 0); err == nil {
			b = more // a if c else b if d else e
		}
	}
	return " (((" + c + ") and [" + a + "] or [" + b + "])[0])"
}

func isWord(c byte) bool {
	return c == '_' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= 0x80
}

// comparison says whether the = at i belongs to ==, != and the like.
func comparison(text string, i int) bool {
	return i+1 < len(text) && text[i+1] == '='
}

var (
	texting    = regexp.MustCompile(`'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"`)
	multiplier = regexp.MustCompile(`\*\s*(\d{1,4})\b|\b(\d{1,4})\s*\*`)
)

// checkOperators bounds what + and ~ and * can make of texts, since the
// library's operators can't be counted while they run: * only by small numbers.
func checkOperators(inner string, factor *int) error {
	bare := texting.ReplaceAllString(inner, "''")
	if strings.Count(bare, "+")+strings.Count(bare, "~") > maxOperators {
		return fmt.Errorf("more than %d texts joined in one tag", maxOperators)
	}
	stars := strings.Count(bare, "*")
	if stars == 0 || strings.HasPrefix(strings.TrimSpace(bare), "macro") {
		return nil
	}
	found := multiplier.FindAllStringSubmatch(bare, -1)
	for _, m := range found {
		n, err := strconv.Atoi(m[1] + m[2])
		if err != nil {
			return err
		}
		*factor *= max(n, 1)
	}
	if len(found) != stars || *factor > maxFactor {
		return fmt.Errorf("multiplication is only supported by numbers, up to %d over all", maxFactor)
	}
	return nil
}
