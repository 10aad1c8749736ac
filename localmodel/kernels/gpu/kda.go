package gpu

import "fmt"

// DeltaAttention is the shape of a Kimi Delta Attention.
type DeltaAttention struct {
	Heads    int
	KeyDim   int // of a head: a multiple of 4 up to 256
	ValueDim int
	Scale    float64 // of the results
}

// KDA runs the recurrence of Kimi Delta Attention over tokens: with q, k and
// the log decay g [tokens, heads, keyDim], v [tokens, heads, valueDim] and beta
// [tokens, heads], S' = diag(exp g) S, S = S' + beta k (v - S'^T k)^T, out =
// scale S^T q [tokens, heads, valueDim]. state [heads, keyDim, valueDim] is
// carried on. For single tokens, and prompts of few. Source: ../shared/spec/attention.md §7.
func (s *Step) KDA(out, state, q, k, v, g, beta *Buffer, a DeltaAttention, tokens int) {
	if !s.fitsDelta(out, state, q, k, v, g, beta, a, tokens) {
		return
	}
	rows, lanes := shape(a.ValueDim, a.KeyDim, 0)
	kernel := variant{file: "kda", access: "rrrrrww", fill: fill{KeyQuads: a.KeyDim / 4, Rows: rows, Lanes: lanes}}
	p := words{uint32(tokens), uint32(a.Heads), uint32(a.ValueDim), f(a.Scale)}
	s.dispatch(kernel, p, (a.ValueDim+rows-1)/rows, a.Heads, 1, q, k, g, v, beta, state, out)
}

// fitsDelta checks the shape and that all buffers hold it.
func (s *Step) fitsDelta(out, state, q, k, v, g, beta *Buffer, a DeltaAttention, tokens int) bool {
	if a.KeyDim%4 != 0 || a.KeyDim > maxHeadDim || min(a.KeyDim, a.ValueDim, a.Heads, tokens) <= 0 {
		s.fail(fmt.Errorf("gpu: kda: %d tokens, %d heads of %d and %d: want positive numbers, key sizes a multiple of 4 up to %d",
			tokens, a.Heads, a.KeyDim, a.ValueDim, maxHeadDim))
		return false
	}
	keys, values := tokens*a.Heads*a.KeyDim, tokens*a.Heads*a.ValueDim
	return s.wants("kda: q", q, keys) && s.wants("kda: k", k, keys) && s.wants("kda: decay", g, keys) && s.wants("kda: v", v, values) &&
		s.wants("kda: beta", beta, tokens*a.Heads) && s.wants("kda: state", state, a.Heads*a.KeyDim*a.ValueDim) && s.wants("kda: out", out, values)
}
