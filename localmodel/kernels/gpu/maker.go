package gpu

// Maker makes what a mechanism needs on a device. After the first error it
// returns nil for everything; Done tells of it.
type Maker struct {
	d      *Device
	c      Config
	layers []LayerAttention
	owned  []interface{ Release() }
	err    error
}

// Make starts a mechanism for a model.
func Make(d *Device, c Config) *Maker { return &Maker{d: d, c: c} }

// made notes what a constructor returned.
func made[T interface{ Release() }](m *Maker, create func() (T, error)) T {
	var none T
	if m.err != nil {
		return none
	}
	x, err := create()
	if err != nil {
		m.err = err
		return none
	}
	m.owned = append(m.owned, x)
	return x
}

// Buffer makes a buffer of n values, at least one. What is in it is not said: see
// Device.NewBuffer.
func (m *Maker) Buffer(label string, n int) *Buffer {
	return made(m, func() (*Buffer, error) { return m.d.NewBuffer(label, max(1, n)) })
}

// Ints makes a buffer with values in it.
func (m *Maker) Ints(label string, values []int32) *Buffer {
	return made(m, func() (*Buffer, error) { return m.d.ints(label, values) })
}

// Cache makes a cache of the model's heads, of at least so many tokens.
func (m *Maker) Cache(slots int) *Cache {
	return made(m, func() (*Cache, error) {
		return m.d.NewCache(max(1, slots), m.c.KVHeads, m.c.KeyDim, m.c.ValueDim)
	})
}

// Filled makes a cache that holds so many tokens already: keys [tokens, kvHeads,
// keyDim], values [tokens, kvHeads, valueDim].
func (m *Maker) Filled(tokens int, keys, values []float32) *Cache {
	c := m.Cache(tokens)
	if m.err == nil {
		if m.err = c.k.WriteFloats(0, keys); m.err == nil {
			m.err = c.v.WriteFloats(0, values)
		}
	}
	return c
}

// KeysBeside makes a cache with keys of its own and the values of c, of as many
// tokens.
func (m *Maker) KeysBeside(c *Cache) *Cache {
	if m.err != nil {
		return nil
	}
	return &Cache{
		Slots: c.Slots, KVHeads: c.KVHeads, KeyDim: c.KeyDim, ValDim: c.ValDim,
		k: m.Buffer("other keys", c.Slots*c.KVHeads*c.KeyDim), v: c.v,
	}
}

// Scratch makes scratch memory for up to so many rows.
func (m *Maker) Scratch(rows int) *Scratch {
	return made(m, func() (*Scratch, error) { return m.d.NewScratch(rows, m.c.Heads, m.c.ValueDim) })
}

// Parts makes room for parts of up to a chunk's rows each; for one row, whose
// keys may be split, there is room for the shares of all parts but one.
func (m *Maker) Parts(parts int) *Partials {
	heads := m.c.Heads
	return made(m, func() (*Partials, error) {
		return m.d.NewPartials(1, max(parts*m.c.Chunk, (parts-1)*maxParts+1)*heads, m.c.ValueDim)
	})
}

// Tail makes room for the last rows' queries.
func (m *Maker) Tail(rows int) *Tail {
	return made(m, func() (*Tail, error) { return m.d.NewTail(rows, m.c.Heads*m.c.KeyDim) })
}

// Angles makes a table of so many positions for Rows.Turned at layer i.
func (m *Maker) Angles(i, positions int) *Buffer {
	return m.Buffer("angles", 2*positions*len(m.c.Layer[i].Rope.InvFreq))
}

// Whole makes full attention at layer i, or over the layer's own window.
func (m *Maker) Whole(i int) *Whole {
	return &Whole{Cache: m.Cache(m.c.slots(i)), window: m.c.Layer[i].Window}
}

// Add adds the next layer. If it has something to release beside what was made
// here, it has the method Release.
func (m *Maker) Add(l LayerAttention) {
	m.layers = append(m.layers, l)
	if own, ok := l.(interface{ Release() }); ok {
		m.Own(own)
	}
}

// Own adds what else is to be released.
func (m *Maker) Own(o interface{ Release() }) { m.owned = append(m.owned, o) }

// Done returns the layers.
func (m *Maker) Done() (Attending, error) {
	a := Attending{Layers: m.layers, owned: m.owned}
	if m.err != nil {
		a.release()
		return Attending{}, m.err
	}
	return a, nil
}

// SameSpan is one span for each of n rows, for Attention.Spans.
func SameSpan(n, from, to int) []int32 {
	out := make([]int32, 0, 2*n)
	for range n {
		out = append(out, int32(from), int32(to))
	}
	return out
}

// Behind are the spans of n tokens from position pos on, of so many heads each,
// that see what stands from position from on up to themselves.
func Behind(from, pos, n, heads int) []int32 {
	out := make([]int32, 0, 2*n*heads)
	for t := range n {
		for range heads {
			out = append(out, int32(from), int32(pos+t+1))
		}
	}
	return out
}
