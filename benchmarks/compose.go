package benchmarks

import (
	"fmt"
)

// Composed is a context made of whole units (exam items, demonstrations).
type Composed[T any] struct {
	Units   []T // in the order of preference, not of the context
	Context string
	Tokens  int
}

// Compose makes a context of at most length tokens and at least 98% of that:
// as many of units as fit, in the order given, with the last few exchanged for
// others, of spare too, so that the rest is filled; the first keep of them stay.
// size is about what a unit
// takes; the context that render makes is counted whole, and where that differs
// from the sum the choice is made again. Where no choice comes that near, the
// error wraps ErrSample and says how near one came.
func Compose[T any](id string, tok Tokenizer, length, keep int, units, spare []T, size func(T) int, render func([]T) string) (Composed[T], error) {
	least := (98*length + 99) / 100
	var best Composed[T]
	tried := map[int]bool{}
	for target := length; target > 0 && len(tried) < 12; {
		tried[target] = true
		chosen := choose(keep, units, spare, size, target, target-(length-least))
		if chosen == nil {
			target--
			continue
		}
		c := Composed[T]{Units: chosen, Context: render(chosen)}
		c.Tokens = Count(tok, c.Context)
		if c.Tokens <= length && c.Tokens > best.Tokens {
			best = c
		}
		if best.Tokens >= least {
			return best, nil
		}
		target += length - c.Tokens
		for tried[target] {
			target--
		}
	}
	near, sum := best.Tokens, 0
	for _, u := range units {
		if sum += size(u); sum > length {
			break
		}
		near = max(near, sum)
	}
	return best, notComposed(id, length, near, units, spare, size)
}

// notComposed says why no context could be made: units that are too large, or
// too few.
func notComposed[T any](id string, length, near int, units, spare []T, size func(T) int) error {
	sum := 0
	for _, list := range [][]T{units, spare} {
		for _, u := range list {
			sum += size(u)
		}
	}
	name := FormatTokens(length)
	reason, err := "no whole units fill a context of "+name, fmt.Errorf("%w: no whole items or demonstrations fill a context of %s: about %d tokens come nearest", ErrSample, name, near)
	if sum < 98*length/100 {
		reason = "too little data for a context of " + name
		err = fmt.Errorf("%w: too little data for a context of %s: all %d items or demonstrations hold about %d tokens, %d needed", ErrSample, name, len(units)+len(spare), sum, 98*length/100)
	}
	return &SampleError{SampleID: id, Reason: reason, Err: err}
}

// candidates is how many others are looked at for those given up.
const candidates = 256

// exchanged lists how many of the last units may be given up for others that
// fill the rest better, as they are tried.
func exchanged() []int { return []int{0, 1, 2, 3, 5, 8, 13, 21, 34} }

// choose picks units of least to most tokens together, nil where it finds none.
func choose[T any](keep int, units, spare []T, size func(T) int, most, least int) []T {
	n, sum := 0, 0
	for n < len(units) && sum+size(units[n]) <= most {
		sum += size(units[n])
		n++
	}
	for _, back := range exchanged() {
		if back > n-keep {
			break
		}
		kept, sum := units[:n-back], sum
		for _, u := range units[n-back : n] {
			sum -= size(u)
		}
		if sum >= least {
			return append([]T(nil), kept...)
		}
		others := append(append([]T(nil), units[n-back:min(len(units), n+candidates)]...), spare[:min(len(spare), candidates)]...)
		sizes := make([]int, len(others))
		for i, u := range others {
			sizes[i] = size(u)
		}
		if picks := sumBetween(sizes, least-sum, most-sum); picks != nil {
			out := append([]T(nil), kept...)
			for _, i := range picks {
				out = append(out, others[i])
			}
			return out
		}
	}
	return nil
}

// sumBetween returns the indices of some sizes that add up to between least and
// most, as near to most as can be; nil where none do.
func sumBetween(sizes []int, least, most int) []int {
	if most <= 0 {
		return nil
	}
	// last[t] is 1 + the index of the size that made the sum t first.
	last := make([]int, most+1)
	for i, n := range sizes {
		if n <= 0 || n > most {
			continue
		}
		for t := most; t >= n; t-- {
			if last[t] == 0 && (t == n || last[t-n] > 0) {
				last[t] = i + 1
			}
		}
	}
	for t := most; t >= max(1, least); t-- {
		if last[t] == 0 {
			continue
		}
		var picks []int
		for t > 0 {
			picks = append(picks, last[t]-1)
			t -= sizes[last[t]-1]
		}
		return picks
	}
	return nil
}
