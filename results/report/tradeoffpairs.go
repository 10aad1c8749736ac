package report

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/lcbench/lcbench/results/compare"
	"github.com/lcbench/lcbench/scorers"
	"github.com/lcbench/lcbench/scorers/stats"
)

// The axes that differences are taken along.
const (
	alongLength    = "length"
	alongDepth     = "depth"
	alongDiffusion = "diffusion"
	alongScope     = "scope"
)

func axesAlong() []string { return []string{alongLength, alongDepth, alongDiffusion, alongScope} }

// pair sets every other run beside the base.
func (t *Tradeoff) pair(group []*loaded, o Options) {
	from := group[t.Mechanisms[t.base].run]
	base, err := compare.ReadRun(from.dir)
	if err != nil {
		t.Notes = append(t.Notes, "Nothing can be paired: "+reason(err)+".")
	}
	cuts := from.cuts()
	for i := range t.Mechanisms {
		m := &t.Mechanisms[i]
		switch {
		case i == t.base:
		case err != nil:
			m.Unpaired = "the run to pair it with can't be read"
		default:
			t.pairWith(base, m, group[m.run].dir, cuts, o)
		}
	}
}

func (t *Tradeoff) pairWith(base compare.Run, m *Mechanism, dir string, cuts map[string][]compare.Cut, o Options) {
	run, err := compare.ReadRun(dir)
	var p compare.Pairing
	if err == nil {
		p, err = compare.Pair(base, run, func(id string) []compare.Cut { return cuts[id] }, compare.Options{Seed: o.Seed, Resamples: o.Resamples, Layout: o.Layout})
	}
	if err != nil {
		m.Unpaired = reason(err)
		return
	}
	for _, n := range p.Notes {
		if n = strings.TrimPrefix(n, base.Benchmark+": "); !slices.Contains(t.Notes, n) {
			t.Notes = append(t.Notes, n)
		}
	}
	if n := p.Counts; n.OnlyBase+n.OnlyCandidate+n.LostBase+n.LostCandidate > 0 {
		t.Notes = append(t.Notes, fmt.Sprintf("%s: %s in both runs, %d in one of them alone, %d lost in one of them.", m.Name, plural(n.Pairs, "sample"), n.OnlyBase+n.OnlyCandidate, n.LostBase+n.LostCandidate))
	}
	for _, f := range p.Boards {
		for i := range m.Scores {
			// Without a layout the only board has no name.
			if m.Scores[i].Board == f.Board || len(m.Scores) == 1 && len(p.Boards) == 1 {
				s := shiftOf(f)
				m.Scores[i].Difference = &s
			}
		}
	}
	for _, f := range p.Cuts {
		m.By = append(m.By, shiftOf(f))
	}
	slices.SortStableFunc(m.By, func(a, b Shift) int {
		axes := axesAlong()
		return cmp.Or(slices.Index(axes, a.Axis)-slices.Index(axes, b.Axis), cmp.Compare(a.rank(), b.rank()))
	})
}

// reason is an error without the package that it comes from.
func reason(err error) string {
	return strings.TrimPrefix(strings.TrimPrefix(err.Error(), "compare: "), compare.ErrNotComparable.Error()+": ")
}

func shiftOf(f compare.PairedFigure) Shift {
	s := Shift{
		Axis: f.Axis, Part: f.Part, Pairs: f.Pairs, Documents: f.Documents, Points: 100 * f.Difference(), Interval: f.Interval.State,
		Sparse: f.Documents < minShiftDocuments,
	}
	if f.Interval.State == scorers.IntervalOK {
		s.Low, s.High = ends(f.Interval)
	}
	return s
}

// cuts are where each sample lies on the axes, by its id.
func (l *loaded) cuts() map[string][]compare.Cut {
	out := make(map[string][]compare.Cut, len(l.samples))
	for i := range l.samples {
		s := &l.samples[i]
		var own []compare.Cut
		if s.Tokens > 0 {
			own = append(own, compare.Cut{Axis: alongLength, Part: strconv.Itoa(s.Tokens)})
		}
		if part := depthPart(s.Sample); part != "" {
			own = append(own, compare.Cut{Axis: alongDepth, Part: part})
		}
		if s.Axes != nil {
			own = append(own, compare.Cut{Axis: alongDiffusion, Part: stats.LevelOf(s.Axes.Diffusion).String()},
				compare.Cut{Axis: alongScope, Part: stats.LevelOf(s.Axes.Scope).String()})
		}
		out[s.ID] = own
	}
	return out
}

// depthPart is the depth that was asked for, else the fifth of the context that
// the middle of the evidence lies in, as "20-40"; "" where neither is known.
func depthPart(s stats.Sample) string {
	if s.Depth != nil {
		return strconv.FormatFloat(*s.Depth, 'g', 4, 64)
	}
	if len(s.Depths) == 0 {
		return ""
	}
	sum := 0.0
	for _, d := range s.Depths {
		sum += d
	}
	from := 20 * min(4, int(sum/float64(len(s.Depths))/20))
	return fmt.Sprintf("%d-%d", from, from+20)
}

// rank sorts the parts of an axis.
func (s Shift) rank() float64 {
	if at := slices.Index([]string{"low", "mid", "high"}, s.Part); at >= 0 {
		return float64(at)
	}
	number, _, _ := strings.Cut(s.Part, "-")
	v, _ := strconv.ParseFloat(number, 64) // parts are made of numbers
	return v
}

// PartText names the part for people: 4k, 50%, 20–40%, low.
func (s Shift) PartText() string {
	switch s.Axis {
	case alongLength:
		return lengthText(s.rank())
	case alongDepth:
		return strings.ReplaceAll(s.Part, "-", "–") + "%"
	}
	return s.Part
}
