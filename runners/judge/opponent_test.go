package judge

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lcbench/lcbench/scorers/goldentest"
)

func write(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestOpponentsAnswersAreFound(t *testing.T) {
	o, err := ReadOpponent(t.Context(), write(t, "p.jsonl", `{"query":"doc Which?","gt":"blue ","other-7b_pred":"red","evaluation":"LLM"}
{"query":"Which?","gt":"blue","other-7b_pred":"green","evaluation":"human"}
{"query":"Which?","gt":"blue","other-7b_pred":"green again","evaluation":"human"}
`))
	if err != nil {
		t.Fatal(err)
	}
	if o.Name != "other-7b" || len(o.SHA256) != 64 || len(o.Duplicates) != 1 || !strings.Contains(o.Duplicates[0], "p.jsonl:3: the query \"Which?\" with this reference is there already in line 2") {
		t.Errorf("%+v", o)
	}
	for _, c := range []struct {
		tags []string
		want string
	}{{[]string{"human"}, "green"}, {[]string{"LLM"}, "red"}, {nil, "red"}} {
		if got, ok := o.Answer("x", "Which?", "blue", c.tags); !ok || got != c.want {
			t.Errorf("tags %v: %q, %v", c.tags, got, ok)
		}
	}
	if _, ok := o.Answer("x", "Who?", "blue", nil); ok {
		t.Error("an answer to another query")
	}
	o, err = ReadOpponent(t.Context(), write(t, "a.jsonl", `{"id":"x/1","answer":"one"}
{"id":"x/2","status":"error","answer":""}
{"id":"x/1","answer":"two"}
`))
	if err != nil || o.Name != "a" || len(o.Duplicates) != 1 {
		t.Fatalf("%+v, %v", o, err)
	}
	if got, ok := o.Answer("x/1", "", "", nil); !ok || got != "one" {
		t.Errorf("%q, %v", got, ok)
	}
	if _, ok := o.Answer("x/2", "q", "", nil); ok {
		t.Error("a lost answer was found")
	}
}

func TestFilesOfAnswersThatAreNone(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"a line without an answer", `{"id":"a"}`, `p.jsonl:1: field "answer": missing`},
		{"a prediction without its reference", `{"query":"q","m_pred":"x"}`, `p.jsonl:1: field "gt": missing`},
		{"two systems in a line", `{"query":"q","gt":"r","m_pred":"x","n_pred":"y"}`, "a second answer beside that of"},
		{"neither form", `{"question":"q"}`, `want "id" and "answer"`},
		{"an answer that is a number", `{"id":"a","answer":7}`, `field "answer"`},
		{"no JSON", "Which?", "p.jsonl:1"},
		{"nothing", "\n", "no answers in it"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if _, err := ReadOpponent(t.Context(), write(t, "p.jsonl", c.text)); err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
	if _, err := ReadOpponent(t.Context(), t.TempDir()); err == nil || !strings.Contains(err.Error(), "no samples.jsonl") {
		t.Errorf("an empty folder: %v", err)
	}
}

// Every released answer that L-Eval had judged has its opponent.
func TestReleasedAnswersAreAllMatched(t *testing.T) {
	for folder, want := range map[string]int{"llm_gpt4_eval": 96, "llm_turbo_eval": 181} {
		dir := goldentest.Path(t, "data/leval/predictions/"+folder)
		o, err := ReadOpponent(t.Context(), filepath.Join(dir, "turbo-16k-0613.pred.jsonl"))
		if err != nil || o.Name != "turbo-16k-0613" || len(o.Duplicates) > 0 {
			t.Fatalf("%v, %+v", err, o.Duplicates)
		}
		n := 0
		for _, raw := range goldentest.Lines(t, "data/leval/predictions/"+folder+"/claude-100k.pred.jsonl") {
			row, err := decodeOpponent(raw)
			if err != nil {
				t.Fatal(err)
			}
			if _, ok := o.Answer("", row.query, row.reference, []string{row.tag}); !ok {
				t.Errorf("no opponent for %.60q", row.query)
			}
			n++
		}
		if n != want {
			t.Errorf("%s: %d answers, want %d", folder, n, want)
		}
	}
}

// FuzzOpponent: any line is a row or an error.
func FuzzOpponent(f *testing.F) {
	f.Add([]byte(`{"query":"q","gt":"r","m_pred":"x","evaluation":"LLM"}`))
	f.Add([]byte(`{"id":"a","answer":"x","status":"ok"}`))
	f.Fuzz(func(t *testing.T, line []byte) {
		if len(line) > 1<<14 {
			t.Skip("capped input")
		}
		row, err := decodeOpponent(line)
		if err == nil && row.id == "" && row.model == "" && row.query == "" && row.reference == "" && !strings.Contains(string(line), "_pred") {
			t.Errorf("%q read as %+v", line, row)
		}
	})
}
