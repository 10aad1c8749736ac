package scorers

import (
	"strings"
	"unicode/utf8"
)

// noChoice stands for an empty answer to a multiple-choice question; it is no
// set of letters and scores 0.
const noChoice = "None"

// choiceReference is the letters in the first word of a reference, A if there
// are none: "(B) Their subconscious …" is B.
func choiceReference(reference string) string {
	words := pyFields(reference)
	if len(words) == 0 {
		return "A"
	}
	return orA(onlyChoices(words[0]))
}

func orA(letters string) string {
	if letters == "" {
		return "A"
	}
	return letters
}

func isChoice(r rune) bool { return 'A' <= r && r <= 'D' }

func onlyChoices(s string) string {
	return strings.Map(func(r rune) rune {
		if isChoice(r) {
			return r
		}
		return -1
	}, s)
}

// firstChoice takes the answer to a question with one right option: the whole
// prediction if it is a part of "ABCD", else the first letter A to D anywhere,
// else A.
func firstChoice(prediction string) string {
	if letters, done := bareChoice(prediction); done {
		return letters
	}
	if i := strings.IndexFunc(prediction, isChoice); i >= 0 {
		return prediction[i : i+1]
	}
	return "A"
}

// bareChoice handles predictions that are empty or nothing but letters in a
// row.
func bareChoice(prediction string) (string, bool) {
	const letters = "ABCD"
	switch {
	case strings.TrimFunc(prediction, isPySpace) == "":
		return noChoice, true
	case strings.Contains(letters, prediction):
		return prediction, true
	}
	return "", false
}

// allChoices takes the letters of a question that may have several right
// options: those that the prediction starts with if they are two or more; else
// these and every letter before white space, a full stop or a closing bracket,
// up to the word "Question"; else the first run of letters; else A.
func allChoices(prediction string) string {
	if letters, done := bareChoice(prediction); done {
		return letters
	}
	n := runLength(prediction)
	run, text := prediction[:n], prediction[n:]
	if n >= 2 {
		return sortedLetters(run)
	}
	text, _, _ = strings.Cut(text, "Question")
	if letters := sortedLetters(run + marked(text)); letters != "" {
		return letters
	}
	if i := strings.IndexFunc(text, isChoice); i >= 0 {
		return text[i : i+runLength(text[i:])]
	}
	return "A"
}

// runLength is the number of letters A to D that s starts with.
func runLength(s string) int {
	return len(s) - len(strings.TrimLeft(s, "ABCD"))
}

// marked are the letters A to D that stand before white space, a full stop or
// a closing bracket.
func marked(text string) string {
	var b strings.Builder
	for i := range len(text) - 1 {
		if c := text[i]; isChoice(rune(c)) {
			next, _ := utf8.DecodeRuneInString(text[i+1:])
			if next == '.' || next == ')' || isPySpace(next) {
				b.WriteByte(c)
			}
		}
	}
	return b.String()
}

// mathAnswer is the digits of the word behind "The answer is ", up to a full
// stop; without that phrase, of the last word with a digit before the first
// blank line.
func mathAnswer(s string) string {
	var b strings.Builder
	for _, r := range mathWord(s) {
		if r == '.' {
			break
		}
		if isPyAnyDigit(r) {
			b.WriteRune(r)
		}
	}
	return b.String()
}

func mathWord(s string) string {
	const phrase = "The answer is "
	for rest := s; ; {
		_, behind, found := strings.Cut(rest, phrase)
		if !found {
			break
		}
		end := strings.IndexFunc(behind, isPySpace)
		if end < 0 {
			end = len(behind)
		}
		if end > 0 {
			return behind[:end]
		}
		rest = behind
	}
	head, _, _ := strings.Cut(s, "\n\n")
	words := strings.Split(head, " ")
	for i := len(words) - 1; i >= 0; i-- {
		if strings.ContainsFunc(words[i], isPyAnyDigit) {
			return words[i]
		}
	}
	return ""
}

// codeReference is a program's output in the form that answers are brought to.
func codeReference(s string) string {
	s = squeezed(s)
	for _, gone := range []string{",", "'", `\`, ".0"} {
		s = strings.ReplaceAll(s, gone, "")
	}
	for _, pair := range [][2]string{{"] [", "]["}, {"[ [", "[["}, {"] ]", "]]"}} {
		s = strings.ReplaceAll(s, pair[0], pair[1])
	}
	return s
}

// codeAnswer takes a program's output out of the prediction: about as many
// words as the reference has, behind the last "the final output", or else the
// last ones.
func codeAnswer(prediction, reference string) string {
	s := codeReference(prediction)
	for _, gone := range []string{"will be", "of the code", "is", "would be", "the value of", "the result of", "printed"} {
		s = strings.ReplaceAll(s, gone, "")
	}
	room := len(pyFields(reference)) + 3
	const phrase = "the final output"
	if i := strings.LastIndex(s, phrase); i >= 0 {
		pieces := splitBlanks(s[i+len(phrase):])
		return strings.Join(pieces[:min(room, len(pieces))], " ")
	}
	pieces := splitBlanks(s)
	return strings.Join(pieces[max(0, len(pieces)-room):], " ")
}

// squeezed makes each run of white space one space (re.sub).
func squeezed(s string) string { return strings.Join(splitBlanks(s), " ") }

// splitBlanks splits at runs of white space; one at an end leaves an empty
// piece (re.split).
func splitBlanks(s string) []string {
	var out []string
	start := 0
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		if !isPySpace(r) {
			i += size
			continue
		}
		out = append(out, s[start:i])
		for i < len(s) {
			if r, size = utf8.DecodeRuneInString(s[i:]); !isPySpace(r) {
				break
			}
			i += size
		}
		start = i
	}
	return append(out, s[start:])
}
