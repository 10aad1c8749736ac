// Package haystack makes contexts of any length out of texts, with needles at
// exact places: what benchmarks that hide needles share.
//
// Each text is tokenised once. A context of a million tokens is then put
// together from known tokens, and only what stands around its seams is counted
// anew, so that a grid of depths and lengths costs little more than copying. A
// tokenizer that can't say where texts may be cut (cutter) has each context
// counted whole instead.
package haystack

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"
	"unicode/utf8"

	"github.com/lcbench/lcbench/benchmarks"
	"github.com/lcbench/lcbench/datasets"
)

// maxText is the most that a text may have, in bytes, and maxHeld what is read
// of the texts of jsonl files, or kept of those of single files, together.
const (
	maxText = 16 << 20
	maxHeld = 64 << 20
)

// Stock is texts to make haystacks of, under one tokenizer. It is for one
// goroutine at a time.
type Stock struct {
	src   datasets.Source
	tok   benchmarks.Tokenizer
	place string
	texts []*text
	held  int // bytes kept of the texts of single files
}

// text is one text of a stock. One of a file of its own is read when it is
// first drawn.
type text struct {
	file    string // "" for a row of a jsonl file
	content string
	ends    []int32 // of its tokens, nil until they are asked for
	tokens  int     // where ends are of no use
}

// Open finds the texts of a data set: the first of places that the source has,
// a file of {"text"} rows (its name ends in .jsonl) or a folder of such files
// and of text files (.txt). Without any of them the error wraps
// fs.ErrNotExist. Bad rows are left out and returned as faults.
func Open(ctx context.Context, src datasets.Source, tok benchmarks.Tokenizer, places ...string) (s *Stock, faults []error, err error) {
	var missing error
	for _, place := range places {
		s = &Stock{src: src, tok: tok, place: place}
		if path.Ext(place) == ".jsonl" {
			faults, err = s.rows(ctx, place)
		} else {
			faults, err = s.folder(ctx, place)
		}
		if err == nil && len(s.texts) == 0 {
			return nil, faults, fmt.Errorf("haystack %s: no texts in it (.txt files, or .jsonl files of {\"text\"} rows)", place)
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return s, faults, err
		}
		if missing == nil {
			missing = err
		}
	}
	return nil, nil, missing
}

// rows reads the texts of a jsonl file.
func (s *Stock) rows(ctx context.Context, name string) (faults []error, err error) {
	held := 0
	for content, err := range datasets.Rows(ctx, s.src, name, decodeText) {
		var row *datasets.RowError
		switch {
		case errors.As(err, &row):
			faults = append(faults, err)
			continue
		case err != nil:
			return faults, err
		}
		if held += len(content); held > maxHeld {
			break
		}
		s.texts = append(s.texts, &text{content: content})
	}
	return faults, ctx.Err()
}

// decodeText takes the text of a row, without white space around it.
func decodeText(line []byte) (string, error) {
	var row struct {
		Text *string `json:"text"`
	}
	if err := json.Unmarshal(line, &row); err != nil {
		var wrong *json.UnmarshalTypeError
		if errors.As(err, &wrong) && wrong.Field != "" {
			return "", &datasets.FieldError{Field: wrong.Field, Err: fmt.Errorf("want a string, got %s", wrong.Value)}
		}
		return "", fmt.Errorf("want an object with a text: %w", err)
	}
	if row.Text == nil {
		return "", datasets.MissingField("text")
	}
	return tidy(*row.Text), nil
}

// tidy takes off white space at the ends and what is not UTF-8.
func tidy(s string) string { return strings.TrimSpace(strings.ToValidUTF8(s, "")) }

// folder lists the texts of a folder, and reads those of its jsonl files.
func (s *Stock) folder(ctx context.Context, dir string) (faults []error, err error) {
	lister, ok := s.src.(datasets.Lister)
	if !ok {
		return nil, &fs.PathError{Op: "list", Path: dir, Err: fs.ErrNotExist}
	}
	names, err := lister.Names(ctx, dir)
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		switch plain := strings.TrimSuffix(strings.TrimSuffix(name, ".gz"), ".zst"); path.Ext(plain) {
		case ".txt":
			s.texts = append(s.texts, &text{file: name})
		case ".jsonl":
			more, err := s.rows(ctx, name)
			faults = append(faults, more...)
			if err != nil {
				return faults, err
			}
		}
	}
	return faults, nil
}

// load reads a text that isn't here and tokenises it, or counts its tokens where
// the tokenizer can't be asked about parts of a haystack.
func (s *Stock) load(ctx context.Context, t *text) error {
	if t.content == "" && t.file != "" {
		raw, err := datasets.ReadFile(ctx, s.src, t.file, maxText)
		if err != nil {
			return fmt.Errorf("haystack: %w", err)
		}
		t.content = tidy(string(raw))
		s.held += len(t.content)
	}
	switch _, ok := s.tok.(cutter); {
	case ok && t.ends == nil:
		t.ends = narrow(s.tok.Ends(t.content))
	case !ok && t.tokens == 0:
		t.tokens = benchmarks.Count(s.tok, t.content)
	}
	return nil
}

// forget lets go of the texts of single files where they are too many to keep.
func (s *Stock) forget() {
	if s.held <= maxHeld {
		return
	}
	s.held = 0
	for _, t := range s.texts {
		if t.file != "" {
			t.content, t.ends = "", nil
		}
	}
}

// narrow stores offsets in half the room.
func narrow(ends []int) []int32 {
	out := make([]int32, len(ends))
	for i, e := range ends {
		out[i] = int32(e)
	}
	return out
}

// cutter is a tokenizer that knows where a text may be cut.
type cutter interface {
	// Cuts says whether the tokens of text are for sure those of text[:at]
	// followed by those of text[at:], whatever stands further away.
	Cuts(text string, at int) bool
}

// firstCut returns the first place of text[from:to] behind from where the
// tokenizer may be cut, -1 if there is none.
func firstCut(c cutter, text string, from, to int) int {
	for at := from + 1; at < to; at++ {
		if utf8.RuneStart(text[at]) && c.Cuts(text, at) {
			return at
		}
	}
	return -1
}

// lastCut returns the last place of text[from:to] before to where the tokenizer
// may be cut, -1 if there is none.
func lastCut(c cutter, text string, from, to int) int {
	for at := to - 1; at > from; at-- {
		if utf8.RuneStart(text[at]) && c.Cuts(text, at) {
			return at
		}
	}
	return -1
}
