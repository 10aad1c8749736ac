package m4le

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/lcbench/lcbench/benchmarks"
	"github.com/lcbench/lcbench/scorers"
)

// assemble puts the items into order and numbers them.
func (d *drawing) assemble(last *piece) composition {
	n := len(d.targets) + len(d.others)
	if last != nil {
		n++
	}
	places := d.places(n)
	var out composition
	var b strings.Builder
	var targets []piece
	others := d.others
	padAt := n - 1
	for slices.Contains(places, padAt) {
		padAt--
	}
	for i := range n {
		if i > 0 {
			b.WriteString(d.separator)
		}
		at, isTarget := slices.BinarySearch(places, i)
		var p piece
		switch {
		case isTarget:
			p = d.targets[at]
		case last != nil && i == padAt:
			p = *last
		default:
			p, others = others[0], others[1:]
		}
		if !d.hex {
			p.id = fmt.Sprint(i + 1)
			p.head = d.head(p.short, p.id)
		}
		start := b.Len()
		b.WriteString(p.body())
		if isTarget {
			targets = append(targets, p)
			out.targets = append(out.targets, scorers.Span{Start: start, End: b.Len()})
		}
	}
	out.context = b.String()
	out.tokens = benchmarks.Count(d.tok, out.context)
	out.question, out.answers = d.ends(targets)
	return out
}

// places are the targets' indices among n items, in order.
func (d *drawing) places(n int) []int {
	switch {
	case d.ask != askOne:
		places := benchmarks.Rand(d.seed, d.base, "places").Perm(n)[:len(d.targets)]
		slices.Sort(places)
		return places
	case math.IsNaN(d.place):
		walk := []int{0}
		for i := 4; i < n; i += 5 {
			walk = append(walk, i)
		}
		return []int{walk[d.draw%len(walk)]}
	}
	return []int{int(math.Round(d.place * float64(n-1)))}
}
