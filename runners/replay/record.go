package replay

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/lcbench/lcbench/runners"
)

// record is one line, under the names of hand-written files, of samples.jsonl
// and of the journal.
type record struct {
	ID           string         `json:"id"`
	Answer       *string        `json:"answer"`
	Text         *string        `json:"text"`
	First        string         `json:"first"`
	FirstAnswer  string         `json:"first_answer"`
	Reasoning    string         `json:"reasoning"`
	FinishReason string         `json:"finish_reason"`
	Status       runners.Status `json:"status"`
	Model        string         `json:"model"`
	Usage        runners.Usage  `json:"usage"`
}

// decode reads a line and says which field is wrong.
func decode(raw []byte) (record, error) {
	var rec record
	if err := json.Unmarshal(raw, &rec); err != nil {
		var kind *json.UnmarshalTypeError
		if errors.As(err, &kind) && kind.Field != "" {
			return rec, fmt.Errorf("field %q: want a %s, got %s", kind.Field, kind.Type.Kind(), kind.Value)
		}
		if errors.As(err, &kind) {
			return rec, fmt.Errorf("want a JSON object, got %s", kind.Value)
		}
		return rec, fmt.Errorf("not a whole JSON object: %w", err)
	}
	if rec.ID == "" {
		return rec, errors.New(`field "id": want the sample's id, got none`)
	}
	if rec.Answer == nil && rec.Text == nil && !rec.Status.Lost() {
		return rec, errors.New(`want a field "answer" or "text", got neither`)
	}
	return rec, nil
}

// response is the recorded answer. Where a follow-up was asked, the record has
// both answers under one id: the follow-up is the request that shows the first.
func (rec record) response(r runners.Request) runners.Response {
	out := runners.Response{
		Reasoning: rec.Reasoning, FinishReason: rec.FinishReason, Model: rec.Model, Usage: rec.Usage,
	}
	switch {
	case rec.Answer != nil:
		out.Text = *rec.Answer
	case rec.Text != nil:
		out.Text = *rec.Text
	}
	if out.FinishReason == "" {
		out.FinishReason = "stop"
	}
	first := rec.First + rec.FirstAnswer
	if shown := strings.TrimSpace(first); shown != "" && !strings.Contains(r.Prompt, shown) {
		out.Text = first
	}
	return out
}

// maxLine bounds a record: the texts of one sample.
const maxLine = 64 << 20

// eachLine calls f with every line that isn't blank; raw is valid until f
// returns.
func eachLine(file io.Reader, f func(raw []byte, l line) error) error {
	in := bufio.NewReaderSize(file, 64<<10)
	var long []byte
	var l line
	for {
		l.number++
		raw, err := readLine(in, &long)
		if err != nil && !errors.Is(err, io.EOF) {
			return fmt.Errorf("replay: line %d: %w", l.number, err)
		}
		l.length = len(raw)
		if len(bytes.TrimSpace(raw)) > 0 {
			if err := f(raw, l); err != nil {
				return err
			}
		}
		if err != nil {
			return nil
		}
		l.at += int64(len(raw))
	}
}

// readLine reads up to the next line end and with it; lines longer than in's
// buffer are put together in long.
func readLine(in *bufio.Reader, long *[]byte) ([]byte, error) {
	part, err := in.ReadSlice('\n')
	if !errors.Is(err, bufio.ErrBufferFull) {
		return part, err
	}
	*long = (*long)[:0]
	for errors.Is(err, bufio.ErrBufferFull) {
		if len(*long)+len(part) > maxLine {
			return nil, fmt.Errorf("longer than %d MiB", maxLine>>20)
		}
		*long = append(*long, part...)
		part, err = in.ReadSlice('\n')
	}
	*long = append(*long, part...)
	return *long, err
}
