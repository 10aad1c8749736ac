package scorers

// Unit says how a measure's figures are read.
type Unit string

// The units of measures.
const (
	UnitShare  Unit = "share"  // in 0..1, printed as percent
	UnitNumber Unit = "number" // printed as it is
	// UnitFlag is 1 where something about the answer should be known, else 0:
	// Note says what. It is counted, not averaged.
	UnitFlag Unit = "flag"
)

// Measure is one of several figures that a metric gives beside its score.
type Measure struct {
	// Name is the reference's own: rouge-1_recall.
	Name string
	// Title is short, for a table's head.
	Title string
	// Table says which measures are shown together: "Text", "Cloze"; "" is not
	// shown, only written down.
	Table string
	Unit  Unit
	Value float64
	// Unweighted says that in its mean each row counts once, whatever it weighs
	// in the score.
	Unweighted bool
	// Absent says why there is no Value; "" where there is one.
	Absent string
	// Note says what the figure rests on (where METEOR's synonyms come from), or
	// what a flag means.
	Note string
}
