package gpu

// Copy puts n values of x, from offset from on, into out, from offset to on.
// The two are different buffers.
func (s *Step) Copy(out *Buffer, to int, x *Buffer, from, n int) {
	if !s.wants("copy", out, to+n) || !s.wants("copy", x, from+n) {
		return
	}
	s.elementwise(variant{file: "copy", access: "rw"}, words{uint32(n), uint32(from), uint32(to)}, n, x, out)
}

// Tail keeps the last rows of a sequence, such as the queries that a mechanism
// observes: a ring, in which that of token t is t mod Rows.
type Tail struct {
	Rows, Width int

	ring *Buffer
}

// NewTail makes room for so many rows.
func (d *Device) NewTail(rows, width int) (*Tail, error) {
	b, err := d.NewBuffer("last rows", rows*width)
	if err != nil {
		return nil, err
	}
	return &Tail{rows, width, b}, nil
}

// Release gives the memory back.
func (t *Tail) Release() {
	if t != nil {
		t.ring.Release()
	}
}

// Note keeps the last of x's n rows, which are of tokens pos, pos+1, ….
func (s *Step) Note(t *Tail, x *Buffer, pos, n int) {
	for at := max(pos, pos+n-t.Rows); at < pos+n; {
		take := min(pos+n-at, t.Rows-at%t.Rows)
		s.Copy(t.ring, at%t.Rows*t.Width, x, (at-pos)*t.Width, take*t.Width)
		at += take
	}
}

// Last writes the rows of tokens end-n … end-1 to out in their order.
func (s *Step) Last(out *Buffer, t *Tail, end, n int) {
	for at := end - n; at < end; {
		take := min(end-at, t.Rows-at%t.Rows)
		s.Copy(out, (at-end+n)*t.Width, t.ring, at%t.Rows*t.Width, take*t.Width)
		at += take
	}
}
