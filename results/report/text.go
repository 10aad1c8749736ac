package report

import (
	"fmt"
	"math"
	"strconv"

	"github.com/lcbench/lcbench/scorers"
	"github.com/lcbench/lcbench/scorers/stats"
)

// lengthText prints tokens as people write lengths: 4k, 128k, 1M, 9.3k.
func lengthText(tokens float64) string {
	n := int(math.Round(tokens))
	switch {
	case n >= 1<<20 && n%(1<<20) == 0:
		return strconv.Itoa(n>>20) + "M"
	case n >= 1024 && n%1024 == 0:
		return strconv.Itoa(n>>10) + "k"
	case n >= 1_000_000:
		return strconv.FormatFloat(float64(n)/1e6, 'g', 3, 64) + "M"
	case n >= 1000:
		return strconv.FormatFloat(threeFigures(float64(n)/1e3), 'f', -1, 64) + "k"
	}
	return strconv.Itoa(n)
}

// threeFigures rounds to three significant figures.
func threeFigures(v float64) float64 {
	r, err := strconv.ParseFloat(strconv.FormatFloat(v, 'g', 3, 64), 64)
	if err != nil {
		return v
	}
	return r
}

// percentText prints a percentage, "–" where there is none.
func percentText(p *float64) string {
	if p == nil {
		return "–"
	}
	return strconv.FormatFloat(*p, 'f', 1, 64)
}

func rangeText(low, high *float64) string {
	if low == nil || high == nil {
		return "–"
	}
	return percentText(low) + "–" + percentText(high)
}

// figureDigits prints three figures of a number, "–" where there is none.
func figureDigits(v *float64) string {
	if v == nil {
		return "–"
	}
	return strconv.FormatFloat(*v, 'g', 3, 64)
}

// shortRange is an interval in whole percent, for cells.
func shortRange(low, high *float64) string {
	if low == nil || high == nil {
		return "–"
	}
	return fmt.Sprintf("%.0f–%.0f", *low, *high)
}

// whyNone says why there is no interval.
func whyNone(s scorers.IntervalState) string {
	switch s {
	case scorers.IntervalOK:
		return ""
	case scorers.IntervalOneDocument:
		return "no interval: fewer than two documents"
	case scorers.IntervalPartsMissing:
		return "no interval: a part has fewer than two documents"
	case scorers.IntervalNoRows:
		return "no samples"
	case scorers.IntervalNotAsked:
		return "no interval was asked for"
	case stats.IntervalTooSparse:
		return "no interval: too few documents hold all that it needs"
	}
	return "no interval"
}

// depthText prints a depth, "" where none was asked for.
func depthText(d *float64) string {
	if d == nil {
		return ""
	}
	return strconv.FormatFloat(*d, 'g', 4, 64) + "%"
}

// signed prints a number with its sign.
func signed(v float64) string {
	if v < 0 {
		return "−" + strconv.FormatFloat(-v, 'f', 2, 64)
	}
	return "+" + strconv.FormatFloat(v, 'f', 2, 64)
}

// grouped prints an integer with a comma between thousands.
func grouped(n int) string {
	s := strconv.Itoa(n)
	for at := len(s) - 3; at > 0 && s[at-1] != '-'; at -= 3 {
		s = s[:at] + "," + s[at:]
	}
	return s
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return grouped(n) + " " + noun + "s"
}

// text of a length: 2.1k, > 16k, < 1k, or why there is none.
func (l Length) text() string {
	switch {
	case l.State == stats.LengthNoBaseline:
		return "at the floor"
	case l.State == stats.LengthUntested || l.Tokens == nil:
		return "not tested"
	case l.State == stats.LengthAbove:
		return "> " + lengthText(*l.Tokens)
	case l.State == stats.LengthBelow:
		return "< " + lengthText(*l.Tokens)
	}
	return lengthText(*l.Tokens)
}

// Text of an effective length.
func (e EffectiveLength) Text() string { return e.text() }

// Range is its interval, "–" where there is none.
func (e EffectiveLength) Range() string {
	if e.Low == nil || e.High == nil {
		return "–"
	}
	if e.Low.text() == e.High.text() {
		return e.Low.text()
	}
	return e.Low.text() + " to " + e.High.text()
}

// Apart is the interval where it says more than the figure does.
func (e EffectiveLength) Apart() string {
	if e.Low == nil || e.Range() == e.Text() {
		return ""
	}
	return e.Range()
}

// weaknessText names what costs a model most.
func (d Difficulty) weaknessText() string {
	switch d.Weakness {
	case stats.WeaknessLength:
		return "longer contexts"
	case stats.WeaknessMiddle:
		return "evidence in the middle"
	case stats.WeaknessEnds:
		return "evidence at the ends"
	case stats.WeaknessDiffusion:
		return "evidence that is hard to find (diffusion)"
	case stats.WeaknessScope:
		return "much evidence (scope)"
	}
	switch {
	case d.State == stats.StateNoSamples && len(d.Uniform) > 0:
		return "nothing: all scores are alike"
	case d.State != stats.StateOK:
		return "not known: " + d.why()
	}
	return "no axis stands out"
}

// why says why there is no difficulty model.
func (d Difficulty) why() string {
	switch d.State {
	case stats.StateNoSamples:
		return "no length, depth or axes"
	case stats.StateOneDocument, stats.StateTooFewSamples:
		return "too few documents"
	case stats.StateAdaptive:
		return "the run was adaptive"
	}
	return string(d.State)
}

// cost is the axis that a weakness is about.
func (d Difficulty) cost() (AxisCost, bool) {
	axis := stats.Axis(d.Weakness)
	if d.Weakness == stats.WeaknessMiddle || d.Weakness == stats.WeaknessEnds {
		axis = stats.AxisDepth
	}
	for _, a := range d.Axes {
		if a.Axis == axis {
			return a, true
		}
	}
	return AxisCost{}, false
}

// signedPoints prints points with their sign.
func signedPoints(v float64) string {
	if v < 0 {
		return "−" + strconv.FormatFloat(-v, 'f', 1, 64)
	}
	return "+" + strconv.FormatFloat(v, 'f', 1, 64)
}
