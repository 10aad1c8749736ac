package benchmarks

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

// Wanted returns how many rows of a task o selects, in file order.
func (o Options) Wanted(t Task) int {
	n := math.MaxInt
	if o.Limit > 0 {
		n = o.Limit
	}
	if o.Fraction > 0 && o.Fraction < 1 && t.Rows > 0 {
		n = min(n, int(math.Ceil(o.Fraction*float64(t.Rows))))
	}
	return n
}

// Selects says whether o asks for the task.
func (o Options) Selects(t Task) bool {
	return (len(o.Tasks) == 0 || slices.Contains(o.Tasks, t.Name)) &&
		(len(o.Languages) == 0 || slices.Contains(o.Languages, t.Language))
}

// LeavesUnmade says whether the context of a sample need not be made.
func (o Options) LeavesUnmade(id string) bool {
	return o.Unmade || o.Only != nil && !o.Only(id)
}

// CheckTasks returns an error that names the first task of names that is not
// one of tasks, with the nearest name.
func CheckTasks(benchmark string, tasks []Task, names []string) error {
	known := make([]string, len(tasks))
	for i, t := range tasks {
		known[i] = t.Name
	}
	for _, n := range names {
		if !slices.Contains(known, n) {
			return fmt.Errorf("%s has no task %q%s; its tasks are %s", benchmark, n, DidYouMean(n, known), strings.Join(known, ", "))
		}
	}
	return nil
}

// CheckMode returns an error if the benchmark has no mode of that name, with
// the nearest one. No name is the default mode.
func (a Adapter) CheckMode(name string) error {
	switch {
	case name == "" || slices.Contains(a.Modes, name):
		return nil
	case len(a.Modes) == 0:
		return fmt.Errorf("%s has no modes, got mode %q; leave it out", a.Name, name)
	}
	return fmt.Errorf("%s has no mode %q%s; its modes are %s", a.Name, name, DidYouMean(name, a.Modes), strings.Join(a.Modes, ", "))
}

// CheckLengthInstruction returns an error if the benchmark knows no length
// instruction of that name. No name is the default one.
func (a Adapter) CheckLengthInstruction(name string) error {
	switch {
	case name == "" || slices.Contains(a.LengthInstructions, name):
		return nil
	case len(a.LengthInstructions) == 0:
		return fmt.Errorf("%s has no length instruction, got %q; leave it out", a.Name, name)
	}
	return fmt.Errorf("%s has no length instruction %q%s; want one of %s", a.Name, name,
		DidYouMean(name, a.LengthInstructions), strings.Join(a.LengthInstructions, ", "))
}

// CheckJudgeQueries returns an error if the benchmark leaves no queries of that
// name to judges. No name is none of them.
func (a Adapter) CheckJudgeQueries(name string) error {
	switch {
	case name == "" || slices.Contains(a.JudgeQueries, name):
		return nil
	case len(a.JudgeQueries) == 0:
		return fmt.Errorf("%s leaves no queries to judges, got %q; leave it out", a.Name, name)
	}
	return fmt.Errorf("%s leaves no queries named %q to judges%s; want one of %s", a.Name, name,
		DidYouMean(name, a.JudgeQueries), strings.Join(a.JudgeQueries, ", "))
}

// DidYouMean returns " (did you mean X?)" for the known name that is nearest
// to name by edit distance, or "" if none is near.
func DidYouMean(name string, known []string) string {
	best, least := "", 1+len(name)/2
	for _, k := range known {
		if d := editDistance(strings.ToLower(name), strings.ToLower(k)); d < least {
			best, least = k, d
		}
	}
	if best == "" {
		return ""
	}
	return fmt.Sprintf(" (did you mean %q?)", best)
}

// editDistance is Levenshtein's, in bytes.
func editDistance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
