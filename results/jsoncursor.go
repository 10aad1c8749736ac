package results

import (
	"bytes"
	"strconv"
)

// jsonCursor reads one JSON value from front to back without making copies but
// of texts with escapes. Its methods return false at what they don't take, and
// nothing after that counts.
type jsonCursor struct {
	data []byte
	at   int
	// room has the texts that had escapes, one behind the other.
	room  []byte
	depth int
}

// maxJSONDepth bounds nesting, as in encoding/json.
const maxJSONDepth = 10_000

func (c *jsonCursor) reset(data []byte) {
	c.data, c.at, c.depth = data, 0, 0
	c.room = c.room[:0]
}

// next passes over space and returns the byte behind it, 0 at the end.
func (c *jsonCursor) next() byte {
	for ; c.at < len(c.data); c.at++ {
		switch b := c.data[c.at]; b {
		case ' ', '\t', '\r', '\n':
		default:
			return b
		}
	}
	return 0
}

func (c *jsonCursor) atEnd() bool { return c.next() == 0 && c.at == len(c.data) }

// take passes over one byte, if it is the next.
func (c *jsonCursor) take(b byte) bool {
	if c.next() != b {
		return false
	}
	c.at++
	return true
}

// object calls field with each name, which has to take the value.
func (c *jsonCursor) object(field func(name []byte) bool) bool {
	return c.list('{', '}', func() bool {
		name, ok := c.string()
		return ok && c.take(':') && field(name)
	})
}

// array calls value for each.
func (c *jsonCursor) array(value func() bool) bool {
	if c.next() == 'n' {
		return c.word("null")
	}
	return c.list('[', ']', value)
}

func (c *jsonCursor) list(from, to byte, one func() bool) bool {
	if c.depth++; c.depth > maxJSONDepth || !c.take(from) {
		return false
	}
	if !c.take(to) {
		for {
			if !one() {
				return false
			}
			if c.take(to) {
				break
			}
			if !c.take(',') {
				return false
			}
		}
	}
	c.depth--
	return true
}

func (c *jsonCursor) word(w string) bool {
	if c.next() == 0 || !bytes.HasPrefix(c.data[c.at:], []byte(w)) {
		return false
	}
	c.at += len(w)
	return true
}

// skip passes over any value.
func (c *jsonCursor) skip() bool {
	switch c.next() {
	case '"':
		_, ok := c.string()
		return ok
	case '{':
		return c.object(func([]byte) bool { return c.skip() })
	case '[':
		return c.array(c.skip)
	case 't':
		return c.word("true")
	case 'f':
		return c.word("false")
	case 'n':
		return c.word("null")
	}
	_, ok := c.digits()
	return ok
}

// text reads a string; null leaves it empty.
func (c *jsonCursor) text(to *[]byte) (ok bool) {
	if c.next() == 'n' {
		return c.word("null")
	}
	*to, ok = c.string()
	return ok
}

func (c *jsonCursor) texts(to *[][]byte) bool {
	return c.array(func() bool {
		*to = append(*to, nil)
		return c.text(&(*to)[len(*to)-1])
	})
}

// digits passes over a number and returns it.
func (c *jsonCursor) digits() ([]byte, bool) {
	c.next()
	from := c.at
	run := func() bool {
		start := c.at
		for c.at < len(c.data) && c.data[c.at] >= '0' && c.data[c.at] <= '9' {
			c.at++
		}
		return c.at > start
	}
	is := func(b byte) bool { return c.at < len(c.data) && c.data[c.at] == b }
	if is('-') {
		c.at++
	}
	if is('0') {
		c.at++
	} else if !run() {
		return nil, false
	}
	if is('.') {
		if c.at++; !run() {
			return nil, false
		}
	}
	if is('e') || is('E') {
		c.at++
		if is('+') || is('-') {
			c.at++
		}
		if !run() {
			return nil, false
		}
	}
	return c.data[from:c.at], true
}

func (c *jsonCursor) number(to *float64) bool {
	d, ok := c.digits()
	if !ok {
		return false
	}
	v, err := strconv.ParseFloat(string(d), 64)
	*to = v
	return err == nil
}

// numberOrNull points to at room, which has the number; null leaves it.
func (c *jsonCursor) numberOrNull(to **float64, room *float64) bool {
	if c.next() == 'n' {
		return c.word("null")
	}
	*to = room
	return c.number(room)
}

func (c *jsonCursor) whole(to *int) bool {
	if c.next() == 'n' {
		return c.word("null")
	}
	d, ok := c.digits()
	if !ok {
		return false
	}
	v, err := strconv.Atoi(string(d))
	*to = v
	return err == nil
}
