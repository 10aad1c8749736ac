package compare

import (
	"slices"
	"strconv"
	"strings"

	"github.com/lcbench/lcbench/results"
	"github.com/lcbench/lcbench/scorers/stats"
)

// bin is a part of a benchmark that cuts across its tasks.
type bin struct {
	level      Level
	name, part string // as in Unit
	label      string // unlike any other bin's
}

// ofStratum begins the labels of strata.
const ofStratum = "stratum\x00"

// sort puts pairs into cells of length and depth, and into bins of the axes.
func (b *breakdown) sort(c *Comparison) {
	b.labels = make([][]string, len(b.pairs))
	shared := map[string][]string{}
	known := map[string]bool{}
	lengths := b.severalDepths()
	for i, p := range b.pairs {
		bins := p.bins(c, lengths)
		var key strings.Builder
		for _, x := range bins {
			key.WriteString(x.label + "\x01")
			b.put(x.label, p.base.Task, int32(i))
			if !known[x.label] {
				known[x.label] = true
				b.bins = append(b.bins, x)
			}
		}
		if shared[key.String()] == nil {
			for _, x := range bins {
				shared[key.String()] = append(shared[key.String()], x.label)
			}
		}
		b.labels[i] = shared[key.String()]
	}
	if c.cuts == nil {
		b.orderBins()
	}
}

// bins are those that a pair lies in.
func (p pair) bins(c *Comparison, severalDepths map[int]bool) []bin {
	if c.cuts != nil {
		return p.cutBins(c)
	}
	return append(cellBins(p.base.Cell, severalDepths), p.axisBins(c)...)
}

// severalDepths are the lengths that have several depths.
func (b *breakdown) severalDepths() map[int]bool {
	depths := map[int]string{}
	out := map[int]bool{}
	for _, p := range b.pairs {
		cell := p.base.Cell
		if was, seen := depths[cell.Length]; seen && was != cell.Label() {
			out[cell.Length] = true
		}
		depths[cell.Length] = cell.Label()
	}
	return out
}

// allDepths ends the names of lengths that have several depths.
const allDepths = ", all depths"

func cellBins(cell results.Cell, severalDepths map[int]bool) []bin {
	if cell.Length <= 0 {
		return nil
	}
	out := []bin{{Cell, cellName(cell), cell.Label(), "cell\x00" + cell.Label()}}
	if severalDepths[cell.Length] {
		all := strconv.Itoa(cell.Length) + "@all"
		out = append(out, bin{Cell, results.LengthName(cell.Length) + allDepths, all, "cell\x00" + all})
	}
	return out
}

func cellName(c results.Cell) string {
	if c.Depth == nil {
		return results.LengthName(c.Length)
	}
	return results.LengthName(c.Length) + " @ " + strconv.FormatFloat(*c.Depth, 'g', 4, 64) + "%"
}

// axisBins place a pair on the axes. A sample that lies elsewhere in the other
// run, since other evidence was cut off there, has no place, and is counted.
func (p pair) axisBins(c *Comparison) []bin {
	a, b := p.base.Axes, p.candidate.Axes
	switch {
	case a == b:
	case a.State == "" || b.State == "": // a baseline that knows none
		return nil
	default:
		c.Counts.OtherAxes++
		return nil
	}
	if !a.placed() {
		return nil
	}
	d, s := stats.LevelOf(a.Diffusion).String(), stats.LevelOf(a.Scope).String()
	return []bin{
		{Diffusion, d, d, "diffusion\x00" + d}, {Scope, s, s, "scope\x00" + s}, {Plane, d + "/" + s, d + "/" + s, "plane\x00" + d + "/" + s},
	}
}

// orderBins sorts cells by length and depth, then the axes' bins from low to
// high.
func (b *breakdown) orderBins() {
	cells := map[string]results.Cell{}
	for i, p := range b.pairs {
		for _, label := range b.labels[i] {
			cells[label] = p.base.Cell
		}
	}
	levels := []string{"low", "mid", "high"}
	place := func(part string) int {
		d, s, _ := strings.Cut(part, "/")
		return 3*slices.Index(levels, d) + slices.Index(levels, s)
	}
	slices.SortStableFunc(b.bins, func(x, y bin) int {
		order := []Level{Cell, Diffusion, Scope, Plane}
		if n := slices.Index(order, x.level) - slices.Index(order, y.level); n != 0 {
			return n
		}
		if x.level != Cell {
			return place(x.part) - place(y.part)
		}
		xAll, yAll := strings.HasSuffix(x.part, "@all"), strings.HasSuffix(y.part, "@all")
		switch l, m := cells[x.label].Length, cells[y.label].Length; {
		case l != m:
			return l - m
		case xAll:
			return -1
		case yAll:
			return 1
		}
		return compareCells(cells[x.label], cells[y.label])
	})
}
