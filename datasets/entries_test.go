package datasets

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// entriesOf drains a stream of fields.
func entriesOf(t testing.TB, file string, chunk, limit int) (rows, errs []string) {
	t.Helper()
	src := &memory{files: map[string][]byte{"f.json": []byte(file)}, chunk: chunk}
	for e, err := range jsonEntries(t.Context(), src, "f.json", limit) {
		if err != nil {
			errs = append(errs, err.Error())
			continue
		}
		rows = append(rows, fmt.Sprintf("%d %s=%s", e.Number, e.Key, e.Text))
	}
	return rows, errs
}

func TestObjectsAreStreamedFieldByField(t *testing.T) {
	big := `{"k":"` + strings.Repeat(`a\"b\\`, 60000) + `"}`
	for _, c := range []struct {
		name, file string
		rows, errs []string
	}{
		{"fields", ` { "a" : 1 , "b\"":{"c":[2,"}"]} } ` + "\n", []string{"1 a=1", `2 b"={"c":[2,"}"]}`}, nil},
		{"nothing", `{}`, nil, nil},
		{"a byte order mark", "\xef\xbb\xbf{\"a\":1}", []string{"1 a=1"}, nil},
		{"a key twice", `{"a":1,"a":2}`, []string{"1 a=1", "2 a=2"}, nil},
		{"a value larger than the buffer", `{"x":1,"y":` + big + `}`, []string{"1 x=1", "2 y=" + big}, nil},
		{"an empty file", ``, nil, []string{"f.json: the object ends too early, behind field 0: unexpected EOF"}},
		{"an end inside of a value", `{"a":1,"b":"x`, []string{"1 a=1"}, []string{"f.json: the object ends too early, behind field 2: unexpected EOF"}},
		{"an end behind a key", `{"a"`, nil, []string{"f.json: the object ends too early, behind field 0: unexpected EOF"}},
		{"no colon", `{"a" 1}`, nil, []string{`f.json: broken object behind field 0: want ':', got "1" at byte 5`}},
		{"no key", `{1:2}`, nil, []string{`f.json: broken object behind field 0: want a key, got "1" at byte 1`}},
		{"no value", `{"a":,"b":1}`, nil, []string{`f.json: broken object behind field 0: want a value, got "," at byte 5`}},
		{"no comma", `{"a":1 "b":2}`, []string{"1 a=1"}, []string{`f.json: broken object behind field 1: want ',' or '}', got "\"" at byte 7`}},
		{"a comma too many", `{"a":1,}`, []string{"1 a=1"}, []string{`f.json: broken object behind field 1: want a key, got "}" at byte 7`}},
		{"an array", `[1]`, nil, []string{`f.json: broken object behind field 0: want '{', got "[" at byte 0`}},
		{"text behind the object", `{"a":1} x`, []string{"1 a=1"}, []string{`f.json: broken object behind field 1: want the end of the file behind the object, got "x" at byte 8`}},
		{"bad UTF-8 in one value", "{\"a\":\"\xff\",\"b\":2}", []string{"2 b=2"}, []string{"f.json:1: invalid UTF-8 at byte 1 of the row (byte 6 of the file)"}},
	} {
		for _, chunk := range []int{0, 1, 7} {
			rows, errs := entriesOf(t, c.file, chunk, MaxRow)
			if diff := cmp.Diff(c.rows, rows); diff != "" {
				t.Errorf("%s: %s", c.name, diff)
			}
			if diff := cmp.Diff(c.errs, errs); diff != "" {
				t.Errorf("%s: %s", c.name, diff)
			}
		}
	}
}

func TestFieldsOverTheLimitAreSkipped(t *testing.T) {
	rows, errs := entriesOf(t, `{"a":1,"b":"`+strings.Repeat("x", 3*firstBuffer)+`","c":3}`, 0, 10)
	if diff := cmp.Diff([]string{"1 a=1", "3 c=3"}, rows); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"f.json:2: row is too long: over 10 bytes"}, errs); diff != "" {
		t.Error(diff)
	}
}

// Any object that encoding/json reads is streamed with the same fields.
func FuzzJSONEntries(f *testing.F) {
	for _, s := range []string{`{}`, `{"a":1,"b":[{"c":"}"}]}`, `{"a":{"a":null}}`, `{"a"`, `[1]`, `{"":""}`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, file string) {
		if len(file) > 1<<12 {
			return
		}
		want := map[string]json.RawMessage{}
		valid := json.Unmarshal([]byte(file), &want) == nil && strings.HasPrefix(strings.TrimLeft(file, " \t\r\n"), "{")
		src := &memory{files: map[string][]byte{"f.json": []byte(file)}}
		got := map[string]string{}
		for e, err := range JSONEntries(t.Context(), src, "f.json") {
			var row *RowError
			if errors.As(err, &row) {
				return // not UTF-8: encoding/json mends it
			}
			if err != nil {
				if valid {
					t.Fatalf("%q: %v", file, err)
				}
				return
			}
			got[e.Key] = string(e.Text)
		}
		if !valid {
			return // values are their decoder's to check
		}
		for key, text := range want {
			if got[key] != string(text) && strings.ToValidUTF8(key, "") == key && !strings.Contains(key, "\uFFFD") {
				t.Errorf("%q: field %q is %q, want %q", file, key, got[key], text)
			}
		}
	})
}
