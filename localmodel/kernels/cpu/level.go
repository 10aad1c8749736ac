package cpu

import "fmt"

// Level is an instruction set that the kernels are written for.
type Level int

// The levels, slowest first.
const (
	// Plain is Go without assembly: it runs anywhere and is the reference.
	Plain Level = iota
	// AVX2 needs AVX2, FMA and F16C (no processor has the first without the last).
	AVX2
	// AVX512 needs AVX-512 F, BW, VL and DQ.
	AVX512
	// VNNI needs AVX-512 VNNI besides. Up to 16 rows are multiplied by quantised
	// weights with activations rounded to 16 bits; all else is AVX512.
	VNNI
)

// String returns the name that ParseLevel reads: plain, avx2, avx512 or vnni.
func (l Level) String() string {
	switch l {
	case Plain:
		return "plain"
	case AVX2:
		return "avx2"
	case AVX512:
		return "avx512"
	case VNNI:
		return "vnni"
	}
	return fmt.Sprintf("level %d", int(l))
}

// Levels lists what this machine and its operating system support, slowest first.
func Levels() []Level { return append([]Level{Plain}, simdLevels()...) }

// Best returns the fastest level of this machine.
func Best() Level { levels := Levels(); return levels[len(levels)-1] }

// ParseLevel reads a level's name. A name that is known but that this machine
// lacks is an error, so that a forced level never falls back in silence.
func ParseLevel(name string) (Level, error) {
	for _, l := range []Level{Plain, AVX2, AVX512, VNNI} {
		if l.String() != name {
			continue
		}
		for _, have := range Levels() {
			if have == l {
				return l, nil
			}
		}
		return Plain, fmt.Errorf("cpu: level %q: this machine has only %v", name, Levels())
	}
	return Plain, fmt.Errorf("cpu: level %q: want plain, avx2, avx512 or vnni", name)
}
