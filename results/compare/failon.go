package compare

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/lcbench/lcbench/benchmarks"
)

// FailOn says what makes a comparison fail. The zero value fails on nothing.
type FailOn struct {
	// Regression: on any unit with that verdict.
	Regression bool
	// Lost: on a sample that was lost in the candidate and not in the base.
	Lost  bool
	named []condition
	// reach: on an effective length that is shorter by more than shorter, a share
	// of it.
	reach   bool
	shorter float64
}

// condition names units; a drop of more than points is looked at.
type condition struct {
	text   string // as written
	level  Level
	part   string // "" any
	points float64
}

// ofReach is the condition on effective lengths.
const ofReach = "effective-length"

// ParseFailOn reads a comma list of
//
//	regression                any unit, by its verdict
//	task=NAME[:POINTS]        also category=, benchmark=, stratum=,
//	                          cell=LENGTH[@DEPTH], diffusion=LEVEL, scope=LEVEL
//	                          (low, mid, high), plane=DIFFUSION/SCOPE
//	benchmark[:POINTS]        the average of any benchmark; overall[:POINTS]
//	effective-length[:SHARE]  an effective length shorter by more than SHARE
//	lost                      a sample that the base didn't lose
//	never                     nothing; alone
//
// A named unit fails if it is worse, by a test corrected for the number of units
// that are named, and by more than POINTS. An effective length fails if its
// interval, corrected for the number of benchmarks, leaves out no change.
func ParseFailOn(list string) (FailOn, error) {
	var f FailOn
	items := strings.Split(list, ",")
	for _, item := range items {
		item = strings.TrimSpace(item)
		if item == "never" && len(items) > 1 {
			return f, fmt.Errorf(`--fail-on %q: "never" stands alone`, list)
		}
		if err := f.add(item); err != nil {
			return f, fmt.Errorf("--fail-on %q: %w", item, err)
		}
	}
	return f, nil
}

// add takes one item of the list in.
func (f *FailOn) add(item string) error {
	switch word, share, tolerated := strings.Cut(item, ":"); {
	case item == "never":
	case item == "regression":
		f.Regression = true
	case item == "lost":
		f.Lost = true
	case word == ofReach:
		f.reach = true
		if !tolerated {
			return nil
		}
		var err error
		if f.shorter, err = strconv.ParseFloat(share, 64); err != nil || !(f.shorter >= 0 && f.shorter < 1) {
			return fmt.Errorf("%q is no share of a length: want 0 or more, below 1 (0.1: up to a tenth shorter is tolerated)", share)
		}
	default:
		c, err := parseCondition(item)
		if err != nil {
			return err
		}
		f.named = append(f.named, c)
	}
	return nil
}

func parseCondition(item string) (condition, error) {
	c := condition{text: item}
	if at := strings.LastIndexByte(item, ':'); at >= 0 {
		points, err := strconv.ParseFloat(item[at+1:], 64)
		if err != nil || !(points >= 0 && points <= 100) {
			return c, fmt.Errorf("%q is no number of points: want 0 to 100", item[at+1:])
		}
		c.points, item = points, item[:at]
	}
	word, part, named := strings.Cut(item, "=")
	c.level, c.part = Level(word), part
	switch {
	case named && part == "":
		return c, fmt.Errorf("want a name behind %q", word+"=")
	case c.level == Overall && named:
		return c, errors.New("overall has no name")
	case !named && c.level != Overall && c.level != Benchmark, !slices.Contains(levels(), c.level):
		return c, errors.New("want regression, lost, never, overall[:POINTS], benchmark[=NAME][:POINTS], category=NAME[:POINTS], task=NAME[:POINTS], cell=LENGTH[@DEPTH][:POINTS], " +
			"diffusion=LEVEL[:POINTS], scope=LEVEL[:POINTS], plane=DIFFUSION/SCOPE[:POINTS], stratum=NAME[:POINTS] or effective-length[:SHARE]")
	}
	return c, c.checkAxis()
}

// checkAxis refuses levels of an axis that don't exist.
func (c condition) checkAxis() error {
	parts := []string{c.part}
	switch c.level {
	case Diffusion, Scope:
	case Plane:
		if parts = strings.Split(c.part, "/"); len(parts) != 2 {
			return fmt.Errorf("plane %q: want DIFFUSION/SCOPE, such as high/low", c.part)
		}
	default:
		return nil
	}
	for _, p := range parts {
		if !slices.Contains([]string{"low", "mid", "high"}, p) {
			return fmt.Errorf("%s %q: want low, mid or high", c.level, p)
		}
	}
	return nil
}

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
	// Two shares of the level, as if averages and parts were named: 2.5% a direction.
	adjust(units, func(Unit) bool { return true }, 2)
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
