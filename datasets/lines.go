package datasets

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"unicode/utf8"
)

// MaxRow is the longest row that the readers accept, in bytes.
const MaxRow = 256 << 20

// firstBuffer is what a reader starts with; it grows with the rows met.
const firstBuffer = 128 << 10

// Line is one row of a file, as text.
type Line struct {
	Number int    // from 1; in a jsonl file it counts blank lines too
	Offset int64  // of its first byte in the (decompressed) file; parquet: 0
	Text   []byte // valid until the next row is asked for
}

// Lines streams the lines of a text file, without their "\n" and with a byte
// order mark at the start of the file removed. They are split at "\n" only:
// texts contain U+2028 and its like. Lines of nothing but white space are
// left out. A line that is too long or not UTF-8 is yielded as a *RowError
// with a zero Line, and the stream goes on; a broken source or a cancelled
// context is yielded last.
func Lines(ctx context.Context, src Source, name string) iter.Seq2[Line, error] {
	return lines(ctx, src, name, MaxRow)
}

func lines(ctx context.Context, src Source, name string, limit int) iter.Seq2[Line, error] {
	return stream(ctx, src, name, func(r io.Reader, yield func(Line, error) bool) error {
		lr := lineReader{r: r, limit: limit}
		for {
			if err := ctx.Err(); err != nil {
				return err
			}
			l, err := lr.next()
			if err == nil && len(bytes.TrimLeft(l.Text, " \t\r")) == 0 {
				continue
			}
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

// errStopped says that the consumer wants no more rows.
var errStopped = errors.New("stopped")

// stream opens a file, lets read yield its rows and yields last what ended
// the reading, unless that is the file's end or the consumer's wish. What
// Close says counts as well: it is where a source finds bytes that differ.
func stream(ctx context.Context, src Source, name string, read func(io.Reader, func(Line, error) bool) error) iter.Seq2[Line, error] {
	return func(yield func(Line, error) bool) {
		r, err := src.Open(ctx, name)
		if err != nil {
			yield(Line{}, err)
			return
		}
		err = read(r, yield)
		closed := r.Close()
		switch {
		case errors.Is(err, errStopped):
			return
		case errors.Is(err, io.EOF):
			err = closed
		default:
			err = errors.Join(err, closed)
		}
		switch {
		case err == nil:
		case ctx.Err() != nil:
			yield(Line{}, ctx.Err())
		default:
			yield(Line{}, fmt.Errorf("%s: %w", name, err))
		}
	}
}

func checkUTF8(name string, l Line) error {
	if utf8.Valid(l.Text) {
		return nil
	}
	at := 0
	for at < len(l.Text) {
		r, n := utf8.DecodeRune(l.Text[at:])
		if r == utf8.RuneError && n <= 1 {
			break
		}
		at += n
	}
	return &RowError{File: name, Line: l.Number, Err: fmt.Errorf(
		"invalid UTF-8 at byte %d of the row (byte %d of the file)", at, l.Offset+int64(at))}
}

var errRowTooLong = errors.New("row is too long")

// lineReader cuts a stream at "\n". Its buffer grows with the longest line
// met, never with what a file claims.
type lineReader struct {
	r          io.Reader
	limit      int
	buf        []byte
	start, end int   // unread bytes are buf[start:end]
	offset     int64 // of buf[start] in the stream
	number     int
	err        error // of r
}

// next returns the next line; io.EOF behind the last one. A line over the
// limit is skipped and reported by its number.
func (l *lineReader) next() (Line, error) {
	scanned := 0
	dropped := false
	for {
		if k := bytes.IndexByte(l.buf[l.start+scanned:l.end], '\n'); k >= 0 {
			return l.take(scanned+k, 1, dropped)
		}
		scanned = l.end - l.start
		if l.err != nil {
			if errors.Is(l.err, io.EOF) && (scanned > 0 || dropped) {
				return l.take(scanned, 0, dropped)
			}
			return Line{}, l.err
		}
		if scanned > l.limit {
			l.drop()
			scanned, dropped = 0, true
		}
		l.fill()
	}
}

// take hands out n bytes and steps over the line end behind them.
func (l *lineReader) take(n, lineEnd int, dropped bool) (Line, error) {
	l.number++
	line := Line{Number: l.number, Offset: l.offset, Text: l.buf[l.start : l.start+n]}
	l.start += n + lineEnd
	l.offset += int64(n + lineEnd)
	if dropped || n > l.limit {
		return Line{Number: line.Number}, fmt.Errorf("%w: over %d bytes", errRowTooLong, l.limit)
	}
	if line.Number == 1 {
		if text, ok := bytes.CutPrefix(line.Text, []byte("\xef\xbb\xbf")); ok {
			line.Text = text
			line.Offset += 3
		}
	}
	return line, nil
}

func (l *lineReader) drop() {
	l.offset += int64(l.end - l.start)
	l.start, l.end = 0, 0
}

// fill reads once, having made room.
func (l *lineReader) fill() {
	if l.start > 0 {
		copy(l.buf, l.buf[l.start:l.end])
		l.end -= l.start
		l.start = 0
	}
	if l.end == len(l.buf) {
		grown := make([]byte, max(firstBuffer, 2*len(l.buf)))
		copy(grown, l.buf)
		l.buf = grown
	}
	var n int
	n, l.err = l.r.Read(l.buf[l.end:])
	l.end += n
}
