package compare

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
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
