package quant

// ScaleMin returns the six-bit scale and minimum of group j (0 to 7, 32 weights
// each) of a Q4_K or Q5_K block from its 12 scale bytes. The first four groups
// have theirs in the low six bits of s[j] and s[j+4]; the others have four bits
// each in s[j+4] and the upper two in the top of s[j-4] and s[j].
func ScaleMin(s []byte, j int) (scale, minimum uint8) {
	if j < 4 {
		return s[j] & 63, s[j+4] & 63
	}
	return s[j+4]&15 | s[j-4]>>6<<4, s[j+4]>>4 | s[j]>>6<<4
}

// blockQ4_K: half d, half e, 12 bytes of scales S and minima M (ScaleMin), 128
// bytes p. Groups 2k and 2k+1 are the low and the high nibbles of
// p[32k : 32k+32]; w = (d S) q - (e M).
func blockQ4_K(w []float32, b []byte) {
	d, e, s, p := half(b), half(b[2:]), b[4:16], b[16:144]
	for j := range 8 {
		scale, minimum := ScaleMin(s, j)
		ds, em := d*float32(scale), float32(e*float32(minimum))
		shift := 4 * (j & 1)
		for i, x := range p[j/2*32:][:32] {
			w[32*j+i] = float32(ds*float32(x>>shift&15)) - em
		}
	}
}

// blockQ5_K: as Q4_K with 32 bytes h before p; bit j of h[i] is the fifth bit
// of weight i of group j.
func blockQ5_K(w []float32, b []byte) {
	d, e, s, h, p := half(b), half(b[2:]), b[4:16], b[16:48], b[48:176]
	for j := range 8 {
		scale, minimum := ScaleMin(s, j)
		ds, em := d*float32(scale), float32(e*float32(minimum))
		shift := 4 * (j & 1)
		for i, x := range p[j/2*32:][:32] {
			w[32*j+i] = float32(ds*float32(x>>shift&15|h[i]>>j&1<<4)) - em
		}
	}
}

// blockQ6_K: 128 bytes lo, 64 bytes hi, 16 signed scales s, half d. Each half
// block u has four groups c of 32 weights: low four bits from the nibbles of
// lo[64u+32(c mod 2) : +32] (the low ones for c < 2), bits 4 and 5 from bits 2c
// and 2c+1 of hi[32u : +32], one scale for 16 weights; w = (d s) (q - 32).
func blockQ6_K(w []float32, b []byte) {
	lo, hi, s, d := b[:128], b[128:192], b[192:208], half(b[208:])
	for g := range 8 {
		u, c := g/4, g%4
		low, high := lo[64*u+32*(c%2):][:32], hi[32*u:][:32]
		for i := range 32 {
			q := low[i]>>(4*(c/2))&15 | high[i]>>(2*c)&3<<4
			ds := d * float32(int8(s[2*g+i/16]))
			w[32*g+i] = ds * float32(int(q)-32)
		}
	}
}
