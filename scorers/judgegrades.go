package scorers

import (
	"math"
	"regexp"
	"strconv"
	"strings"
)

// gradeMark is a whole number in the marks that rubrics ask for.
var gradeMark = regexp.MustCompile(`\[\[\s*([0-9]{1,6})\s*\]\]`)

// MarkedGrade reads a judge's reply that ends in a grade such as [[7]]: the
// last marked whole number, if it is between low and high.
func MarkedGrade(reply string, low, high int) (grade int, ok bool) {
	all := gradeMark.FindAllStringSubmatch(reply, -1)
	if len(all) == 0 {
		return 0, false
	}
	n, err := strconv.Atoi(all[len(all)-1][1])
	return inScale(n, low, high, err == nil)
}

// PlainGrade reads a reply that is nothing but a whole number, as LooGLE's judge
// of summaries has to answer: what Python's int takes, between low and high.
// (Upstream takes numbers outside of its scale too.)
func PlainGrade(reply string, low, high int) (grade int, ok bool) {
	text := strings.TrimSpace(reply)
	digits := strings.TrimLeft(text, "+-")
	if len(text)-len(digits) > 1 || strings.HasPrefix(digits, "_") || strings.HasSuffix(digits, "_") || strings.Contains(digits, "__") {
		return 0, false
	}
	n, err := strconv.Atoi(strings.ReplaceAll(text, "_", ""))
	return inScale(n, low, high, err == nil)
}

func inScale(n, low, high int, number bool) (int, bool) {
	if !number || n < low || n > high {
		return 0, false
	}
	return n, true
}

// SameMeaning reads LooGLE's judge of question answering: the reply is True (1)
// or False (0), letter for letter; anything else is no verdict.
func SameMeaning(reply string) (grade int, ok bool) {
	switch reply {
	case "True":
		return 1, true
	case "False":
		return 0, true
	}
	return 0, false
}

// JudgedAnswer is one answer with its grade.
type JudgedAnswer struct {
	ID, Task, Group string
	Grade           int
}

// TaskGrades is the mean grade of a task's answers, on the grades' own scale.
type TaskGrades struct {
	Task string
	Mean Estimate
}

// SummariseGrades averages grades by task, in order of first appearance, and
// all together; high is the best grade there is. Intervals are bootstraps over
// documents, as in SummarisePairs.
func SummariseGrades(answers []JudgedAnswer, high int, o AggregateOptions) (tasks []TaskGrades, all Estimate) {
	rows := make([]Row, len(answers))
	seen := map[string]bool{}
	for i, a := range answers {
		rows[i] = Row{Task: a.Task, Group: a.Group, Score: float64(a.Grade) / float64(high), Valid: true}
		if !seen[a.Task] {
			seen[a.Task] = true
			tasks = append(tasks, TaskGrades{Task: a.Task})
		}
	}
	estimates, pooled := pooledMeans(rows, o)
	for i := range tasks {
		tasks[i].Mean = estimates[tasks[i].Task].times(float64(high))
	}
	return tasks, pooled.times(float64(high))
}

// times is the estimate in a unit that is so many times as small.
func (e Estimate) times(scale float64) Estimate {
	e.Value *= scale
	e.Interval.Low *= scale
	e.Interval.High *= scale
	return e
}

// Agreement is how far two judges say the same of the same items.
type Agreement struct {
	Items, Same int
	// Kappa is Cohen's; NaN where chance alone would make them agree always.
	Kappa float64
}

// Agree compares two judges' categories item by item; a and b have one entry an
// item. Weighted says that categories are grades: a disagreement then weighs
// the square of its size. Sources: Cohen 1960, 1968.
func Agree(a, b []int, weighted bool) Agreement {
	weight := func(x, y int) float64 {
		switch {
		case x == y:
			return 0
		case weighted:
			return float64(x-y) * float64(x-y)
		}
		return 1
	}
	out := Agreement{Items: len(a), Kappa: math.NaN()}
	ofA, ofB := map[int]int{}, map[int]int{}
	observed, expected := 0.0, 0.0
	for i := range a {
		ofA[a[i]]++
		ofB[b[i]]++
		observed += weight(a[i], b[i])
		if a[i] == b[i] {
			out.Same++
		}
	}
	for x, n := range ofA {
		for y, m := range ofB {
			expected += weight(x, y) * float64(n) * float64(m)
		}
	}
	if expected > 0 {
		out.Kappa = 1 - observed*float64(len(a))/expected
	}
	return out
}
