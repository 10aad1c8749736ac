package pyliteral

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

func isNameByte(c byte) bool {
	return c == '_' || isDigit(c) || 'a' <= c|0x20 && c|0x20 <= 'z' || c >= utf8.RuneSelf
}

// number reads a number with any signs before it, and keeps it as written
// without the white space between.
func (p *parser) number() (Value, error) {
	sign := ""
	for p.peek() == '-' || p.peek() == '+' {
		sign += string(p.peek())
		p.at++
		p.skipSpace()
	}
	start := p.at
	for p.at < len(p.text) && (isNameByte(p.text[p.at]) || p.text[p.at] == '.' ||
		(p.text[p.at] == '-' || p.text[p.at] == '+') && p.afterExponent(start)) {
		p.at++
	}
	word := p.text[start:p.at]
	if !isNumber(word) {
		p.at = start
		return nil, p.fail("a number")
	}
	return Number(sign + word), nil
}

// afterExponent says whether the sign at p.at belongs to an exponent.
func (p *parser) afterExponent(start int) bool {
	return p.at > start && p.text[p.at-1]|0x20 == 'e' && !strings.HasPrefix(strings.ToLower(p.text[start:]), "0x")
}

// isNumber says whether Python reads word as a number: integers of base 2, 8,
// 10 and 16, floats, and imaginary ones. A decimal integer has no leading zero
// unless it is zero.
func isNumber(word string) bool {
	lower := strings.ToLower(word)
	if len(lower) > 1 && lower[0] == '0' && strings.ContainsRune("xob", rune(lower[1])) {
		_, err := strconv.ParseUint(lower, 0, 64)
		return err == nil || isRange(err)
	}
	imaginary := strings.HasSuffix(lower, "j")
	lower = strings.TrimSuffix(lower, "j")
	if lower == "" || strings.Trim(lower, "0123456789_.e+-") != "" || !wellSpaced(lower) {
		return false
	}
	plain := strings.ReplaceAll(lower, "_", "")
	if strings.Trim(plain, "0123456789") == "" && !imaginary {
		return plain[0] != '0' || strings.Trim(plain, "0") == ""
	}
	_, err := strconv.ParseFloat(plain, 64)
	return err == nil || isRange(err)
}

// wellSpaced says whether each underscore stands between two digits.
func wellSpaced(s string) bool {
	for i := range len(s) {
		if s[i] == '_' && (i == 0 || i == len(s)-1 || !isDigit(s[i-1]) || !isDigit(s[i+1])) {
			return false
		}
	}
	return true
}

// isRange says whether a number was well formed but too large for 64 bits,
// which Python's are not.
func isRange(err error) bool {
	return strings.HasSuffix(err.Error(), strconv.ErrRange.Error())
}

// startsString says whether a string literal begins here, prefix included.
func (p *parser) startsString() bool {
	_, _, ok := p.prefix()
	return ok
}

// prefix reads what stands before a quote: u, r, b, rb, br, f, fr and rf, in
// either case, or nothing. An f-string is read as a string: one that holds an
// expression is refused later.
func (p *parser) prefix() (kind string, size int, ok bool) {
	for size < 3 && p.at+size < len(p.text) {
		if c := p.text[p.at+size]; c == '\'' || c == '"' {
			kind = strings.ToLower(p.text[p.at : p.at+size])
			switch kind {
			case "", "u", "r", "b", "rb", "br", "f", "rf", "fr":
				return kind, size, true
			}
			return "", 0, false
		}
		size++
	}
	return "", 0, false
}

// stringOrBytes reads a string and those beside it, which join.
func (p *parser) stringOrBytes() (Value, error) {
	var out strings.Builder
	bytes, first := false, true
	for {
		kind, size, ok := p.prefix()
		if !ok {
			break
		}
		isBytes := strings.Contains(kind, "b")
		if !first && isBytes != bytes {
			return nil, fmt.Errorf("byte %d: a string beside bytes", p.at)
		}
		bytes, first = isBytes, false
		p.at += size
		if err := p.quoted(&out, kind); err != nil {
			return nil, err
		}
		p.skipSpace()
	}
	if bytes {
		return Bytes(out.String()), nil
	}
	return out.String(), nil
}

// quoted reads one literal from its opening quote to its closing one.
func (p *parser) quoted(out *strings.Builder, kind string) error {
	start := p.at
	quote := p.text[p.at : p.at+1]
	if triple := strings.Repeat(quote, 3); strings.HasPrefix(p.text[p.at:], triple) {
		quote = triple
	}
	p.at += len(quote)
	for p.at < len(p.text) {
		c := p.text[p.at]
		switch {
		case strings.HasPrefix(p.text[p.at:], quote):
			p.at += len(quote)
			return nil
		case c == '\n' && len(quote) == 1:
			return p.fail("a closing quote")
		case c == '\\' && p.at+1 < len(p.text):
			if err := p.escape(out, kind); err != nil {
				return err
			}
		case c >= utf8.RuneSelf && strings.Contains(kind, "b"):
			return p.fail("ASCII in bytes")
		case (c == '{' || c == '}') && strings.Contains(kind, "f"):
			if !strings.HasPrefix(p.text[p.at:], strings.Repeat(string(c), 2)) {
				return p.fail("a string without expressions")
			}
			out.WriteByte(c)
			p.at += 2
		default:
			out.WriteByte(c)
			p.at++
		}
	}
	return fmt.Errorf("byte %d: a string that is not closed", start)
}

// simpleEscapes are the one-letter ones.
const simpleEscapes = "\\\\''\"\"a\ab\bf\fn\nr\rt\tv\v"

// escape reads an escape sequence from its backslash on. An unknown one keeps
// the backslash; a raw literal keeps all of them.
func (p *parser) escape(out *strings.Builder, kind string) error {
	c := p.text[p.at+1]
	bytes := strings.Contains(kind, "b")
	if strings.Contains(kind, "r") {
		out.WriteByte('\\')
		p.at++
		if c != '{' && c != '}' {
			out.WriteByte(c)
			p.at++
		}
		return nil
	}
	for i := 0; i < len(simpleEscapes); i += 2 {
		if c == simpleEscapes[i] {
			out.WriteByte(simpleEscapes[i+1])
			p.at += 2
			return nil
		}
	}
	switch {
	case c == '\n':
		p.at += 2
		return nil
	case '0' <= c && c <= '7':
		p.octal(out, bytes)
		return nil
	case c == 'x':
		return p.hex(out, 2, bytes)
	case c == 'u' && !bytes:
		return p.hex(out, 4, false)
	case c == 'U' && !bytes:
		return p.hex(out, 8, false)
	case c == 'N' && !bytes:
		return fmt.Errorf("byte %d: a character by its name", p.at)
	}
	out.WriteByte('\\')
	p.at++
	return nil
}

// octal reads up to three octal digits.
func (p *parser) octal(out *strings.Builder, bytes bool) {
	r := rune(0)
	p.at++
	for n := 0; n < 3 && p.at < len(p.text) && '0' <= p.text[p.at] && p.text[p.at] <= '7'; n++ {
		r = r<<3 | rune(p.text[p.at]-'0')
		p.at++
	}
	writeCode(out, r, bytes)
}

// hex reads exactly n hexadecimal digits behind a backslash and a letter.
func (p *parser) hex(out *strings.Builder, n int, bytes bool) error {
	start := p.at + 2
	if start+n > len(p.text) || strings.ContainsAny(p.text[start:start+n], "+-_") {
		return p.fail(fmt.Sprintf("%d hexadecimal digits", n))
	}
	code, err := strconv.ParseUint(p.text[start:start+n], 16, 32)
	if err != nil || code > utf8.MaxRune {
		return p.fail(fmt.Sprintf("%d hexadecimal digits", n))
	}
	p.at = start + n
	writeCode(out, rune(code), bytes)
	return nil
}

// writeCode writes a code point. Half a surrogate pair is a character of its
// own in Python, which no valid text equals: it becomes the three bytes that
// UTF-8 would give it.
func writeCode(out *strings.Builder, r rune, bytes bool) {
	switch {
	case bytes:
		out.WriteByte(byte(r))
	case 0xD800 <= r && r <= 0xDFFF:
		out.Write([]byte{0xE0 | byte(r>>12), 0x80 | byte(r>>6)&0x3F, 0x80 | byte(r)&0x3F})
	default:
		out.WriteRune(r)
	}
}
