package datasets

import (
	"bytes"
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"
)

// generic decodes a value with our own functions into what encoding/json
// gives for any.
func generic(raw []byte) (any, error) {
	switch kind(raw) {
	case "string":
		return String(raw)
	case "number":
		return Float(raw)
	case "boolean":
		return raw[0] == 't', nil
	case "null":
		return nil, nil
	case "list":
		list := []any{}
		err := Array(raw, func(_ int, raw []byte) error {
			v, err := generic(raw)
			list = append(list, v)
			return err
		})
		return list, err
	}
	return object(raw)
}

func object(raw []byte) (any, error) {
	m := map[string]any{}
	err := ParseObject(raw, func(key string, raw []byte) error {
		v, err := generic(raw)
		m[key] = v
		return err
	})
	return m, err
}

// compareWithJSON checks that ParseObject takes what encoding/json takes, and
// reads the same from it.
func compareWithJSON(t *testing.T, line []byte) {
	t.Helper()
	var want map[string]any
	oracle := json.Unmarshal(line, &want)
	got, err := object(line)
	if want == nil && oracle == nil {
		oracle = errors.New("null") // which is no object for us
	}
	if (err == nil) != (oracle == nil) {
		t.Fatalf("%q: we say %v, encoding/json says %v", line, err, oracle)
	}
	if err != nil {
		return
	}
	if !reflect.DeepEqual(any(want), got) { // go-cmp takes for ever on deep nests
		t.Fatalf("%q: encoding/json reads\n%v, we read\n%v", line, want, got)
	}
	compareRawField(t, line)
}

func compareRawField(t *testing.T, line []byte) {
	t.Helper()
	var keys []string
	raws := map[string][]byte{}
	if err := ParseObject(line, func(key string, raw []byte) error {
		if _, twice := raws[key]; !twice {
			keys = append(keys, key)
			raws[key] = bytes.Clone(raw)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	for _, key := range keys {
		if got, ok := RawField(line, key); !ok || !bytes.Equal(got, raws[key]) {
			t.Fatalf("RawField(%q, %q) = %q %v, want %q", line, key, got, ok, raws[key])
		}
	}
	if got, ok := RawField(line, "no such key \x00"); ok && raws["no such key \x00"] == nil {
		t.Fatalf("RawField found a key that isn't there: %q", got)
	}
}

var objects = []string{
	`{}`, ` { } `, `{"a":1}`, `{"a":"b","c":["d","e"],"f":null,"g":true,"h":false}`,
	`{"a":"line\nbreak \"quoted\" \\ \/ \b\f\r\t"}`, `{"a":"\u4e2d\u6587 \ud83d\ude00 \ud83d \ude00 \ud83dx\ud83d\u0041"}`,
	`{"a":{"b":{"c":[1,[2,[3]]]}},"d":-0.5e+10}`, `{"a":0,"b":-0,"c":1e5,"d":1.25E-2}`, `{"a":1,"a":2}`,
	`{"a\"b":1,"\u0061c":2}`, "{\"a\":\"\u2028 中文\"}", `{"":""}`, `{"a":"0123456"}`, `{"a":"01234567"}`, `{"a":"\\"}`, `{"a":"\\\\\""}`,
	// not JSON
	``, ` `, `{`, `{"a"`, `{"a":`, `{"a":1`, `{"a":1,`, `{"a":1,}`, `{a:1}`, `{"a":01}`, `{"a":.5}`, `{"a":1.}`, `{"a":1e}`, `{"a":+1}`, `{"a":-}`,
	`{"a":"x}`, `{"a":"\x"}`, `{"a":"\u12"}`, `{"a":"\u12g4"}`, "{\"a\":\"\n\"}", "{\"a\":\"0123456789\x01\"}", `{"a":tru}`, `{"a":nul}`, `{"a":NaN}`,
	`{"a":1}}`, `{"a":1} x`, `[1]`, `"a"`, `null`, `{"a":[1,]}`, `{"a":[1 2]}`, `{"a":[}`, `{"a":{]}`, `{"a" 1}`, `{"a":1;"b":2}`, `{'a':1}`,
	"\ufeff{}", `{"a":"\`, `{"a":"\u`, `{"a":1}` + "\x00",
}

func TestObjectsAreReadAsByEncodingJSON(t *testing.T) {
	for _, line := range objects {
		compareWithJSON(t, []byte(line))
	}
	deep := `{"a":` + strings.Repeat("[", 200) + strings.Repeat("]", 200) + `}`
	compareWithJSON(t, []byte(deep))
	tooDeep := `{"a":` + strings.Repeat("[", 10001) + strings.Repeat("]", 10001) + `}`
	compareWithJSON(t, []byte(tooDeep))
}

// Every place of a quote, a backslash and a control character within the eight
// bytes that are looked at together.
func TestStringsOfEveryLengthAndEscapeAtEveryPlace(t *testing.T) {
	for n := range 20 {
		for at := range n + 1 {
			for _, odd := range []string{`\"`, `\\`, `\n`, `\u00e9`, "\x01", "\x1f", "\x7f", "é", `"`} {
				text := strings.Repeat("x", at) + odd + strings.Repeat("y", n-at)
				compareWithJSON(t, []byte(`{"k":"`+text+`"}`))
			}
		}
	}
}

func TestWrongTypesAreNamed(t *testing.T) {
	str := func(raw []byte) error { _, err := String(raw); return err }
	strs := func(raw []byte) error { _, err := Strings(raw); return err }
	num := func(raw []byte) error { _, err := Int(raw); return err }
	flt := func(raw []byte) error { _, err := Float(raw); return err }
	for _, c := range []struct {
		raw  string
		read func([]byte) error
		want string
	}{
		{`7`, strs, "want a list of strings, got number"},
		{`"a"`, strs, "want a list of strings, got string"},
		{`["a",7]`, strs, "want a list of strings, got number as element 1"},
		{`null`, strs, "want a list of strings, got null"},
		{`["a"]`, str, "want a string, got list"},
		{`{}`, str, "want a string, got object"},
		{`true`, str, "want a string, got boolean"},
		{`"5"`, num, "want a whole number, got string"},
		{`5.0`, num, "want a whole number, got 5.0"},
		{`99999999999999999999`, num, "want a whole number, got 99999999999999999999"},
		{`null`, flt, "want a number, got null"},
		{`1e999`, flt, "want a number that fits 64 bits, got 1e999"},
		{``, str, "want a string, got nothing"},
		{`"`, str, "want a string, got string"},
	} {
		if err := c.read([]byte(c.raw)); err == nil || err.Error() != c.want {
			t.Errorf("%s: got %v, want %s", c.raw, err, c.want)
		}
	}
}

func TestParseObjectStopsAtTheVisitorsErrorAndNamesTheField(t *testing.T) {
	seen := ""
	err := ParseObject([]byte(`{"a":1,"b":2,"c":3}`), func(key string, raw []byte) error {
		seen += key
		if key == "b" {
			_, err := Strings(raw)
			return err
		}
		return nil
	})
	var field *FieldError
	if !errors.As(err, &field) || field.Field != "b" || seen != "ab" {
		t.Errorf("got %v after %q", err, seen)
	}
}

func TestDecodersSurviveTextThatParseObjectNeverGives(t *testing.T) {
	for _, raw := range []string{`"\`, `"\"`, `"\u"`, `"\u12"`, `[`, `["`, `["a"`, `[1,`, `]`, `"\ud800\u"`} {
		_, err := Strings([]byte(raw))
		if s, serr := String([]byte(raw)); err == nil && serr == nil {
			t.Errorf("%s: read as %q", raw, s)
		}
		RawField([]byte(raw), "a")
		RawField([]byte(`{"a":`+raw), "b")
	}
}

func FuzzParseObject(f *testing.F) {
	for _, line := range objects {
		f.Add([]byte(line))
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		if len(line) > 1<<12 {
			return
		}
		RawField(line, "a")
		if utf8.Valid(line) {
			compareWithJSON(t, line)
		}
	})
}
