package judge

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/lcbench/lcbench/benchmarks"
)

// ownTemplates are worded by us after what the benchmarks' papers say.
//
//go:embed templates/*.txt
var ownTemplates embed.FS

// Template is the wording of a judge's question. Its file has the sections
// [system], [user] and [again], each named on a line of its own; what stands
// ahead of them is the user's turn. The last one, added to a question that was
// answered without a verdict, may be left out. Placeholders are {question},
// {reference} and {answer}, or {answer_a} and {answer_b}; {{answer}} is the
// plain text {answer}.
type Template struct {
	// Name is "own" or the file's; SHA256 is of its text.
	Name, SHA256 string

	system, user, again string
}

// Own is the template that lcbench has for a protocol.
func Own(p Protocol) (Template, error) {
	raw, err := ownTemplates.ReadFile("templates/" + string(p.Name) + ".txt")
	if err != nil {
		return Template{}, fmt.Errorf("judge: no template for %s: %w", p.Name, err)
	}
	return ParseTemplate("own", string(raw), p)
}

// placeholder is a mark that is filled in, or one in doubled braces that isn't.
var placeholder = regexp.MustCompile(`\{\{[a-z_]+\}\}|\{[a-z_]+\}`)

// ParseTemplate reads a template and checks that it has the placeholders which
// the protocol needs and no others.
func ParseTemplate(name, text string, p Protocol) (Template, error) {
	sum := sha256.Sum256([]byte(text))
	t := Template{Name: name, SHA256: hex.EncodeToString(sum[:])}
	if err := t.split(text); err != nil {
		return t, fmt.Errorf("judge template %s:%w", name, err)
	}
	known := append([]string{"question", "reference"}, p.answers()...)
	var found []string
	for number, line := range slices.All(strings.Split(text, "\n")) {
		for _, mark := range placeholder.FindAllString(line, -1) {
			if strings.HasPrefix(mark, "{{") {
				continue
			}
			word := strings.Trim(mark, "{}")
			if !slices.Contains(known, word) {
				return t, fmt.Errorf("judge template %s:%d: no placeholder %s%s: %s has {%s}; write {%s} for braces that stay",
					name, number+1, mark, benchmarks.DidYouMean(word, known), p.Name, strings.Join(known, "}, {"), mark)
			}
			found = append(found, word)
		}
	}
	for _, need := range p.needs() {
		if !slices.Contains(found, need) {
			return t, fmt.Errorf("judge template %s: {%s} is missing: %s needs {%s}", name, need, p.Name, strings.Join(p.needs(), "}, {"))
		}
	}
	return t, nil
}

// split cuts the text into its sections. The error begins with the line.
func (t *Template) split(text string) error {
	seen := map[string]bool{}
	into := &t.user
	for number, line := range slices.All(strings.SplitAfter(text, "\n")) {
		section := strings.TrimSpace(line)
		sections := map[string]*string{"[system]": &t.system, "[user]": &t.user, "[again]": &t.again}
		if sections[section] == nil {
			*into += line
			continue
		}
		if into = sections[section]; seen[section] || strings.TrimSpace(*into) != "" {
			return fmt.Errorf("%d: a second section %s: keep one", number+1, section)
		}
		seen[section] = true
	}
	for _, part := range []*string{&t.system, &t.user, &t.again} {
		*part = strings.TrimSpace(*part)
	}
	if t.user == "" {
		return errors.New(" no text in section [user]")
	}
	return nil
}

// fill puts the values in, in one pass: braces in them stay.
func (t Template) fill(values map[string]string, try int) benchmarks.Prompt {
	put := func(text string) string {
		return placeholder.ReplaceAllStringFunc(text, func(mark string) string {
			if strings.HasPrefix(mark, "{{") {
				return mark[1 : len(mark)-1]
			}
			return values[strings.Trim(mark, "{}")]
		})
	}
	user := put(t.user)
	if try > 1 {
		// Other words each time: a reply that has no verdict must not come again
		// from a cache, or from a model that says the same to the same.
		user += fmt.Sprintf("\n\n(Asked for the %s time: the reply before had no verdict. %s)", []string{"second", "third"}[min(try, 3)-2], put(t.again))
	}
	return benchmarks.Prompt{System: put(t.system), After: user}
}
