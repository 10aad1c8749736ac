package stats

import "math"

// matrix is square and symmetric.
type matrix [][]float64

func newMatrix(n int) matrix {
	m := make(matrix, n)
	for i := range m {
		m[i] = make([]float64, n)
	}
	return m
}

// inverse inverts a positive definite matrix by Cholesky's decomposition; false
// if it isn't positive definite to rounding.
func (m matrix) inverse() (matrix, bool) {
	n := len(m)
	l := newMatrix(n)
	for i := range n {
		for j := range i + 1 {
			sum := m[i][j]
			for k := range j {
				sum -= l[i][k] * l[j][k]
			}
			if i != j {
				l[i][j] = sum / l[j][j]
				continue
			}
			if !(sum > 1e-14*m[i][i]) {
				return nil, false
			}
			l[i][i] = math.Sqrt(sum)
		}
	}
	out := newMatrix(n)
	column := make([]float64, n)
	for c := range n {
		for i := range n { // L z = e_c
			sum := 0.0
			if i == c {
				sum = 1
			}
			for k := range i {
				sum -= l[i][k] * column[k]
			}
			column[i] = sum / l[i][i]
		}
		for i := n - 1; i >= 0; i-- { // Lᵀ x = z
			sum := column[i]
			for k := i + 1; k < n; k++ {
				sum -= l[k][i] * out[k][c]
			}
			out[i][c] = sum / l[i][i]
		}
	}
	return out, true
}

// times multiplies with a vector.
func (m matrix) times(v []float64) []float64 {
	out := make([]float64, len(m))
	for i := range m {
		for j, x := range v {
			out[i] += m[i][j] * x
		}
	}
	return out
}

// eigen returns the eigenvalues of a small symmetric matrix and its
// eigenvectors as columns, by cyclic Jacobi rotations. Source: Golub and Van
// Loan, Matrix Computations (2013), §8.5.
func (m matrix) eigen() (values []float64, vectors matrix) {
	n := len(m)
	a, v := newMatrix(n), newMatrix(n)
	for i := range m {
		copy(a[i], m[i])
		v[i][i] = 1
	}
	for range 50 {
		off := 0.0
		for p := range n {
			for q := p + 1; q < n; q++ {
				off += a[p][q] * a[p][q]
				rotate(a, v, p, q)
			}
		}
		if off < 1e-30 {
			break
		}
	}
	for i := range n {
		values = append(values, a[i][i])
	}
	return values, v
}

// rotate makes a[p][q] zero.
func rotate(a, v matrix, p, q int) {
	if a[p][q] == 0 {
		return
	}
	tau := (a[q][q] - a[p][p]) / (2 * a[p][q])
	t := 1 / (math.Abs(tau) + math.Hypot(1, tau))
	if tau < 0 {
		t = -t
	}
	c := 1 / math.Hypot(1, t)
	s := t * c
	for k := range a {
		a[k][p], a[k][q] = c*a[k][p]-s*a[k][q], s*a[k][p]+c*a[k][q]
	}
	for k := range a {
		a[p][k], a[q][k] = c*a[p][k]-s*a[q][k], s*a[p][k]+c*a[q][k]
		v[k][p], v[k][q] = c*v[k][p]-s*v[k][q], s*v[k][p]+c*v[k][q]
	}
}
