package scorers

import (
	"math"
)

// Axes are the two axes of a sample's difficulty, each in 0..1. Diffusion says
// how hard the needed information is to find, Scope how much of the context is
// needed. The axes are those of Goldman et al., arXiv 2407.00402, which gives no
// formula: the measures are lcbench's own.
type Axes struct {
	// Diffusion is the mean of the three below.
	Diffusion float64 `json:"diffusion"`
	Scope     float64 `json:"scope"`
	// Dispersion says over how many places the evidence lies, Obscurity how badly
	// a search for the question's words finds it, Chain how many steps have to be
	// taken one after the other.
	Dispersion float64 `json:"dispersion"`
	Obscurity  float64 `json:"obscurity"`
	Chain      float64 `json:"chain"`
}

// Located is a sample's context with what is known of its evidence.
type Located struct {
	Context  string
	Question string
	// Evidence are byte ranges of Context, EvidenceTokens the same places as
	// ranges of its tokens. They may overlap; empty ones are ignored.
	Evidence       []Span
	EvidenceTokens []Span
	// Tokens is the number of the context's tokens.
	Tokens int
	// Hops is the number of steps that must be chained; below 1 it is 1.
	Hops int
	// Alternatives is how many sets of places are known of which any one
	// suffices; Evidence is the smallest of them (SmallestSet). Below 1 it is 1.
	Alternatives int
}

// MeasureAxes measures a sample's axes, and what is reported beside them.
// Evidence outside the context is an error; a context without tokens has axes
// of 0 but for its chain, and its caller should say that it has none.
func MeasureAxes(l Located) (Axes, Beside, error) {
	bytes, err := mergedSpans(l.Evidence, len(l.Context), "bytes")
	if err != nil {
		return Axes{}, Beside{}, err
	}
	tokens, err := mergedSpans(l.EvidenceTokens, l.Tokens, "tokens")
	if err != nil {
		return Axes{}, Beside{}, err
	}
	found := search(l.Context, l.Question, bytes)
	a := Axes{
		Scope:      axisScope(tokens, l.Tokens),
		Dispersion: axisDispersion(tokens, l.Tokens),
		Obscurity:  found.obscurity(),
		Chain:      1 - 1/float64(max(1, l.Hops)),
	}
	a.Diffusion = (a.Dispersion + a.Obscurity + a.Chain) / 3
	beside := Beside{Extent: extent(tokens, l.Tokens), Overlap: found.overlap, Distractor: found.distractor()}
	if len(tokens) > 0 {
		beside.Redundancy = max(1, l.Alternatives)
	}
	return a, beside, nil
}

// scopeUnit is the number of tokens from which scope grows by its logarithm.
const scopeUnit = 32

// axisScope is ln(1 + T/32) / ln(1 + N/32), T the evidence's tokens, N the
// context's; 0 of an empty context.
func axisScope(tokens []Span, n int) float64 {
	if n == 0 {
		return 0
	}
	return math.Log(1+float64(totalLength(tokens))/scopeUnit) / math.Log(1+float64(n)/scopeUnit)
}

// dispersionParts is into how many equal parts a context is cut for dispersion.
const dispersionParts = 10

// axisDispersion is the entropy of the evidence's tokens over ten equal parts of
// the context, divided by ln 10; spans are merged.
func axisDispersion(tokens []Span, n int) float64 {
	total := float64(totalLength(tokens))
	if total == 0 {
		return 0
	}
	var mass [dispersionParts]float64
	for _, s := range tokens {
		for b := range mass {
			from := float64(b*n) / dispersionParts
			to := float64((b+1)*n) / dispersionParts
			mass[b] += max(0, min(float64(s.End), to)-max(float64(s.Start), from))
		}
	}
	entropy := 0.0
	for _, m := range mass {
		if m > 0 {
			entropy -= m / total * math.Log(m/total)
		}
	}
	return math.Abs(entropy) / math.Log(dispersionParts)
}

// Level is a third of an axis.
type Level string

// The levels. A value on a border is in the higher one.
const (
	LevelLow  Level = "low"
	LevelMid  Level = "mid"
	LevelHigh Level = "high"
)

// levelSlack lets a value that is a border but for rounding be on it: the
// diffusion of a whole document comes out as 0.33333333333333326.
const levelSlack = 1e-9

// LevelOf returns the level of a value of either axis.
func LevelOf(value float64) Level {
	switch value += levelSlack; {
	case value < 1./3:
		return LevelLow
	case value < 2./3:
		return LevelMid
	}
	return LevelHigh
}

// Value is the middle of the level, which stands for samples whose evidence is
// not known: 1/6, 1/2 or 5/6.
func (l Level) Value() float64 {
	switch l {
	case LevelLow:
		return 1. / 6
	case LevelMid:
		return 1. / 2
	}
	return 5. / 6
}
