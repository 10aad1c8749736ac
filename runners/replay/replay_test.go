package replay

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lcbench/lcbench/runners"
)

func open(t *testing.T, content string) (*Model, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "answers.jsonl")
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	m, err := Open(path)
	if err == nil {
		t.Cleanup(func() { _ = m.Close() })
	}
	return m, err
}

func TestRecordsOfAllShapesAreAnswered(t *testing.T) {
	long := strings.Repeat("é", 100<<10)
	m, err := open(t,
		`{"id":"a","answer":"Bergen"}`+"\r\n\n"+
			`{"id":"b","text":"Oslo\u2028x","reasoning":"hm","finish_reason":"length","status":"truncated_output","model":"m","usage":{"known":true,"prompt":5,"completion":2}}`+"\n"+
			`{"id":"c","answer":"`+long+`"}`+"\n"+
			`{"id":"e","text":"","status":"error","error":"x"}`+"\n"+
			`{"id":"e","text":"","status":"no_answer"}`+"\n"+
			`{"id":"d","answer":"last, without a line end"}`)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]runners.Response{
		"a": {Text: "Bergen", FinishReason: "stop"},
		"b": {Text: "Oslo\u2028x", Reasoning: "hm", FinishReason: "length", Model: "m", Usage: runners.Usage{Known: true, Prompt: 5, Completion: 2}},
		"c": {Text: long, FinishReason: "stop"},
		"d": {Text: "last, without a line end", FinishReason: "stop"},
		"e": {FinishReason: "stop"},
	}
	if m.Len() != len(want) {
		t.Errorf("%d answers, want %d", m.Len(), len(want))
	}
	var group sync.WaitGroup
	for id, w := range want {
		group.Go(func() {
			got, err := m.Generate(t.Context(), runners.Request{SampleID: id})
			if diff := cmp.Diff(w, got); err != nil || diff != "" {
				t.Errorf("%s: %v %s", id, err, diff)
			}
		})
	}
	group.Wait()
}

func TestFollowUpGetsTheSecondAnswer(t *testing.T) {
	for _, name := range []string{"first", "first_answer"} {
		m, err := open(t, `{"id":"a","text":"B","`+name+`":" It is Oslo, so B.\n"}`)
		if err != nil {
			t.Fatal(err)
		}
		got, err := m.Generate(t.Context(), runners.Request{SampleID: "a", Prompt: "Which?"})
		if err != nil || got.Text != " It is Oslo, so B.\n" {
			t.Errorf("first call: got %q, %v", got.Text, err)
		}
		got, err = m.Generate(t.Context(), runners.Request{SampleID: "a", Prompt: "You said: It is Oslo, so B. The letter?"})
		if err != nil || got.Text != "B" {
			t.Errorf("second call: got %q, %v", got.Text, err)
		}
	}
}

func TestMissingAnswerNamesTheSample(t *testing.T) {
	m, err := open(t, `{"id":"a","answer":"x"}`)
	if err != nil {
		t.Fatal(err)
	}
	_, err = m.Generate(t.Context(), runners.Request{SampleID: "hotpotqa/7"})
	var call *runners.CallError
	if !errors.As(err, &call) || call.Kind != runners.ErrRequest || !strings.Contains(err.Error(), "answers.jsonl has no answer to hotpotqa/7") {
		t.Errorf("got %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := m.Generate(ctx, runners.Request{SampleID: "a"}); !errors.Is(err, context.Canceled) {
		t.Errorf("under a cancelled context: %v", err)
	}
}

func TestBadFilesAreNamedWithLineAndField(t *testing.T) {
	const good = `{"id":"a","answer":"x"}` + "\n"
	cases := []struct{ name, content, want string }{
		{"a second answer", good + "\n" + good, "answers.jsonl:3: a second answer to a, the first is in line 1"},
		{"no JSON", good + "hello\n", "answers.jsonl:2: not a whole JSON object"},
		{"a torn line", good + `{"id":"b","ans`, "answers.jsonl:2: not a whole JSON object"},
		{"a number for an answer", `{"id":"b","answer":7}`, `answers.jsonl:1: field "answer": want a string, got number`},
		{"a list", `["a"]`, "answers.jsonl:1: want a JSON object, got array"},
		{"no id", `{"answer":"x"}`, `answers.jsonl:1: field "id"`},
		{"no answer", `{"id":"b","pred":"x"}`, `answers.jsonl:1: want a field "answer" or "text"`},
	}
	for _, c := range cases {
		if _, err := open(t, c.content); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q", c.name, err, c.want)
		}
	}
	if _, err := Open(t.TempDir()); err == nil || !strings.Contains(err.Error(), "is a folder") {
		t.Errorf("a folder: %v", err)
	}
	if _, err := Open(filepath.Join(t.TempDir(), "none.jsonl")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
}

func TestFileThatChangesIsNoticed(t *testing.T) {
	m, err := open(t, `{"id":"a","answer":"x"}`+"\n")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(m.file.Name(), []byte(`{"id":"b","answer":"x"}`+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := m.Generate(t.Context(), runners.Request{SampleID: "a"}); err == nil || !strings.Contains(err.Error(), "changed") {
		t.Errorf("got %v", err)
	}
}

func FuzzLines(f *testing.F) {
	f.Add([]byte("{\"id\":\"a\",\"answer\":\"x\"}\n\n{\"id\":\"b\",\"text\":\"\xff\"}"))
	f.Add([]byte("\r\n{"))
	f.Fuzz(func(t *testing.T, content []byte) {
		err := eachLine(bytes.NewReader(content), func(raw []byte, l line) error {
			if !bytes.Equal(content[l.at:l.at+int64(l.length)], raw) {
				t.Errorf("line %d isn't where it is said to be", l.number)
			}
			_, _ = decode(raw) // must not panic
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	})
}
