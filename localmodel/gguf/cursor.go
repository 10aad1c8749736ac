package gguf

import (
	"encoding/binary"
	"fmt"
)

// maxName bounds keys and tensor names, in bytes: the format's own limit on a
// key. (Its limit on tensor names, 64, is not kept by all writers.)
const maxName = 65535

// cursor walks over the header. It never copies, and no length that it reads
// is believed before it was compared with what remains.
type cursor struct {
	data []byte
	pos  int
}

// span is a part of the header, by position: what it says is copied once, when
// the header's end is known.
type span struct{ from, to int }

func (s span) of(text string) string { return text[s.from:s.to] }

func (c *cursor) remaining() uint64 { return uint64(len(c.data) - c.pos) }

// take steps over n bytes and returns where they lie.
func (c *cursor) take(n uint64) (span, error) {
	if n > c.remaining() {
		return span{}, fmt.Errorf("byte %d: %d bytes announced, %d left: is the download complete?", c.pos, n, c.remaining())
	}
	s := span{c.pos, c.pos + int(n)}
	c.pos = s.to
	return s, nil
}

func (c *cursor) uint32() (uint32, error) {
	s, err := c.take(4)
	if err != nil {
		return 0, err
	}
	return binary.LittleEndian.Uint32(c.data[s.from:]), nil
}

func (c *cursor) uint64() (uint64, error) {
	s, err := c.take(8)
	if err != nil {
		return 0, err
	}
	return binary.LittleEndian.Uint64(c.data[s.from:]), nil
}

// string steps over a string: its length as uint64, then its bytes.
func (c *cursor) string() (span, error) {
	n, err := c.uint64()
	if err != nil {
		return span{}, err
	}
	return c.take(n)
}

// name steps over a string that must be a sensible name.
func (c *cursor) name() (span, error) {
	start := c.pos
	s, err := c.string()
	if err != nil {
		return s, err
	}
	if n := s.to - s.from; n == 0 || n > maxName {
		return s, fmt.Errorf("byte %d: a name of %d bytes (allowed: 1 to %d)", start, n, maxName)
	}
	return s, nil
}

// count reads a count of records that take at least size bytes each.
func (c *cursor) count(what string, size uint64) (int, error) {
	n, err := c.uint64()
	if err != nil {
		return 0, err
	}
	if room := c.remaining() / size; n > room {
		return 0, fmt.Errorf("the header announces %d %s, the file has room for at most %d: is the download complete?", n, what, room)
	}
	return int(n), nil
}
