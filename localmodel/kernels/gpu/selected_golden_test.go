package gpu

import (
	"math"

	"github.com/lcbench/lcbench/localmodel/attention"
)

// squeezed looks the user's queries up among the centroids, and merges attention
// over the context's keys that were kept with that over the user's own.
func (g *goldenRun) squeezed() {
	kf, shape := g.tokens("k_fix")
	vf, _ := g.tokens("v_fix")
	ku, us := g.tokens("k_usr")
	vu, vs := g.tokens("v_usr")
	g.kvHeads, g.keyDim, g.valueDim, g.keys = us[0], us[2], vs[2], us[1]
	n, rows := shape[1], g.n*g.heads
	s, q := g.d.Begin(), input(g.t, g.d, g.q)
	fine, fineScores := g.centroidScores(s, q, "centroids")
	coarse, upper := 0, []float32(nil)
	if g.number("levels") == 2 {
		var scores *Buffer
		coarse, scores = g.centroidScores(s, q, "coarse_centroids")
		upper = make([]float32, rows*coarse)
		s.ReadFloats(scores, 0, upper)
	}
	scores := run(g.t, s, fineScores, rows*fine)
	keep, _ := g.Tensor(g.t, "keep")
	var jobs []ChosenJob
	for h := range g.heads {
		seen := g.kept(h, n, scores, fine, upper, coarse)
		for j, yes := range seen {
			if yes != (keep[h*n+j] == 1) {
				g.t.Fatalf("head %d keeps key %d: %t", h, j, yes)
			}
		}
		jobs = append(jobs, ChosenJob{Head: g.kvOf(h), Row: h, Out: h, Rows: g.n, Keys: those(n, func(j int) bool { return seen[j] })})
	}
	s = g.d.Begin()
	p := g.partials(2, rows)
	s.AttendChosen(p, 0, q, rows, g.cache(s, kf, vf), g.choice(1, jobs), g.attention())
	s.AttendPart(p, 1, q, g.cache(s, ku, vu), g.attention(), g.n)
	g.merged(s, p)
}

// kept says which of the context's n keys a head keeps, by the scores of its
// queries against the centroids of one level or two, and compares the shares.
func (g *goldenRun) kept(h, n int, scores []float32, fine int, upper []float32, coarse int) []bool {
	g.t.Helper()
	labels, all, seen := g.labels("labels", h, n), make([]bool, n), make([]bool, n)
	for j := range all {
		all[j], seen[j] = true, true
	}
	per, _ := g.Tensor(g.t, "per_key_score")
	shares := g.shares(scores, fine, h, labels, all)
	for j, l := range labels {
		if w := per[h*n+j]; math.Abs(shares[l]-w) > 1e-6 {
			g.t.Fatalf("head %d: the share of key %d is %g, want %g", h, j, shares[l], w)
		}
	}
	if coarse > 0 {
		parents, up := g.labels("coarse_of_fine", h, fine), make([]int, n)
		for j, l := range labels {
			up[j] = parents[l]
		}
		above(seen, g.shares(upper, coarse, h, up, all), up, g.Number("coarse_threshold", 0))
	}
	above(seen, g.shares(scores, fine, h, labels, seen), labels, g.Number("threshold", 0))
	return seen
}

// centroidScores dispatches the lookup: [n, heads, clusters].
func (g *goldenRun) centroidScores(s *Step, q *Buffer, name string) (clusters int, scores *Buffer) {
	table, shape := g.tokens(name)
	out := output(g.t, g.d, g.n*g.heads*shape[1])
	s.Scores(out, q, input(g.t, g.d, table), g.n, g.heads, g.kvHeads, shape[1], g.keyDim, invSqrt(g.keyDim))
	return shape[1], out
}

// labels are those of a query head's kv head.
func (g *goldenRun) labels(name string, h, n int) []int {
	x, _ := g.Tensor(g.t, name)
	out := make([]int, n)
	for i := range out {
		out[i] = int(x[g.kvOf(h)*n+i])
	}
	return out
}

// shares estimates the share of one key of each cluster, the mean over the rows
// of a head; only keys that are seen count.
func (g *goldenRun) shares(scores []float32, clusters, h int, labels []int, seen []bool) []float64 {
	counts := make([]float64, clusters)
	for j, l := range labels {
		if seen[j] {
			counts[l]++
		}
	}
	out := make([]float64, clusters)
	for t := range g.n {
		row, sum := scores[(t*g.heads+h)*clusters:][:clusters], 0.0
		for c, s := range row {
			sum += counts[c] * math.Exp(float64(s))
		}
		for c, s := range row {
			out[c] += math.Exp(float64(s)) / sum / float64(g.n)
		}
	}
	return out
}

// above drops the keys whose clusters' shares don't exceed a threshold.
func above(seen []bool, shares []float64, labels []int, threshold float64) {
	for j, l := range labels {
		seen[j] = seen[j] && shares[l] > threshold
	}
}

// evict sums up what the prompt's keys receive, chooses by it, and lets the next
// token attend to what is kept.
func (g *goldenRun) evict() {
	prompt, window := g.number("prompt"), g.number("window")
	s := g.d.Begin()
	c := g.cache(s, g.k, g.v)
	observed := window
	if g.Params["method"] == "h2o" {
		observed = prompt
	}
	observed = min(observed, prompt)
	width := g.heads * g.keyDim
	q := input(g.t, g.d, g.q[(prompt-observed)*width:prompt*width])
	a := g.attention()
	a.Window = 0 // the case's window is that of the queries
	a.Pos, a.LSE = prompt-observed, output(g.t, g.d, observed*g.heads)
	out, sums := output(g.t, g.d, observed*g.heads*g.valueDim), input(g.t, g.d, make([]float32, g.heads*prompt))
	s.Attend(out, q, c, g.scratch(), a, observed)
	s.ColumnSums(sums, q, a.LSE, c, a, observed, prompt)
	received := g.ran(s, sums, g.heads*prompt)

	keep, per := g.chooseKept(wide(received), prompt, window), 1
	if len(keep) < g.heads {
		per = g.heads / g.kvHeads
	}
	var jobs []ChosenJob
	for h := range g.heads {
		kept := keep[h/per]
		g.sameChoice("keep", h/per*len(kept), kept)
		set := map[int]bool{prompt: true} // the token itself
		for _, j := range kept {
			set[j] = true
		}
		jobs = append(jobs, ChosenJob{Head: g.kvOf(h), Row: h, Out: h, Rows: 1, Keys: those(prompt+1, func(j int) bool { return set[j] })})
	}
	s = g.d.Begin()
	p, a := g.partials(3, g.heads), g.attention()
	a.Parts = 3
	s.AttendChosen(p, 0, input(g.t, g.d, g.q[prompt*width:]), g.heads, c, g.choice(1, jobs), a)
	next, lse := output(g.t, g.d, p.Rows*p.Dim), output(g.t, g.d, p.Rows)
	s.Merge(next, lse, p, 3)
	g.check("o_next", run(g.t, s, next, p.Rows*p.Dim))
}

// chooseKept is the choice by sums [heads, n], for each head or kv head.
func (g *goldenRun) chooseKept(sums []float64, n, window int) [][]int {
	heads, older, take := g.heads, n-window, g.number("capacity")-window
	if g.Params["per_kv"] == true {
		group := g.heads / g.kvHeads
		heads = g.kvHeads
		for i := range heads * n {
			total := 0.0
			for r := range group {
				total += sums[(i/n*group+r)*n+i%n]
			}
			sums[i] = total / float64(group)
		}
	}
	if g.Params["method"] == "pyramidkv" && n >= 2*take && n >= take+window {
		least := take / int(g.Number("beta", 20))
		most := 2*take - least
		if most >= older {
			most, least = older, 2*take-older
		}
		take = most - g.number("layer")*((most-least)/max(1, g.number("layers")-1))
	}
	var keep [][]int
	for h := range heads {
		switch scores := sums[h*n:][:max(older, 0)]; {
		case n < g.number("capacity"):
			keep = append(keep, from0(n))
			continue
		case g.Params["method"] == "streaming":
			keep = append(keep, from0(take))
		case g.Params["method"] == "h2o":
			keep = append(keep, attention.TopK(scores, take))
		default:
			keep = append(keep, attention.TopK(g.pooled(scores), take))
		}
		for j := older; j < n; j++ {
			keep[h] = append(keep[h], j)
		}
	}
	return keep
}

// pooled are the means, or largest, of neighbours; zeros lie beyond the ends.
func (g *goldenRun) pooled(scores []float64) []float64 {
	kernel := int(g.Number("kernel", 5))
	out := make([]float64, len(scores))
	for i := range out {
		for j := max(0, i-kernel/2); j < min(len(scores), i-kernel/2+kernel); j++ {
			if g.Params["pooling"] == "max" {
				out[i] = max(out[i], scores[j])
			} else {
				out[i] += scores[j] / float64(kernel)
			}
		}
	}
	return out
}
