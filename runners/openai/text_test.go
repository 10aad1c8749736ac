package openai

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

func TestReasoningIsPartedFromTheAnswer(t *testing.T) {
	cases := []struct{ name, in, answer, reasoning string }{
		{"no tags", " Bergen\n", " Bergen\n", ""},
		{"a closed block in front", "<think>\nhm\n</think>\n\nBergen", "Bergen", "hm"},
		{"space ahead of it", "\n <think>hm</think> Bergen", "Bergen", "hm"},
		{"an opening tag that the template wrote", "hm, so\n</think>\nBergen", "Bergen", "hm, so"},
		{"no end", "<think>hm", "", "hm"},
		{"no end, second block", "<think>a</think><think>b", "", "a\n\nb"},
		{"two blocks", "<think>a</think>Ber<think>b</think>gen", "Bergen", "a\n\nb"},
		{"a tag that is only mentioned", "use the <think> tag", "use the <think> tag", ""},
		{"another tag", "<thinking>hm</thinking>Bergen", "Bergen", "hm"},
		{"brackets", "[THINK]hm[/THINK]Bergen", "Bergen", "hm"},
		{"an empty block", "<think>\n\n</think>\n\nBergen", "Bergen", ""},
		{"nothing", "", "", ""},
	}
	for _, c := range cases {
		answer, reasoning := splitReasoning(c.in, DefaultTags())
		if answer != c.answer || reasoning != c.reasoning {
			t.Errorf("%s: %q gave %q and %q, want %q and %q", c.name, c.in, answer, reasoning, c.answer, c.reasoning)
		}
	}
}

func FuzzSplitReasoning(f *testing.F) {
	for _, s := range []string{"<think>a</think>b", "</think>", "<think>", "a<think>b</think>", "<think><think></think>"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		answer, reasoning := splitReasoning(s, DefaultTags())
		if len(answer)+len(reasoning) > len(s)+64 {
			t.Errorf("%q grew to %q and %q", s, answer, reasoning)
		}
		if !strings.Contains(s, "think") && !strings.Contains(s, "reasoning") && !strings.Contains(s, "THINK") && answer != s {
			t.Errorf("%q without tags became %q", s, answer)
		}
	})
}

func FuzzAppendQuoted(f *testing.F) {
	for _, s := range []string{"", "a\"b\\c\n\r\t\x00\x1f\x7f", "ü\u2028😀", "\xff\xfe", "\xe4\xb8"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		var got string
		quoted := appendQuoted(nil, s)
		if err := json.Unmarshal(quoted, &got); err != nil {
			t.Fatalf("%q became %s: %v", s, quoted, err)
		}
		want := strings.ToValidUTF8(s, "\uFFFD")
		if got != want || !utf8.Valid(quoted) {
			t.Errorf("%q became %q", s, got)
		}
	})
}

func FuzzReadFault(f *testing.F) {
	f.Add([]byte(`{"error":{"message":"m","code":400,"param":"p"}}`), "k")
	f.Add([]byte(`[{"error":{"message":["a","b"]}}]`), "")
	f.Add([]byte(`{"detail":[{"loc":["body",1],"msg":"x"}]}`), "")
	f.Add([]byte(`<html>`), "html")
	f.Fuzz(func(t *testing.T, body []byte, secret string) {
		s := newScrubber(secret)
		text := s.message(readFault(body).text, "")
		if len(text) > maxMessage+64 {
			t.Errorf("a message of %d bytes", len(text))
		}
		if len(secret) >= 8 && !strings.Contains("[key]…", secret) && !strings.Contains(secret, "[key]") && strings.Contains(text, secret) && !strings.ContainsAny(secret, " \t\r\n[]key…") {
			t.Errorf("%q is in %q", secret, text)
		}
		overflowOf(readFault(body))
	})
}

func FuzzUntil(f *testing.F) {
	for _, s := range []string{"7", "0.5", "6m0s", "Mon, 02 Jan 2006 15:04:05 GMT", "1772366400000", "1e300", "-1", "NaN", "Inf"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if d := until(s, http.Header{}); d < 0 || d == time.Duration(1<<63-1) {
			t.Errorf("%q is %v", s, d)
		}
		waitInText("try again in " + s)
	})
}
