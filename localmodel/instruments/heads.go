// Package instruments measures models from within: which heads retrieve, and
// how much of the attention lies on the evidence. It knows weights and tokens,
// not how they came to be.
package instruments

import "slices"

// Copying counts, for each head, how often it copies from a needle while an
// answer is generated: it does when its largest weight lies in the needle, on
// the very token that is produced.
// Source: ../shared/spec/attention.md §11 (arXiv 2404.15574 and its code).
type Copying struct {
	prompt     []int32
	start, end int
	places     []map[int]bool // by head: places of the needle that it copied
	steps      []int          // by head: steps at which it copied
}

// NewCopying watches heads over a needle, tokens [start, end) of a prompt.
func NewCopying(heads int, prompt []int32, start, end int) *Copying {
	c := &Copying{prompt: prompt, start: start, end: end, places: make([]map[int]bool, heads), steps: make([]int, heads)}
	for i := range c.places {
		c.places[i] = map[int]bool{}
	}
	return c
}

// Step takes what was produced and, by head, the weights [tokens so far] of the
// row that produced it. Of equal weights the first is the largest.
func (c *Copying) Step(produced int32, weights [][]float64) {
	for h, w := range weights {
		if len(w) == 0 {
			continue
		}
		at := slices.Index(w, slices.Max(w))
		if at >= c.start && at < c.end && c.prompt[at] == produced {
			c.places[h][at] = true
			c.steps[h]++
		}
	}
}

// Scores returns, by head, the share of the needle that it copied, in 0..1, and
// the figure of the public tool, which counts every step and may exceed 1.
func (c *Copying) Scores() (distinct, everyStep []float64) {
	n := float64(c.end - c.start)
	for h := range c.places {
		distinct = append(distinct, float64(len(c.places[h]))/n)
		everyStep = append(everyStep, float64(c.steps[h])/n)
	}
	return distinct, everyStep
}

// Mass is the mean, over steps, of the attention that each head puts on spans
// of the context. Source: ../shared/spec/instruments.md.
type Mass struct {
	spans [][2]int // of tokens
	sums  []float64
	steps int
}

// NewMass watches heads over spans [start, end) of tokens.
func NewMass(heads int, spans [][2]int) *Mass {
	return &Mass{spans: spans, sums: make([]float64, heads)}
}

// Step takes a row's weights by head.
func (m *Mass) Step(weights [][]float64) {
	m.steps++
	for h, w := range weights {
		for _, s := range m.spans {
			for _, p := range w[min(s[0], len(w)):min(s[1], len(w))] {
				m.sums[h] += p
			}
		}
	}
}

// Means returns, by head, the mean mass; and what attention that falls evenly
// on n tokens would put there.
func (m *Mass) Means(n int) (byHead []float64, even float64) {
	for _, s := range m.sums {
		byHead = append(byHead, s/float64(max(1, m.steps)))
	}
	tokens := 0
	for _, s := range m.spans {
		tokens += s[1] - s[0]
	}
	return byHead, float64(tokens) / float64(max(1, n))
}
