package builtin

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Span is a half-open byte range [Start, End) of a text.
type Span struct{ Start, End int }

func (s Span) shift(by int) Span { return Span{s.Start + by, s.End + by} }

// Variants is the number of wordings of each statement.
const Variants = 3

// Sentence says f in a language, in one of its wordings (variant modulo
// Variants), with the subject's full name.
func (w *World) Sentence(f Fact, lang string, variant int) string {
	s, _ := w.say(f, lang, variant, f.Subject.Ref(lang))
	return s
}

// say fills a statement; subject is the mention to use. It returns the
// sentence and where the object's bare text lies in it.
func (w *World) say(f Fact, lang string, variant int, subject string) (string, Span) {
	list := w.relations[f.Relation].words[langIndex(lang)].say
	if len(list) == 0 {
		return "", Span{}
	}
	t := list[(variant%len(list)+len(list))%len(list)]
	// The templates hold {s} and {o} once each, so that the object's place can
	// be followed through both substitutions.
	t = strings.Replace(t, "{a}", article(f.Object.Text(lang)), 1)
	t = strings.Replace(t, "{s}", subject, 1)
	ref, bare := f.Object.ref(lang), f.Object.Text(lang)
	at := strings.Index(t, "{o}")
	t = strings.Replace(t, "{o}", ref, 1)
	start := at + max(strings.Index(ref, bare), 0)
	return upperFirst(t), Span{start, start + len(bare)}
}

// leads says whether the wording begins with its subject, so that a pronoun
// may stand there.
func (w *World) leads(f Fact, lang string, variant int) bool {
	list := w.relations[f.Relation].words[langIndex(lang)].say
	return len(list) > 0 && strings.HasPrefix(list[variant%len(list)], "{s}")
}

func article(noun string) string {
	if noun != "" && strings.ContainsRune("aeiouAEIOU", rune(noun[0])) {
		return "an"
	}
	return "a"
}

// Size measures a text as benchmarks do: words between white space, or
// characters in Chinese.
func Size(text, lang string) int {
	if lang == Chinese {
		return utf8.RuneCountInString(text)
	}
	n, inWord := 0, false
	for _, r := range text {
		space := r <= ' ' || r >= utf8.RuneSelf && unicode.IsSpace(r)
		if !space && !inWord {
			n++
		}
		inWord = !space
	}
	return n
}
