package gpu

import "fmt"

// deltaRows are the rows of a chunk, as published; the kernels know the number.
const deltaRows = 64

// DeltaScratch is the memory that KDAChunks needs between its kernels.
type DeltaScratch struct {
	sums, queries, keys, solved *Buffer // [tokens, heads, keyDim]
	own, scores                 *Buffer // [tokens, heads, deltaRows]
	decay                       *Buffer // [chunks, heads, keyDim]
}

// NewDeltaScratch makes scratch memory for up to tokens tokens at a time.
func (d *Device) NewDeltaScratch(tokens int, a DeltaAttention) (*DeltaScratch, error) {
	keys, pairs := tokens*a.Heads*a.KeyDim, tokens*a.Heads*deltaRows
	chunks := (tokens + deltaRows - 1) / deltaRows
	b, err := d.buffers("delta attention", keys, keys, keys, keys, pairs, pairs, chunks*a.Heads*a.KeyDim)
	if err != nil {
		return nil, err
	}
	return &DeltaScratch{sums: b[0], queries: b[1], keys: b[2], solved: b[3], own: b[4], scores: b[5], decay: b[6]}, nil
}

// Release gives the scratch memory back.
func (m *DeltaScratch) Release() {
	if m != nil {
		release(m.sums, m.queries, m.keys, m.solved, m.own, m.scores, m.decay)
	}
}

// KDAChunks is KDA chunk by chunk, for prompts: what a chunk's rows do to each
// other is one triangular system for each chunk, all of them solved side by
// side, and only the state goes from chunk to chunk, by products of matrices.
// Value sizes are a multiple of 4. Source: ../shared/spec/attention.md §7,
// "Chunk form".
func (s *Step) KDAChunks(out, state, q, k, v, g, beta *Buffer, m *DeltaScratch, a DeltaAttention, tokens int) {
	if a.ValueDim%4 != 0 {
		s.fail(fmt.Errorf("gpu: kda by chunks: values of %d, want a multiple of 4: take KDA", a.ValueDim))
		return
	}
	if !s.fitsDelta(out, state, q, k, v, g, beta, a, tokens) || !m.fits(s, a, tokens) {
		return
	}
	chunks, quads := (tokens+deltaRows-1)/deltaRows, a.KeyDim/4
	p := words{uint32(tokens), uint32(a.Heads), uint32(quads), f(a.Scale)}
	s.elementwise(variant{file: "kda_sums", access: "rrrwwww"}, p, chunks*a.Heads*quads, g, q, k, m.sums, m.queries, m.keys, m.decay)
	s.dispatch(variant{file: "kda_pairs", access: "rrrrww"}, p, 64, chunks, a.Heads, q, k, m.sums, beta, m.own, m.scores)
	s.dispatch(variant{file: "kda_solve", access: "rrrrrww", fill: fill{Rows: solvedRows}},
		words{uint32(tokens), uint32(a.Heads), uint32(a.KeyDim), uint32(a.ValueDim)},
		(a.KeyDim+a.ValueDim+63)/64, chunks, a.Heads, k, m.sums, v, beta, m.own, m.solved, out)
	columns := scanQuads(a.KeyDim)
	s.dispatch(variant{file: "kda_scan", access: "rrrrrww", fill: fill{KeyQuads: quads, ValueQuads: columns}},
		words{uint32(tokens), uint32(a.Heads), uint32(a.ValueDim / 4)},
		(a.ValueDim/4+columns-1)/columns, a.Heads, 1, m.solved, m.queries, m.keys, m.scores, m.decay, state, out)
}

// solvedRows is how many rows of a column are substituted at a time, a multiple of 4.
const solvedRows = 8

// scanQuads is how many columns of a state a workgroup keeps, in fours: with the
// chunk's corrections they take up to 12 KiB.
func scanQuads(keyDim int) int {
	if keyDim > 128 {
		return 2
	}
	return 4
}

func (m *DeltaScratch) fits(s *Step, a DeltaAttention, tokens int) bool {
	keys, pairs := tokens*a.Heads*a.KeyDim, tokens*a.Heads*deltaRows
	for _, b := range []*Buffer{m.sums, m.queries, m.keys, m.solved} {
		if !s.wants("kda by chunks: scratch", b, keys) {
			return false
		}
	}
	return s.wants("kda by chunks: scratch", m.own, pairs) && s.wants("kda by chunks: scratch", m.scores, pairs) &&
		s.wants("kda by chunks: scratch", m.decay, (tokens+deltaRows-1)/deltaRows*a.Heads*a.KeyDim)
}
