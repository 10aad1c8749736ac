package liconbench

import (
	"math"
	"slices"
	"strings"

	"github.com/lcbench/lcbench/scorers"
)

// shown is a demonstration as a context has it.
type shown struct {
	place  int // in the order of rounds
	text   string
	labels []string
}

func (d shown) has(labels []string) bool {
	return slices.ContainsFunc(d.labels, func(l string) bool { return slices.Contains(labels, l) })
}

// inOrder brings demonstrations into the order of rounds, or of their labels'
// names, each with its rounds.
func inOrder(list []shown, placement string) []shown {
	out := slices.Clone(list)
	slices.SortStableFunc(out, func(a, b shown) int {
		if placement == grouped && a.labels[0] != b.labels[0] {
			return strings.Compare(a.labels[0], b.labels[0])
		}
		return a.place - b.place
	})
	return out
}

// atDepth puts the demonstrations of the labels together behind so many others
// that the text ahead of them is as near to depth percent of the others' as
// whole demonstrations allow.
func atDepth(list []shown, labels []string, depth float64) []shown {
	var own, others []shown
	total := 0
	for _, d := range list {
		if d.has(labels) {
			own = append(own, d)
			continue
		}
		others = append(others, d)
		total += len(d.text)
	}
	goal := depth / 100 * float64(total)
	ahead, n := 0.0, 0
	for n < len(others) {
		next := ahead + float64(len(others[n].text))
		if math.Abs(next-goal) > math.Abs(ahead-goal) {
			break
		}
		ahead = next
		n++
	}
	return slices.Concat(others[:n], own, others[n:])
}

// shelf is a context of demonstrations.
type shelf struct {
	list   []shown
	text   string
	tokens int // -1: not counted
}

func newShelf(list []shown) shelf {
	var b strings.Builder
	for _, d := range list {
		b.WriteString(d.text)
	}
	return shelf{list: list, text: b.String(), tokens: -1}
}

// spans are the places of the labels' demonstrations, without their line ends.
func (s shelf) spans(labels []string) []scorers.Span {
	var out []scorers.Span
	at := 0
	for _, d := range s.list {
		if d.has(labels) {
			out = append(out, scorers.Span{Start: at, End: at + len(strings.TrimRight(d.text, "\n"))})
		}
		at += len(d.text)
	}
	return out
}

// depth is the place of the labels' last demonstration in percent of the text:
// 0 where it stands first, 100 where it stands last. False if there is none.
func (s shelf) depth(labels []string) (float64, bool) {
	spans := s.spans(labels)
	if len(spans) == 0 {
		return 0, false
	}
	last := spans[len(spans)-1]
	room := len(s.text) - 1 - (last.End - last.Start)
	if room <= 0 {
		return 0, true
	}
	return math.Round(1000*float64(last.Start)/float64(room)) / 10, true
}
