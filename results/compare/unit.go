package compare

import "fmt"

// Verdict is what a comparison comes to.
type Verdict string

// The verdicts.
const (
	Regression  Verdict = "regression"
	Improvement Verdict = "improvement"
	NoneSeen    Verdict = "no difference seen"
	TooFew      Verdict = "too few samples"
)

// Level is what a unit is a part of.
type Level string

// The levels, from the whole to the parts.
const (
	Overall   Level = "overall"
	Benchmark Level = "benchmark"
	Category  Level = "category"
	Task      Level = "task"
	Cell      Level = "cell"
	Diffusion Level = "diffusion"
	Scope     Level = "scope"
	Plane     Level = "plane"
	Stratum   Level = "stratum"
)

// levels lists them in the order of tables.
func levels() []Level {
	return []Level{Overall, Benchmark, Category, Task, Cell, Diffusion, Scope, Plane, Stratum}
}

// Unit is a set of samples that is judged as one. Scores are in 0..1: the
// benchmark's own figures over the pairs, as in a run's table.
type Unit struct {
	Level     Level
	Benchmark string // its name; "" overall
	// Name is for people: hotpotqa; Code Completion, en; 8k @ 50%.
	Name string
	// Part is what --fail-on names: the task, the category without its board, the
	// cell as 8192@50 (8192@all over all depths), a level of an axis, high/low of
	// both, the stratum.
	Part string

	Pairs, Documents int
	Base, Candidate  float64
	// Difference is Candidate - Base; Low and High are its 95% interval, not
	// corrected for the number of units. Without HasInterval there is none.
	Difference, Low, High float64
	HasInterval           bool
	// P is the two-sided p of the sign-flip test by document. Adjusted is the
	// same by Holm among the units of the family that went the same way, times the
	// number of families.
	P, Adjusted float64
	// Detectable is the smallest true difference that would have been called a
	// regression or an improvement four times out of five; 0: unknown.
	Detectable float64
	// Where every score is right or wrong: how many samples only the base, or only
	// the candidate, has right, and the p of exact McNemar.
	Binary                  bool
	OnlyBase, OnlyCandidate int
	McNemar                 float64
	Verdict                 Verdict
	// tooFew: with so few documents no outcome could have passed.
	tooFew bool
	// family is the units that Holm corrects together.
	family family
	key    uint64 // of its hypothesis
	// standard error of the difference, 0: unknown, with its degrees of freedom
	error   float64
	freedom int
}

// Points is the difference in percentage points.
func (u Unit) Points() float64 { return 100 * u.Difference }

// Title names the unit with its level: task hotpotqa of longbench.
func (u Unit) Title() string {
	switch u.Level {
	case Overall:
		return "overall"
	case Benchmark:
		return u.Name
	}
	return fmt.Sprintf("%s %s of %s", u.Level, u.Name, u.Benchmark)
}
