package scorers

import (
	"math"
	"slices"
	"sort"

	"github.com/lcbench/lcbench/scorers/exactlog"
)

// windowWords is the number of words in a window of the search that obscurity
// stands on; the last window has what is left.
const windowWords = 64

// BM25's parameters.
const (
	bm25K = 1.2
	bm25B = 0.75
)

// axisObscurity says how badly BM25 with the question's words finds the windows
// of the context that hold evidence. For each of them it is
// log2(1 + r) / log2(1 + m/2), at most 1, where m is the number of other windows
// and r how many of those score higher, ties counting half; the mean of these is
// returned. It is 0 without an evidence window, and without any other. Spans are
// byte ranges, merged.
func axisObscurity(context, question string, evidence []Span) float64 {
	if len(evidence) == 0 || evidence[0] == (Span{Start: 0, End: len(context)}) {
		return 0 // nothing to be found, or nothing else
	}
	w := cutWindows(context, searchedWords(question))
	scores := w.scores()
	needed, others := w.sort(scores, evidence)
	if len(needed) == 0 || len(others) == 0 {
		return 0
	}
	slices.Sort(others)
	chance := math.Log2(1 + float64(len(others))/2)
	total := 0.0
	for _, score := range needed {
		first := sort.SearchFloat64s(others, score)
		behind := first + sort.Search(len(others)-first, func(i int) bool { return others[first+i] > score })
		rank := float64(len(others)-behind) + 0.5*float64(behind-first)
		total += min(1, math.Log2(1+rank)/chance)
	}
	return total / float64(len(needed))
}

// windows are consecutive pieces of a text with what BM25 needs of them: of all
// words only the searched ones are counted.
type windows struct {
	places []windowPlace
	hits   []hit // of all windows, one behind the other
	// frequency is in how many windows a searched word occurs.
	frequency []int
	words     int
}

// windowPlace is a window: from its first word to the end of its last, in bytes.
type windowPlace struct {
	Span
	words  int
	behind int // its last hit
}

// hit is a searched word and how often it occurs in a window.
type hit struct{ term, count int32 }

// searchedWords numbers a text's words in the order in which they first occur.
func searchedWords(text string) map[string]int {
	terms := map[string]int{}
	for s := (wordScanner{text: text}); s.next(); {
		if word := string(s.lower()); !has(terms, word) {
			terms[word] = len(terms)
		}
	}
	return terms
}

func has(terms map[string]int, word string) bool {
	_, ok := terms[word]
	return ok
}

func cutWindows(context string, terms map[string]int) *windows {
	w := &windows{frequency: make([]int, len(terms))}
	counts := make([]int, len(terms))
	var seen []int
	var place windowPlace
	finish := func() {
		slices.Sort(seen)
		for _, term := range seen {
			w.hits = append(w.hits, hit{int32(term), int32(counts[term])})
			w.frequency[term]++
			counts[term] = 0
		}
		seen = seen[:0]
		place.behind = len(w.hits)
		w.places = append(w.places, place)
		w.words += place.words
		place = windowPlace{}
	}
	for s := (wordScanner{text: context}); s.next(); {
		if place.words == 0 {
			place.Start = s.start
		}
		if term, ok := terms[string(s.lower())]; ok {
			if counts[term] == 0 {
				seen = append(seen, term)
			}
			counts[term]++
		}
		place.End = s.end
		if place.words++; place.words == windowWords {
			finish()
		}
	}
	if place.words > 0 {
		finish()
	}
	return w
}

// scores are the windows' by BM25, summed in the order of the question's words.
// Conversions keep products from being fused into sums: windows with the same
// words must tie on every machine.
func (w *windows) scores() []float64 {
	m := float64(len(w.places))
	ln := exactlog.New()
	idf := make([]float64, len(w.frequency))
	for term, df := range w.frequency {
		idf[term] = ln.Of(1 + (m-float64(df)+0.5)/(float64(df)+0.5))
	}
	average := float64(w.words) / m
	scores := make([]float64, len(w.places))
	from := 0
	for i, p := range w.places {
		long := float64(bm25B*float64(p.words)) / average
		norm := float64(bm25K * (1 - bm25B + long))
		for _, h := range w.hits[from:p.behind] {
			tf := float64(h.count)
			scores[i] += float64(idf[h.term]*tf) * (bm25K + 1) / (tf + norm)
		}
		from = p.behind
	}
	return scores
}

// sort parts the scores of windows with evidence from those of the others.
func (w *windows) sort(scores []float64, evidence []Span) (needed, others []float64) {
	next := 0
	for i, p := range w.places {
		for next < len(evidence) && evidence[next].End <= p.Start {
			next++
		}
		if next < len(evidence) && evidence[next].Start < p.End {
			needed = append(needed, scores[i])
			continue
		}
		others = append(others, scores[i])
	}
	return needed, others
}
