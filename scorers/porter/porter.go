// Package porter is the English stemmer that NLTK calls PorterStemmer, in its
// default mode NLTK_EXTENSIONS: M. F. Porter's algorithm ("An algorithm for
// suffix stripping", Program 14/3, 1980) with irregular forms and a few changed
// rules. rouge_score stems with it, and so does NLTK's METEOR.
package porter

import (
	"strings"
	"unicode/utf8"
)

// Stem returns the stem of a word, as PorterStemmer().stem of NLTK 3.8 to 3.10
// gives it for a word that is in lower case already: NLTK lowers it first.
// Words of one or two characters stay. Vowels are a, e, i, o, u, and y behind a
// consonant; every other character, of any script, counts as a consonant.
func Stem(word string) string {
	if stem, ok := irregular(word); ok {
		return stem
	}
	if utf8.RuneCountInString(word) <= 2 {
		return word
	}
	for _, step := range []func(string) string{plural, pastOrGerund, finalY, step2, step3, step4, finalE, doubleL} {
		word = step(word)
	}
	return word
}

// irregular are the forms that no rule gets right.
func irregular(word string) (stem string, ok bool) {
	switch word {
	case "sky", "skies":
		return "sky", true
	case "dying":
		return "die", true
	case "lying":
		return "lie", true
	case "tying":
		return "tie", true
	case "inning", "innings":
		return "inning", true
	case "outing", "outings":
		return "outing", true
	case "canning", "cannings":
		return "canning", true
	case "news", "howe", "proceed", "exceed", "succeed":
		return word, true
	}
	return "", false
}

// plural is step 1a; "dies" becomes "die", not "di".
func plural(word string) string {
	switch {
	case strings.HasSuffix(word, "ies") && utf8.RuneCountInString(word) == 4:
		return word[:len(word)-1]
	case strings.HasSuffix(word, "sses"), strings.HasSuffix(word, "ies"):
		return word[:len(word)-2]
	case strings.HasSuffix(word, "ss"):
		return word
	}
	return strings.TrimSuffix(word, "s")
}

// pastOrGerund is step 1b; "died" becomes "die", "cried" "cri".
func pastOrGerund(word string) string {
	if strings.HasSuffix(word, "ied") {
		if utf8.RuneCountInString(word) == 4 {
			return word[:len(word)-1]
		}
		return word[:len(word)-2]
	}
	if stem, ok := strings.CutSuffix(word, "eed"); ok {
		if measure(stem) > 0 {
			return stem + "ee"
		}
		return word
	}
	for _, suffix := range []string{"ed", "ing"} {
		if stem, ok := strings.CutSuffix(word, suffix); ok && hasVowel(stem) {
			return mended(stem)
		}
	}
	return word
}

// mended gives a stem that lost -ed or -ing its ending back: "hop" of
// "hopping", "hope" of "hoping".
func mended(stem string) string {
	switch {
	case strings.HasSuffix(stem, "at"), strings.HasSuffix(stem, "bl"), strings.HasSuffix(stem, "iz"):
		return stem + "e"
	case doubled(stem):
		last, size := utf8.DecodeLastRuneInString(stem)
		if last == 'l' || last == 's' || last == 'z' {
			return stem
		}
		return stem[:len(stem)-size]
	case measure(stem) == 1 && short(stem):
		return stem + "e"
	}
	return stem
}

// finalY is step 1c: y becomes i behind a consonant that is not the word's
// first letter.
func finalY(word string) string {
	stem, ok := strings.CutSuffix(word, "y")
	if !ok || utf8.RuneCountInString(stem) < 2 {
		return word
	}
	if vowels := vowelMap(stem); vowels[len(vowels)-1] {
		return word
	}
	return stem + "i"
}

// rule replaces a suffix.
type rule struct{ old, new string }

// apply replaces the first suffix that fits, if what stands before it has a
// measure above least; whether it has or not, no later rule is tried.
func apply(word string, rules []rule, least int) string {
	for _, r := range rules {
		if stem, ok := strings.CutSuffix(word, r.old); ok {
			if measure(stem) > least {
				return stem + r.new
			}
			return word
		}
	}
	return word
}

// step2 takes the first of two suffixes; -alli goes ahead of all others, and
// what it leaves is looked at anew.
func step2(word string) string {
	if stem, ok := strings.CutSuffix(word, "alli"); ok && measure(stem) > 0 {
		return step2(stem + "al")
	}
	if strings.HasSuffix(word, "logi") && measure(word[:len(word)-3]) > 0 {
		return word[:len(word)-1]
	}
	return apply(word, []rule{
		{"ational", "ate"}, {"tional", "tion"}, {"enci", "ence"}, {"anci", "ance"}, {"izer", "ize"}, {"bli", "ble"},
		{"alli", "al"}, {"entli", "ent"}, {"eli", "e"}, {"ousli", "ous"}, {"ization", "ize"}, {"ation", "ate"},
		{"ator", "ate"}, {"alism", "al"}, {"iveness", "ive"}, {"fulness", "ful"}, {"ousness", "ous"}, {"aliti", "al"},
		{"iviti", "ive"}, {"biliti", "ble"}, {"fulli", "ful"},
	}, 0)
}

func step3(word string) string {
	return apply(word, []rule{
		{"icate", "ic"}, {"ative", ""}, {"alize", "al"}, {"iciti", "ic"}, {"ical", "ic"}, {"ful", ""}, {"ness", ""},
	}, 0)
}

// step4 drops the last suffix of a long word; -ion only behind s or t.
func step4(word string) string {
	for _, suffix := range []string{
		"al", "ance", "ence", "er", "ic", "able", "ible", "ant", "ement", "ment", "ent",
		"ion", "ou", "ism", "ate", "iti", "ous", "ive", "ize",
	} {
		stem, ok := strings.CutSuffix(word, suffix)
		if !ok {
			continue
		}
		if measure(stem) > 1 && (suffix != "ion" || strings.HasSuffix(stem, "s") || strings.HasSuffix(stem, "t")) {
			return stem
		}
		return word
	}
	return word
}

// finalE is step 5a.
func finalE(word string) string {
	stem, ok := strings.CutSuffix(word, "e")
	if !ok {
		return word
	}
	if m := measure(stem); m > 1 || m == 1 && !short(stem) {
		return stem
	}
	return word
}

// doubleL is step 5b.
func doubleL(word string) string {
	if strings.HasSuffix(word, "ll") && measure(word[:len(word)-1]) > 1 {
		return word[:len(word)-1]
	}
	return word
}
