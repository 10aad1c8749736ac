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

// searched is what a search for the question's words came to.
type searched struct {
	// needed are the scores of windows with evidence, others those of the rest,
	// rising.
	needed, others []float64
	overlap        Optional // see Beside
}

// search looks for the question's words in the context by BM25. Evidence are
// byte ranges, merged.
func search(context, question string, evidence []Span) searched {
	if len(evidence) == 0 {
		return searched{} // nothing to be found
	}
	terms := searchedWords(question)
	if evidence[0] == (Span{Start: 0, End: len(context)}) {
		return searched{overlap: overlapOfAll(context, terms)} // and nothing else
	}
	w := cutWindows(context, terms, evidence)
	needed, others := w.sort(w.scores(), evidence)
	slices.Sort(others)
	return searched{needed: needed, others: others, overlap: share(w.inEvidence, len(terms))}
}

// obscurity says how badly BM25 finds the windows of the context that hold
// evidence. For each of them it is log2(1 + r) / log2(1 + m/2), at most 1, where
// m is the number of other windows and r how many of those score higher, ties
// counting half; the mean of these is returned. It is 0 without an evidence
// window, and without any other.
func (f searched) obscurity() float64 {
	if len(f.needed) == 0 || len(f.others) == 0 {
		return 0
	}
	chance := math.Log2(1 + float64(len(f.others))/2)
	total := 0.0
	for _, score := range f.needed {
		first := sort.SearchFloat64s(f.others, score)
		behind := first + sort.Search(len(f.others)-first, func(i int) bool { return f.others[first+i] > score })
		rank := float64(len(f.others)-behind) + 0.5*float64(behind-first)
		total += min(1, math.Log2(1+rank)/chance)
	}
	return total / float64(len(f.needed))
}

// mostDistracting is where Beside.Distractor is cut.
const mostDistracting = 2

// distractor is Beside.Distractor.
func (f searched) distractor() Optional {
	if len(f.needed) == 0 || len(f.others) == 0 {
		return Optional{}
	}
	best, other := slices.Max(f.needed), f.others[len(f.others)-1]
	switch {
	case best > 0:
		return Optional{Value: min(mostDistracting, other/best), Known: true}
	case other > 0:
		return Optional{Value: mostDistracting, Known: true}
	}
	return Optional{}
}

// share is of the question's words; unknown if it has none.
func share(found, words int) Optional {
	if words == 0 {
		return Optional{}
	}
	return Optional{Value: float64(found) / float64(words), Known: true}
}

// overlapOfAll is the share of the words that a text has. It reads no further
// than to the last of them.
func overlapOfAll(text string, terms map[string]int) Optional {
	found := make([]bool, len(terms))
	n := 0
	for s := (wordScanner{text: text}); n < len(terms) && s.next(); {
		if term, ok := terms[string(s.lower())]; ok && !found[term] {
			found[term] = true
			n++
		}
	}
	return share(n, len(terms))
}

// windows are consecutive pieces of a text with what BM25 needs of them: of all
// words only the searched ones are counted.
type windows struct {
	places []windowPlace
	hits   []hit // of all windows, one behind the other
	// frequency is in how many windows a searched word occurs.
	frequency []int
	words     int
	// inEvidence is how many of the searched words occur in evidence.
	inEvidence int
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
		word := s.lower()
		if _, ok := terms[string(word)]; !ok {
			terms[string(word)] = len(terms)
		}
	}
	return terms
}

// cutWindows cuts the context and counts the terms in it. Evidence are byte
// ranges, merged.
func cutWindows(context string, terms map[string]int, evidence []Span) *windows {
	w := &windows{frequency: make([]int, len(terms))}
	counts, needed := make([]int, len(terms)), make([]bool, len(terms))
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
			for len(evidence) > 0 && evidence[0].End <= s.start {
				evidence = evidence[1:]
			}
			if len(evidence) > 0 && evidence[0].Start < s.end && !needed[term] {
				needed[term] = true
				w.inEvidence++
			}
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
	idf := w.idf()
	average := float64(w.words) / float64(len(w.places))
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

// idf gives the searched words' inverse document frequencies, those of words
// that don't occur left at 0.
func (w *windows) idf() []float64 {
	m := float64(len(w.places))
	ln := exactlog.New()
	known := map[int]float64{0: 0} // by the frequency: many words share one
	idf := make([]float64, len(w.frequency))
	for term, df := range w.frequency {
		value, ok := known[df]
		if !ok {
			value = ln.Of(1 + (m-float64(df)+0.5)/(float64(df)+0.5))
			known[df] = value
		}
		idf[term] = value
	}
	return idf
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
