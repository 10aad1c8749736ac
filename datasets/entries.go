package datasets

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
)

// Entry is one field of a file that is a single JSON object.
type Entry struct {
	Key  string
	Line // the value's text; Number counts fields from 1
}

// JSONEntries streams the fields of a file that is one JSON object, in order,
// holding one of them in memory at a time. A key that stands twice is yielded
// twice. A field that is too long or not UTF-8 is yielded as a *RowError and
// the stream goes on; where the object itself is broken the stream ends with an
// error.
func JSONEntries(ctx context.Context, src Source, name string) iter.Seq2[Entry, error] {
	return jsonEntries(ctx, src, name, MaxRow)
}

func jsonEntries(ctx context.Context, src Source, name string, limit int) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		var key string
		lines := stream(ctx, src, name, func(r io.Reader, yield func(Line, error) bool) error {
			e := fieldReader{arrayReader{r: r, limit: limit}}
			for {
				if err := ctx.Err(); err != nil {
					return err
				}
				k, l, err := e.next()
				key = k
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
		for l, err := range lines {
			e := Entry{Key: key, Line: l}
			if err != nil {
				e = Entry{}
			}
			if !yield(e, err) {
				return
			}
		}
	}
}

// fieldReader cuts the fields out of a JSON object.
type fieldReader struct{ arrayReader }

// next returns the next field, io.EOF behind the closing brace.
func (e *fieldReader) next() (key string, value Line, err error) {
	more, err := e.separator()
	if err != nil {
		return "", Line{}, e.ended(err)
	}
	if !more {
		if err := e.finish(); errors.Is(err, io.EOF) {
			return "", Line{}, io.EOF
		}
		return "", Line{}, e.misplaced("the end of the file behind the object")
	}
	if c, err := e.peek(); err != nil {
		return "", Line{}, e.ended(err)
	} else if c != '"' {
		return "", Line{}, e.misplaced("a key")
	}
	raw, err := e.element()
	if err != nil {
		return "", Line{}, e.ended(err)
	}
	if key, err = String(raw.Text); err != nil {
		return "", Line{}, fmt.Errorf("broken object behind field %d: %w", e.number, err)
	}
	if c, err := e.peek(); err != nil {
		return "", Line{}, e.ended(err)
	} else if c != ':' {
		return "", Line{}, e.misplaced("':'")
	}
	e.advance(1)
	if c, err := e.peek(); err != nil {
		return "", Line{}, e.ended(err)
	} else if isDelimiter(c) {
		return "", Line{}, e.misplaced("a value")
	}
	e.number++
	value, err = e.element()
	value.Number = e.number
	return key, value, e.ended(err)
}

// separator reads the opening brace or a comma. It returns false at the closing
// brace.
func (e *fieldReader) separator() (more bool, err error) {
	c, err := e.peek()
	if err != nil {
		return false, err
	}
	first := !e.begun
	switch {
	case first:
		if c == 0xef {
			if c, err = e.skipMark(); err != nil {
				return false, err
			}
		}
		if c != '{' {
			return false, e.misplaced("'{'")
		}
		e.begun = true
	case c == '}':
		e.advance(1)
		return false, nil
	case c != ',':
		return false, e.misplaced("',' or '}'")
	}
	e.advance(1)
	if c, err = e.peek(); err != nil {
		return false, err
	}
	if first && c == '}' {
		e.advance(1)
		return false, nil
	}
	return true, nil
}

func (e *fieldReader) misplaced(want string) error {
	return fmt.Errorf("broken object behind field %d: want %s, got %q at byte %d", e.number, want, e.buf[e.start:min(e.end, e.start+1)], e.offset)
}

// ended words a file's end for objects.
func (e *fieldReader) ended(err error) error {
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("the object ends too early, behind field %d: %w", e.number, io.ErrUnexpectedEOF)
	}
	return err
}
