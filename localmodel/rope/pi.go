package rope

// PI is position interpolation: f_i / s, as if positions were divided by s. All
// pairs slow down alike, so that neighbours come closer than in training: it
// wants a short tuning. Source: arXiv 2306.15595 §2.3.
type PI struct{ Factor float64 } // s

// String implements Scaling.
func (p PI) String() string { return "pi:factor=" + number(p.Factor) }

// For implements Scaling.
func (p PI) For(int) Scaling { return p }

// Frequencies implements Scaling.
func (p PI) Frequencies(base float64, d, _ int) ([]float64, float64) {
	f := powers(base, d)
	for i := range f {
		f[i] /= p.Factor
	}
	return f, 1
}

// Step implements Scaling.
func (PI) Step(int) int { return 0 }

// Reach implements Scaling.
func (p PI) Reach(_ float64, _, trained int) float64 { return p.Factor * float64(trained) }
