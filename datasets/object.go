package datasets

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
	"unsafe"
)

// FieldError is a field that is missing or of the wrong type. Rows turns it
// into a RowError that names the file and the line.
type FieldError struct {
	Field string
	Err   error
}

func (e *FieldError) Error() string { return fmt.Sprintf("field %q: %v", e.Field, e.Err) }

func (e *FieldError) Unwrap() error { return e.Err }

// MissingField is the error of a row that lacks a field it needs.
func MissingField(key string) error {
	return &FieldError{Field: key, Err: errors.New("missing")}
}

// ParseObject calls visit for each top-level field of the JSON object that
// line holds, in order. raw is the value's text, valid until visit returns,
// its grammar already checked; String, Strings, Int, Float and Array decode
// it. A key that stands twice is visited twice: the last one counts, as in
// encoding/json. An error of visit ends the walk and comes back as a
// *FieldError. The text is taken to be valid UTF-8, which Rows sees to.
//
// It accepts exactly the objects that encoding/json accepts; encoding/json
// itself would look at every byte of the long contexts three times.
func ParseObject(line []byte, visit func(key string, raw []byte) error) error {
	i := skipSpace(line, 0)
	if i >= len(line) || line[i] != '{' {
		if i < len(line) && isValue(line[i:]) {
			return fmt.Errorf("want an object, got %s", kind(line[i:]))
		}
		return unexpected(line, i, "an object")
	}
	i = skipSpace(line, i+1)
	if i < len(line) && line[i] == '}' {
		return onlySpace(line, i+1)
	}
	for {
		keyEnd, start, err := skipKey(line, i)
		if err != nil {
			return err
		}
		end, err := skipValue(line, start, 1)
		if err != nil {
			return err
		}
		key, err := String(line[i:keyEnd])
		if err != nil {
			return err
		}
		if err = visit(key, line[start:end:end]); err != nil {
			return &FieldError{Field: key, Err: err}
		}
		more := false
		if i, more, err = skipComma(line, end, '}'); err != nil {
			return err
		}
		if !more {
			return onlySpace(line, i)
		}
	}
}

// isValue says whether b is one JSON value and nothing else.
func isValue(b []byte) bool {
	i, err := skipValue(b, skipSpace(b, 0), 0)
	return err == nil && skipSpace(b, i) == len(b)
}

func onlySpace(b []byte, i int) error {
	if i = skipSpace(b, i); i < len(b) {
		return unexpected(b, i, "the end of the row")
	}
	return nil
}

// kind names the type of a JSON value for errors.
func kind(raw []byte) string {
	if len(raw) == 0 {
		return "nothing"
	}
	switch c := raw[0]; {
	case c == '"':
		return "string"
	case c == '{':
		return "object"
	case c == '[':
		return "list"
	case c == 't' || c == 'f':
		return "boolean"
	case c == 'n':
		return "null"
	case c == '-' || isDigit(c):
		return "number"
	}
	return "no JSON"
}

// IsNull says whether a field's value is null.
func IsNull(raw []byte) bool { return string(raw) == "null" }

// String decodes a field's value that is a string. Escaped lone surrogates
// become U+FFFD.
func String(raw []byte) (string, error) {
	n := len(raw)
	if n < 2 || raw[0] != '"' || raw[n-1] != '"' {
		return "", fmt.Errorf("want a string, got %s", kind(raw))
	}
	body := raw[1 : n-1]
	at := bytes.IndexByte(body, '\\')
	if at < 0 {
		return string(body), nil
	}
	out := make([]byte, 0, len(body))
	for at >= 0 {
		out = append(out, body[:at]...)
		var err error
		if out, body, err = unescape(out, body[at:]); err != nil {
			return "", err
		}
		at = bytes.IndexByte(body, '\\')
	}
	out = append(out, body...)
	// out is not written to again: no need for a second copy of a long text.
	return unsafe.String(unsafe.SliceData(out), len(out)), nil
}

// unescape appends what the escape sequences at the start of b stand for, as
// many as follow each other, and returns the rest.
func unescape(out, b []byte) (text, rest []byte, err error) {
	for len(b) > 0 && b[0] == '\\' {
		n, err := escapeLen(b, 0)
		if err != nil {
			return out, b, err
		}
		if n == 2 {
			out = append(out, unescaped(b[1]))
			b = b[2:]
			continue
		}
		r, _ := hex4(b[2:6])
		b = b[6:]
		if utf16.IsSurrogate(r) {
			r, b = surrogate(r, b)
		}
		out = utf8.AppendRune(out, r)
	}
	return out, b, nil
}

// surrogate pairs the half r with the one that the escape at the start of b
// holds; a half without its other one is U+FFFD.
func surrogate(r rune, b []byte) (rune, []byte) {
	if len(b) >= 6 && b[0] == '\\' && b[1] == 'u' {
		if low, ok := hex4(b[2:6]); ok {
			if pair := utf16.DecodeRune(r, low); pair != utf8.RuneError {
				return pair, b[6:]
			}
		}
	}
	return utf8.RuneError, b
}

func unescaped(c byte) byte {
	switch c {
	case 'b':
		return '\b'
	case 'f':
		return '\f'
	case 'n':
		return '\n'
	case 'r':
		return '\r'
	case 't':
		return '\t'
	}
	return c
}

func hex4(b []byte) (rune, bool) {
	var r rune
	for _, c := range b[:4] {
		switch {
		case isDigit(c):
			c -= '0'
		case 'a' <= c|0x20 && c|0x20 <= 'f':
			c = c | 0x20 - 'a' + 10
		default:
			return 0, false
		}
		r = r<<4 | rune(c)
	}
	return r, true
}

// Array calls visit for each element of a field's value that is a list.
func Array(raw []byte, visit func(i int, raw []byte) error) error {
	if len(raw) == 0 || raw[0] != '[' {
		return fmt.Errorf("want a list, got %s", kind(raw))
	}
	at := skipSpace(raw, 1)
	if at < len(raw) && raw[at] == ']' {
		return nil
	}
	for n := 0; ; n++ {
		end, err := skipValue(raw, at, 1)
		if err != nil {
			return err
		}
		if err = visit(n, raw[at:end:end]); err != nil {
			return err
		}
		more := false
		if at, more, err = skipComma(raw, end, ']'); err != nil || !more {
			return err
		}
	}
}

// Strings decodes a field's value that is a list of strings; an empty list is
// not nil.
func Strings(raw []byte) ([]string, error) {
	const want = "want a list of strings, got "
	if len(raw) == 0 || raw[0] != '[' {
		return nil, errors.New(want + kind(raw))
	}
	list := []string{}
	err := Array(raw, func(i int, raw []byte) error {
		if raw[0] != '"' {
			return fmt.Errorf(want+"%s as element %d", kind(raw), i)
		}
		s, err := String(raw)
		list = append(list, s)
		return err
	})
	if err != nil {
		return nil, err
	}
	return list, nil
}

// Int decodes a field's value that is a whole number.
func Int(raw []byte) (int, error) {
	if k := kind(raw); k != "number" {
		return 0, fmt.Errorf("want a whole number, got %s", k)
	}
	n, err := strconv.Atoi(string(raw))
	if err != nil {
		return 0, fmt.Errorf("want a whole number, got %.40s", raw)
	}
	return n, nil
}

// Float decodes a field's value that is a number.
func Float(raw []byte) (float64, error) {
	if k := kind(raw); k != "number" {
		return 0, fmt.Errorf("want a number, got %s", k)
	}
	x, err := strconv.ParseFloat(string(raw), 64)
	if err != nil {
		return 0, fmt.Errorf("want a number that fits 64 bits, got %.40s", raw)
	}
	return x, nil
}
