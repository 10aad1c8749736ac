package quant

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// Halves of the hand-written blocks.
var (
	half2        = []byte{0x00, 0x40} // 2
	halfQuarter  = []byte{0x00, 0x34} // 0.25
	halfMinus1_5 = []byte{0x00, 0xbe} // -1.5
)

func block(parts ...[]byte) []byte { return bytes.Join(parts, nil) }

// with returns n zero bytes but for those at the given places.
func with(n int, at map[int]byte) []byte {
	b := make([]byte, n)
	for i, x := range at {
		b[i] = x
	}
	return b
}

// TestDequantiseByHand has one block a type. Every weight that isn't listed
// must be rest.
func TestDequantiseByHand(t *testing.T) {
	for _, c := range []struct {
		typ  Type
		src  []byte
		want map[int]float32
		rest float32
	}{
		{typ: F32, src: []byte{0, 0, 0x20, 0xc1}, want: map[int]float32{0: -10}},
		{typ: F16, src: halfMinus1_5, want: map[int]float32{0: -1.5}},
		{typ: BF16, src: []byte{0x20, 0xc1}, want: map[int]float32{0: -10}},
		{ // 2 * (nibble - 8)
			typ: Q4_0, src: block(half2, with(16, map[int]byte{0: 0xf1, 15: 0x8a})),
			want: map[int]float32{0: -14, 16: 14, 15: 4, 31: 0}, rest: -16,
		},
		{ // 2 * nibble - 1.5
			typ: Q4_1, src: block(half2, halfMinus1_5, with(16, map[int]byte{0: 0xf1, 15: 0x8a})),
			want: map[int]float32{0: 0.5, 16: 28.5, 15: 18.5, 31: 14.5}, rest: -1.5,
		},
		{ // 2 * (nibble + 16 bit - 16); bits 0, 7 and 31 are set
			typ: Q5_0, src: block(half2, []byte{0x81, 0, 0, 0x80}, with(16, map[int]byte{0: 0x21, 15: 0xf0})),
			want: map[int]float32{0: 2, 16: -28, 7: 0, 31: 30}, rest: -32,
		},
		{ // 2 * (nibble + 16 bit) + 0.25; bits 1 and 17 are set
			typ: Q5_1, src: block(half2, halfQuarter, []byte{2, 0, 2, 0}, with(16, map[int]byte{1: 0xf3})),
			want: map[int]float32{1: 38.25, 17: 62.25}, rest: 0.25,
		},
		{
			typ: Q8_0, src: block(halfQuarter, with(32, map[int]byte{0: 0x80, 1: 0x7f, 31: 0xff})),
			want: map[int]float32{0: -32, 1: 31.75, 31: -0.25},
		},
		{ // group 1: scale 3, minimum 4; group 6: scale 10 + 16*2 = 42, minimum 11 + 16*3 = 59
			typ: Q4_K,
			src: block(half2, halfQuarter,
				with(12, map[int]byte{1: 3, 2: 0x80, 5: 4, 6: 0xc0, 10: 0xba}),
				with(128, map[int]byte{0: 0x5f, 96: 0x0f, 127: 0x07})),
			want: wantQ4_K(),
		},
		{ // as above; h[0] has bits 1 and 6, h[31] has bit 7
			typ: Q5_K,
			src: block(half2, halfQuarter,
				with(12, map[int]byte{1: 3, 2: 0x80, 5: 4, 6: 0xc0, 10: 0xba}),
				with(32, map[int]byte{0: 0x42, 31: 0x80}),
				with(128, map[int]byte{0: 0x5f, 96: 0x0f, 127: 0x07})),
			want: wantQ5_K(),
		},
		{ // scales 0 (weights 0 to 15) 1, 3 (48 to 63) -2, 12 (192 to 207) 5
			typ: Q6_K,
			src: block(with(128, map[int]byte{0: 0x0f, 63: 0x03, 64: 0xa7}),
				with(64, map[int]byte{0: 0x03, 31: 0x0c, 32: 0x20}),
				with(16, map[int]byte{0: 1, 3: 0xfe, 12: 5}), half2),
			want: wantQ6_K(),
		},
	} {
		t.Run(c.typ.String(), func(t *testing.T) {
			want := make([]float32, c.typ.BlockWeights())
			for i := range want {
				want[i] = c.rest
				if w, ok := c.want[i]; ok {
					want[i] = w
				}
			}
			got := make([]float32, len(want))
			if err := Dequantise(got, c.src, c.typ); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("block % x (-want +got):\n%s", c.src, diff)
			}
		})
	}
}

// run fills a range of weights, its single exceptions aside.
func run(want map[int]float32, from int, rest float32, but map[int]float32) {
	for i := from; i < from+32; i++ {
		want[i] = rest
	}
	for i, w := range but {
		want[i] = w
	}
}

func wantQ4_K() map[int]float32 {
	want := map[int]float32{}
	// Group 1, high nibbles of p[0:32]: 2*3*q - 0.25*4.
	run(want, 32, -1, map[int]float32{32: 2*3*5 - 1})
	// Group 6, low nibbles of p[96:128]: 2*42*q - 0.25*59.
	run(want, 192, -14.75, map[int]float32{192: 84*15 - 14.75, 223: 84*7 - 14.75})
	return want
}

func wantQ5_K() map[int]float32 {
	want := wantQ4_K()
	want[32] = 6*(5+16) - 1
	want[192] = 84*(15+16) - 14.75
	return want // bit 7 of h[31] is of group 7, whose scale is 0
}

func wantQ6_K() map[int]float32 {
	want := map[int]float32{}
	for i := range 16 {
		want[i] = 2 * 1 * (0 - 32)
		want[48+i] = 2 * -2 * (0 - 32)
		want[192+i] = 2 * 5 * (0 - 32)
	}
	want[0] = 2 * (15 + 16*3 - 32)       // low nibble of lo[0], low two bits of hi[0]
	want[63] = -4 * (3 + 16*3 - 32)      // group 1: low nibble of lo[63], bits 2 and 3 of hi[31]
	want[192] = 10 * (0xa + 16*(2) - 32) // half 1, group 2: high nibble of lo[64], bits 4 and 5 of hi[32]
	return want
}

// TestDequantiseEqualsThePythonPackage compares bits with what
// testdata/blocks.py wrote.
func TestDequantiseEqualsThePythonPackage(t *testing.T) {
	text, err := os.ReadFile("testdata/blocks.json")
	if err != nil {
		t.Fatal(err)
	}
	var cases []struct{ Type, Blocks, Weights string }
	if err := json.Unmarshal(text, &cases); err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, c := range cases {
		src, _ := hex.DecodeString(c.Blocks)
		want, _ := hex.DecodeString(c.Weights)
		typ := typeNamed(t, c.Type)
		dst := make([]float32, len(want)/4)
		if err := Dequantise(dst, src, typ); err != nil {
			t.Fatal(err)
		}
		for i, x := range dst {
			if w := binary.LittleEndian.Uint32(want[4*i:]); math.Float32bits(x) != w {
				t.Fatalf("%s: weight %d: got %v, want %v", c.Type, i, x, math.Float32frombits(w))
			}
		}
		seen[c.Type] = len(dst) > 0
	}
	if len(seen) != len(Types()) {
		t.Errorf("%d types in the file, want %d", len(seen), len(Types()))
	}
}

func typeNamed(t *testing.T, name string) Type {
	for _, typ := range Types() {
		if typ.String() == name {
			return typ
		}
	}
	t.Fatalf("no type %s", name)
	return 0
}

// weightByDefinition computes weight i of a block alone, from the formulas of
// the formats: slow, and written apart from the block functions.
func weightByDefinition(typ Type, b []byte, i int) float32 {
	f16 := func(at int) float32 { return float32(halfByDefinition(binary.LittleEndian.Uint16(b[at:]))) }
	bit := func(at, n int) int { return int(b[at+n/8]>>(n%8)) & 1 }
	nibble := func(at int) int { return int(b[at+i%16]) >> (4 * (i / 16)) & 15 }
	fma := func(d float32, q int, m float32) float32 { return float32(d*float32(q)) + m }
	switch typ {
	case Q4_0:
		return f16(0) * float32(nibble(2)-8)
	case Q4_1:
		return fma(f16(0), nibble(4), f16(2))
	case Q5_0:
		return f16(0) * float32(nibble(6)+16*bit(2, i)-16)
	case Q5_1:
		return fma(f16(0), nibble(8)+16*bit(4, i), f16(2))
	case Q8_0:
		return f16(0) * float32(int8(b[2+i]))
	case Q4_K, Q5_K:
		j, l := i/32, i%32
		q := 0
		if typ == Q4_K {
			q = int(b[16+32*(j/2)+l]) >> (4 * (j % 2)) & 15
		} else {
			q = int(b[48+32*(j/2)+l])>>(4*(j%2))&15 + 16*(int(b[16+l])>>j&1)
		}
		s := b[4:16]
		scale, minimum := int(s[j%4])%64, int(s[j%4+4])%64
		if j >= 4 {
			scale = int(s[j+4])%16 + int(s[j-4])/64*16
			minimum = int(s[j+4])/16 + int(s[j])/64*16
		}
		return fma(float32(f16(0)*float32(scale)), q, -float32(f16(2)*float32(minimum)))
	case Q6_K:
		u, c, l := i/128, i%128/32, i%32
		q := int(b[64*u+l+32*(c%2)])>>(4*(c/2))%16 + 16*(int(b[128+32*u+l])>>(2*c)%4)
		return float32(f16(208)*float32(int8(b[192+i/16]))) * float32(q-32)
	}
	panic("not a block type")
}

func TestPropertyDequantiseIsTheDefinitionOnAnyBytes(t *testing.T) {
	for _, typ := range Types() {
		if typ.BlockWeights() == 1 {
			continue
		}
		t.Run(typ.String(), rapid.MakeCheck(func(t *rapid.T) {
			blocks := rapid.IntRange(1, 3).Draw(t, "blocks")
			n := blocks * typ.BlockBytes()
			src := rapid.SliceOfN(rapid.Byte(), n, n).Draw(t, "src")
			const guard = 4
			buf := make([]float32, blocks*typ.BlockWeights()+guard)
			for i := range buf {
				buf[i] = 12345
			}
			dst := buf[:len(buf)-guard]
			if err := Dequantise(dst, src, typ); err != nil {
				t.Fatal(err)
			}
			for i, got := range dst {
				k := i / typ.BlockWeights()
				want := weightByDefinition(typ, src[k*typ.BlockBytes():][:typ.BlockBytes()], i%typ.BlockWeights())
				if math.Float32bits(got) != math.Float32bits(want) && (got == got || want == want) {
					t.Fatalf("weight %d: got %v, want %v", i, got, want)
				}
			}
			for _, x := range buf[len(dst):] {
				if x != 12345 {
					t.Fatalf("written behind the end: %v", x)
				}
			}
		}))
	}
}

func TestDequantiseSaysWhatIsWrong(t *testing.T) {
	for _, c := range []struct {
		name     string
		dst, src int
		typ      Type
		want     string
	}{
		{"an unknown type", 32, 34, 10, "quant: type 10 (Q2_K) is not supported"},
		{"half a block", 32, 30, Q4_1, "quant: Q4_1: 30 bytes are not a whole number of 20-byte blocks"},
		{"too little room", 32, 40, Q4_1, "quant: Q4_1: 40 bytes hold 64 weights, but there is room for 32"},
		{"too much room", 96, 40, Q4_1, "quant: Q4_1: 40 bytes hold 64 weights, but there is room for 96"},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := Dequantise(make([]float32, c.dst), make([]byte, c.src), c.typ)
			if got := fmt.Sprint(err); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
	if err := Dequantise(nil, nil, Q6_K); err != nil {
		t.Errorf("no blocks: %v", err)
	}
}

func TestTensorViews(t *testing.T) {
	x := Tensor{Name: "w", Type: Q8_0, Shape: []int{64, 3}, Data: make([]byte, 3*2*34)}
	x.Data[68], x.Data[69], x.Data[70] = 0, 0x40, 5 // row 1: d = 2, first weight 5
	if x.Cols() != 64 || x.Rows() != 3 || x.Elements() != 192 {
		t.Errorf("got %d columns, %d rows, %d elements", x.Cols(), x.Rows(), x.Elements())
	}
	if row := x.Row(1); len(row) != 68 || row[2] != 5 {
		t.Errorf("row 1 is % x", row)
	}
	w, err := x.Float32()
	if err != nil || len(w) != 192 || w[64] != 10 {
		t.Errorf("got %v, %v", w, err)
	}
	x.Data = x.Data[:100]
	if _, err := x.Float32(); err == nil || !strings.Contains(err.Error(), `tensor "w": shape [64 3] of Q8_0 needs 204 bytes, there are 100`) {
		t.Errorf("got %v", err)
	}
	scalar := Tensor{Type: F32, Data: make([]byte, 4)}
	if scalar.Elements() != 1 || scalar.Cols() != 1 {
		t.Errorf("a scalar has %d elements", scalar.Elements())
	}
}

func TestBytesRefusesWhatAFileMayClaim(t *testing.T) {
	for _, c := range []struct {
		typ   Type
		shape []int
		want  string
	}{
		{Q4_K, []int{640, 4}, "rows of 640 weights are not a whole number of Q4_K blocks of 256"},
		{F32, []int{math.MaxInt}, "is too large"},
		{F32, []int{1 << 31, 1 << 31, 4}, "is too large"},
		{Q8_0, []int{1 << 40, 1 << 30}, "is too large"},
		{F16, []int{-1}, "negative extent"},
		{Q8_0, nil, "a scalar cannot be of type Q8_0"},
		{99, []int{1}, "type 99 is not supported (supported: F32, F16, Q4_0, Q4_1, Q5_0, Q5_1, Q8_0, Q4_K, Q5_K, Q6_K, BF16)"},
	} {
		if n, err := Bytes(c.typ, c.shape); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s %v: got %d, %v, want an error with %q", c.typ, c.shape, n, err, c.want)
		}
	}
	if n, err := Bytes(Q4_K, []int{512, 3}); n != 2*3*144 || err != nil {
		t.Errorf("got %d, %v", n, err)
	}
}

func BenchmarkDequantise(b *testing.B) {
	for _, typ := range Types() {
		const weights = 1 << 16
		src := make([]byte, typ.RowBytes(weights))
		for i := range src {
			src[i] = byte(i * 37)
		}
		dst := make([]float32, weights)
		b.Run("type="+typ.String(), func(b *testing.B) {
			for b.Loop() {
				if err := Dequantise(dst, src, typ); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(weights)*float64(b.N)/b.Elapsed().Seconds()/1e6, "Mweights/s")
		})
	}
}
