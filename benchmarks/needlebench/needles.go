package needlebench

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"strings"

	"github.com/lcbench/lcbench/datasets"
)

// needle is a statement to hide and to ask for.
type needle struct {
	text    string
	query   string // the question alone
	ask     string // the question as a prompt ends with it
	keyword string // the answer
	key     string // what the question names; "" where it isn't known
}

// needlesFile has the official needles.
const needlesFile = "needles.jsonl"

// readNeedles takes the source's needles by language, none where it has none. A
// bad row is returned as a fault.
func readNeedles(ctx context.Context, src datasets.Source) (byLanguage map[string][]needle, faults []error, err error) {
	byLanguage = map[string][]needle{}
	type read struct {
		lang string
		needle
	}
	decode := func(line []byte) (read, error) {
		lang, n, err := decodeNeedle(line)
		return read{lang, n}, err
	}
	for r, err := range datasets.Rows(ctx, src, needlesFile, decode) {
		var row *datasets.RowError
		switch {
		case errors.As(err, &row):
			faults = append(faults, err)
		case errors.Is(err, fs.ErrNotExist) && !remote(src):
			return byLanguage, nil, nil
		case err != nil:
			return nil, faults, err
		default:
			byLanguage[r.lang] = append(byLanguage[r.lang], r.needle)
		}
	}
	return byLanguage, faults, ctx.Err()
}

// remote says that a file which is missing should be there.
func remote(src datasets.Source) bool { return src.Origin().Kind == "hub" }

// decodeNeedle reads a row of needles.jsonl.
func decodeNeedle(line []byte) (lang string, n needle, err error) {
	var row struct {
		Needle   string `json:"needle"`
		Question string `json:"retrieval_question"`
		Keyword  string `json:"arg2"`
		Language string `json:"language"`
	}
	if err := json.Unmarshal(line, &row); err != nil {
		return "", n, fieldError(err)
	}
	for _, f := range []struct{ name, value string }{{"needle", row.Needle}, {"retrieval_question", row.Question}, {"arg2", row.Keyword}} {
		if strings.TrimSpace(f.value) == "" {
			return "", n, datasets.MissingField(f.name)
		}
	}
	lang, ok := map[string]string{"English": "en", "Chinese": "zh"}[row.Language]
	if !ok {
		return "", n, &datasets.FieldError{Field: "language", Err: fmt.Errorf("want English or Chinese, got %q", row.Language)}
	}
	text := strings.TrimSpace(row.Needle)
	if !strings.Contains(text, row.Keyword) {
		return "", n, &datasets.FieldError{Field: "arg2", Err: fmt.Errorf("%q does not stand in the needle", row.Keyword)}
	}
	question := strings.TrimSpace(row.Question)
	return lang, needle{text: text, query: question, ask: question, keyword: row.Keyword}, nil
}

// fieldError names the field of a JSON error.
func fieldError(err error) error {
	var wrong *json.UnmarshalTypeError
	if errors.As(err, &wrong) && wrong.Field != "" {
		return &datasets.FieldError{Field: wrong.Field, Err: fmt.Errorf("want a %s, got %s", wrong.Type, wrong.Value)}
	}
	return fmt.Errorf("want an object: %w", err)
}

// drawNeedles takes n needles without replacement, of the given ones or of ours.
// Fewer than n come back only where there are no more.
func drawNeedles(r *rand.Rand, lang string, given []needle, n int) []needle {
	if len(given) == 0 {
		return ownNeedles(r, lang, n)
	}
	var out []needle
	for _, i := range r.Perm(len(given)) {
		if len(out) < n && apart(out, given[i]) {
			out = append(out, given[i])
		}
	}
	return out
}

// apart says whether no needle has another one's answer in it.
func apart(taken []needle, n needle) bool {
	for _, t := range taken {
		if strings.Contains(t.text, n.keyword) || strings.Contains(n.text, t.keyword) {
			return false
		}
	}
	return true
}

// ownNeedles makes needles. The name that is asked for stands directly before
// its password, so that even a model which can only copy finds it; the English
// ones are one word each to it.
func ownNeedles(r *rand.Rand, lang string, n int) []needle {
	w := wordingOf(lang)
	keys, words := r.Perm(len(w.keysFirst)*len(w.keysSecond)), r.Perm(len(w.passFirst)*len(w.passSecond))
	var out []needle
	for i := range min(n, len(keys), len(words)) {
		key := w.keysFirst[keys[i]%len(w.keysFirst)] + w.keyJoin + w.keysSecond[keys[i]/len(w.keysFirst)]
		pass := w.passFirst[words[i]%len(w.passFirst)] + w.passJoin + w.passSecond[words[i]/len(w.passFirst)]
		fill := strings.NewReplacer("{key}", key, "{pass}", pass)
		out = append(out, needle{
			text: fill.Replace(w.needles[r.IntN(len(w.needles))]), query: fill.Replace(w.query), ask: fill.Replace(w.ask), keyword: pass, key: key,
		})
	}
	return out
}
