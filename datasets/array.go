package datasets

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"iter"
)

// JSONArray streams the elements of a file that is one JSON array, holding
// one element in memory at a time. Number counts elements from 1. An element
// that is too long or not UTF-8 is yielded as a *RowError and the stream goes
// on; where the array itself is broken (an end too early, something other than
// a comma between elements) the stream ends with an error.
func JSONArray(ctx context.Context, src Source, name string) iter.Seq2[Line, error] {
	return jsonArray(ctx, src, name, MaxRow)
}

func jsonArray(ctx context.Context, src Source, name string, limit int) iter.Seq2[Line, error] {
	return stream(ctx, src, name, func(r io.Reader, yield func(Line, error) bool) error {
		a := arrayReader{r: r, limit: limit}
		for {
			if err := ctx.Err(); err != nil {
				return err
			}
			l, err := a.next()
			if errors.Is(err, errRowTooLong) {
				l, err = Line{}, &RowError{File: name, Line: l.Number, Err: err}
			} else if err != nil {
				return err
			} else if err = checkUTF8(name, l); err != nil {
				l = Line{}
			}
			if !yield(l, err) {
				return errStopped
			}
		}
	})
}

// arrayReader cuts the elements out of a JSON array. It follows strings and
// brackets only; the grammar inside an element is its decoder's to check.
type arrayReader struct {
	r          io.Reader
	limit      int
	buf        []byte
	start, end int // unread bytes are buf[start:end]
	offset     int64
	number     int
	begun      bool
	err        error // of r
}

// next returns the next element, io.EOF behind the closing bracket.
func (a *arrayReader) next() (Line, error) {
	more, err := a.separator()
	if err != nil {
		return Line{}, err
	}
	if !more {
		return Line{}, a.finish()
	}
	a.number++
	return a.element()
}

// separator reads what stands before an element: the opening bracket or a
// comma. It returns false at the closing bracket.
func (a *arrayReader) separator() (more bool, err error) {
	c, err := a.peek()
	if err != nil {
		return false, err
	}
	switch {
	case !a.begun:
		if c == 0xef {
			if c, err = a.skipMark(); err != nil {
				return false, err
			}
		}
		if c != '[' {
			return false, a.broken(c, "'['")
		}
		a.begun = true
	case c == ']':
		a.advance(1)
		return false, nil
	case c != ',':
		return false, a.broken(c, "',' or ']'")
	}
	first := c == '['
	a.advance(1)
	if c, err = a.peek(); err != nil {
		return false, err
	}
	if c == ']' && first {
		a.advance(1)
		return false, nil
	}
	if c == ']' || c == ',' || c == '}' || c == ':' {
		return false, a.broken(c, "a value")
	}
	return true, nil
}

// skipMark steps over a byte order mark.
func (a *arrayReader) skipMark() (byte, error) {
	for a.end-a.start < 3 {
		if err := a.more(); err != nil {
			return 0, err
		}
	}
	if !bytes.HasPrefix(a.buf[a.start:a.end], []byte("\xef\xbb\xbf")) {
		return 0, a.broken(0xef, "'['")
	}
	a.advance(3)
	return a.peek()
}

// finish makes sure that nothing follows the array.
func (a *arrayReader) finish() error {
	c, err := a.peek()
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF):
		return io.EOF
	case err != nil:
		return err
	}
	return a.broken(c, "the end of the file behind the array")
}

func (a *arrayReader) broken(c byte, want string) error {
	return fmt.Errorf("broken array behind row %d: want %s, got %q at byte %d", a.number, want, c, a.offset)
}

// element cuts out the element at the start of the buffer.
func (a *arrayReader) element() (Line, error) {
	l := Line{Number: a.number, Offset: a.offset}
	var s elementScan
	at := 0
	dropped := false
	for {
		n, done := s.scan(a.buf[a.start+at : a.end])
		at += n
		if done {
			break
		}
		if at > a.limit {
			a.advance(at)
			at, dropped = 0, true
		}
		if err := a.more(); err != nil {
			return Line{}, err
		}
	}
	l.Text = a.buf[a.start : a.start+at]
	a.advance(at)
	if dropped || at > a.limit {
		return Line{Number: l.Number}, fmt.Errorf("%w: over %d bytes", errRowTooLong, a.limit)
	}
	return l, nil
}

// elementScan remembers where in an element a scan stands.
type elementScan struct {
	depth             int
	inString, escaped bool
	begun             bool
}

// scan goes on over b until the element ends. It returns how many bytes
// belong to the element.
func (s *elementScan) scan(b []byte) (n int, done bool) {
	for i := 0; i < len(b); i++ {
		if s.inString {
			if i = s.inside(b, i); i >= len(b) || s.inString {
				return len(b), false
			}
			if s.depth == 0 {
				return i + 1, true
			}
			continue
		}
		switch c := b[i]; {
		case c == '"' && (s.depth > 0 || !s.begun):
			s.inString = true
		case c == '{' || c == '[':
			s.depth++
		case (c == '}' || c == ']') && s.depth > 0:
			if s.depth--; s.depth == 0 {
				return i + 1, true
			}
		case s.depth == 0 && isDelimiter(c):
			return i, true
		}
		s.begun = true
	}
	return len(b), false
}

// inside goes on in a string and returns the index of its closing quote, or
// len(b) with inString still set.
func (s *elementScan) inside(b []byte, i int) int {
	for i < len(b) {
		if s.escaped {
			s.escaped = false
			i++
			continue
		}
		for i+8 <= len(b) && special(binary.LittleEndian.Uint64(b[i:])) == 0 {
			i += 8
		}
		if i >= len(b) {
			break
		}
		switch b[i] {
		case '"':
			s.inString = false
			return i
		case '\\':
			s.escaped = true
		}
		i++
	}
	return i
}

// peek returns the next byte that is not white space.
func (a *arrayReader) peek() (byte, error) {
	for {
		n := skipSpace(a.buf[a.start:a.end], 0)
		a.advance(n)
		if a.start < a.end {
			return a.buf[a.start], nil
		}
		if err := a.more(); err != nil {
			return 0, err
		}
	}
}

func (a *arrayReader) advance(n int) {
	a.start += n
	a.offset += int64(n)
}

// more reads on; the file's end is io.ErrUnexpectedEOF here.
func (a *arrayReader) more() error {
	if a.err != nil {
		return a.err
	}
	if a.start > 0 {
		copy(a.buf, a.buf[a.start:a.end])
		a.end -= a.start
		a.start = 0
	}
	if a.end == len(a.buf) {
		grown := make([]byte, max(firstBuffer, 2*len(a.buf)))
		copy(grown, a.buf)
		a.buf = grown
	}
	n, err := a.r.Read(a.buf[a.end:])
	a.end += n
	if errors.Is(err, io.EOF) {
		err = fmt.Errorf("the array ends too early, behind row %d: %w", a.number, io.ErrUnexpectedEOF)
	}
	a.err = err
	if n > 0 {
		return nil
	}
	return err
}
