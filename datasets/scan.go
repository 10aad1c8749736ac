package datasets

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math/bits"
)

// maxDepth is how deep values may nest. encoding/json stops at the same depth.
const maxDepth = 10000

var (
	errEnd   = errors.New("unexpected end")
	errDepth = errors.New("nested too deep")
)

// syntaxError says where a text stops being JSON.
func syntaxError(at int, err error) error {
	return fmt.Errorf("not JSON: %w at byte %d", err, at)
}

func unexpected(b []byte, i int, want string) error {
	if i >= len(b) {
		return syntaxError(i, errEnd)
	}
	return syntaxError(i, fmt.Errorf("want %s, got %q", want, b[i]))
}

func skipSpace(b []byte, i int) int {
	for i < len(b) && (b[i] == ' ' || b[i] == '\n' || b[i] == '\r' || b[i] == '\t') {
		i++
	}
	return i
}

// skipValue returns the index behind the value that starts at i, having
// checked its grammar.
func skipValue(b []byte, i, depth int) (int, error) {
	if i >= len(b) {
		return i, syntaxError(i, errEnd)
	}
	switch c := b[i]; {
	case c == '"':
		return skipString(b, i)
	case c == '{':
		return skipObject(b, i, depth)
	case c == '[':
		return skipArray(b, i, depth)
	case c == '-' || isDigit(c):
		return skipNumber(b, i)
	case c == 't':
		return skipWord(b, i, "true")
	case c == 'f':
		return skipWord(b, i, "false")
	case c == 'n':
		return skipWord(b, i, "null")
	}
	return i, unexpected(b, i, "a value")
}

func skipWord(b []byte, i int, word string) (int, error) {
	for k := range len(word) {
		if i+k >= len(b) || b[i+k] != word[k] {
			return i + k, unexpected(b, i+k, word)
		}
	}
	return i + len(word), nil
}

func skipObject(b []byte, i, depth int) (int, error) {
	if depth >= maxDepth {
		return i, syntaxError(i, errDepth)
	}
	i = skipSpace(b, i+1)
	if i < len(b) && b[i] == '}' {
		return i + 1, nil
	}
	for {
		_, value, err := skipKey(b, i)
		if err != nil {
			return value, err
		}
		if i, err = skipValue(b, value, depth+1); err != nil {
			return i, err
		}
		more := false
		if i, more, err = skipComma(b, i, '}'); err != nil || !more {
			return i, err
		}
	}
}

func skipArray(b []byte, i, depth int) (int, error) {
	if depth >= maxDepth {
		return i, syntaxError(i, errDepth)
	}
	i = skipSpace(b, i+1)
	if i < len(b) && b[i] == ']' {
		return i + 1, nil
	}
	for {
		end, err := skipValue(b, i, depth+1)
		if err != nil {
			return end, err
		}
		more := false
		if i, more, err = skipComma(b, end, ']'); err != nil || !more {
			return i, err
		}
	}
}

// skipKey reads `"key" :` at i. It returns the index behind the key's closing
// quote and that of the value.
func skipKey(b []byte, i int) (end, value int, err error) {
	if i >= len(b) || b[i] != '"' {
		return i, i, unexpected(b, i, "a quoted field name")
	}
	end, err = skipString(b, i)
	if err != nil {
		return end, end, err
	}
	i = skipSpace(b, end)
	if i >= len(b) || b[i] != ':' {
		return end, i, unexpected(b, i, "':'")
	}
	return end, skipSpace(b, i+1), nil
}

// skipComma reads what stands behind an element at i: a comma (more is true,
// the index that of the next element) or the closing bracket.
func skipComma(b []byte, i int, closing byte) (next int, more bool, err error) {
	i = skipSpace(b, i)
	switch {
	case i < len(b) && b[i] == ',':
		return skipSpace(b, i+1), true, nil
	case i < len(b) && b[i] == closing:
		return i + 1, false, nil
	}
	return i, false, unexpected(b, i, fmt.Sprintf("',' or '%c'", closing))
}

const (
	ones  = 0x0101010101010101
	highs = 0x80 * ones
)

// special returns a word whose lowest set bit marks the first of eight bytes
// that is a quote, a backslash or a control character; 0 if there is none.
// Marks above the first one may be false (a borrow runs upwards only).
func special(w uint64) uint64 {
	quote, slash := w^('"'*ones), w^('\\'*ones)
	return ((w - ' '*ones) | (quote - ones) | (slash - ones)) &^ w & highs
}

// skipString returns the index behind the string whose opening quote is at i.
// Eight bytes are looked at together: contexts are long and rarely escape.
func skipString(b []byte, i int) (int, error) {
	i++
	for {
		for i+8 <= len(b) {
			if m := special(binary.LittleEndian.Uint64(b[i:])); m != 0 {
				i += bits.TrailingZeros64(m) >> 3
				break
			}
			i += 8
		}
		if i >= len(b) {
			return i, syntaxError(i, errEnd)
		}
		switch c := b[i]; {
		case c == '"':
			return i + 1, nil
		case c == '\\':
			n, err := escapeLen(b, i)
			if err != nil {
				return i, err
			}
			i += n
		case c < ' ':
			return i, syntaxError(i, fmt.Errorf("control character %q in a string", c))
		default:
			i++
		}
	}
}

// escapeLen returns the length of the escape sequence at i.
func escapeLen(b []byte, i int) (int, error) {
	if i+1 >= len(b) {
		return 0, syntaxError(len(b), errEnd)
	}
	switch b[i+1] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return 2, nil
	case 'u':
		if i+6 > len(b) {
			return 0, syntaxError(len(b), errEnd)
		}
		if _, ok := hex4(b[i+2 : i+6]); ok {
			return 6, nil
		}
	}
	return 0, syntaxError(i, errors.New("bad escape in a string"))
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

func skipDigits(b []byte, i int) int {
	for i < len(b) && isDigit(b[i]) {
		i++
	}
	return i
}

// skipNumber follows the grammar -? (0 | [1-9][0-9]*) frac? exp?.
func skipNumber(b []byte, i int) (int, error) {
	if b[i] == '-' {
		i++
	}
	switch {
	case i < len(b) && b[i] == '0':
		i++
	case i < len(b) && isDigit(b[i]):
		i = skipDigits(b, i)
	default:
		return i, unexpected(b, i, "a digit")
	}
	if i < len(b) && b[i] == '.' {
		end := skipDigits(b, i+1)
		if end == i+1 {
			return end, unexpected(b, end, "a digit")
		}
		i = end
	}
	if i < len(b) && (b[i] == 'e' || b[i] == 'E') {
		i++
		if i < len(b) && (b[i] == '+' || b[i] == '-') {
			i++
		}
		end := skipDigits(b, i)
		if end == i {
			return end, unexpected(b, end, "a digit")
		}
		i = end
	}
	return i, nil
}
