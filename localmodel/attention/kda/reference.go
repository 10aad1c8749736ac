package kda

import "math"

// Sequence64 is one head of a sequence in float64, rows of numbers: what the
// two references take.
type Sequence64 struct {
	Q, K, V, Decay [][]float64
	Beta           []float64
	Scale          float64
}

// Recurrent64 is the definition: it takes state [keyDim][valueDim] through the
// tokens, in place, and returns their rows.
func Recurrent64(s Sequence64, state [][]float64) [][]float64 {
	out := make([][]float64, len(s.Q))
	for t, k := range s.K {
		missing := append([]float64(nil), s.V[t]...)
		for x, row := range state {
			for y := range row {
				row[y] *= math.Exp(s.Decay[t][x])
				missing[y] -= k[x] * row[y]
			}
		}
		out[t] = make([]float64, len(missing))
		for x, row := range state {
			for y := range row {
				row[y] += s.Beta[t] * k[x] * missing[y]
				out[t][y] += s.Scale * s.Q[t][x] * row[y]
			}
		}
	}
	return out
}

// Chunked64 is the same by chunks of rows tokens, the formulas as they are
// published: W and U are the WY pair, V' = U - W S the rows' corrections.
func Chunked64(s Sequence64, rows int, state [][]float64) [][]float64 {
	var out [][]float64
	for from := 0; from < len(s.Q); from += rows {
		to := min(from+rows, len(s.Q))
		part := Sequence64{s.Q[from:to], s.K[from:to], s.V[from:to], s.Decay[from:to], s.Beta[from:to], s.Scale}
		out = append(out, part.chunk(state)...)
	}
	return out
}

func (s Sequence64) chunk(state [][]float64) [][]float64 {
	n, total := len(s.Q), s.totals()
	w, u := s.pair(total)
	fixed, out := make([][]float64, n), make([][]float64, n)
	for i := range n {
		fixed[i] = append([]float64(nil), u[i]...)
		out[i] = make([]float64, len(u[i]))
		for x, row := range state {
			q := s.Scale * s.Q[i][x] * math.Exp(total[i][x])
			for y, v := range row {
				fixed[i][y] -= w[i][x] * v
				out[i][y] += q * v
			}
		}
		for j := range i + 1 {
			p := s.Scale * between(s.Q[i], s.K[j], total[i], total[j])
			for y := range out[i] {
				out[i][y] += p * fixed[j][y]
			}
		}
	}
	for x, row := range state {
		for y := range row {
			row[y] *= math.Exp(total[n-1][x])
			for i := range n {
				row[y] += s.K[i][x] * math.Exp(total[n-1][x]-total[i][x]) * fixed[i][y]
			}
		}
	}
	return out
}

// totals are the sums of log decays from the chunk's first row on, inclusive.
func (s Sequence64) totals() [][]float64 {
	out := make([][]float64, len(s.Decay))
	for i, g := range s.Decay {
		out[i] = append([]float64(nil), g...)
		for x := range g {
			if i > 0 {
				out[i][x] += out[i-1][x]
			}
		}
	}
	return out
}

// pair is W = T exp(G) K and U = T V, with T = (I+A)^-1 diag(beta): row by row,
// each row's own less what the rows above put under its key.
func (s Sequence64) pair(total [][]float64) (w, u [][]float64) {
	for i := range s.K {
		wi, ui := make([]float64, len(s.K[i])), make([]float64, len(s.V[i]))
		for x, k := range s.K[i] {
			wi[x] = s.Beta[i] * k * math.Exp(total[i][x])
		}
		for y, v := range s.V[i] {
			ui[y] = s.Beta[i] * v
		}
		for j := range i {
			a := s.Beta[i] * between(s.K[i], s.K[j], total[i], total[j])
			for x := range wi {
				wi[x] -= a * w[j][x]
			}
			for y := range ui {
				ui[y] -= a * u[j][y]
			}
		}
		w, u = append(w, wi), append(u, ui)
	}
	return w, u
}

// between is sum_x a_x b_x exp(ga_x - gb_x), where ga - gb <= 0.
func between(a, b, ga, gb []float64) float64 {
	sum := 0.0
	for x, v := range a {
		sum += v * b[x] * math.Exp(ga[x]-gb[x])
	}
	return sum
}
