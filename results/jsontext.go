package results

import (
	"bytes"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// raw passes over a string and returns what stands between its quotes.
func (c *jsonCursor) raw() ([]byte, bool) {
	if !c.take('"') {
		return nil, false
	}
	from := c.at
	for {
		n := bytes.IndexByte(c.data[c.at:], '"')
		if n < 0 {
			return nil, false
		}
		c.at += n + 1
		escapes := 0 // a quote behind an odd number of them is part of the text
		for i := c.at - 2; i >= from && c.data[i] == '\\'; i-- {
			escapes++
		}
		if escapes%2 == 0 {
			return c.data[from : c.at-1], true
		}
	}
}

// string reads a string.
func (c *jsonCursor) string() ([]byte, bool) {
	raw, ok := c.raw()
	if !ok || !utf8.Valid(raw) {
		return nil, false
	}
	at := -1
	for i, b := range raw {
		if b < ' ' {
			return nil, false
		}
		if b == '\\' && at < 0 {
			at = i
		}
	}
	if at < 0 {
		return raw, true
	}
	start := len(c.room)
	for at >= 0 {
		c.room = append(c.room, raw[:at]...)
		if raw, ok = c.unescape(raw[at:]); !ok {
			return nil, false
		}
		at = bytes.IndexByte(raw, '\\')
	}
	c.room = append(c.room, raw...)
	return c.room[start:len(c.room):len(c.room)], true
}

// unescape adds the character of the escape that s begins with to the texts and
// returns what stands behind it.
func (c *jsonCursor) unescape(s []byte) ([]byte, bool) {
	if len(s) < 2 {
		return nil, false
	}
	if at := bytes.IndexByte([]byte(`"\/bfnrt`), s[1]); at >= 0 {
		c.room = append(c.room, "\"\\/\b\f\n\r\t"[at])
		return s[2:], true
	}
	r, ok := hexRune(s)
	if !ok {
		return nil, false
	}
	s = s[6:]
	if utf16.IsSurrogate(r) {
		low, ok := hexRune(s)
		if both := utf16.DecodeRune(r, low); ok && both != utf8.RuneError {
			r, s = both, s[6:]
		} else {
			r = utf8.RuneError
		}
	}
	c.room = utf8.AppendRune(c.room, r)
	return s, true
}

// hexRune reads \uXXXX.
func hexRune(s []byte) (rune, bool) {
	if len(s) < 6 || s[0] != '\\' || s[1] != 'u' {
		return 0, false
	}
	n, err := strconv.ParseUint(string(s[2:6]), 16, 32)
	return rune(n), err == nil
}
