package serve

import (
	"bytes"
	"encoding/json"
	"errors"
	"math"
	"net/http"
)

// fields are a request's parameters by name. The first one that is wrong stays
// in fault, and what is read afterwards doesn't matter.
type fields struct {
	raw   map[string]json.RawMessage
	fault *fault
}

// readFields takes a request apart.
func readFields(body []byte) *fields {
	f := &fields{}
	err := json.Unmarshal(body, &f.raw)
	if err == nil && f.raw == nil {
		err = errors.New("want an object, got null")
	}
	if err != nil {
		// encoding/json quotes a letter at most, or names a kind of value.
		f.fault = &fault{
			status: http.StatusBadRequest, kind: invalidRequest, code: "invalid_json",
			message: "the body is no JSON object: " + err.Error(),
		}
	}
	return f
}

func (f *fields) refuse(fault *fault) {
	if f.fault == nil {
		f.fault = fault
	}
}

// get returns a parameter that is there and not null.
func (f *fields) get(name string) (json.RawMessage, bool) {
	raw := bytes.TrimSpace(f.raw[name])
	return raw, len(raw) > 0 && string(raw) != "null"
}

// field reads a parameter; nil: it isn't there.
func field[T any](f *fields, name, want string) *T {
	raw, ok := f.get(name)
	if !ok {
		return nil
	}
	v := new(T)
	if err := json.Unmarshal(raw, v); err != nil {
		f.refuse(badField(name, "want %s, got %s", want, kindOf(raw)))
		return nil
	}
	return v
}

func (f *fields) text(name string) string {
	if s := field[string](f, name, "a string"); s != nil {
		return *s
	}
	return ""
}

func (f *fields) flag(name string) bool {
	b := field[bool](f, name, "true or false")
	return b != nil && *b
}

// integer reads a whole number of at least least, small enough to add to others.
func (f *fields) integer(name string, least int) *int {
	n := field[int](f, name, "an integer")
	switch {
	case n == nil:
	case *n < least:
		f.refuse(badField(name, "%d is less than %d", *n, least))
	case *n > math.MaxInt32:
		f.refuse(badField(name, "%d is more than %d", *n, math.MaxInt32))
	}
	return n
}

// number reads a number, the default where there is none.
func (f *fields) number(name string, missing float64) float64 {
	if x := field[float64](f, name, "a number"); x != nil {
		return *x
	}
	return missing
}

// kindOf names what a JSON value is, and not what is in it.
func kindOf(raw json.RawMessage) string {
	switch raw[0] {
	case '"':
		return "a string"
	case '{':
		return "an object"
	case '[':
		return "a list"
	case 't', 'f':
		return "true or false"
	case 'n':
		return "null"
	}
	return "a number of another kind or size"
}
