package gpu

import (
	"errors"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"testing"
)

// openDevice opens whatever device there is, a software one included. Without
// any the test is skipped, under CI it fails: CI installs Mesa's llvmpipe.
func openDevice(t testing.TB, o Options) *Device {
	t.Helper()
	o.AllowSoftware = true
	d, err := Open(o)
	if errors.Is(err, ErrNoLoader) || errors.Is(err, ErrNoAdapter) {
		if os.Getenv("CI") != "" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil && !errors.Is(err, ErrDeviceLost) {
			t.Error(err)
		}
	})
	return d
}

// source draws the same numbers on every machine.
func source(purpose string) *rand.Rand {
	var seed [32]byte
	copy(seed[:], purpose)
	return rand.New(rand.NewChaCha8(seed))
}

func normal(r *rand.Rand, n int) []float32 {
	v := make([]float32, n)
	for i := range v {
		v[i] = float32(r.NormFloat64())
	}
	return v
}

const guards = 8 // values behind each result that must stay

// input uploads values.
func input(t testing.TB, d *Device, v []float32) *Buffer {
	t.Helper()
	b, err := d.NewBuffer("input", len(v))
	if err != nil {
		t.Fatal(err)
	}
	if err := b.WriteFloats(0, v); err != nil {
		t.Fatal(err)
	}
	return b
}

func inputInts(t testing.TB, d *Device, v []int32) *Buffer {
	t.Helper()
	b, err := d.NewBuffer("ids", len(v))
	if err != nil {
		t.Fatal(err)
	}
	if err := b.WriteInts(0, v); err != nil {
		t.Fatal(err)
	}
	return b
}

// output makes a buffer of n NaNs and guard values behind them.
func output(t testing.TB, d *Device, n int) *Buffer {
	t.Helper()
	v := make([]float32, n+guards)
	for i := range v {
		v[i] = float32(math.NaN())
		if i >= n {
			v[i] = 1234
		}
	}
	return input(t, d, v)
}

// run runs a step and returns n values of a buffer made by output, after a
// look at its guards.
func run(t testing.TB, s *Step, b *Buffer, n int) []float32 {
	t.Helper()
	got := make([]float32, n+guards)
	s.ReadFloats(b, 0, got)
	if err := s.Run(); err != nil {
		t.Fatal(err)
	}
	for i, v := range got[n:] {
		if v != 1234 {
			t.Fatalf("wrote %v behind the result, %d values beyond", v, i)
		}
	}
	return got[:n]
}

// tolerance is the relative error allowed to float32 sums of some hundred
// terms in any order (2^-24 each, with room for a driver's exp and sqrt).
const tolerance = 2e-5

// near compares with a float64 result; size is that of the summed terms.
func near(t testing.TB, what string, got []float32, want []float64, size float64) {
	t.Helper()
	for i, w := range want {
		if diff := math.Abs(float64(got[i]) - w); !(diff <= tolerance*(size+math.Abs(w))) {
			t.Fatalf("%s: value %d is %v, want %v", what, i, got[i], w)
		}
	}
}

// feeds are ways to cut n tokens into calls: one, single tokens, a prefill and
// single tokens behind it, and runs of an odd length.
func feeds(n int) [][]int {
	one := []int{1}
	ways := [][]int{{n}, slices.Repeat(one, n), append([]int{n/2 + 1}, slices.Repeat(one, n-n/2-1)...), nil}
	for at := 0; at < n; at += 33 {
		ways[3] = append(ways[3], min(33, n-at))
	}
	return ways
}
