package compare

import (
	"fmt"
	"slices"
	"strings"

	"github.com/lcbench/lcbench/benchmarks"
)

// matches says whether the condition names the unit.
func (c condition) matches(u Unit) bool {
	return c.level == u.Level && (c.part == "" || slices.Contains(u.namesOf(), c.part))
}

// namesOf are the words by which a condition can name the unit.
func (u Unit) namesOf() []string {
	switch u.Level {
	case Benchmark:
		return []string{u.Benchmark, u.Name}
	case Cell:
		short := strings.NewReplacer(" ", "", "%", "").Replace(strings.TrimSuffix(u.Name, allDepths))
		return []string{u.Part, short, u.Name, strings.TrimSuffix(u.Part, "@all")}
	}
	return []string{u.Part, u.Name}
}

// Failure is a reason for exit code 1.
type Failure struct {
	// Unit or Reach is what became worse; both are nil for lost samples.
	Unit   *Unit
	Reach  *Reach
	Reason string
}

func (f Failure) title() string {
	if f.Reach != nil {
		return "effective length of " + f.Reach.Benchmark
	}
	return f.Unit.Title()
}

// Failures lists why the comparison fails, the largest drop first, then effective
// lengths, samples lost last; none: it passes. A condition that names nothing here is an error.
func (c *Comparison) Failures(f FailOn) ([]Failure, error) {
	failing := map[int]string{}
	if f.Regression {
		for i, u := range c.Units {
			if u.Verdict == Regression {
				failing[i] = fmt.Sprintf("regression, p %s, corrected among %s", showP(u.Adjusted), u.family)
			}
		}
	}
	if err := c.namedFailures(f.named, failing); err != nil {
		return nil, err
	}
	var out []Failure
	for _, i := range c.worstFirst() {
		if reason, ok := failing[i]; ok {
			out = append(out, Failure{Unit: &c.Units[i], Reason: reason})
		}
	}
	shorter, err := c.reachFailures(f)
	if err != nil {
		return nil, err
	}
	out = append(out, shorter...)
	if n := c.newlyLost(); f.Lost && n > 0 {
		out = append(out, Failure{Reason: plural(n, "sample") + " lost in the candidate that the base has"})
	}
	return out, nil
}

// namedFailures adds the units that conditions name, corrected among
// themselves.
func (c *Comparison) namedFailures(named []condition, failing map[int]string) error {
	limits := map[int]condition{}
	for _, n := range named {
		found := false
		for i, u := range c.Units {
			if !n.matches(u) && (n.level != Overall || !c.standsForOverall(i)) {
				continue
			}
			found = true
			if was, ok := limits[i]; !ok || n.points < was.points {
				limits[i] = n
			}
		}
		if !found {
			return fmt.Errorf("--fail-on %q names nothing that both runs have%s", n.text, c.known(n))
		}
	}
	units := make([]Unit, 0, len(limits))
	var at []int
	for i := range c.Units {
		if _, ok := limits[i]; ok {
			units, at = append(units, c.Units[i]), append(at, i)
		}
	}
	adjust(units, func(Unit) bool { return true }, 1)
	for k, u := range units {
		n := limits[at[k]]
		if !u.tooFew && u.Adjusted <= level && u.Points() < -n.points {
			failing[at[k]] = fmt.Sprintf("worse than %s allows, p %s among the units named", n.text, showP(u.Adjusted))
		}
	}
	return nil
}

// standsForOverall: with one benchmark its averages are the whole.
func (c *Comparison) standsForOverall(i int) bool {
	return c.Units[i].Level == Benchmark && !slices.ContainsFunc(c.Units, func(u Unit) bool { return u.Level == Overall })
}

// known says what a condition could have named.
func (c *Comparison) known(n condition) string {
	var names []string
	for _, u := range c.Units {
		if u.Level != n.level {
			continue
		}
		name := u.namesOf()[0]
		if n.level == Cell {
			name = u.namesOf()[1]
		}
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		return fmt.Sprintf(": there is no %s here", n.level)
	}
	return fmt.Sprintf("%s: there is %s", benchmarks.DidYouMean(n.part, names), strings.Join(names, ", "))
}

func (c *Comparison) newlyLost() int {
	n := 0
	for _, l := range c.Lost {
		if !l.InBase {
			n++
		}
	}
	return n
}

// worstFirst orders units by their drop, the largest first.
func (c *Comparison) worstFirst() []int {
	out := make([]int, len(c.Units))
	for i := range out {
		out[i] = i
	}
	slices.SortStableFunc(out, func(a, b int) int {
		switch {
		case c.Units[a].Difference < c.Units[b].Difference:
			return -1
		case c.Units[a].Difference > c.Units[b].Difference:
			return 1
		}
		return 0
	})
	return out
}
