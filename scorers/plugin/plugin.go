// Package plugin scores answers by a program of the user's: a metric that
// lcbench doesn't have, such as one that takes a neural model.
//
// The program reads one JSON object a line from its standard input, {"id",
// "metric", "prediction", "references"}, and answers each with a line {"id",
// "score"} before it reads the next: what lcbench metric prints, flushed.
package plugin

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os/exec"
	"strings"
	"sync"

	"github.com/lcbench/lcbench/scorers"
)

// maxReply bounds a line of the program's, in bytes.
const maxReply = 1 << 16

// Metric is a running program. It is safe for concurrent use; answers are
// scored one after the other.
type Metric struct {
	name string

	mu     sync.Mutex
	cmd    *exec.Cmd
	in     io.WriteCloser
	out    *bufio.Reader
	last   tail
	broken error // why nothing more can be asked
	ended  bool  // Wait has returned
}

// Parse splits NAME=COMMAND.
func Parse(text string) (name, command string, err error) {
	name, command, ok := strings.Cut(text, "=")
	name, command = strings.TrimSpace(name), strings.TrimSpace(command)
	if !ok || name == "" || command == "" {
		return "", "", fmt.Errorf("metric command %q: want NAME=COMMAND", text)
	}
	return name, command, nil
}

// Start starts the program; words of command are split at spaces. It ends with
// ctx, or by Close.
func Start(ctx context.Context, name, command string) (*Metric, error) {
	words := strings.Fields(command)
	if len(words) == 0 {
		return nil, fmt.Errorf("metric command %s: no program", name)
	}
	m := &Metric{name: name, cmd: exec.CommandContext(ctx, words[0], words[1:]...)}
	m.cmd.Stderr = &m.last
	in, err := m.cmd.StdinPipe()
	if err != nil {
		return nil, fmt.Errorf("metric command %s: %w", name, err)
	}
	out, err := m.cmd.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("metric command %s: %w", name, err)
	}
	if err := m.cmd.Start(); err != nil {
		return nil, fmt.Errorf("metric command %s: %w", name, err)
	}
	m.in, m.out = in, bufio.NewReaderSize(out, maxReply)
	return m, nil
}

// Name is the metric's.
func (m *Metric) Name() string { return m.name }

// question and reply are the lines that go and come.
type question struct {
	ID         string   `json:"id"`
	Metric     string   `json:"metric"`
	Prediction string   `json:"prediction"`
	References []string `json:"references"`
}

type reply struct {
	ID    string   `json:"id"`
	Score *float64 `json:"score"`
}

// Score asks the program for one answer's score.
func (m *Metric) Score(id string, c scorers.Case) (float64, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.broken == nil {
		score, err := m.ask(question{id, m.name, c.Prediction, c.References})
		if err == nil {
			return score, nil
		}
		if errors.Is(err, io.EOF) { // its last words are whole once it is gone
			_ = m.in.Close()
			_ = m.cmd.Wait()
			m.ended = true
		}
		// What comes next could be the answer to this one.
		m.broken = fmt.Errorf("metric command %s: %w%s", m.name, err, m.last.words())
	}
	return 0, m.broken
}

func (m *Metric) ask(q question) (float64, error) {
	var line bytes.Buffer
	enc := json.NewEncoder(&line)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(q); err != nil {
		return 0, err
	}
	if _, err := m.in.Write(line.Bytes()); err != nil {
		return 0, fmt.Errorf("%s: it takes no more lines: %w", q.ID, err)
	}
	raw, err := m.out.ReadSlice('\n')
	switch {
	case errors.Is(err, bufio.ErrBufferFull):
		return 0, fmt.Errorf("%s: a reply of more than %d bytes", q.ID, maxReply)
	case err != nil:
		return 0, fmt.Errorf("%s: %w", q.ID, endedError{err})
	}
	var r reply
	switch err := json.Unmarshal(raw, &r); {
	case err != nil || r.Score == nil || math.IsInf(*r.Score, 0):
		return 0, fmt.Errorf("%s: want {\"id\": …, \"score\": number}, got %.80q", q.ID, bytes.TrimSpace(raw))
	case r.ID != q.ID:
		return 0, fmt.Errorf("%s: the reply is about %.80q", q.ID, r.ID)
	}
	return *r.Score, nil
}

// endedError words the end of the program's output.
type endedError struct{ error }

func (endedError) Error() string   { return "it ended without a reply" }
func (e endedError) Unwrap() error { return e.error }

// Close ends the program by closing its input, and waits for it.
func (m *Metric) Close() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.ended {
		return nil // it was told
	}
	err := m.in.Close()
	if werr := m.cmd.Wait(); m.broken == nil && werr != nil {
		return fmt.Errorf("metric command %s: %w%s", m.name, werr, m.last.words())
	}
	if m.broken != nil {
		return nil // it was told
	}
	return err
}

// tail keeps the end of what the program says on its standard error.
type tail struct {
	mu   sync.Mutex
	text []byte
}

func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.text = append(t.text, p...)
	if n := len(t.text) - 1<<10; n > 0 {
		t.text = t.text[n:]
	}
	return len(p), nil
}

// words is the last line, behind a colon.
func (t *tail) words() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	text := strings.TrimSpace(string(t.text))
	if text == "" {
		return ""
	}
	return ": " + text[strings.LastIndexByte(text, '\n')+1:]
}
