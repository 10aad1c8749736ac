package scorers

import (
	"slices"
	"strings"
)

// The exam score of L-Eval (Evaluation/auto_eval.py and its metrics at
// cd34b05), on strings that an extraction has made.

// examMatch is 1 for a right answer, 0.25 for letters that are all right but
// not all there, else 0.
func examMatch(prediction, reference string) float64 {
	want := examNormal(reference)
	if subsetOf(want, "ABCD") {
		got := examNormal(prediction)
		switch {
		case got == want:
			return 1
		case subsetOf(got, want):
			return 0.25
		}
		return 0
	}
	p, ok := pyFloat(prediction)
	if r, both := pyFloat(reference); ok && both {
		if p == r {
			return 1
		}
		return 0
	}
	if strings.Contains(withoutBlanks(prediction), withoutBlanks(reference)) {
		return 1
	}
	return 0
}

// examNormal deletes ASCII punctuation, blanks the words a, an, the (in lower
// case only) and squeezes white space; case stays.
func examNormal(s string) string {
	s = strings.Map(func(r rune) rune {
		if isASCIIPunct(r) {
			return -1
		}
		return r
	}, s)
	return strings.Join(pyFields(withoutArticles(s)), " ")
}

// subsetOf says whether every character of s occurs in set.
func subsetOf(s, set string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return !strings.ContainsRune(set, r) }) < 0
}

func withoutBlanks(s string) string { return strings.ReplaceAll(pyLower(s), " ", "") }

// examKind is how a closed-ended task's answers are extracted; upstream goes
// by the name of the task in the path of the prediction file.
type examKind struct {
	name, about string
	// prediction and reference extract; both get the raw reference, since code
	// answers are as long as it.
	prediction func(prediction, reference string) string
	reference  func(reference string) string
	// none says whether what prediction gave is no answer at all.
	none func(extracted string) bool
}

func examKinds() []examKind {
	letter := func(p, _ string) string { return firstChoice(p) }
	letters := func(p, _ string) string { return allChoices(p) }
	number := func(p, _ string) string { return mathAnswer(p) }
	same := func(p, _ string) string { return p }
	noLetters := func(s string) bool { return s == noChoice }
	blank := func(s string) bool { return strings.TrimFunc(s, isPySpace) == "" }
	return []examKind{
		{"exam", "no extraction", same, func(r string) string { return r }, blank},
		{"exam_choice", "one letter of quality and tpo", letter, choiceReference, noLetters},
		{"exam_choices", "letters of coursera", letters, choiceReference, noLetters},
		{"exam_math", "the number of gsm100", number, mathAnswer, blank},
		{"exam_code", "the output of codeU", codeAnswer, codeReference, blank},
	}
}

// examKindOf names the metric of a closed-ended task; "" if it is none.
func examKindOf(task string) string {
	switch task {
	case "quality", "tpo":
		return "exam_choice"
	case "coursera":
		return "exam_choices"
	case "gsm100":
		return "exam_math"
	case "codeU":
		return "exam_code"
	case "topic_retrieval_longchat":
		return "exam"
	case "sci_fi":
		return "exam_sci_fi"
	}
	return ""
}

// score judges a case: the best over the references.
func (k examKind) score(c Case) Score {
	var s Score
	for i, r := range c.References {
		answer := k.prediction(c.Prediction, r)
		if v := examMatch(answer, k.reference(r)); i == 0 || v > s.Value {
			s = Score{Value: v, Answer: answer}
		}
	}
	s.NoAnswer = s.Value == 0 && k.none(s.Answer)
	return s
}

// trueFalse scores sci_fi: whether the answer by the document (loyalty) and
// the one by the world (fact) are the reference's. Parts hold both, Value is
// their mean. A prediction without "[fact:", at which upstream raises, has no
// answer by the world.
func trueFalse(c Case) Score {
	var best Score
	loyalty, fact := factParts(c.Prediction)
	got := [2]string{truth(loyalty), truth(fact)}
	for i, r := range c.References {
		loyalty, fact := factParts(r)
		parts := []float64{
			examMatch(got[0], strings.TrimFunc(loyalty, isPySpace)),
			examMatch(got[1], strings.TrimFunc(fact, isPySpace)),
		}
		if v := (parts[0] + parts[1]) / 2; i == 0 || v > best.Value {
			best = Score{Value: v, Parts: parts}
		}
	}
	best.Answer = got[0] + " [fact: " + got[1] + "]"
	best.NoAnswer = got == [2]string{noTruth, noTruth}
	return best
}

// TrueFalseParts are the parts of sci_fi's score.
func TrueFalseParts() []string { return []string{"loyalty", "fact"} }

// factParts splits "True [fact: False]" around the first mark; what is behind
// it ends at a second one and loses its last character, the bracket.
func factParts(s string) (loyalty, fact string) {
	parts := strings.SplitN(pyLower(s), "[fact:", 3)
	if len(parts) < 2 {
		return parts[0], ""
	}
	runes := []rune(parts[1])
	return parts[0], string(runes[:max(0, len(runes)-1)])
}

const noTruth = "<error>"

// truth is what the first word with a truth value in it says.
func truth(s string) string {
	for _, word := range pyFields(s) {
		for _, value := range []string{"true", "false"} {
			if strings.Contains(word, value) {
				return value
			}
		}
	}
	return noTruth
}

// sortedLetters are the distinct letters A to D of s in order.
func sortedLetters(s string) string {
	letters := []byte(onlyChoices(s))
	slices.Sort(letters)
	return string(slices.Compact(letters))
}
