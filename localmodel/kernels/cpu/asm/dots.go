//go:build generator

package main

import (
	"fmt"

	"github.com/mmcloughlin/avo/reg"
)

// dots are matvecs over rows of a cache, in its three types: rows that were
// chosen have neighbours that were not, so none is asked for by its place.
func dots(g *gen) {
	g.still = true
	for _, e := range append(expanders(g)[:2:2], int8s(g)) {
		for _, vectors := range []int{1, 2, 4} {
			g.function(fmt.Sprintf("dots%sx%d", e.name, vectors), "matvecArgs",
				fmt.Sprintf("multiplies rows of %s in a cache by %d vectors; see matvecArgs.", e.name, vectors))
			g.matvec(e, vectors)
		}
	}
}

// int8s are 32 numbers of a cache of type Q8, without their scale. It uses the
// first register that no type's sums need.
func int8s(g *gen) expander {
	return expander{name: "Q8", unit: 32, bytes: 32, setup: none, expand: func(g *gen, src reg.GPPhysical, disp int, emit func(int, reg.VecPhysical)) {
		for i := range 32 / g.lanes {
			w := g.v[4*g.chains+i%2]
			g.VPMOVSXBD(at(src, disp+i*g.lanes), w)
			g.VCVTDQ2PS(w, w)
			emit(i, w)
		}
	}}
}
