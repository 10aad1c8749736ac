package gpu

import "fmt"

// queued is the number of chunks that may wait on the device: enough to keep
// it busy, few enough that their staging memory stays small.
const queued = 8

// Prefill runs the tokens ids at positions pos, pos+1, …, which must follow on
// what is cached (pos = Len) or go back to an earlier token (pos = 0 starts
// anew). The prompt is taken in chunks, each one step on the device; logits
// are computed for its last token only.
func (m *Model) Prefill(ids []int32, pos int) error {
	if err := m.fits(ids, pos); err != nil {
		return err
	}
	m.ready = false
	for chunk := 1; len(ids) > 0; chunk++ {
		n := m.cut(pos, min(len(ids), m.c.Chunk))
		s := m.begin(ids[:n], pos)
		if n == len(ids) {
			m.head(s, n)
		}
		if err := s.Submit(); err != nil {
			return err
		}
		if chunk%queued == 0 {
			if err := m.d.wait(); err != nil {
				return err
			}
		}
		pos += n
		m.n, ids = pos, ids[n:]
	}
	m.ready = true
	return nil
}

// Extend is Prefill that waits for the device and calls emit with the logits
// [vocab] of each token of ids from number from on; len(ids) wants none.
func (m *Model) Extend(ids []int32, pos, from int, emit func(i int, logits []float32) error) error {
	if err := m.fits(ids, pos); err != nil {
		return err
	}
	m.ready = false
	for at := 0; at < len(ids); {
		n := m.cut(pos+at, min(len(ids)-at, m.c.Chunk))
		s := m.begin(ids[at:at+n], pos+at)
		for row := max(0, from-at); row < n; row++ {
			logits := make([]float32, m.c.Vocab)
			m.head(s, row+1)
			s.ReadFloats(m.act.logits, 0, logits)
			if err := s.Run(); err != nil {
				return err
			}
			if err := emit(at+row, logits); err != nil {
				return err
			}
			s = m.d.Begin()
		}
		if err := s.Run(); err != nil {
			return err
		}
		at += n
		m.n = pos + at
	}
	m.ready = from < len(ids)
	return nil
}

// fits checks ids and where they are to go.
func (m *Model) fits(ids []int32, pos int) error {
	if len(ids) == 0 {
		return fmt.Errorf("gpu: prefill of no tokens")
	}
	if pos < 0 || pos > m.n {
		return fmt.Errorf("gpu: prefill at position %d, the cache holds %d tokens", pos, m.n)
	}
	if pos+len(ids) > m.c.Context {
		return fmt.Errorf("gpu: %d tokens after %d do not fit into a context of %d", len(ids), pos, m.c.Context)
	}
	if at := m.Back(pos); at < pos {
		return fmt.Errorf("gpu: back to position %d of %d, of which too little is held; start at %d", pos, m.n, at)
	}
	if pos < m.ended {
		return fmt.Errorf("gpu: back to position %d, ahead of %d, where the attention was prepared: reopen it first", pos, m.ended)
	}
	for i, id := range ids {
		if id < 0 || int(id) >= m.c.Vocab {
			return fmt.Errorf("gpu: token %d of %d is %d, the vocabulary has %d", i, len(ids), id, m.c.Vocab)
		}
	}
	return nil
}

// cut is how many of n tokens from position pos on the layers take at once.
func (m *Model) cut(pos, n int) int {
	for _, l := range m.attend.Layers {
		n = min(n, l.Cut(pos, n))
	}
	return n
}

// Back is the largest length up to n from which on tokens can be computed
// anew, n ≤ Len.
func (m *Model) Back(n int) int {
	for again := true; again; {
		again = false
		for _, l := range m.attend.Layers {
			if at := l.Back(n); at < n {
				n, again = at, true
			}
		}
	}
	return n
}

// KnowsPrompts says whether what the mechanism computes depends on the length of
// the prompt.
func (m *Model) KnowsPrompts() bool { return m.attend.Prompt != nil }

// Prompt says of how long a prompt the tokens from here on are, see
// Attending.Prompt.
func (m *Model) Prompt(n int) {
	if m.attend.Prompt != nil {
		m.attend.Prompt(n)
	}
}

// Ends says whether the mechanism wants to be told of an end.
func (m *Model) Ends() bool { return m.attend.End != nil }

// End tells the mechanism that the fixed context or the prompt that it prepares
// ends here. The tokens ahead can't be gone back to before Reopen.
func (m *Model) End() error {
	if m.attend.End == nil || m.ended > 0 {
		return fmt.Errorf("gpu: the attention ends nothing at token %d", m.n)
	}
	if err := m.attend.End(); err != nil {
		return err
	}
	m.ended = m.n
	return nil
}

// Reopen undoes End.
func (m *Model) Reopen() {
	if m.ended > 0 {
		m.attend.Reopen()
		m.ended = 0
	}
}

// Logits returns the scores [vocab] of the token after the last one.
func (m *Model) Logits() ([]float32, error) {
	if !m.ready {
		return nil, ErrNoLogits
	}
	logits := make([]float32, m.c.Vocab)
	s := m.d.Begin()
	s.ReadFloats(m.act.logits, 0, logits)
	return logits, s.Run()
}

// Next returns the best token after the last one, the lowest of equals. Only
// its id leaves the device.
func (m *Model) Next() (int32, error) {
	if !m.ready {
		return 0, ErrNoLogits
	}
	s := m.d.Begin()
	return m.best(s)
}

// Decode runs one token behind the cached ones and returns the best next one:
// one command buffer in, one id out.
func (m *Model) Decode(id int32) (next int32, err error) {
	ids := []int32{id}
	if err := m.fits(ids, m.n); err != nil {
		return 0, err
	}
	m.ready = false
	s := m.begin(ids, m.n)
	m.head(s, 1)
	if next, err = m.best(s); err != nil {
		return 0, err
	}
	m.n++
	m.ready = true
	return next, nil
}

// best ends a step with the arg max of the logits.
func (m *Model) best(s *Step) (int32, error) {
	next := make([]int32, 1)
	s.ArgMax(m.act.next, m.act.logits, m.act.best, m.c.Vocab)
	s.ReadInts(m.act.next, 0, next)
	if err := s.Run(); err != nil {
		return 0, err
	}
	if next[0] < 0 {
		return 0, ErrNotANumber
	}
	return next[0], nil
}

// begin records the layers over tokens at positions pos..
func (m *Model) begin(ids []int32, pos int) *Step {
	s := m.d.Begin()
	if err := m.act.ids.WriteInts(0, ids); err != nil {
		s.fail(err)
	}
	if err := m.rope.fill(pos, len(ids)); err != nil {
		s.fail(err)
	}
	s.Embed(m.act.h, m.embed, m.act.ids, len(ids), m.c.EmbeddingScale)
	for i := range m.layers {
		s = m.attention(s, i, pos, len(ids))
		m.feedForward(s, &m.layers[i], len(ids))
	}
	return s
}

// head records the final norm of the last token and its logits.
func (m *Model) head(s *Step, n int) {
	c, a := m.c, &m.act
	s.RMSNorm(a.x, a.h, m.norm, n-1, 1, c.Width, c.Eps)
	s.MatMul(a.logits, m.output, a.x, 1)
	if c.LogitCap > 0 {
		s.SoftCap(a.logits, c.Vocab, c.LogitCap)
	}
}

// attention records h += post(Wo attend(rope(norm(Wq x)), …)), x = norm(h), and
// returns the step that goes on.
func (m *Model) attention(s *Step, i, pos, n int) *Step {
	c, a, l := m.c, &m.act, &m.layers[i]
	s.RMSNorm(a.x, a.h, l.attnNorm, 0, n, c.Width, c.Eps)
	m.project(s, a.q, l.wq, l.qBias, n)
	m.project(s, a.k, l.wk, l.kBias, n)
	m.project(s, a.v, l.wv, l.vBias, n)
	q, k := a.q, a.k
	if l.qNorm != nil {
		s.RMSNorm(a.q2, q, l.qNorm, 0, n*c.Heads, c.KeyDim, c.Eps)
		q = a.q2
	}
	if l.kNorm != nil {
		s.RMSNorm(a.k2, k, l.kNorm, 0, n*c.KVHeads, c.KeyDim, c.Eps)
		k = a.k2
	}
	r := &Rows{Step: s, Pos: pos, N: n, Q: q, K: k, V: a.v, Out: a.out, LSE: a.lse,
		d: m.d, c: c, rope: l.rope, table: m.rope.buf, offset: l.tableOff, scratch: a.attn}
	m.attend.Layers[i].Attend(r)
	r.Step.MatMul(a.proj, l.wo, a.out, n)
	m.residual(r.Step, l.postAttn, n)
	return r.Step
}

// feedForward records h += post(Wdown (act(Wgate x) * (Wup x))), x = norm(h).
func (m *Model) feedForward(s *Step, l *layer, n int) {
	c, a := m.c, &m.act
	s.RMSNorm(a.x, a.h, l.ffnNorm, 0, n, c.Width, c.Eps)
	s.MatMul(a.gate, l.gate, a.x, n)
	s.MatMul(a.up, l.up, a.x, n)
	s.Gate(c.Activation, a.gate, a.up, n*c.FFN)
	s.MatMul(a.proj, l.down, a.gate, n)
	m.residual(s, l.postFFN, n)
}

// project records y = W x + b.
func (m *Model) project(s *Step, y *Buffer, w *Matrix, bias *Buffer, n int) {
	s.MatMul(y, w, m.act.x, n)
	if bias != nil {
		s.Add(y, bias, n*w.Rows, w.Rows)
	}
}

// residual records h += proj, through a norm where the model has one.
func (m *Model) residual(s *Step, norm *Buffer, n int) {
	c, a := m.c, &m.act
	from := a.proj
	if norm != nil {
		s.RMSNorm(a.x, a.proj, norm, 0, n, c.Width, c.Eps)
		from = a.x
	}
	s.Add(a.h, from, n*c.Width, n*c.Width)
}
