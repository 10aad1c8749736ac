package stats

import "math"

// logit is a logistic regression of responses in 0..1 with an intercept a
// block: quasi-likelihood, so that proportions do. Source: Papke and Wooldridge,
// Journal of Applied Econometrics 11 (1996), eq. 4-5.
type logit struct {
	x       [][]float64 // [rows, axes]
	y       []float64
	block   []int // of each row, below blocks
	blocks  int
	cluster []int // of each row, below clusters
	// clusters are the documents.
	clusters int
}

// fitted are a model's coefficients: the axes', then the intercepts.
type fitted struct {
	beta []float64
	// bread is the inverse of the information at beta.
	bread matrix
	// converged says that the likelihood has its maximum at beta. Where the data
	// are separated there is none (Albert and Anderson, Biometrika 71, 1984), and
	// step, Newton's last, points to where it runs away.
	converged bool
	step      []float64
}

// farthest bounds the linear predictor: odds of e^30 are separation in all but
// name.
const farthest = 30

// fit maximises the likelihood by Newton's method with halved steps. It is
// concave, so that the method finds its maximum if there is one.
func (l logit) fit(axes []int) fitted {
	f := fitted{beta: l.start(len(axes))}
	likelihood := l.likelihood(axes, f.beta)
	for range 60 {
		gradient, information := l.derivatives(axes, f.beta)
		bread, definite := information.inverse()
		if !definite {
			return f
		}
		f.bread, f.step = bread, bread.times(gradient)
		if l.reach(axes, f.step) < 1e-9 {
			f.converged = true
			return f
		}
		scale := 1.0
		next, gained := add(f.beta, f.step, scale), 0.0
		for range 40 {
			gained = l.likelihood(axes, next)
			if gained >= likelihood-1e-12*math.Abs(likelihood) {
				break
			}
			scale /= 2
			next = add(f.beta, f.step, scale)
		}
		f.beta, likelihood = next, gained
		if l.reach(axes, f.beta) > farthest {
			return f
		}
	}
	return f
}

func add(a, b []float64, scale float64) []float64 {
	out := make([]float64, len(a))
	for i := range a {
		out[i] = a[i] + scale*b[i]
	}
	return out
}

// start is the model without axes: every block at its own mean, which is
// neither 0 nor 1.
func (l logit) start(axes int) []float64 {
	beta := make([]float64, axes+l.blocks)
	sums, counts := make([]float64, l.blocks), make([]float64, l.blocks)
	for i, y := range l.y {
		sums[l.block[i]] += y
		counts[l.block[i]]++
	}
	for b := range sums {
		beta[axes+b] = math.Log(sums[b] / (counts[b] - sums[b]))
	}
	return beta
}

func (l logit) predictor(row int, axes []int, beta []float64) float64 {
	eta := beta[len(axes)+l.block[row]]
	for k, a := range axes {
		eta += beta[k] * l.x[row][a]
	}
	return eta
}

// reach is the largest predictor in size.
func (l logit) reach(axes []int, beta []float64) float64 {
	most := 0.0
	for i := range l.y {
		most = max(most, math.Abs(l.predictor(i, axes, beta)))
	}
	return most
}

func (l logit) likelihood(axes []int, beta []float64) float64 {
	sum := 0.0
	for i, y := range l.y {
		eta := l.predictor(i, axes, beta)
		// y·η − ln(1 + e^η), without overflow
		sum += y*eta - max(eta, 0) - math.Log1p(math.Exp(-math.Abs(eta)))
	}
	return sum
}

func sigmoid(eta float64) float64 { return 1 / (1 + math.Exp(-eta)) }

// derivatives are the gradient and the information of the likelihood.
func (l logit) derivatives(axes []int, beta []float64) ([]float64, matrix) {
	p := len(axes)
	gradient, information := make([]float64, len(beta)), newMatrix(len(beta))
	for i, y := range l.y {
		mu := sigmoid(l.predictor(i, axes, beta))
		w, r, b := mu*(1-mu), y-mu, p+l.block[i]
		gradient[b] += r
		information[b][b] += w
		for k, a := range axes {
			v := l.x[i][a]
			gradient[k] += r * v
			information[b][k] += w * v
			for m := range k + 1 {
				information[k][m] += w * v * l.x[i][axes[m]]
			}
		}
	}
	for i := range information {
		for j := range i {
			information[j][i] = information[i][j]
		}
	}
	return gradient, information
}

// sandwich is the cluster-robust covariance of the coefficients, with the
// correction G/(G−1). Source: Liang and Zeger, Biometrika 73 (1986), with
// independence as the working model; the correction as in Cameron and Miller,
// Journal of Human Resources 50 (2015), §II.C.
func (l logit) sandwich(axes []int, f fitted) matrix {
	n := len(f.beta)
	scores := make([][]float64, l.clusters)
	for i, y := range l.y {
		g := l.cluster[i]
		if scores[g] == nil {
			scores[g] = make([]float64, n)
		}
		r := y - sigmoid(l.predictor(i, axes, f.beta))
		scores[g][len(axes)+l.block[i]] += r
		for k, a := range axes {
			scores[g][k] += r * l.x[i][a]
		}
	}
	out := newMatrix(n)
	for _, s := range scores {
		u := f.bread.times(s)
		for i := range u {
			for j := range u {
				out[i][j] += u[i] * u[j]
			}
		}
	}
	correction := float64(l.clusters) / float64(l.clusters-1)
	for i := range out {
		for j := range out[i] {
			out[i][j] *= correction
		}
	}
	return out
}

// scoreTest is the cluster-robust score statistic of an axis that the fitted
// model leaves out, about standard normal where the axis plays no part; it
// exists where the axis's own estimate runs away. Source: Boos, The American
// Statistician 46 (1992), eq. 10.
func (l logit) scoreTest(axes []int, f fitted, axis int) float64 {
	p := len(axes)
	// The part of the axis that the model's columns don't hold, by weights.
	cross := make([]float64, len(f.beta))
	mus := make([]float64, len(l.y))
	for i := range l.y {
		mus[i] = sigmoid(l.predictor(i, axes, f.beta))
		wx := mus[i] * (1 - mus[i]) * l.x[i][axis]
		cross[p+l.block[i]] += wx
		for k, a := range axes {
			cross[k] += wx * l.x[i][a]
		}
	}
	on := f.bread.times(cross)
	sums := make([]float64, l.clusters)
	for i, y := range l.y {
		sums[l.cluster[i]] += (y - mus[i]) * (l.x[i][axis] - l.predictor(i, axes, on))
	}
	total, squares := 0.0, 0.0
	for _, s := range sums {
		total += s
		squares += s * s
	}
	if squares == 0 {
		return 0
	}
	return total / math.Sqrt(squares)
}
