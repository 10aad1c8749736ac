package scorers

// Beside are figures of a sample's evidence that are reported beside its axes
// and are no part of them.
type Beside struct {
	// Extent is (last evidence token − first) / N, N the context's tokens; unknown
	// without evidence.
	Extent Optional
	// Overlap is the share of the question's distinct words that occur in the
	// evidence; unknown of a question without words.
	Overlap Optional
	// Distractor is the highest BM25 score of a window without evidence, divided by
	// the highest of one with it, at most 2: above 1 a distractor is found ahead of
	// all evidence. It is 2 where only distractors have a word of the question;
	// unknown where none has, and where all windows or none hold evidence.
	Distractor Optional
	// Redundancy is in how many sets of places the evidence is known to stand, any
	// of which suffices; 0: not known.
	Redundancy int
}

// Optional is a figure that may not be known: then it is the zero value.
type Optional struct {
	Value float64
	Known bool
}

// extent is of merged spans in a context of n tokens.
func extent(tokens []Span, n int) Optional {
	if len(tokens) == 0 || n == 0 {
		return Optional{}
	}
	first, last := tokens[0].Start, tokens[len(tokens)-1].End-1
	return Optional{Value: float64(last-first) / float64(n), Known: true}
}

// SmallestSet returns the index of the set of places that takes the fewest
// tokens, the first of several such: of sets of which any one suffices, that is
// the evidence. Overlapping ranges of a set count once. It is -1 without a set.
func SmallestSet(tokens [][]Span) int {
	best, fewest := -1, 0
	for i, set := range tokens {
		n := totalLength(joined(set))
		if best < 0 || n < fewest {
			best, fewest = i, n
		}
	}
	return best
}
