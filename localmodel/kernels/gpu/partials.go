package gpu

import "fmt"

// Partials are results of attention of the same rows over disjoint sets of
// keys, each with its log-sum-exp, which Merge joins. Their buffers may be those
// of other partials: what counts as a set's weight is up to the caller.
type Partials struct {
	Out *Buffer // [parts, rows, dim]
	LSE *Buffer // [parts, rows]

	Parts, Rows, Dim int
}

// NewPartials makes room for so many parts of [rows, dim].
func (d *Device) NewPartials(parts, rows, dim int) (*Partials, error) {
	p := &Partials{Parts: parts, Rows: rows, Dim: dim}
	var err error
	if p.Out, err = d.NewBuffer("partials", parts*rows*dim); err != nil {
		return nil, err
	}
	if p.LSE, err = d.NewBuffer("partials' lse", parts*rows); err != nil {
		p.Out.Release()
		return nil, err
	}
	return p, nil
}

// View is the same memory for so many parts of rows.
func (p *Partials) View(parts, rows int) *Partials {
	return &Partials{Out: p.Out, LSE: p.LSE, Parts: parts, Rows: rows, Dim: p.Dim}
}

// Release gives the memory back.
func (p *Partials) Release() {
	if p != nil {
		p.Out.Release()
		p.LSE.Release()
	}
}

// AttendPart is Attend into part number part of partials; with a.Parts shares
// of the keys, into as many parts from there on.
func (s *Step) AttendPart(to *Partials, part int, q *Buffer, c *Cache, a Attention, tokens int) {
	if err := a.check(c, tokens); err != nil {
		s.fail(err)
		return
	}
	parts := max(1, a.Parts)
	if !s.fits(to, part, parts, tokens*a.Heads, c.ValDim) || !s.wants("attend", q, tokens*a.Heads*c.KeyDim) {
		return
	}
	s.attend(to.Out, to.LSE, q, c, a, tokens, part, parts)
}

// fits checks that rows of dim belong into parts of partials.
func (s *Step) fits(to *Partials, part, parts, rows, dim int) bool {
	if part < 0 || part+parts > to.Parts || rows != to.Rows || dim != to.Dim {
		s.fail(fmt.Errorf("gpu: parts %d to %d of %d rows of %d into partials of %d parts, %d rows of %d",
			part, part+parts-1, rows, dim, to.Parts, to.Rows, to.Dim))
	}
	return s.wants("partials", to.Out, to.Parts*to.Rows*to.Dim) && s.wants("partials' lse", to.LSE, to.Parts*to.Rows)
}

// Merge joins the first parts of partials: out [rows, dim] is their mean,
// weighted by softmax over the parts' lse, and lse [rows] the log of the sum of
// exp(lse). A part that saw nothing has no weight; a row that saw nothing at all
// is zero, its lse Hidden. Source: ../shared/spec/attention.md §1, "Split-K".
func (s *Step) Merge(out, lse *Buffer, from *Partials, parts int) {
	if !s.fits(from, 0, parts, from.Rows, from.Dim) || !s.wants("merge", out, from.Rows*from.Dim) || !s.wants("merge", lse, from.Rows) {
		return
	}
	s.combine(out, lse, from.Out, from.LSE, parts, from.Rows, from.Dim)
}

func (s *Step) combine(out, lse, outs, lses *Buffer, parts, rows, dim int) {
	s.elementwise(variant{file: "combine", access: "rrww"},
		words{uint32(rows), uint32(dim / 4), uint32(parts)}, rows*dim/4, outs, lses, out, lse)
}
