package report

import "github.com/lcbench/lcbench/runners"

// failure is a kind of sample that isn't valid.
type failure struct {
	Status runners.Status
	Name   string
	Means  string
	Count  int
}

// failures lists the kinds that occur, in the ledger's order.
func failures(byStatus map[runners.Status]int) []failure {
	var out []failure
	for _, s := range runners.Statuses() {
		if n := byStatus[s]; n > 0 && s != runners.OK {
			out = append(out, failure{s, statusName(s), statusMeans(s), n})
		}
	}
	return out
}

func statusName(s runners.Status) string {
	switch s {
	case runners.OK:
		return "ok"
	case runners.TruncatedInput:
		return "prompt cut"
	case runners.TruncatedOutput:
		return "answer cut"
	case runners.NoAnswer:
		return "no answer"
	case runners.ContextOverflow:
		return "too long"
	case runners.Failed:
		return "error"
	}
	return string(s)
}

// statusMeans says what a status is, and how such rows count.
func statusMeans(s runners.Status) string {
	switch s {
	case runners.TruncatedInput:
		return "the prompt was cut to fit the window; scored"
	case runners.TruncatedOutput:
		return "the answer ended at the token limit; scored"
	case runners.NoAnswer:
		return "empty, or thinking without an end; scores 0"
	case runners.ContextOverflow:
		return "longer than the window even after a cut; lost, counts 0"
	case runners.Failed:
		return "the model couldn't be asked; lost, counts 0"
	}
	return ""
}
