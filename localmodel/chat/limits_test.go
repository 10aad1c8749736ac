package chat

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lcbench/lcbench/localmodel/gguf"
)

func TestHostileTemplatesStop(t *testing.T) {
	secret := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(secret, []byte("do not read"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct{ name, template, want string }{
		{"a huge range", `{% for i in range(1000000000) %}{% endfor %}`, "range of more than"},
		{"loops within loops", `{% for i in range(99999) %}{% for j in range(99999) %}{% for k in range(99999) %}{% endfor %}{% endfor %}{% endfor %}`, "loops too long"},
		{"endless output", `{% for i in range(99999) %}{% for j in range(99999) %}` + strings.Repeat("x", 1000) + `{% endfor %}{% endfor %}`, "too"},
		{"a macro that calls itself", `{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}`, "deep"},
		{"macros that call each other", `{% macro f(g) %}{{ g(f) }}{% endmacro %}{% macro g(f) %}{{ f(g) }}{% endmacro %}{{ f(g) }}`, "deep"},
		{"a recursive loop", `{% for m in messages recursive %}{{ loop(messages) }}{% endfor %}`, "recursive loops aren't supported"},
		{"a text that doubles", `{% set ns = namespace(s='xxxxxxxxxx') %}{% for i in range(99) %}{% set ns.s = ns.s ~ ns.s %}{% endfor %}`, "more than"},
		{"doubling without a loop", `{% set s = 'xxxxxxxxxx' %}` + strings.Repeat(`{% set s = s + s %}`, 99), "more than"},
		{"a list that doubles", `{% set ns = namespace(s=[1]) %}{% for i in range(99) %}{% set ns.s = ns.s + ns.s %}{% endfor %}`, "more than"},
		{"replace that squares", `{% set s = 'xxxxxxxxxx' %}` + strings.Repeat(`{% set s = s.replace('x', s) %}`, 9), "more than"},
		{"a huge product", `{{ 'x' * 1000000000 }}`, "multiplication"},
		{"a huge power", `{{ 9 ** 9 ** 9 }}`, "multiplication"},
		{"many factors", `{{ 'x' * 100 * 100 * 100 }}`, "multiplication"},
		{"many terms", `{{ 'x'` + strings.Repeat(" ~ 'x'", 999) + ` }}`, "joined in one tag"},
		{"a chain of methods", `{{ 'x'` + strings.Repeat(".strip()", 40) + ` }}`, "calls in a chain"},
		{"a chain of methods on nothing", `{{ nothing` + strings.Repeat(".strip()[0]", 40) + ` }}`, "calls in a chain"},
		{"a chain in brackets", `{{ ` + strings.Repeat("(", 40) + `x` + strings.Repeat(".strip())", 40) + ` }}`, "calls in a chain"},
		{"output in a variable", `{% set s %}{% for i in range(99999) %}{% for j in range(99) %}xxxxxxxxxxxxxxxxxxxxxxxxxxxx{% endfor %}{% endfor %}{% endset %}`, "too long"},
		{"a value that holds itself", `{% set ns = namespace() %}{% set ns.a = ns %}{{ ns }}`, "holds itself"},
		{"deep brackets", `{{ ` + strings.Repeat("(", 60000) + strings.Repeat(")", 60000) + ` }}`, "nest more than"},
		{"a huge template", strings.Repeat("x", maxSource+1), "at most"},
		{"include", `{% include "` + secret + `" %}`, "include"},
		{"import", `{% import "` + secret + `" as x %}`, "import"},
		{"from", `{% from "` + secret + `" import x %}`, "from"},
		{"extends", `{% extends "` + secret + `" %}`, "extends"},
		{"division by zero", `{{ 1 % 0 }}`, "can't be evaluated"},
		{"padding", `{{ 'x'|center(1000000000) }}`, "center"},
		{"json with wide indents", `{% set ns = namespace(x=[1]) %}{% for i in range(99999) %}{% set ns.x = [ns.x] %}{% endfor %}{{ ns.x|tojson(indent=99999999) }}`, "nests too deep"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			tpl, err := New(tc.template, "", "")
			got := ""
			if err == nil {
				got, err = tpl.Render([]Message{{"user", "hello"}}, true)
			}
			var e *Error
			if !errors.As(err, &e) || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got %.50q and %v, want an error with %q", got, err, tc.want)
			}
		})
	}
}

func TestDeepBlocksFitTheStack(t *testing.T) {
	const n = maxSource / 25
	tpl, err := New(strings.Repeat(`{% if true %}`, n)+"x"+strings.Repeat(`{% endif %}`, n), "", "")
	if err != nil {
		t.Fatal(err)
	}
	if got, err := tpl.Render(nil, false); err != nil || got != "x" {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestErrorsNameTheLineAndTheThing(t *testing.T) {
	for _, tc := range []struct{ name, template, want string }{
		{"an unknown statement", "a\nb\n{% frobnicate %}", "chat template:3: jinja: ControlStructure 'frobnicate' not found"},
		{"an unknown filter", "a\n\n\n{{ 'x'|frobnicate }}", "chat template:4: jinja: "},
		{"an unknown filter by name", "{{ 'x'|frobnicate }}", "filter 'frobnicate' not found"},
		{"an unknown method", "\n{{ messages[0].content.frobnicate() }}", "chat template:2: "},
		{"a tag without end", "\n\n{{ 'x' ", `chat template:3: "{{" is never closed`},
		{"a comment without end", "{# x", `chat template:1: "{#" is never closed`},
		{"a block without end", "{% if true %}", "chat template"},
		{"raw without end", "\n{% raw %}", "chat template:2: raw is never closed"},
		{"an exception", "{%- for m in messages -%}\n\n\n{{ raise_exception('no ' + m.role) }}{% endfor %}", "chat template:4: the template refuses these messages: no user"},
		{"after cut newlines", "{%- if true -%}\n\n\n\n  {%- endif -%}\n\n\n{{ raise_exception('x') }}", "chat template:8: "},
	} {
		t.Run(tc.name, func(t *testing.T) {
			tpl, err := New(tc.template, "", "")
			if err == nil {
				_, err = tpl.Render([]Message{{"user", "a secret text"}}, false)
			}
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got %v, want an error with %q", err, tc.want)
			}
			if err != nil && strings.Contains(err.Error(), "secret") {
				t.Errorf("the error tells the prompt: %v", err)
			}
		})
	}
}

func TestMessagesAreNeverTemplates(t *testing.T) {
	tpl, err := New(`{% for m in messages %}{{ m.content }}{% endfor %}`, "", "")
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{"{{ 7*7 }}", "{% raw %}", "<b>&amp;'\"", "a\x00b\u2028\U0001F600", "\xff\xfe", " \n ", ""} {
		if got, err := tpl.Render([]Message{{"user", text}}, false); err != nil || got != text {
			t.Errorf("%q became %q, %v", text, got, err)
		}
	}
}

func TestLongContextsRender(t *testing.T) {
	tpl, err := New(`{% for m in messages %}{{ '<s>' + m.content|trim + '</s>' }}{% endfor %}`, "", "")
	if err != nil {
		t.Fatal(err)
	}
	long := strings.Repeat("word 文字 ", 1<<20)
	got, err := tpl.Render([]Message{{"user", long}}, false)
	if err != nil {
		t.Fatal(err)
	}
	if want := "<s>" + strings.TrimSpace(long) + "</s>"; got != want {
		t.Errorf("%d bytes, want %d", len(got), len(want))
	}
	many := make([]Message, 5000)
	for i := range many {
		many[i] = Message{"user", "x"}
	}
	if got, err := tpl.Render(many, false); err != nil || len(got) != 8*len(many) {
		t.Errorf("%d messages gave %d bytes, %v", len(many), len(got), err)
	}
}

func TestConcurrentRendering(t *testing.T) {
	tpl, err := New(`{% set ns = namespace(n=0) %}{% for m in messages %}{% set ns.n = ns.n + 1 %}{% endfor %}{{ ns.n }}{{ messages[0].content }}`, "", "")
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for _, text := range []string{"a", "b", "c", "d"} {
		wg.Go(func() {
			for range 50 {
				if got, err := tpl.Render([]Message{{"user", text}, {"user", text}}, false); err != nil || got != "2"+text {
					t.Errorf("got %q, %v", got, err)
				}
			}
		})
	}
	wg.Wait()
}

// The template of the real file puts a system turn of its own first.
func TestSmolLM2sOwnTemplate(t *testing.T) {
	dir := os.Getenv("LCBENCH_MODELS")
	if dir == "" {
		home, err := os.UserHomeDir()
		if err != nil {
			t.Skip(err)
		}
		dir = filepath.Join(home, ".cache", "lcbench", "models")
	}
	path := filepath.Join(dir, "smollm2-135m.gguf")
	if _, err := os.Stat(path); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal(err)
		}
		t.Skipf("%v (set LCBENCH_MODELS)", err)
	}
	f, err := gguf.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	source, _ := f.String("tokenizer.chat_template")
	tpl, err := New(source, "<|im_start|>", "<|im_end|>")
	if err != nil {
		t.Fatal(err)
	}
	const own = "<|im_start|>system\nYou are a helpful AI assistant named SmolLM, trained by Hugging Face<|im_end|>\n"
	for _, tc := range []struct {
		name     string
		messages []Message
		add      bool
		want     string
	}{
		{"a user turn", []Message{{"user", " Hi.\n"}}, true, own + "<|im_start|>user\n Hi.\n<|im_end|>\n<|im_start|>assistant\n"},
		{"a system turn of one's own", []Message{{"system", "Be brief."}, {"user", "Hi."}}, false,
			"<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\nHi.<|im_end|>\n"},
		{"no generation prompt", []Message{{"user", "a"}, {"assistant", "b"}}, false,
			own + "<|im_start|>user\na<|im_end|>\n<|im_start|>assistant\nb<|im_end|>\n"},
	} {
		if got, err := tpl.Render(tc.messages, tc.add); err != nil || got != tc.want {
			t.Errorf("%s: got %q, %v; want %q", tc.name, got, err, tc.want)
		}
	}
}

func TestStrftimeWritesAsPython(t *testing.T) {
	for format, want := range map[string]string{
		"%d %b %Y": "24 Nov 2026", "%Y-%m-%d": "2026-11-24", "%H:%M:%S": "09:05:07", "%A %B %j %p %I": "Tuesday November 328 AM 09",
		"%%d %Q %": "%d %Q %", "%y %f": "26 000000",
	} {
		if got := strftime(noon(), format); got != want {
			t.Errorf("%q: got %q, want %q", format, got, want)
		}
	}
}

func FuzzTemplate(f *testing.F) {
	files, err := filepath.Glob(filepath.Join("testdata", "*.jinja"))
	if err != nil {
		f.Fatal(err)
	}
	for _, name := range files {
		source, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(source), "text")
	}
	f.Add(`{{ messages[-1]['content'][::-1] }}{%- set x = 1 if y else 2 -%}`, "é")
	f.Fuzz(func(t *testing.T, source, text string) {
		if len(source)+len(text) > 1<<12 {
			t.Skip("capped input")
		}
		tpl, err := New(source, "<s>", "</s>")
		if err != nil {
			return
		}
		start := time.Now()
		got, err := tpl.Render([]Message{{"system", text}, {"user", text}, {"assistant", text}}, true)
		if len(got) > 1<<20+64*len(text)+64 {
			t.Fatalf("%d bytes", len(got))
		}
		if took := time.Since(start); took > 5*time.Second && !testing.Short() {
			t.Fatalf("took %v, %v", took, err)
		}
	})
}
