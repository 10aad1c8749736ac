package judge

import (
	"strings"
	"testing"

	"github.com/lcbench/lcbench/benchmarks"
)

func TestOwnTemplatesFit(t *testing.T) {
	for _, p := range protocols() {
		own, err := Own(p)
		if err != nil {
			t.Errorf("%s: %v", p.Name, err)
			continue
		}
		values := map[string]string{"question": "Q?", "reference": "R!", "answer": "{question}", "answer_a": "{question}", "answer_b": "B."}
		first, third := own.fill(values, 1), own.fill(values, 3)
		if !strings.Contains(first.After, "{question}") || !strings.Contains(first.After, "R!") {
			t.Errorf("%s: an answer's braces must stay, and the reference be there:\n%s", p.Name, first.After)
		}
		if !strings.HasPrefix(third.After, first.After) || !strings.Contains(third.After, "third time") || own.again == "" {
			t.Errorf("%s: third try:\n%s", p.Name, third.After)
		}
	}
}

func TestTemplateFaultsAreOneClearLine(t *testing.T) {
	for _, c := range []struct {
		name, protocol, text, want string
	}{
		{"all in the user's turn", "pairwise", "{question} {answer_a} {answer_b}", ""},
		{"braces that stay", "rubric", "{question} {answer} {\"grade\": 1} {{reference}}", ""},
		{"a misspelt placeholder", "rubric", "[user]\n{question}\n{anser}", `judge template t.txt:3: no placeholder {anser} (did you mean "answer"?): rubric has {question}, {reference}, {answer}; write {{anser}} for braces that stay`},
		{"a placeholder of another mode", "rubric", "{question} {answer_a}", "no placeholder {answer_a}"},
		{"one that is missing", "pairwise", "{question} {answer_a}", "judge template t.txt: {answer_b} is missing: pairwise needs {question}, {answer_a}, {answer_b}"},
		{"only as plain text", "rubric", "{question} {{answer}}", "{answer} is missing"},
		{"a section twice", "rubric", "[user]\n{question}{answer}\n[user]\nx", "judge template t.txt:3: a second section [user]: keep one"},
		{"no user's turn", "rubric", "[system]\n{question}{answer}", "judge template t.txt: no text in section [user]"},
		{"nothing", "rubric", "", "no text in section [user]"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p, err := Find(benchmarks.JudgeProtocol(c.protocol))
			if err != nil {
				t.Fatal(err)
			}
			_, err = ParseTemplate("t.txt", c.text, p)
			if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) || err != nil && strings.Contains(err.Error(), "\n") {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
	if _, err := Find("pairwse"); err == nil || !strings.Contains(err.Error(), `did you mean "pairwise"`) {
		t.Errorf("a protocol that isn't: %v", err)
	}
}

// FuzzTemplate: any text is a template or an error, and filling keeps values as
// they are.
func FuzzTemplate(f *testing.F) {
	f.Add("[system]\nx\n[user]\n{question}{answer}\n[again]\ny", "v{answer}")
	f.Add("{{question}}{question}{answer}", "{{")
	f.Fuzz(func(t *testing.T, text, value string) {
		if len(text)+len(value) > 1<<14 {
			t.Skip("capped input")
		}
		p, err := Find(benchmarks.JudgeRubric)
		if err != nil {
			t.Fatal(err)
		}
		own, err := ParseTemplate("t", text, p)
		if err != nil {
			return
		}
		prompt := own.fill(map[string]string{"answer": value, "question": value}, 2)
		if !strings.Contains(prompt.System+prompt.After, value) {
			t.Errorf("%q filled with %q: %q", text, value, prompt.After)
		}
	})
}
