package longins

import (
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/lcbench/lcbench/scorers"
)

// text is the item as it stands in an exam under a number.
func (it item) text(number int) string {
	body := it.body
	if it.instruction != "" {
		body = it.instruction + "\n" + body
	}
	return "[" + strconv.Itoa(number) + ":" + body + "]"
}

// sheet is an exam of given items in their order.
type sheet struct {
	text  string
	wrong []int          // numbers
	spans []scorers.Span // of the wrong items, in text
}

// newSheet numbers items from 0 and writes them down.
func newSheet(items []item) sheet {
	var s sheet
	var b strings.Builder
	for n, it := range items {
		text := it.text(n)
		if it.wrong {
			s.wrong = append(s.wrong, n)
			s.spans = append(s.spans, scorers.Span{Start: b.Len(), End: b.Len() + len(text)})
		}
		b.WriteString(text)
		b.WriteString(itemGap)
	}
	s.text = b.String()
	return s
}

// reference is the list of the wrong items' numbers, as the metric reads it.
func (s sheet) reference() string {
	words := make([]string, len(s.wrong))
	for i, n := range s.wrong {
		words[i] = strconv.Itoa(n)
	}
	return "[" + strings.Join(words, ", ") + "]"
}

// depth is the mean place of the wrong items in percent of the text: 0 where
// one stands first, 100 where one stands last. False without wrong items.
func (s sheet) depth() (float64, bool) {
	sum := 0.0
	for _, w := range s.spans {
		room := len(s.text) - len(itemGap) - (w.End - w.Start)
		if room > 0 {
			sum += 100 * float64(w.Start) / float64(room)
		}
	}
	if len(s.spans) == 0 {
		return 0, false
	}
	return math.Round(10*sum/float64(len(s.spans))) / 10, true
}

// split sorts items into wrong and right ones.
func split(items []item) (wrong, right []item) {
	for _, it := range items {
		if it.wrong {
			wrong = append(wrong, it)
		} else {
			right = append(right, it)
		}
	}
	return wrong, right
}

// atDepth puts all wrong items together behind so many right ones that the
// text ahead of them is as near to depth percent of the right items' text as
// whole items allow.
func atDepth(items []item, depth float64) []item {
	wrong, right := split(items)
	// Text ahead of and behind the wrong ones, with the numbers that items have
	// there.
	ahead, behind := 0, 0
	for i, it := range right {
		behind += len(it.text(len(wrong)+i) + itemGap)
	}
	best, off := 0, math.Inf(1)
	for n := 0; ; n++ {
		if d := math.Abs(float64(ahead) - depth/100*float64(ahead+behind)); d < off {
			best, off = n, d
		}
		if n == len(right) {
			break
		}
		ahead += len(right[n].text(n) + itemGap)
		behind -= len(right[n].text(len(wrong)+n) + itemGap)
	}
	return slices.Concat(right[:best], wrong, right[best:])
}

// inPlaces puts wrong items into the places that the wrong items of pattern
// have, in proportion: several to a place where there are more of them, a
// choice of the places where there are fewer.
func inPlaces(items, pattern []item) []item {
	wrong, right := split(items)
	var places []float64
	for i, it := range pattern {
		if it.wrong {
			places = append(places, (float64(i)+0.5)/float64(len(pattern)))
		}
	}
	taken := make([]bool, len(items))
	for k := range wrong {
		place := 0.5
		if len(places) > 0 {
			place = places[k*len(places)/len(wrong)]
		}
		taken[nearestFree(taken, int(place*float64(len(items))))] = true
	}
	out := make([]item, 0, len(items))
	for _, isWrong := range taken {
		if isWrong {
			out, wrong = append(out, wrong[0]), wrong[1:]
		} else {
			out, right = append(out, right[0]), right[1:]
		}
	}
	return out
}

// nearestFree is the free place nearest to at, the earlier one of two.
func nearestFree(taken []bool, at int) int {
	for d := range taken {
		if i := at - d; i >= 0 && i < len(taken) && !taken[i] {
			return i
		}
		if i := at + d; i < len(taken) && !taken[i] {
			return i
		}
	}
	return 0
}
