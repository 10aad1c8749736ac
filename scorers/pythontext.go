package scorers

import (
	"math"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// The reference metrics are Python programs, so their idea of white space,
// case and digits is part of the definition. This file has those rules.

// isPySpace is str.isspace, which is also what \s and str.split go by.
func isPySpace(r rune) bool {
	switch {
	case r >= 0x09 && r <= 0x0D, r >= 0x1C && r <= 0x20, r == 0x85, r == 0xA0, r == 0x1680,
		r >= 0x2000 && r <= 0x200A, r == 0x2028, r == 0x2029, r == 0x202F, r == 0x205F, r == 0x3000:
		return true
	}
	return false
}

// pyFields is str.split().
func pyFields(s string) []string { return strings.FieldsFunc(s, isPySpace) }

// pyStrip is str.strip().
func pyStrip(s string) string { return strings.TrimFunc(s, isPySpace) }

// isPyDigit is \d: category Nd.
func isPyDigit(r rune) bool { return unicode.Is(unicode.Nd, r) }

// isPyWord is \w: letters and numbers of any script, and the underscore.
func isPyWord(r rune) bool { return r == '_' || unicode.IsLetter(r) || unicode.IsNumber(r) }

// pyLower is str.lower: U+0130 becomes two code points, and Σ becomes ς at a
// word's end.
func pyLower(s string) string {
	if !strings.ContainsAny(s, "\u0130Σ") {
		return strings.ToLower(s)
	}
	var b strings.Builder
	for i, r := range s {
		switch r {
		case '\u0130':
			b.WriteString("i\u0307")
		case 'Σ':
			b.WriteRune(lowerSigma(s[:i], s[i+utf8.RuneLen(r):]))
		default:
			b.WriteRune(unicode.ToLower(r))
		}
	}
	return b.String()
}

// lowerSigma applies Unicode's Final_Sigma condition.
func lowerSigma(before, after string) rune {
	cased := false
	for before != "" {
		r, size := utf8.DecodeLastRuneInString(before)
		before = before[:len(before)-size]
		if !caseIgnorable(r) {
			cased = isCased(r)
			break
		}
	}
	if !cased {
		return 'σ'
	}
	for _, r := range after {
		if caseIgnorable(r) {
			continue
		}
		if isCased(r) {
			return 'σ'
		}
		break
	}
	return 'ς'
}

func isCased(r rune) bool {
	return unicode.IsUpper(r) || unicode.IsLower(r) || unicode.IsTitle(r) ||
		unicode.In(r, unicode.Other_Lowercase, unicode.Other_Uppercase)
}

// caseIgnorable is Unicode's property of that name: marks, format characters,
// modifiers, and what stands inside words.
func caseIgnorable(r rune) bool {
	switch r {
	case '\'', '.', ':', 0xB7, 0x387, 0x55F, 0x5F4, 0x2018, 0x2019, 0x2024, 0x2027,
		0xFE13, 0xFE52, 0xFE55, 0xFF07, 0xFF0E, 0xFF1A:
		return true
	}
	return unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf, unicode.Lm, unicode.Sk)
}

// isASCIIPunct is string.punctuation.
func isASCIIPunct(r rune) bool {
	return r > ' ' && r < 0x7f && (r < '0' || r > '9') && (r|0x20 < 'a' || r|0x20 > 'z')
}

// digitRuns are the matches of \d+.
func digitRuns(s string) []string {
	return strings.FieldsFunc(s, func(r rune) bool { return !isPyDigit(r) })
}

// Round is Python's round(x, digits): to the nearest decimal of the exact
// binary value, ties to even.
func Round(x float64, digits int) float64 {
	if math.IsNaN(x) || math.IsInf(x, 0) {
		return x
	}
	r, err := strconv.ParseFloat(strconv.FormatFloat(x, 'f', digits, 64), 64)
	if err != nil {
		return x
	}
	return r
}

// wordSpan returns the word of \w characters that starts s, as bytes.
func wordSpan(s string) int {
	for i, r := range s {
		if !isPyWord(r) {
			return i
		}
	}
	return len(s)
}
