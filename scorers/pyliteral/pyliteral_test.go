package pyliteral

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// text is a dictionary of strings as Parse gives it.
func text(pairs ...string) *Dict {
	d := &Dict{Text: map[string]Value{}}
	for i := 0; i < len(pairs); i += 2 {
		d.Keys = append(d.Keys, pairs[i])
		d.Text[pairs[i]] = pairs[i+1]
	}
	return d
}

// What Python 3.11's eval makes of these texts.
func TestLiteralsReadAsPythonReadsThem(t *testing.T) {
	for _, tc := range []struct {
		name, text string
		want       Value
	}{
		{"single and double quotes", `{'a': "b"}`, text("a", "b")},
		{"an empty dictionary", `{}`, text()},
		{"brackets, white space and a comment around it", "  ( {'a': 'b'} )\n\n  # done", text("a", "b")},
		{"comments and blank lines ahead", "# note\n\n{'a': 'b'}", text("a", "b")},
		{"a trailing comma", `{'a': 'b',}`, text("a", "b")},
		{"of equal keys the last value counts, at the first's place", `{'a': '1', 'b': '2', 'a': '3'}`, text("a", "3", "b", "2")},
		{"triple quotes hold newlines", "{'a': '''b\nc'''}", text("a", "b\nc")},
		{"prefixes", `{u'a': R'\d', f'b': F'{{c}}'}`, text("a", `\d`, "b", "{c}")},
		{"adjacent strings join", "{'a': 'b' \"c\"\n'd'}", text("a", "bcd")},
		{"escapes", `{'a': '\n\t\\\'\x41\101\u00e9\U0001F600'}`, text("a", "\n\t\\'AAé😀")},
		{"an unknown escape keeps its backslash", `{'a': '\/\d'}`, text("a", `\/\d`)},
		{"a joined line", "{'a': 'b\\\nc'}", text("a", "bc")},
		{"half a surrogate pair is no valid text", `'\ud83d'`, "\xed\xa0\xbd"},
		{"carriage returns are newlines", "{'a':\r\n'''b\rc'''}", text("a", "b\nc")},
		{"other values", `[None, True, False, -1.5e-3, 0x1F, (1,), (), {1, 2}, b'x', ...]`,
			List{nil, true, false, Number("-1.5e-3"), Number("0x1F"), Tuple{Number("1")}, Tuple{}, Set{Number("1"), Number("2")}, Bytes("x"), Ellipsis{}}},
		{"a tuple without brackets", `'a', "b"`, Tuple{"a", "b"}},
		{"a tuple of one without brackets", "'a',  # one\n", Tuple{"a"}},
		{"keys that are no strings", `{1: 'a', 'b': 2}`, &Dict{Keys: []string{"b"}, Text: map[string]Value{"b": Number("2")}, Others: 1}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, err := Parse(tc.text)
			if err != nil {
				t.Fatalf("%q: %v", tc.text, err)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("%q (-want +got):\n%s", tc.text, diff)
			}
		})
	}
}

func TestWhatPythonRefusesIsRefused(t *testing.T) {
	for name, text := range map[string]string{
		"nothing":                    "",
		"text before":                `Answer: {'a': 'b'}`,
		"text behind":                `{'a': 'b'}.`,
		"a code fence":               "```json\n{'a': 'b'}\n```",
		"JSON's null":                `{"a": null}`,
		"curly quotes":               `{“a”: “b”}`,
		"a call":                     `dict(a='b')`,
		"an open bracket":            `{'a': 'b'`,
		"an open string":             `{'a': 'b}`,
		"a newline in a string":      "{'a': 'b\n'}",
		"an indent behind a newline": "\n {'a': 'b'}",
		"a short escape":             `'\x4'`,
		"no such code point":         `'\U00110000'`,
		"an f-string's expression":   `f'{1}'`,
		"a string beside bytes":      `'a' b'b'`,
		"a leading zero":             `01`,
		"a list as a key":            `{[1]: 2}`,
		"a key without a value":      `{'a': 1, 'b'}`,
		"a bare tuple on two lines":  "'a',\n'b'",
		"two commas":                 "'a',,",
		"a comma alone":              ",",
		"a null character":           "'a\x00'",
		"a no-break space":           "{'a':\u00a0'b'}",
		"too many brackets":          strings.Repeat("[", 201) + strings.Repeat("]", 201),
	} {
		if v, err := Parse(text); err == nil {
			t.Errorf("%s: %.40q gives %v, want an error", name, text, v)
		}
	}
}

func TestAsManyBracketsAsCPythonTakes(t *testing.T) {
	if _, err := Parse(strings.Repeat("(", 199) + "{'a': 'b'}" + strings.Repeat(")", 199)); err != nil {
		t.Error(err)
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{`{'a': "b", 1: [None, (2,)]}`, "# c\n{'''x''' r'\\':}", `{"\u00e9": b'\x41', ...}`, "f'{{'", "-+.5e-3j", "\\\n{", "[{'Q': 'q', 'S': ['s']}]"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if len(s) > 1<<12 {
			t.Skip()
		}
		v, err := Parse(s)
		if err != nil && !strings.Contains(err.Error(), " ") {
			t.Errorf("%q: %v", s, err)
		}
		if d, ok := v.(*Dict); ok && len(d.Keys) != len(d.Text) {
			t.Errorf("%q: %d keys in order, %d in all", s, len(d.Keys), len(d.Text))
		}
		if text, ok := v.(string); ok && len(text) > len(s) {
			t.Errorf("%q: a string of %d bytes", s, len(text))
		}
	})
}
