package gguf

import "math"

// Strings returns an array of strings. They share memory with the metadata and
// stay valid after Close.
func (m Metadata) Strings(key string) (list []string, ok bool) {
	e, ok := m.find(key)
	if !ok || !e.array || e.kind != kindString {
		return nil, false
	}
	return e.strings(), true
}

// Floats returns an array of floats of either width, as float32.
func (m Metadata) Floats(key string) (list []float32, ok bool) {
	e, ok := m.find(key)
	if !ok || !e.array || !e.kind.float() {
		return nil, false
	}
	list = make([]float32, e.n)
	for i := range list {
		list[i] = float32(e.float(i))
	}
	return list, true
}

// Ints returns an array of integers of any width, or of truth values as 0 and
// 1. It reports false if an element is beyond the range of int64.
func (m Metadata) Ints(key string) (list []int64, ok bool) {
	e, ok := m.find(key)
	if !ok || !e.array || e.kind == kindString || e.kind.float() {
		return nil, false
	}
	list = make([]int64, e.n)
	for i := range list {
		n := e.bits(i)
		if e.kind == kindUint64 && n > math.MaxInt64 {
			return nil, false
		}
		list[i] = int64(n)
	}
	return list, true
}

// Value returns any value, for printing: a string, bool, uint64, int64, float32
// or float64, or a slice of one of these. Integers lose their width.
func (m Metadata) Value(key string) (v any, ok bool) {
	e, ok := m.find(key)
	if !ok {
		return nil, false
	}
	if e.array {
		return e.slice(), true
	}
	switch {
	case e.kind == kindString:
		return e.raw, true
	case e.kind == kindBool:
		return e.bits(0) == 1, true
	case e.kind == kindFloat32:
		return float32(e.float(0)), true
	case e.kind == kindFloat64:
		return e.float(0), true
	case e.kind.signed():
		return int64(e.bits(0)), true
	}
	return e.bits(0), true
}

func (e entry) slice() any {
	switch {
	case e.kind == kindString:
		return e.strings()
	case e.kind == kindBool:
		return elements(e.n, func(i int) bool { return e.bits(i) == 1 })
	case e.kind == kindFloat32:
		return elements(e.n, func(i int) float32 { return float32(e.float(i)) })
	case e.kind == kindFloat64:
		return elements(e.n, e.float)
	case e.kind.signed():
		return elements(e.n, func(i int) int64 { return int64(e.bits(i)) })
	}
	return elements(e.n, e.bits)
}

func elements[T any](n int, at func(int) T) []T {
	list := make([]T, n)
	for i := range list {
		list[i] = at(i)
	}
	return list
}

// strings cuts the records of an array of strings; the walk over the header
// has checked their lengths.
func (e entry) strings() []string {
	list := make([]string, e.n)
	rest := e.raw
	for i := range list {
		size := entry{kind: kindUint64, raw: rest[:8]}.bits(0)
		list[i], rest = rest[8:8+size], rest[8+size:]
	}
	return list
}
