package stats

import "math"

// studentTwoSided is P(|T| ≥ t) of Student's t with df degrees of freedom, df
// above 0. Source: Abramowitz and Stegun, 26.7.1 with 26.5.27.
func studentTwoSided(t, df float64) float64 {
	return incompleteBeta(df/(df+t*t), df/2, 0.5)
}

// studentQuantile975 is the 97.5 % quantile of Student's t.
func studentQuantile975(df float64) float64 { return studentQuantile(0.025, df) }

// studentQuantile is what Student's t exceeds with a chance of tail, below ½, by
// bisection.
func studentQuantile(tail, df float64) float64 {
	low, high := 0.0, 2.0
	for studentTwoSided(high, df) > 2*tail {
		low, high = high, 2*high
	}
	for high-low > 1e-13*high {
		middle := low + (high-low)/2
		if studentTwoSided(middle, df) > 2*tail {
			low = middle
		} else {
			high = middle
		}
	}
	return low + (high-low)/2
}

// incompleteBeta is the regularised incomplete beta function I_x(a, b), by its
// continued fraction on the side where that converges. Source: DLMF 8.17.22.
func incompleteBeta(x, a, b float64) float64 {
	switch {
	case x <= 0:
		return 0
	case x >= 1:
		return 1
	case x > (a+1)/(a+b+2):
		return 1 - incompleteBeta(1-x, b, a)
	}
	la, _ := math.Lgamma(a)
	lb, _ := math.Lgamma(b)
	lab, _ := math.Lgamma(a + b)
	front := math.Exp(lab - la - lb + a*math.Log(x) + b*math.Log1p(-x))
	return front / a * betaFraction(x, a, b)
}

// betaFraction evaluates the fraction from the front (modified Lentz).
func betaFraction(x, a, b float64) float64 {
	const smallest = 1e-300
	away := func(v float64) float64 {
		if math.Abs(v) < smallest {
			return smallest
		}
		return v
	}
	d := 1 / away(1-(a+b)*x/(a+1))
	c, f := 1.0, d
	for i := 1; i < 1000; i++ {
		m := float64(i)
		even := m * (b - m) * x / ((a + 2*m - 1) * (a + 2*m))
		d = 1 / away(1+even*d)
		c = away(1 + even/c)
		f *= d * c
		odd := -(a + m) * (a + b + m) * x / ((a + 2*m) * (a + 2*m + 1))
		d = 1 / away(1+odd*d)
		c = away(1 + odd/c)
		f *= d * c
		if math.Abs(d*c-1) < 1e-16 {
			break
		}
	}
	return f
}
