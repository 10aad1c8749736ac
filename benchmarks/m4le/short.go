package m4le

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode"

	"github.com/lcbench/lcbench/datasets"
)

// short is a short text with what can be asked about it; fields that a text
// lacks are empty.
type short struct {
	text        string
	label       string // its class
	title       string
	question    string
	answers     []string
	summary     string
	translation string
}

// kind says what short texts are good for.
type kind string

// The kinds, each with what its rows have besides a text.
const (
	classesKind   kind = "classes"   // label
	questionKind  kind = "questions" // question, answers
	titlesKind    kind = "titles"    // title
	summariesKind kind = "summaries" // summary
	parallelKind  kind = "parallel"  // translation
)

func kinds() []kind {
	return []kind{classesKind, questionKind, titlesKind, summariesKind, parallelKind}
}

// has says whether the text is of a kind.
func (s short) has(k kind) bool {
	switch k {
	case classesKind:
		return s.label != ""
	case questionKind:
		return s.question != "" && len(s.answers) > 0
	case titlesKind:
		return s.title != ""
	case summariesKind:
		return s.summary != ""
	case parallelKind:
		return s.translation != ""
	}
	return false
}

// shortFile names the built-in texts of a kind: those with questions have titles
// and summaries, too.
func shortFile(k kind, language string) string {
	if k == titlesKind || k == summariesKind {
		k = questionKind
	}
	return "short/" + string(k) + "." + language + ".jsonl"
}

// shelf is short texts by kind and language.
type shelf map[kind]map[string][]short

func (s shelf) add(t short) {
	language := languageOf(t.text)
	for _, k := range kinds() {
		if t.has(k) {
			if s[k] == nil {
				s[k] = map[string][]short{}
			}
			s[k][language] = append(s[k][language], t)
		}
	}
}

// languageOf is zh where at least a third of a text's letters are ideographs.
func languageOf(text string) string {
	letters, han := 0, 0
	for _, r := range text {
		if unicode.IsLetter(r) {
			letters++
			if unicode.Is(unicode.Han, r) {
				han++
			}
		}
	}
	if 3*han > letters {
		return "zh"
	}
	return "en"
}

// decodeShort reads a row: text, and any of label, title, question with answers
// (or answer), summary, translation.
func decodeShort(line []byte) (short, error) {
	var s short
	err := datasets.ParseObject(line, func(key string, raw []byte) (err error) {
		var into *string
		switch key {
		case "text":
			into = &s.text
		case "label":
			into = &s.label
		case "title":
			into = &s.title
		case "question":
			into = &s.question
		case "summary":
			into = &s.summary
		case "translation":
			into = &s.translation
		case "answer":
			answer, err := datasets.String(raw)
			s.answers = append(s.answers, answer)
			return err
		case "answers":
			s.answers, err = datasets.Strings(raw)
			return err
		default:
			return nil
		}
		*into, err = datasets.String(raw)
		*into = strings.TrimSpace(*into)
		return err
	})
	switch {
	case err != nil:
		return s, err
	case s.text == "":
		return s, datasets.MissingField("text")
	case s.question != "" && !slices.ContainsFunc(s.answers, func(a string) bool { return strings.TrimSpace(a) != "" }):
		return s, &datasets.FieldError{Field: "answers", Err: errors.New("want an answer to the question")}
	}
	return s, nil
}

// readShelf reads all short texts of a source's files. Rows that cannot be read
// are handed to bad.
func readShelf(ctx context.Context, src datasets.Source, files []string, bad func(error)) (shelf, error) {
	out := shelf{}
	for _, name := range files {
		for t, err := range datasets.Rows(ctx, src, name, decodeShort) {
			var row *datasets.RowError
			switch {
			case errors.As(err, &row):
				bad(err)
			case err != nil:
				return nil, err
			default:
				out.add(t)
			}
		}
	}
	return out, ctx.Err()
}

// shortFiles lists the files of a folder of short texts, below it too.
func shortFiles(dir string) ([]string, error) {
	var names []string
	err := fs.WalkDir(os.DirFS(dir), ".", func(name string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() && strings.HasSuffix(name, ".jsonl") {
			names = append(names, name)
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("m4le: --haystack: %w", err)
	}
	if len(names) == 0 {
		return nil, fmt.Errorf("m4le: --haystack %s: no .jsonl file; want rows with text and label, title, question and answers, summary or translation", filepath.Clean(dir))
	}
	return names, nil
}

// needs names the fields of a kind's rows, for people.
func (k kind) needs() string {
	switch k {
	case classesKind:
		return "label"
	case questionKind:
		return "question and answers"
	case titlesKind:
		return "title"
	case summariesKind:
		return "summary"
	}
	return "translation"
}
