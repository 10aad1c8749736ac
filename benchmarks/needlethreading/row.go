package needlethreading

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/lcbench/lcbench/datasets"
	"github.com/lcbench/lcbench/scorers/pyliteral"
)

// row is a released row.
type row struct {
	id                         string
	haystack, question         string
	keys, values               []string
	chars                      int
	depth                      *float64
	needles, steps, threads    int
	placement, direction, char string
}

// decodeRow reads a row. Lists come as lists, as Python literals in strings, or
// as one bare string; what a task has no use for is "N/A", null or 0.
func decodeRow(line []byte) (row, error) {
	var r row
	seen := map[string]bool{}
	err := datasets.ParseObject(line, func(key string, raw []byte) (err error) {
		seen[key] = true
		switch key {
		case "id":
			r.id, err = word(raw)
		case "haystack":
			r.haystack, err = datasets.String(raw)
		case "question":
			r.question, err = datasets.String(raw)
		case "keys":
			r.keys, err = list(raw)
		case "values":
			r.values, err = list(raw)
		case "context_length":
			r.chars, err = count(raw)
		case "needle_depth":
			r.depth, err = number(raw)
		case "num_needles":
			r.needles, err = count(raw)
		case "thread_length":
			r.steps, err = count(raw)
		case "num_threads":
			r.threads, err = count(raw)
		case "needle_placement":
			r.placement, err = word(raw)
		case "thread_direction":
			r.direction, err = word(raw)
		case "conditional_character":
			r.char, err = word(raw)
		}
		return err
	})
	if err != nil {
		return r, err
	}
	for _, key := range []string{"id", "haystack", "keys", "values", "question"} {
		if !seen[key] {
			return r, datasets.MissingField(key)
		}
	}
	if len(r.values) == 0 {
		return r, &datasets.FieldError{Field: "values", Err: errors.New("want a value or a list of them, got none")}
	}
	return r, nil
}

// absent says that a field has no value in this task.
func absent(raw []byte) bool { return datasets.IsNull(raw) || string(raw) == `"N/A"` }

// word is a short text or a number as it is written; "" where it is absent.
func word(raw []byte) (string, error) {
	switch {
	case absent(raw):
		return "", nil
	case raw[0] == '"':
		return datasets.String(raw)
	}
	if _, err := datasets.Float(raw); err != nil {
		return "", fmt.Errorf("want a string or a number: %w", err)
	}
	return string(raw), nil
}

// number reads a number, also in quotes; nil where it is absent.
func number(raw []byte) (*float64, error) {
	text, err := word(raw)
	if err != nil || text == "" {
		return nil, err
	}
	x, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
	if err != nil {
		return nil, fmt.Errorf("want a number, got %.40q", text)
	}
	return &x, nil
}

// count reads a whole number, which tables also hold as 3.0; 0 where it is
// absent.
func count(raw []byte) (int, error) {
	x, err := number(raw)
	if err != nil || x == nil {
		return 0, err
	}
	if *x < 0 || *x > 1e9 || *x != float64(int(*x)) {
		return 0, fmt.Errorf("want a whole number, got %v", *x)
	}
	return int(*x), nil
}

// list reads strings, those of lists within the list included.
func list(raw []byte) ([]string, error) {
	if absent(raw) {
		return nil, nil
	}
	text := string(raw)
	if raw[0] == '"' {
		var err error
		if text, err = datasets.String(raw); err != nil {
			return nil, err
		}
		if !strings.HasPrefix(text, "[") && !strings.HasPrefix(text, "(") {
			return []string{text}, nil
		}
	}
	v, err := pyliteral.Parse(text)
	if err != nil {
		return nil, fmt.Errorf("want a string or a list of strings: %w", err)
	}
	return flat(nil, v)
}

func flat(out []string, v pyliteral.Value) ([]string, error) {
	var elements []pyliteral.Value
	switch v := v.(type) {
	case string:
		return append(out, v), nil
	case pyliteral.List:
		elements = v
	case pyliteral.Tuple:
		elements = v
	default:
		return nil, errors.New("want a string or a list of strings, got something else in it")
	}
	for _, e := range elements {
		var err error
		if out, err = flat(out, e); err != nil {
			return nil, err
		}
	}
	return out, nil
}
