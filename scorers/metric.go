// Package scorers judges answers: metrics, each named after the reference
// implementation that it equals, and the aggregation of their scores.
//
// The package knows nothing of benchmarks, models or files. Scores are float64
// in 0..1; percent is a matter of printing.
package scorers

// Span is a half-open byte range [Start, End) of a text.
type Span struct {
	Start int `json:"start"`
	End   int `json:"end"`
}

// Case is one answer with what is needed to judge it.
type Case struct {
	// Prediction is the model's answer as it came, reasoning removed.
	Prediction string
	// References lists the right answers; the best match counts.
	References []string
	// Classes lists all classes of a classification task, in upstream's order;
	// of a cloze, the mask that each of References stands for.
	Classes []string
	// Thesaurus gives METEOR its synonyms; nil: it goes without.
	Thesaurus Thesaurus
}

// Thesaurus knows words of the same meaning.
type Thesaurus interface {
	// Synonyms lists the words that share a meaning with word, which may be a
	// stem or an inflected form. Words may repeat.
	Synonyms(word string) []string
	// Origin says where they come from, for the output.
	Origin() string
}

// Score is a metric's verdict on one case.
type Score struct {
	// Value is in 0..1.
	Value float64
	// Answer is what the metric took out of the prediction, where it extracts.
	Answer string
	// Parts are the figures that Value is made of, where the metric has several
	// (rouge1, rouge2, rougeL); each is in 0..1.
	Parts []float64
	// Counts says that Parts are counts instead, from whose sums a set's figure
	// follows (Headline): a row without an answer has them too, those of an empty
	// one.
	Counts bool
	// NoAnswer says that an extracting metric found no answer; Value is 0 then.
	NoAnswer bool
	// Measures are further figures of the same answer, where the reference has
	// several (BLEU, ROUGE, METEOR).
	Measures []Measure
}

// Metric is a named scoring rule.
type Metric struct {
	Name string
	// Equals names the package, version or upstream file whose numbers this
	// metric gives.
	Equals string
	// Score judges one case. It is safe for concurrent use.
	Score func(Case) Score
}
