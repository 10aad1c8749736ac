package datasets

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

func TestArraysAreStreamedElementByElement(t *testing.T) {
	big := `{"k":"` + strings.Repeat(`a\"b\\`, 60000) + `"}`
	for _, c := range []struct {
		name, file string
		rows, errs []string
	}{
		{"objects", ` [ {"a":1} , {"a":[2,"]"]} ] ` + "\n", []string{`1 {"a":1}`, `2 {"a":[2,"]"]}`}, nil},
		{"nothing", `[]`, nil, nil},
		{"a byte order mark", "\xef\xbb\xbf[1]", []string{"1 1"}, nil},
		{"scalars", `["a\"]",-1.5,null,true,"",[],{}]`, []string{`1 "a\"]"`, "2 -1.5", "3 null", "4 true", `5 ""`, "6 []", "7 {}"}, nil},
		{"an element larger than the buffer", `[1,` + big + `,2]`, []string{"1 1", "2 " + big, "3 2"}, nil},
		{"an empty file", ``, nil, []string{"f.json: the array ends too early, behind row 0: unexpected EOF"}},
		{"an end between elements", `[{},{}`, []string{"1 {}", "2 {}"}, []string{"f.json: the array ends too early, behind row 2: unexpected EOF"}},
		{"an end inside of an element", `[{},{"a":"b`, []string{"1 {}"}, []string{"f.json: the array ends too early, behind row 2: unexpected EOF"}},
		{"an end behind a comma", `[1,`, []string{"1 1"}, []string{"f.json: the array ends too early, behind row 1: unexpected EOF"}},
		{"no comma", `[{} {}]`, []string{"1 {}"}, []string{"f.json: broken array behind row 1: want ',' or ']', got '{' at byte 4"}},
		{"a comma too many", `[1,]`, []string{"1 1"}, []string{"f.json: broken array behind row 1: want a value, got ']' at byte 3"}},
		{"two commas", `[1,,2]`, []string{"1 1"}, []string{"f.json: broken array behind row 1: want a value, got ',' at byte 3"}},
		{"an object", `{"a":1}`, nil, []string{"f.json: broken array behind row 0: want '[', got '{' at byte 0"}},
		{"text behind the array", `[1] x`, []string{"1 1"}, []string{"f.json: broken array behind row 1: want the end of the file behind the array, got 'x' at byte 4"}},
		{"bad UTF-8 in one element", "[\"\xff\",2]", []string{"2 2"}, []string{"f.json:1: invalid UTF-8 at byte 1 of the row (byte 2 of the file)"}},
	} {
		for _, chunk := range []int{0, 1, 7} {
			src := &memory{files: map[string][]byte{"f.json": []byte(c.file)}, chunk: chunk}
			rows, errs := drain(JSONArray(t.Context(), src, "f.json"))
			if diff := cmp.Diff(c.rows, rows); diff != "" {
				t.Errorf("%s: %s", c.name, diff)
			}
			if diff := cmp.Diff(c.errs, errs); diff != "" {
				t.Errorf("%s: %s", c.name, diff)
			}
		}
	}
}

func TestElementsOverTheLimitAreSkipped(t *testing.T) {
	file := `[1,"` + strings.Repeat("x", 3*firstBuffer) + `",{"a":2}]`
	src := &memory{files: map[string][]byte{"f.json": []byte(file)}}
	rows, errs := drain(jsonArray(t.Context(), src, "f.json", 10))
	if diff := cmp.Diff([]string{"1 1", `3 {"a":2}`}, rows); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"f.json:2: row is too long: over 10 bytes"}, errs); diff != "" {
		t.Error(diff)
	}
}

func TestABadElementOfAnArrayIsARowError(t *testing.T) {
	src := &memory{files: map[string][]byte{"f.json": []byte(`[{"question":"a"},{"question":1},{"question" 2},{"question":"b"}]`)}}
	var got []string
	for r, err := range Rows(t.Context(), src, "f.json", decodeQA) {
		got = append(got, fmt.Sprint(r.Question, err))
		var row *RowError
		if err != nil && !errors.As(err, &row) {
			t.Errorf("%v is no RowError", err)
		}
	}
	want := []string{
		"a<nil>",
		`f.json:2: field "question": want a string, got number`,
		`f.json:3: not JSON: want ':', got '2' at byte 12`,
		"b<nil>",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func FuzzJSONArray(f *testing.F) {
	for _, s := range []string{`[]`, `[1, "a" ,{"b":[2]}]`, `["\"]"]`, `[{}`, "\xef\xbb\xbf[1]", `[tru]`} {
		f.Add([]byte(s), 0)
	}
	f.Fuzz(func(t *testing.T, file []byte, chunk int) {
		if len(file) > 1<<12 {
			return
		}
		src := &memory{files: map[string][]byte{"f.json": file}, chunk: max(0, chunk)}
		var got []json.RawMessage
		var last error
		for l, err := range JSONArray(t.Context(), src, "f.json") {
			got = append(got, bytes.Clone(l.Text))
			if err != nil {
				last = err
			}
		}
		var want []json.RawMessage
		if json.Unmarshal(file, &want) != nil || want == nil || !utf8.Valid(file) {
			return
		}
		if last != nil || len(got) != len(want) {
			t.Fatalf("%q: %d elements and %v, want %d", file, len(got), last, len(want))
		}
		for i := range got {
			if !bytes.Equal(got[i], want[i]) {
				t.Fatalf("%q: element %d is %q, want %q", file, i, got[i], want[i])
			}
		}
	})
}
