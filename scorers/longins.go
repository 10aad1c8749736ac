package scorers

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// longIns is the family of LongIns (Ins-Bench/LongIns-Bench at cf8c59b).
func longIns() family {
	return family{
		benchmark: "longins",
		metrics: []Metric{{
			Name:   "longins_f1",
			Equals: "F1 of the numbers in brackets, eval.py at cf8c59b",
			Score:  scoreNumbers,
		}},
		tables: map[string]evaluator{"longins_f1": evaluateNumbers},
	}
}

// scoreNumbers compares the numbers that an answer puts in brackets with each
// reference, a list of numbers as text ("[0, 3]"); the best one counts.
func scoreNumbers(c Case) Score {
	answer := bracketed(c.Prediction)
	s := Score{Answer: strings.Join(answer, ", "), NoAnswer: len(answer) == 0}
	for _, r := range c.References {
		s.Value = max(s.Value, setF1(answer, numerals(r)))
	}
	return s
}

// bracketed lists the numbers inside of brackets, each once. A bracket goes
// from "[" to the next "]" of the same line, whatever stands between: of
// "[[1,2]]" it is "[1,2".
func bracketed(text string) []string {
	var out []string
	for {
		start := strings.IndexByte(text, '[')
		if start < 0 {
			return distinct(out)
		}
		text = text[start+1:]
		end := strings.IndexAny(text, "]\n")
		if end < 0 {
			return distinct(out)
		}
		if text[end] == '\n' {
			// No bracket opens here; a later one of the line ends no better.
			text = text[end+1:]
			continue
		}
		out = append(out, numerals(text[:end])...)
		text = text[end+1:]
	}
}

// numerals are the runs of digits of any script as whole numbers, without
// leading zeros, each once.
func numerals(text string) []string {
	var out []string
	for _, run := range digitRuns(text) {
		var b strings.Builder
		for _, r := range run {
			b.WriteByte(decimalDigit(r))
		}
		n := strings.TrimLeft(b.String(), "0")
		if n == "" {
			n = "0"
		}
		out = append(out, n)
	}
	return distinct(out)
}

func distinct(list []string) []string {
	slices.Sort(list)
	return slices.Compact(list)
}

// setF1 is F1 of two sets; 0 where one of them is empty.
func setF1(got, want []string) float64 {
	right := 0
	for _, n := range got {
		if slices.Contains(want, n) {
			right++
		}
	}
	if right == 0 {
		return 0
	}
	precision, recall := float64(right)/float64(len(got)), float64(right)/float64(len(want))
	return 2 * (precision * recall) / (precision + recall)
}

// evaluateNumbers scores an answer against lists of numbers.
func evaluateNumbers(raw []byte) (any, error) {
	var c struct {
		Prediction string          `json:"prediction"`
		References json.RawMessage `json:"references"`
	}
	if err := json.Unmarshal(raw, &c); err != nil {
		return nil, fieldError(err)
	}
	const want = "field \"references\": want lists of whole numbers from 0"
	var lists [][]json.Number
	if err := json.Unmarshal(c.References, &lists); err != nil {
		return nil, errors.New(want)
	}
	texts := make([]string, len(lists))
	for i, list := range lists {
		for _, n := range list {
			if strings.ContainsAny(n.String(), ".eE-") {
				return nil, fmt.Errorf("%s, got %s", want, n)
			}
			texts[i] += " " + n.String()
		}
	}
	return scoreNumbers(Case{Prediction: c.Prediction, References: texts}).Value, nil
}
