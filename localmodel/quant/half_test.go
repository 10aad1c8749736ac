package quant

import (
	"math"
	"testing"
)

// halfByDefinition is the value of a half from the fields of IEEE 754.
func halfByDefinition(h uint16) float64 {
	sign := 1.0
	if h>>15 == 1 {
		sign = -1
	}
	exponent, fraction := int(h>>10&31), float64(h&1023)
	switch {
	case exponent == 31 && fraction > 0:
		return math.NaN()
	case exponent == 31:
		return sign * math.Inf(1)
	case exponent == 0:
		return math.Copysign(math.Ldexp(fraction, -24), sign)
	}
	return sign * math.Ldexp(1024+fraction, exponent-25)
}

func TestEveryHalfHasItsValueAndComesBack(t *testing.T) {
	for i := range 1 << 16 {
		h := uint16(i)
		got, want := F16ToF32(h), halfByDefinition(h)
		if math.IsNaN(want) {
			if !math.IsNaN(float64(got)) || F32ToF16(got) != h|0x200 {
				t.Fatalf("half %#04x: got %v and back %#04x, want a NaN and %#04x", h, got, F32ToF16(got), h|0x200)
			}
			continue
		}
		if math.Float64bits(float64(got)) != math.Float64bits(want) {
			t.Fatalf("half %#04x: got %v, want %v", h, got, want)
		}
		if back := F32ToF16(got); back != h {
			t.Fatalf("half %#04x is %v, which came back as %#04x", h, got, back)
		}
	}
}

func TestF32ToF16RoundsToNearestAndTiesToEven(t *testing.T) {
	for i := range 0x7c00 { // up to the step from 65504 to 2^16, which stands for infinity
		lo, hi := halfByDefinition(uint16(i)), halfByDefinition(uint16(i+1))
		if i+1 == 0x7c00 {
			hi = 65536
		}
		middle := float32((lo + hi) / 2) // exact
		even := uint16(i + i&1)
		for _, c := range []struct {
			f    float32
			want uint16
		}{
			{math.Nextafter32(middle, 0), uint16(i)},
			{middle, even},
			{math.Nextafter32(middle, 1e9), uint16(i + 1)},
		} {
			if got := F32ToF16(c.f); got != c.want {
				t.Fatalf("%v between %v and %v: got %#04x, want %#04x", c.f, lo, hi, got, c.want)
			}
			if got := F32ToF16(-c.f); got != c.want|0x8000 {
				t.Fatalf("%v: got %#04x, want %#04x", -c.f, got, c.want|0x8000)
			}
		}
	}
}

func TestF32ToF16AtTheEnds(t *testing.T) {
	inf := float32(math.Inf(1))
	for _, c := range []struct {
		name string
		f    float32
		want uint16
	}{
		{"one", 1, 0x3c00},
		{"largest finite half", 65504, 0x7bff},
		{"just below the tie to infinity", 65519.996, 0x7bff},
		{"the tie goes to infinity", 65520, 0x7c00},
		{"largest float32", math.MaxFloat32, 0x7c00},
		{"infinity", inf, 0x7c00},
		{"minus infinity", -inf, 0xfc00},
		{"minus zero", float32(math.Copysign(0, -1)), 0x8000},
		{"smallest subnormal half", 0x1p-24, 1},
		{"half of it goes to zero", 0x1p-25, 0},
		{"smallest float32", math.SmallestNonzeroFloat32, 0},
		{"rounds up to the smallest normal half", 0x1.ffep-15, 0x0400},
	} {
		if got := F32ToF16(c.f); got != c.want {
			t.Errorf("%s: %v: got %#04x, want %#04x", c.name, c.f, got, c.want)
		}
	}
}

func TestEveryBF16ComesBackAndTiesGoToEven(t *testing.T) {
	for i := range 1 << 16 {
		b := uint16(i)
		f := BF16ToF32(b)
		if math.Float32bits(f) != uint32(b)<<16 {
			t.Fatalf("bfloat16 %#04x: got %v", b, f)
		}
		if f != f {
			if got := F32ToBF16(f); got != b|0x40 {
				t.Fatalf("NaN %#04x came back as %#04x", b, got)
			}
			continue
		}
		if got := F32ToBF16(f); got != b {
			t.Fatalf("bfloat16 %#04x is %v, which came back as %#04x", b, f, got)
		}
		if b&0x7fff >= 0x7f80 {
			continue // infinite
		}
		tie := uint32(b)<<16 | 0x8000
		for offset, want := range map[int]uint16{-1: b, 0: b + b&1, 1: b + 1} {
			if got := F32ToBF16(math.Float32frombits(tie + uint32(offset))); got != want {
				t.Fatalf("%#08x: got %#04x, want %#04x", tie+uint32(offset), got, want)
			}
		}
	}
}

func TestF32ToBF16KeepsANaNWhoseLowBitsAreLost(t *testing.T) {
	if got := F32ToBF16(math.Float32frombits(0x7f800001)); got != 0x7fc0 {
		t.Errorf("got %#04x, want %#04x", got, 0x7fc0)
	}
	if got := F32ToF16(math.Float32frombits(0x7f800001)); got != 0x7e00 {
		t.Errorf("got %#04x, want %#04x", got, 0x7e00)
	}
}
