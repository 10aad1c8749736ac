package scorers

import (
	"math"
	"strings"
)

// codeSim is LongBench's code_sim_score: fuzzywuzzy 0.18's ratio of the first
// line that is neither comment nor fence, on Python's difflib.
//
// The trap: with python-Levenshtein installed, fuzzywuzzy silently takes
// another ratio, and 29% of values change, by up to 47 points. LongBench's
// requirements don't install it, so the published numbers are difflib's.
func codeSim(prediction, reference string) float64 {
	return float64(fuzzRatio(codeLine(prediction), reference)) / 100
}

// codeLine is the first line without a backquote, # or //; "" if there is
// none.
func codeLine(prediction string) string {
	for line := range strings.SplitSeq(strings.TrimLeft(prediction, "\n"), "\n") {
		if !strings.ContainsAny(line, "`#") && !strings.Contains(line, "//") {
			return line
		}
	}
	return ""
}

// fuzzRatio is fuzzywuzzy 0.18.0's fuzz.ratio on difflib, 0..100; the order of
// the arguments matters.
func fuzzRatio(a, b string) int {
	if a == b {
		return 100
	}
	if a == "" || b == "" {
		return 0
	}
	return int(math.RoundToEven(100 * sequenceRatio(a, b)))
}
