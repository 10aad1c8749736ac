package judge

import (
	"fmt"

	"github.com/lcbench/lcbench/benchmarks"
	"github.com/lcbench/lcbench/scorers"
)

// Protocol is a way of asking for a verdict and of reading it.
type Protocol struct {
	Name benchmarks.JudgeProtocol
	// Pairs: two answers are shown, in both orders. Otherwise replies are grades
	// from Low to High.
	Pairs     bool
	Low, High int
	MaxTokens int // of a reply
	read      func(reply string) (grade int, ok bool)
}

// protocols lists them. Limits: L-Eval's 2,048 tokens; LooGLE's 10.
func protocols() []Protocol {
	marked := func(low, high int) func(string) (int, bool) {
		return func(reply string) (int, bool) { return scorers.MarkedGrade(reply, low, high) }
	}
	return []Protocol{
		{Name: benchmarks.JudgePairwise, Pairs: true, MaxTokens: 2048, read: func(reply string) (int, bool) {
			return 0, scorers.PairVerdict(reply) != scorers.VerdictNone
		}},
		{Name: benchmarks.JudgeRubric, Low: 1, High: 10, MaxTokens: 2048, read: marked(1, 10)},
		{Name: benchmarks.JudgeSameMeaning, Low: 0, High: 1, MaxTokens: 10, read: scorers.SameMeaning},
		{Name: benchmarks.JudgeSummary, Low: 0, High: 100, MaxTokens: 10, read: func(reply string) (int, bool) {
			return scorers.PlainGrade(reply, 0, 100)
		}},
	}
}

// Find returns the protocol of that name, or an error that lists them.
func Find(name benchmarks.JudgeProtocol) (Protocol, error) {
	var known []string
	for _, p := range protocols() {
		if p.Name == name {
			return p, nil
		}
		known = append(known, string(p.Name))
	}
	return Protocol{}, fmt.Errorf("judge protocol %q%s: want one of %v", name, benchmarks.DidYouMean(string(name), known), known)
}

// answers are the placeholders of what is judged.
func (p Protocol) answers() []string {
	if p.Pairs {
		return []string{"answer_a", "answer_b"}
	}
	return []string{"answer"}
}

// needs are the placeholders that a template must have.
func (p Protocol) needs() []string {
	switch p.Name {
	case benchmarks.JudgeSummary:
		return append([]string{"reference"}, p.answers()...)
	case benchmarks.JudgeSameMeaning:
		return append([]string{"question", "reference"}, p.answers()...)
	}
	return append([]string{"question"}, p.answers()...)
}

// orders name the ways in which an item is shown.
func (p Protocol) orders() []string {
	if p.Pairs {
		return []string{"ours as A", "ours as B"}
	}
	return []string{"alone"}
}
