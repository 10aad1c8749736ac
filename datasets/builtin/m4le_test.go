package builtin

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The bytes of every file for seed 0, on any machine.
func TestM4LEFilesOfSeed0AreAsRecorded(t *testing.T) {
	s := M4LE(0)
	var b strings.Builder
	for _, name := range M4LEFiles() {
		sum := sha256.Sum256(read(t, s, name))
		fmt.Fprintf(&b, "%s  %s\n", hex.EncodeToString(sum[:]), name)
	}
	golden := filepath.Join("testdata", "m4le_seed0.sha256")
	if *update {
		if err := os.WriteFile(golden, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), b.String()); diff != "" {
		t.Errorf("generated files changed (-want +got); if that is meant, run with -update:\n%s", diff)
	}
	if _, err := s.Open(t.Context(), "hotpotqa.jsonl"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a task that isn't there: %v, want fs.ErrNotExist", err)
	}
}

func m4leTexts(t *testing.T, name string) []m4leShort {
	t.Helper()
	var out []m4leShort
	for line := range strings.Lines(string(read(t, M4LE(3), name))) {
		var s m4leShort
		if err := json.Unmarshal([]byte(line), &s); err != nil {
			t.Fatal(err)
		}
		out = append(out, s)
	}
	return out
}

// Short texts fill 128k tokens, at a token for a word or a character and a half.
func TestM4LEShortTextsAreLabelledAndEnough(t *testing.T) {
	for _, lang := range []string{English, Chinese} {
		labels, size := map[string]int{}, 0
		for _, s := range m4leTexts(t, "short/classes."+lang+".jsonl") {
			labels[s.Label]++
			size += Size(s.Text, lang)
		}
		if least := m4leNews / len(labels) / 2; len(labels) != len(Topics(lang)) || labels[Topics(lang)[0]] < least {
			t.Errorf("%s: %d classes of %v", lang, len(labels), labels)
		}
		if size < 100_000 {
			t.Errorf("%s: classes have %d words or characters", lang, size)
		}
		size = 0
		for _, s := range m4leTexts(t, "short/questions."+lang+".jsonl") {
			size += Size(s.Text, lang)
			if s.Title == "" || s.Summary == "" || s.Question == "" || len(s.Answers) != 1 || strings.Count(s.Text, s.Answers[0]) == 0 {
				t.Fatalf("%s: %+v: want an answer that the text holds", lang, s)
			}
		}
		if size < 100_000 {
			t.Errorf("%s: questions have %d words or characters", lang, size)
		}
		stops := func(text string) int { return strings.Count(text, ". ") + strings.Count(text, "。") }
		for _, s := range m4leTexts(t, "short/parallel."+lang+".jsonl") {
			one, two := stops(s.Text+" "), stops(s.Translation+" ")
			if s.Title == "" || one == 0 || one != two {
				t.Fatalf("%s: %+v: %d sentences, %d in the translation", lang, s, one, two)
			}
		}
	}
}

func TestM4LERowsAreMeasuredInTheirOwnUnits(t *testing.T) {
	for _, c := range []struct{ lang, answerLang string }{{English, Chinese}, {Chinese, English}, {Chinese, Chinese}} {
		r := newM4LERow(c.lang, "一 b", strings.Repeat("c d", 300), c.answerLang, "e f")
		want := Size(r.Instruction, c.lang) + Size(r.Input, c.lang)
		if r.InputLength != want || r.TotalLength != want+Size("e f", c.answerLang) || r.Bucket < r.TotalLength || r.Bucket > 1000 {
			t.Errorf("%v: %+v", c, r)
		}
	}
}
