package needlethreading

import (
	"encoding/hex"
	"math/rand/v2"
	"strings"

	"github.com/lcbench/lcbench/scorers"
)

// pair is one entry of a haystack.
type pair struct{ key, value string }

// Every pair has the same size in bytes: two UUIDs in quotes with ": " between.
// A haystack of n pairs, with ", " between them and in braces, has n times
// stepBytes, the mean over upstream's too.
const (
	uuidBytes = 36
	pairBytes = 2*uuidBytes + 6
	stepBytes = pairBytes + 2
)

// spanOf is where the i-th pair of a haystack stands.
func spanOf(i int) scorers.Span {
	return scorers.Span{Start: 1 + stepBytes*i, End: 1 + stepBytes*i + pairBytes}
}

// comma is the byte behind the comma that follows the i-th pair.
func comma(i int) int { return spanOf(i).End + 1 }

func (p pair) write(b *strings.Builder) {
	b.WriteByte('"')
	b.WriteString(p.key)
	b.WriteString(`": "`)
	b.WriteString(p.value)
	b.WriteByte('"')
}

// newUUID draws a UUID of version 4 (RFC 9562). Its 122 random bits never meet
// again: among a million of them two would be equal once in 10^25 runs.
func newUUID(r *rand.Rand) string {
	var raw [16]byte
	for i := range 2 {
		x := r.Uint64()
		for j := range 8 {
			raw[8*i+j] = byte(x >> (8 * j))
		}
	}
	raw[6], raw[8] = raw[6]&0x0F|0x40, raw[8]&0x3F|0x80
	var out [uuidBytes]byte
	at := 0
	for i, n := range []int{4, 2, 2, 2, 6} {
		if i > 0 {
			out[at-1] = '-'
		}
		hex.Encode(out[at:], raw[:n])
		copy(raw[:], raw[n:])
		at += 2*n + 1
	}
	return string(out[:])
}

// withMark puts the mark in the place of one of the UUID's digits.
func withMark(r *rand.Rand, uuid string) string {
	for {
		if i := r.IntN(len(uuid)); uuid[i] != '-' {
			return uuid[:i] + string(mark) + uuid[i+1:]
		}
	}
}
