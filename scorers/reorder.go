package scorers

import (
	"strings"
	"unicode/utf8"
)

// deviations measure how far an order is from the right one; all are 0 for the
// right one, and lower is better.
type deviations struct {
	LocationSquare float64 `json:"location_square_deviation"`
	LocationMean   float64 `json:"location_mean_deviation"`
	Swap           float64 `json:"swap_deviation"`
	SwapDistance   float64 `json:"swap_distance_deviation"`
}

// reorder compares the order that an answer gives with the reference's. n is
// the number of items; ok is false where the answer is no permutation of them.
//
// LooGLE's own script overwrites what it measures by the maximum; these are the
// definitions that it states.
func reorder(prediction, reference string) (d deviations, n int, ok bool) {
	want, numerals := referenceOrder(reference)
	got := digitItems(prediction)
	if numerals {
		got = romanItems(prediction)
	}
	places, ok := permutation(got, want)
	if !ok {
		return deviations{}, len(want), false
	}
	return deviate(places), len(want), true
}

// referenceOrder are the items between commas; numerals says that they aren't
// all Arabic numbers.
func referenceOrder(reference string) (items []string, numerals bool) {
	for item := range strings.SplitSeq(reference, ",") {
		item = strings.TrimFunc(item, isPySpace)
		if item == "" {
			continue
		}
		numerals = numerals || strings.Trim(item, "0123456789") != ""
		items = append(items, item)
	}
	if !numerals {
		items = digitItems(reference)
	}
	return items, numerals
}

// digitItems are the whole numbers of a text, without leading zeros.
func digitItems(s string) []string {
	var items []string
	for _, run := range digitRuns(s) {
		if run = strings.TrimLeft(run, "0"); run == "" {
			run = "0"
		}
		items = append(items, run)
	}
	return items
}

// romanItems are the matches of \b[IVXLCDM]+\b: a lone "I" in prose is one.
func romanItems(s string) []string {
	const letters = "IVXLCDM"
	var items []string
	for at := 0; at < len(s); {
		n := wordSpan(s[at:])
		if n == 0 {
			_, size := utf8.DecodeRuneInString(s[at:])
			at += size
			continue
		}
		if word := s[at : at+n]; strings.Trim(word, letters) == "" {
			items = append(items, word)
		}
		at += n
	}
	return items
}

// permutation gives for each item of got its place in want, from 0.
func permutation(got, want []string) ([]int, bool) {
	if len(got) != len(want) || len(want) == 0 {
		return nil, false
	}
	at := make(map[string]int, len(want))
	for i, item := range want {
		at[item] = i
	}
	places := make([]int, len(got))
	for i, item := range got {
		place, ok := at[item]
		if !ok {
			return nil, false
		}
		places[i] = place
		delete(at, item)
	}
	return places, true
}

// deviate works out the four deviations of a permutation p of 0..n-1: the mean
// square and the mean distance of items from their places, the swaps needed (n
// less the number of cycles), and the distance of greedy swaps.
func deviate(p []int) deviations {
	n := len(p)
	var d deviations
	seen := make([]bool, n)
	cycles := 0
	for i, place := range p {
		off := float64(place - i)
		d.LocationSquare += off * off
		d.LocationMean += abs(off)
		if !seen[i] {
			cycles++
		}
		for j := i; !seen[j]; j = p[j] {
			seen[j] = true
		}
	}
	d.LocationSquare /= float64(n)
	d.LocationMean /= float64(n)
	d.Swap = float64(n - cycles)
	d.SwapDistance = swapDistance(append([]int(nil), p...))
	return d
}

// swapDistance sorts p by swaps and adds up how far each goes; the next swap is
// always the one that brings items nearest to their places for its distance,
// the first one on ties.
func swapDistance(p []int) float64 {
	total := 0
	for {
		best, from, to := 0.0, 0, 0
		for i := range p {
			for j := i + 1; j < len(p); j++ {
				gain := distance(p[i], i) + distance(p[j], j) - distance(p[j], i) - distance(p[i], j)
				if rate := float64(gain) / float64(j-i); rate > best {
					best, from, to = rate, i, j
				}
			}
		}
		if best == 0 {
			return float64(total)
		}
		p[from], p[to] = p[to], p[from]
		total += to - from
	}
}

func distance(a, b int) int { return max(a-b, b-a) }

func abs(x float64) float64 { return max(x, -x) }

// maxima are the largest deviations of n items.
func maxima(n int) deviations {
	x := float64(n)
	return deviations{
		LocationSquare: (x*x - 1) / 3, LocationMean: float64(n*n/2) / max(x, 1),
		Swap: x - 1, SwapDistance: float64(n * n / 4),
	}
}

// each calls visit for every deviation.
func (d deviations) each(visit func(name, title string, value float64)) {
	visit("location_square_deviation", "LSD", d.LocationSquare)
	visit("location_mean_deviation", "LMD", d.LocationMean)
	visit("swap_deviation", "SD", d.Swap)
	visit("swap_distance_deviation", "SDD", d.SwapDistance)
}
