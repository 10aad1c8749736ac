package needlethreading

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/lcbench/lcbench/benchmarks"
)

// cell is one place of a task's grid.
type cell struct {
	length int  // of the context, in tokens
	chars  bool // length counts characters: a built-in haystack
	repeat int  // from 1
	layout string
	count  int
	depth  *float64
}

// id names a cell's sample.
func (c cell) id(t task) string {
	var row string
	switch t.shape {
	case oneNeedle:
		row = fmt.Sprintf("%d", c.repeat)
	case threads:
		row = fmt.Sprintf("%s-%dx%d-%d", c.layout, c.count, threadSteps, c.repeat)
	default:
		row = fmt.Sprintf("%s-%d-%d", c.layout, c.count, c.repeat)
	}
	if c.chars {
		row += fmt.Sprintf("-%dc", c.length)
		if c.depth != nil {
			row += fmt.Sprintf("-%gp", *c.depth)
		}
		return t.Name + "/" + row
	}
	row += fmt.Sprintf("@%d", c.length)
	if c.depth != nil {
		row += fmt.Sprintf("/%g", *c.depth)
	}
	return t.Name + "/" + row
}

// document names the haystack that a cell is made of.
func (c cell) document() string {
	if c.chars {
		return fmt.Sprintf("%d characters/%d", c.length, c.repeat)
	}
	return fmt.Sprintf("%d tokens/%d", c.length, c.repeat)
}

// plan is what a run tries.
type plan struct {
	lengths []int
	chars   bool
	repeats int
	depths  []float64 // of single needles
	asked   bool      // the user asked for depths
	counts  []int     // nil: the task's own
	o       benchmarks.Options
}

// Upstream draws every cell five times, at eleven depths.
const repeats = 5

func newPlan(o benchmarks.Options) plan {
	p := plan{lengths: o.Lengths, repeats: repeats, depths: o.Depths, asked: len(o.Depths) > 0, counts: o.Shape.Needles, o: o}
	step := 10.0
	if len(p.lengths) == 0 { // built-in: two lengths, few counts, each once
		p.lengths, p.chars, p.repeats, step = []int{4_000, 16_000}, true, 1, 25
		if p.counts == nil {
			p.counts = []int{2, 5}
		}
	}
	if o.Shape.Repeats > 0 {
		p.repeats = o.Shape.Repeats
	}
	for d := 0.0; !p.asked && d <= 100; d += step {
		p.depths = append(p.depths, d)
	}
	return p
}

// countsOf are the counts that a task is tried with: no thread has fewer than
// two steps, and several threads are two or more.
func (p plan) countsOf(t task) []int {
	if t.shape == oneNeedle {
		return []int{1}
	}
	counts := t.counts
	if p.counts != nil {
		counts = p.counts
	}
	if t.shape == oneThread || t.shape == threads {
		counts = slices.DeleteFunc(slices.Clone(counts), func(n int) bool { return n < 2 })
	}
	return counts
}

// layoutsOf are a task's placements or directions: the one asked for, or those
// that the paper compares.
func (p plan) layoutsOf(t task) []string {
	switch t.shape {
	case oneNeedle:
		return []string{"depthwise"}
	case needles, marked:
		if p.o.Shape.Placement != "" {
			return []string{p.o.Shape.Placement}
		}
		return []string{"random", "clustered"}
	}
	if p.o.Shape.Direction != "" {
		return []string{p.o.Shape.Direction}
	}
	return directions()
}

// depthsOf are the depths of a layout: a cluster has one where depths were
// asked for.
func (p plan) depthsOf(t task, layout string) []*float64 {
	if t.shape != oneNeedle && (layout != "clustered" || !p.asked) {
		return []*float64{nil}
	}
	var out []*float64
	for _, d := range p.depths {
		out = append(out, &d)
	}
	return out
}

// cells lists a task's grid in order. Cells that need more pairs than capacity
// says a length has are left out and told of.
func (p plan) cells(t task, capacity func(length int) int) (out []cell, notices []string) {
	for _, length := range p.lengths {
		room := capacity(length)
		var left []string
		counts := slices.DeleteFunc(slices.Clone(p.countsOf(t)), func(n int) bool {
			if t.pairs(n) <= room {
				return false
			}
			left = append(left, strconv.Itoa(n))
			return true
		})
		if len(left) > 0 {
			notices = append(notices, fmt.Sprintf("%s: left out, since %s hold about %d pairs: %s",
				t.Name, sizeName(length, p.chars), max(room, 0), t.named(strings.Join(left, ", "))))
		}
		for repeat := range p.repeats {
			for _, layout := range p.layoutsOf(t) {
				for _, n := range counts {
					for _, d := range p.depthsOf(t, layout) {
						out = append(out, cell{length: length, chars: p.chars, repeat: repeat + 1, layout: layout, count: n, depth: d})
					}
				}
			}
		}
	}
	if len(p.countsOf(t)) == 0 {
		notices = append(notices, t.Name+": left out, since it takes 2 to 25 and --needles names 1")
	}
	return out, notices
}

func sizeName(length int, chars bool) string {
	if chars {
		return fmt.Sprintf("%d characters", length)
	}
	return benchmarks.FormatTokens(length) + " tokens"
}

// spread keeps n cells that lie all over the grid, in the grid's order.
func spread(cells []cell, n int) []cell {
	if n >= len(cells) {
		return cells
	}
	keep := make([]bool, len(cells))
	stride := stride(len(cells))
	for i := range n {
		keep[i*stride%len(cells)] = true
	}
	var out []cell
	for i, c := range cells {
		if keep[i] {
			out = append(out, c)
		}
	}
	return out
}

// stride is the number nearest to 0.618 n that shares no factor with n, so that
// the walk meets every cell.
func stride(n int) int {
	golden := int(math.Round(float64(n) * (math.Sqrt(5) - 1) / 2))
	for off := 0; off < golden; off++ {
		for _, s := range []int{golden + off, golden - off} {
			if gcd(n, s) == 1 {
				return s
			}
		}
	}
	return 1
}

func gcd(a, b int) int {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}
