package scorers

import (
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// FirstLine is what eval.py does to answers of trec, triviaqa, samsum and
// lsht before scoring: leading newlines go, then all from the next one on.
func FirstLine(prediction string) string {
	line, _, _ := strings.Cut(strings.TrimLeft(prediction, "\n"), "\n")
	return line
}

// classification is LongBench's classification_score: 1 over the number of
// classes named in the prediction, if the right one is among them; classes
// that are part of the right one's name are taken off the list. Upstream
// removes from the list while walking it, so that the element behind a removed
// one is skipped; so do we.
func classification(prediction, reference string, classes []string) float64 {
	var named []string
	for _, c := range classes {
		if strings.Contains(prediction, c) {
			named = append(named, c)
		}
	}
	for i := 0; i < len(named); i++ {
		if c := named[i]; strings.Contains(reference, c) && c != reference {
			first := slices.Index(named, c)
			named = slices.Delete(named, first, first+1)
		}
	}
	if !slices.Contains(named, reference) {
		return 0
	}
	return 1 / float64(len(named))
}

// retrieval is LongBench's retrieval_score and retrieval_zh_score: the share
// of numbers in the prediction that are the paragraph's.
func retrieval(prediction, reference, head string) float64 {
	_, rest, ok := cutDigits(reference, head)
	if !ok {
		return 0
	}
	return shareOfNumbers(prediction, rest)
}

// cutDigits finds the first place where head is followed by digits.
func cutDigits(s, head string) (before, digits string, ok bool) {
	for from := 0; ; {
		i := strings.Index(s[from:], head)
		if i < 0 {
			return s, "", false
		}
		start := from + i + len(head)
		end := start
		for end < len(s) {
			r, size := utf8.DecodeRuneInString(s[end:])
			if !isPyDigit(r) {
				break
			}
			end += size
		}
		if end > start {
			return s[:from+i], s[start:end], true
		}
		from = from + i + 1
	}
}

// shareOfNumbers is the share of digit runs equal to want, as strings; 0
// where there are none. (count_score, with the whole answer as want.)
func shareOfNumbers(prediction, want string) float64 {
	runs := digitRuns(prediction)
	if len(runs) == 0 {
		return 0
	}
	right := 0
	for _, r := range runs {
		if r == want {
			right++
		}
	}
	return float64(right) / float64(len(runs))
}

var (
	choiceParens = regexp.MustCompile(`The correct answer is \(([A-D])\)`)
	choicePlain  = regexp.MustCompile(`The correct answer is ([A-D])`)
)

// v2Choice extracts the letter of an answer as LongBench v2's extract_answer
// does (pred.py); "" if there is none.
func v2Choice(prediction string) string {
	text := strings.ReplaceAll(prediction, "*", "")
	for _, p := range []*regexp.Regexp{choiceParens, choicePlain} {
		if m := p.FindStringSubmatch(text); m != nil {
			return m[1]
		}
	}
	return ""
}
