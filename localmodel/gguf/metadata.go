package gguf

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
)

// kind is a metadata value type, with the file's own number.
type kind uint32

const (
	kindUint8 kind = iota
	kindInt8
	kindUint16
	kindInt16
	kindUint32
	kindInt32
	kindFloat32
	kindBool
	kindString
	kindArray
	kindUint64
	kindInt64
	kindFloat64
)

// size returns the bytes of a value of fixed size, 0 for the others.
func (k kind) size() int {
	switch k {
	case kindUint8, kindInt8, kindBool:
		return 1
	case kindUint16, kindInt16:
		return 2
	case kindUint32, kindInt32, kindFloat32:
		return 4
	case kindUint64, kindInt64, kindFloat64:
		return 8
	}
	return 0
}

func (k kind) signed() bool {
	return k == kindInt8 || k == kindInt16 || k == kindInt32 || k == kindInt64
}

func (k kind) float() bool { return k == kindFloat32 || k == kindFloat64 }

func (k kind) integer() bool { return k.size() > 0 && !k.float() && k != kindBool }

// pair is a metadata entry as the walk over the header found it.
type pair struct {
	key   span
	kind  kind
	array bool // n values of that kind
	n     int
	value span // without a string's length; the records of an array, as they are
}

// pairs reads n metadata entries; n was compared with the bytes that remain.
func (c *cursor) pairs(n int) ([]pair, error) {
	pairs := make([]pair, 0, n)
	for i := range n {
		key, err := c.name()
		if err != nil {
			return nil, fmt.Errorf("metadata entry %d of %d: %w", i+1, n, err)
		}
		p, err := c.value()
		if err != nil {
			return nil, fmt.Errorf("metadata key %s: %w", quote(string(c.data[key.from:key.to])), err)
		}
		p.key = key
		pairs = append(pairs, p)
	}
	return pairs, nil
}

// value steps over a value: its type, then it.
func (c *cursor) value() (p pair, err error) {
	k, err := c.uint32()
	if err != nil {
		return p, err
	}
	p.kind = kind(k)
	switch {
	case p.kind == kindString:
		p.value, err = c.string()
	case p.kind == kindArray:
		return c.array()
	case p.kind.size() > 0:
		p.value, err = c.take(uint64(p.kind.size()))
	default:
		err = fmt.Errorf("value type %d is unknown", k)
	}
	return p, errors.Join(err, c.checkBools(p))
}

// array steps over an array: the type of its elements, their number, then they.
func (c *cursor) array() (p pair, err error) {
	k, err := c.uint32()
	if err != nil {
		return p, err
	}
	p.kind, p.array = kind(k), true
	least := uint64(p.kind.size())
	switch {
	case p.kind == kindString:
		least = 8
	case p.kind == kindArray:
		return p, errors.New("an array of arrays, which is not supported")
	case least == 0:
		return p, fmt.Errorf("array element type %d is unknown", k)
	}
	if p.n, err = c.count("array elements", least); err != nil {
		return p, err
	}
	if p.kind != kindString {
		p.value, err = c.take(least * uint64(p.n))
		return p, errors.Join(err, c.checkBools(p))
	}
	p.value.from = c.pos
	for range p.n {
		if _, err := c.string(); err != nil {
			return p, err
		}
	}
	p.value.to = c.pos
	return p, nil
}

// checkBools refuses a truth value that is neither 0 nor 1.
func (c *cursor) checkBools(p pair) error {
	if p.kind != kindBool {
		return nil
	}
	for _, b := range c.data[p.value.from:p.value.to] {
		if b > 1 {
			return fmt.Errorf("a truth value is %d, want 0 or 1", b)
		}
	}
	return nil
}

// Metadata are the typed values of a file by key. The getters report false for
// a key that is absent or has a value of another type; absent is not zero. The
// zero value has no keys. Strings are not checked to be UTF-8: the pieces of
// some vocabularies aren't.
type Metadata struct {
	entries []entry // sorted by key
}

type entry struct {
	key   string
	kind  kind
	array bool
	n     int // elements of an array
	raw   string
}

// newMetadata resolves the pairs in text, the copied header, and sorts them.
func newMetadata(text string, pairs []pair) (Metadata, error) {
	entries := make([]entry, len(pairs))
	for i, p := range pairs {
		entries[i] = entry{key: p.key.of(text), kind: p.kind, array: p.array, n: p.n, raw: p.value.of(text)}
	}
	slices.SortFunc(entries, func(a, b entry) int { return strings.Compare(a.key, b.key) })
	for i := 1; i < len(entries); i++ {
		if entries[i].key == entries[i-1].key {
			return Metadata{}, fmt.Errorf("metadata key %s occurs twice", quote(entries[i].key))
		}
	}
	return Metadata{entries}, nil
}

func (m Metadata) find(key string) (entry, bool) {
	i, ok := slices.BinarySearchFunc(m.entries, key, func(e entry, key string) int { return cmp.Compare(e.key, key) })
	if !ok {
		return entry{}, false
	}
	return m.entries[i], true
}

// Keys returns all keys, sorted.
func (m Metadata) Keys() []string {
	keys := make([]string, len(m.entries))
	for i, e := range m.entries {
		keys[i] = e.key
	}
	return keys
}

// String returns a string value.
func (m Metadata) String(key string) (s string, ok bool) {
	e, ok := m.find(key)
	if !ok || e.array || e.kind != kindString {
		return "", false
	}
	return e.raw, true
}

// Uint returns an integer of any width, if it is not negative.
func (m Metadata) Uint(key string) (n uint64, ok bool) {
	e, ok := m.find(key)
	if !ok || e.array || !e.kind.integer() {
		return 0, false
	}
	n = e.bits(0)
	return n, !e.kind.signed() || int64(n) >= 0
}

// Float returns a number: a float of either width, or an integer, which
// writers put where a whole number will do.
func (m Metadata) Float(key string) (x float64, ok bool) {
	e, ok := m.find(key)
	switch {
	case !ok || e.array:
		return 0, false
	case e.kind.float():
		return e.float(0), true
	case e.kind.integer() && e.kind.signed():
		return float64(int64(e.bits(0))), true
	case e.kind.integer():
		return float64(e.bits(0)), true
	}
	return 0, false
}

// Bool returns a truth value.
func (m Metadata) Bool(key string) (b, ok bool) {
	e, ok := m.find(key)
	if !ok || e.array || e.kind != kindBool {
		return false, false
	}
	return e.bits(0) == 1, true
}

// bits returns element i of fixed size, sign-extended where the type is signed.
func (e entry) bits(i int) uint64 {
	size := e.kind.size()
	var n uint64
	for j := range size {
		n |= uint64(e.raw[i*size+j]) << (8 * j)
	}
	if e.kind.signed() {
		unused := 64 - 8*size
		return uint64(int64(n<<unused) >> unused)
	}
	return n
}

// float returns element i of a float type.
func (e entry) float(i int) float64 {
	if e.kind == kindFloat32 {
		return float64(math.Float32frombits(uint32(e.bits(i))))
	}
	return math.Float64frombits(e.bits(i))
}
