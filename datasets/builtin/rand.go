package builtin

import (
	"crypto/sha256"
	"encoding/binary"
	"math/bits"
	"math/rand/v2"
)

// dice is a stream of random choices. It draws on ChaCha8's 64-bit words only
// and maps them itself, so that the choices are the same on any machine and
// under any Go version.
type dice struct{ src *rand.ChaCha8 }

// newDice returns the stream of a seed for one purpose; streams of different
// purposes are independent.
func newDice(seed uint64, purpose string) *dice {
	return &dice{src: rand.NewChaCha8(digest(seed, purpose))}
}

// digest hashes a seed and a purpose.
func digest(seed uint64, purpose string) [32]byte {
	b := binary.LittleEndian.AppendUint64(nil, seed)
	return sha256.Sum256(append(b, purpose...))
}

// n returns a number in [0, limit); 0 if limit is not positive.
func (d *dice) n(limit int) int {
	if limit <= 0 {
		return 0
	}
	hi, _ := bits.Mul64(d.src.Uint64(), uint64(limit))
	return int(hi)
}

// between returns a number in [lo, hi].
func (d *dice) between(lo, hi int) int { return lo + d.n(hi-lo+1) }

// chance is true in percent of all throws.
func (d *dice) chance(percent int) bool { return d.n(100) < percent }

// pick returns one element of list, the zero value if there is none.
func pick[T any](d *dice, list []T) T {
	var zero T
	if len(list) == 0 {
		return zero
	}
	return list[d.n(len(list))]
}

// shuffle brings list into random order, in place.
func shuffle[T any](d *dice, list []T) {
	for i := len(list) - 1; i > 0; i-- {
		j := d.n(i + 1)
		list[i], list[j] = list[j], list[i]
	}
}

// shuffled returns list in random order and leaves list as it is.
func shuffled[T any](d *dice, list []T) []T {
	out := append([]T(nil), list...)
	shuffle(d, out)
	return out
}
