package needlethreading

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/lcbench/lcbench/benchmarks"
	"github.com/lcbench/lcbench/datasets"
	"github.com/lcbench/lcbench/scorers"
)

// find returns the value of a key in a haystack, and where the pair stands. A
// UUID that is only a value is no key.
func find(haystack, key string) (value string, span scorers.Span, ok bool) {
	quoted := quote(key)
	for from := 0; ; {
		i := strings.Index(haystack[from:], quoted)
		if i < 0 {
			return "", span, false
		}
		start := from + i
		from = start + len(quoted)
		rest := strings.TrimLeft(haystack[from:], " \n")
		if !strings.HasPrefix(rest, ":") {
			continue
		}
		rest = strings.TrimLeft(rest[1:], " \n")
		if end := strings.Index(strings.TrimPrefix(rest, `"`), `"`); end >= 0 && strings.HasPrefix(rest, `"`) {
			value = rest[1 : 1+end]
			return value, scorers.Span{Start: start, End: len(haystack) - len(rest) + end + 2}, true
		}
	}
}

// isValue says whether a UUID is the value of some key.
func isValue(haystack, text string) bool {
	quoted := quote(text)
	for from := 0; ; {
		i := strings.Index(haystack[from:], quoted)
		if i < 0 {
			return false
		}
		if strings.HasSuffix(strings.TrimRight(haystack[:from+i], " \n"), ":") {
			return true
		}
		from += i + len(quoted)
	}
}

// maxKeys bounds a row's keys, and the pairs of a thread: each is sought in the
// whole haystack. Upstream's rows have 25 at the most.
const maxKeys = 1000

// follow walks a thread to its end. Its spans are those of all its pairs.
func follow(haystack, key string) (end string, spans []scorers.Span) {
	for range maxKeys {
		value, span, ok := find(haystack, key)
		if !ok || slices.Contains(spans, span) {
			return key, spans
		}
		spans = append(spans, span)
		key = value
	}
	return key, spans
}

// answer says what a row's right values are, and where their evidence stands.
// Values that the row's own keys contradict are an error.
func (r row) answer(t task) ([]string, benchmarks.Evidence, error) {
	e := benchmarks.Evidence{State: benchmarks.EvidenceKnown}
	if len(r.keys) > maxKeys {
		return nil, e, &datasets.FieldError{Field: "keys", Err: fmt.Errorf("want at most %d, got %d", maxKeys, len(r.keys))}
	}
	if t.shape == oneThread || t.shape == threads {
		return r.ends(t)
	}
	for _, key := range r.keys {
		value, span, ok := find(r.haystack, key)
		switch {
		case !ok:
			e.State = benchmarks.EvidencePartial
			continue
		case !slices.Contains(r.values, value):
			return nil, e, &datasets.FieldError{Field: "values", Err: fmt.Errorf("want %q among them, which the haystack has for the key %q", value, key)}
		}
		e.Spans = append(e.Spans, span)
	}
	if e.Spans = benchmarks.MergeSpans(e.Spans); len(e.Spans) == 0 {
		e.State = benchmarks.EvidenceUnknown
	}
	if t.Metric == "thread_single" && len(r.values) != 1 {
		return nil, e, &datasets.FieldError{Field: "values", Err: fmt.Errorf("want one value, got %d", len(r.values))}
	}
	return r.values, e, nil
}

// ends follows the threads that a row's keys begin: those that are no other
// key's value.
func (r row) ends(t task) (values []string, e benchmarks.Evidence, err error) {
	e.State = benchmarks.EvidenceKnown
	for _, key := range r.keys {
		if isValue(r.haystack, key) {
			continue
		}
		end, spans := follow(r.haystack, key)
		switch {
		case len(spans) == 0:
			return nil, e, &datasets.FieldError{Field: "keys", Err: fmt.Errorf("the haystack has no key %q", key)}
		case !slices.Contains(r.values, end):
			return nil, e, &datasets.FieldError{Field: "values", Err: fmt.Errorf("want %q among them, at which the thread from %q ends", end, key)}
		}
		values = append(values, end)
		e.Spans = append(e.Spans, spans...)
	}
	if len(values) == 0 || t.shape == oneThread && len(values) != 1 {
		return nil, e, &datasets.FieldError{Field: "keys", Err: errors.New("want the first key of each thread, of a single thread one")}
	}
	e.Spans = benchmarks.MergeSpans(e.Spans)
	return values, e, nil
}
