package liconbench

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/lcbench/lcbench/benchmarks"
	"github.com/lcbench/lcbench/datasets"
)

// example is a row: a demonstration or what is asked.
type example struct {
	text   string
	pairs  []string // of entities, where relations are asked for
	labels []string // one, or (Few-NERD) one for each entity, (DialogRE) for each pair
	// answer is what a demonstration has behind its query, and the reference.
	answer string
}

// fields reads a row's fields by name; those without a reader are passed over,
// those of needed have to be there.
func fields(line []byte, readers map[string]func(raw []byte) error, needed ...string) error {
	seen := map[string]bool{}
	err := datasets.ParseObject(line, func(key string, raw []byte) error {
		seen[key] = true
		if read := readers[key]; read != nil {
			return read(raw)
		}
		return nil
	})
	for _, key := range needed {
		if err == nil && !seen[key] {
			err = datasets.MissingField(key)
		}
	}
	return err
}

func text(into *string) func(raw []byte) error {
	return func(raw []byte) (err error) {
		*into, err = datasets.String(raw)
		return err
	}
}

// label reads a label: its name, or its number in the data set's list.
func (t task) label(raw []byte) (string, error) {
	if len(raw) > 0 && raw[0] == '"' {
		name, err := datasets.String(raw)
		if err != nil {
			return "", err
		}
		return t.known(name)
	}
	n, err := datasets.Int(raw)
	if err != nil {
		return "", fmt.Errorf("want a label's name or number: %w", err)
	}
	if n < 0 || n >= len(t.labels) {
		return "", fmt.Errorf("unknown label %d: want 0 to %d", n, len(t.labels)-1)
	}
	return t.labels[n], nil
}

// known is the label of that name, whatever its case.
func (t task) known(name string) (string, error) {
	if i := slices.IndexFunc(t.labels, func(l string) bool { return strings.EqualFold(l, name) }); i >= 0 {
		return t.labels[i], nil
	}
	return "", fmt.Errorf("unknown label %q%s: want one of the %d of %s", shorten(name), benchmarks.DidYouMean(name, t.labels), len(t.labels), t.Name)
}

func shorten(s string) string {
	if r := []rune(s); len(r) > 40 {
		return string(r[:40]) + "…"
	}
	return s
}

// single makes an example of one label.
func single(text, label string) example {
	return example{text: text, labels: []string{label}, answer: label}
}

// decodeEmotion reads a row of go_emotions; those of several labels are passed
// over.
func decodeEmotion(line []byte, t task) (example, bool, error) {
	var words string
	var labels []string
	err := fields(line, map[string]func([]byte) error{
		"text": text(&words),
		"labels": func(raw []byte) error {
			return datasets.Array(raw, func(_ int, raw []byte) error {
				l, err := t.label(raw)
				labels = append(labels, l)
				return err
			})
		},
	}, "text", "labels")
	if err != nil || len(labels) != 1 {
		return example{}, false, err
	}
	return single(words, labels[0]), true, nil
}

// decodeIntent reads a row of banking77: label is a number, label_text (in
// some copies) its name.
func decodeIntent(line []byte, t task) (example, bool, error) {
	var words, label, name string
	err := fields(line, map[string]func([]byte) error{
		"text":       text(&words),
		"label":      func(raw []byte) (err error) { label, err = t.label(raw); return err },
		"label_text": func(raw []byte) (err error) { name, err = t.label(raw); return err },
	}, "text", "label")
	if name != "" {
		label = name
	}
	return single(words, label), true, err
}

// gap stands between the two sentences of a row of discovery.
const gap = " ( ) "

func decodeLink(line []byte, t task) (example, bool, error) {
	var first, second, label string
	err := fields(line, map[string]func([]byte) error{
		"sentence1": text(&first), "sentence2": text(&second),
		"label": func(raw []byte) (err error) { label, err = t.label(raw); return err },
	}, "sentence1", "sentence2", "label")
	return single(first+gap+second, label), true, err
}

// related is a relation of two entities.
type related struct{ subject, object, relation string }

func (r related) pair() string { return r.subject + " / " + r.object }

func (r *related) readers() map[string]func([]byte) error {
	return map[string]func([]byte) error{"subject_entity": text(&r.subject), "object_entity": text(&r.object), "relation": text(&r.relation)}
}

// relationFields are those of every relation.
var relationFields = []string{"subject_entity", "object_entity", "relation"}

// decodeRelation reads a row of TacRED; pairs without a relation are passed
// over, as upstream does.
func decodeRelation(line []byte, t task) (example, bool, error) {
	var r related
	var sentence string
	readers := r.readers()
	readers["sentence"] = text(&sentence)
	if err := fields(line, readers, append([]string{"sentence"}, relationFields...)...); err != nil || r.relation == "no_relation" {
		return example{}, false, err
	}
	label, err := t.known(r.relation)
	if err != nil {
		return example{}, false, &datasets.FieldError{Field: "relation", Err: err}
	}
	e := single(sentence, label)
	e.pairs = []string{r.pair()}
	return e, true, nil
}

// decodeDialogue reads a row of DialogRE: one with a list of relations (the
// test file), or with one of them (the training file).
func decodeDialogue(line []byte, t task) (example, bool, error) {
	var e example
	var one related
	listed := false
	readers := one.readers()
	readers["dialogue"] = text(&e.text)
	readers["relations"] = func(raw []byte) error {
		listed = true
		return datasets.Array(raw, func(i int, raw []byte) error {
			var r related
			err := fields(raw, r.readers(), relationFields...)
			if err == nil {
				err = e.relate(r, t)
			}
			if err != nil {
				return fmt.Errorf("element %d: %w", i, err)
			}
			return nil
		})
	}
	if err := fields(line, readers, "dialogue"); err != nil {
		return e, false, err
	}
	if !listed {
		if one.relation == "" {
			return e, false, datasets.MissingField("relations")
		}
		if err := e.relate(one, t); err != nil {
			return e, false, &datasets.FieldError{Field: "relation", Err: err}
		}
	}
	return e, len(e.labels) > 0, nil
}

// relate adds a pair to a dialogue.
func (e *example) relate(r related, t task) error {
	label, err := t.known(r.relation)
	if err != nil {
		return err
	}
	e.pairs, e.labels = append(e.pairs, r.pair()), append(e.labels, label)
	e.answer = strings.Join(e.labels, ", ")
	return nil
}

// decodeEntities reads a row of Few-NERD: entities is an object of entities and
// their types.
func decodeEntities(line []byte, t task) (example, bool, error) {
	var e example
	var lines []string
	err := fields(line, map[string]func([]byte) error{
		"sentence": text(&e.text),
		"entities": func(raw []byte) error {
			return datasets.ParseObject(raw, func(entity string, raw []byte) error {
				if strings.ContainsRune(entity, '\n') {
					return errors.New("an entity goes over a line end")
				}
				label, err := t.label(raw)
				e.labels = append(e.labels, label)
				lines = append(lines, entity+": "+label)
				return err
			})
		},
	}, "sentence", "entities")
	e.answer = strings.Join(lines, "\n")
	return e, len(e.labels) > 0, err
}
