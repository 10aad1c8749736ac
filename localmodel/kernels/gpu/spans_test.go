package gpu

import "testing"

// One token's spans, split over parts, come to what the whole does, and so do
// their log-sum-exp; a head whose span is empty sees nothing.
func TestSpansInPartsAreTheWhole(t *testing.T) {
	d := openDevice(t, Options{})
	const heads, kvHeads, dim, keys = 4, 2, 20, 301
	r := source("spans in parts")
	k, v := normal(r, keys*kvHeads*dim), normal(r, keys*kvHeads*dim)
	q := input(t, d, normal(r, heads*dim))
	cache, err := d.NewCache(keys, kvHeads, dim, dim)
	if err != nil {
		t.Fatal(err)
	}
	m, err := d.NewScratch(1, heads, dim)
	if err != nil {
		t.Fatal(err)
	}
	s := d.Begin()
	storeAll(t, d, s, cache, k, v, keys)
	if err := s.Submit(); err != nil {
		t.Fatal(err)
	}
	spans := inputInts(t, d, []int32{0, keys, 17, 90, 200, 200, 250, 2 * keys})
	attend := func(parts int) (out, lse []float32) {
		s, o := d.Begin(), output(t, d, heads*dim)
		a := Attention{Heads: heads, Scale: invSqrt(dim), Spans: spans, Keys: keys, Parts: parts, LSE: output(t, d, heads)}
		s.Attend(o, q, cache, m, a, 1)
		lse = make([]float32, heads)
		s.ReadFloats(a.LSE, 0, lse)
		return run(t, s, o, heads*dim), lse
	}
	out, lse := attend(1)
	if lse[2] != float32(Hidden) || out[2*dim] != 0 || lse[3] < 0 || lse[1] < 0 {
		t.Errorf("lse %v, the empty head's result begins %v", lse, out[2*dim])
	}
	for _, parts := range []int{2, 7, maxParts} {
		split, sum := attend(parts)
		near(t, "out", split, wide(out), 4)
		near(t, "lse", sum, wide(lse), 4)
	}
}
