package rope

// E2LLM is a model tuned by E2-LLM at work: position interpolation by g, the
// stretch that is needed. What is its own happens in training, where samples of
// the short length get TrainingPositions with a fresh g and offset each.
// Source: arXiv 2401.06951 §3.
type E2LLM struct{ G float64 }

// String implements Scaling.
func (e E2LLM) String() string { return "e2llm:g=" + number(e.G) }

// For implements Scaling.
func (e E2LLM) For(int) Scaling { return e }

// Frequencies implements Scaling.
func (e E2LLM) Frequencies(base float64, d, n int) ([]float64, float64) {
	return PI{e.G}.Frequencies(base, d, n)
}

// Step implements Scaling.
func (E2LLM) Step(int) int { return 0 }

// Reach implements Scaling.
func (e E2LLM) Reach(base float64, d, trained int) float64 {
	return PI{e.G}.Reach(base, d, trained)
}

// TrainingPositions are the positions [n] of one training sample: (p + offset) / g,
// without the offset for the first protected tokens. That those are 4 is
// inferred from the paper's text, which does not give their number.
func TrainingPositions(n int, g, offset float64, protected int) []float64 {
	at := make([]float64, n)
	for p := range at {
		at[p] = float64(p)
		if p >= protected {
			at[p] += offset
		}
		at[p] /= g
	}
	return at
}
