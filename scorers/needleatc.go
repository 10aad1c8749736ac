package scorers

import (
	"regexp"
	"strings"
)

// noBoxed is what upstream takes for an answer without a box.
const noBoxed = "None"

// scoreATC compares the boxed answer with the references.
func scoreATC(c Case) Score {
	s := Score{Answer: boxedAnswer(c.Prediction)}
	for _, r := range c.References {
		if pyStrip(s.Answer) == pyStrip(r) {
			s.Value = 1
		}
	}
	s.Measures = []Measure{{
		Name: "unweighted", Title: "Unweighted", Table: "Trees alike", Unit: UnitShare, Value: s.Value, Unweighted: true,
	}}
	s.NoAnswer = s.Answer == noBoxed && s.Value == 0
	return s
}

// boxedAnswer takes the answer out of the last \boxed{…} and cleans it of LaTeX
// and quotes. So a name with an apostrophe is never right: upstream's quirk.
func boxedAnswer(text string) string {
	inner, ok := lastBoxed(text)
	if !ok {
		return noBoxed
	}
	if m := outerBraces.FindStringSubmatch(inner); m != nil {
		inner = m[1]
	}
	if inner == "" || inner == noBoxed {
		return noBoxed
	}
	inner = latexText.ReplaceAllString(inner, "$1")
	inner = latexBoxed.ReplaceAllString(inner, "$1")
	inner = strings.NewReplacer(`\[`, "", `\]`, "").Replace(inner)
	inner = strings.ReplaceAll(inner, `\`, "")
	inner = pyStrip(squeezed(inner))
	return strings.NewReplacer(`"`, "", "'", "", "~", " ").Replace(inner)
}

// The patterns of upstream's cleaning. A dot matches no line end, and the end of
// a text is also before its last line end.
var (
	outerBraces = regexp.MustCompile(`^\{([^\n]*)\}\n?$`)
	latexText   = regexp.MustCompile(`\\text\{([^}]+)\}`)
	latexBoxed  = regexp.MustCompile(`\\boxed\{([^}]+)\}`)
)

// lastBoxed returns what stands in the last \boxed{…}, up to the brace that
// balances the first one. Braces behind a \boxed without its own, and an \fbox,
// give nothing.
func lastBoxed(text string) (inner string, ok bool) {
	const box = `\boxed`
	at := strings.LastIndex(text, box)
	if at < 0 {
		return "", false
	}
	rest, ok := strings.CutPrefix(text[at:], box+"{")
	if !ok {
		return "", false
	}
	open := 1
	for i := range len(rest) {
		switch rest[i] {
		case '{':
			open++
		case '}':
			if open--; open == 0 {
				return rest[:i], true
			}
		}
	}
	return "", false
}
