package scorers

import (
	"math"
	"regexp"
	"slices"
	"strings"
)

// bleuOrder is the longest n-gram that counts.
const bleuOrder = 4

// bleuCounts are the sums that corpus BLEU is made of.
type bleuCounts struct {
	matches, possible     [bleuOrder]float64
	length, referenceSize float64 // in tokens
}

// parts lists the counts for Score.Parts.
func (c bleuCounts) parts() []float64 {
	return append(slices.Concat(c.matches[:], c.possible[:]), c.length, c.referenceSize)
}

// corpusBLEU is BLEU of what the parts of a set of rows add up to: the geometric
// mean of the precisions of one to four words times exp(1 − 1/ratio) for a ratio
// of the lengths up to 1 (compute_bleu, utils/bleu.py of M4LE at 47c2af9,
// without smoothing). 0 where a precision is 0, or where there is no word:
// upstream divides by zero there.
func corpusBLEU(sums []float64) float64 {
	if len(sums) < 2*bleuOrder+2 {
		return 0
	}
	matches, possible := sums[:bleuOrder], sums[bleuOrder:2*bleuOrder]
	length, reference := sums[2*bleuOrder], sums[2*bleuOrder+1]
	logs := 0.0
	for i := range matches {
		if matches[i] <= 0 || possible[i] <= 0 {
			return 0
		}
		logs += math.Log(matches[i]/possible[i]) / bleuOrder
	}
	if length <= 0 || reference <= 0 {
		return 0
	}
	penalty := 1.0
	if ratio := length / reference; ratio <= 1 {
		penalty = math.Exp(1 - 1/ratio)
	}
	return math.Exp(logs) * penalty
}

// scoreBLEU counts one row. Parts are its counts, which stand for a missing
// answer too; Value is what the row alone comes to.
func scoreBLEU(c Case, tokens func(string) []string) Score {
	parts := countBLEU(pyStrip(c.Prediction), c.References, tokens).parts()
	return Score{Value: corpusBLEU(parts), Parts: parts, Counts: true}
}

// countBLEU compares with the most of each n-gram in any reference, and with the
// length of the shortest one.
func countBLEU(prediction string, references []string, tokens func(string) []string) bleuCounts {
	var c bleuCounts
	words := tokens(prediction)
	wanted := map[string]int{}
	for i, r := range references {
		other := tokens(r)
		if size := float64(len(other)); i == 0 || size < c.referenceSize {
			c.referenceSize = size
		}
		for g, n := range countGrams(other) {
			wanted[g] = max(wanted[g], n)
		}
	}
	c.length = float64(len(words))
	for n := range bleuOrder {
		c.possible[n] = float64(max(0, len(words)-n))
	}
	for g, n := range countGrams(words) {
		c.matches[strings.Count(g, " ")] += float64(min(n, wanted[g]))
	}
	return c
}

// countGrams counts runs of one to four words; their keys have a space between
// words, which no word holds.
func countGrams(words []string) map[string]int {
	grams := make(map[string]int, bleuOrder*len(words))
	for n := 1; n <= bleuOrder; n++ {
		for i := 0; i+n <= len(words); i++ {
			grams[ngram(words[i:i+n])]++
		}
	}
	return grams
}

// tokens is the tokenizer of the rule's language.
func (r m4leRule) tokens() func(string) []string {
	if r.language == "zh" {
		return wmtChineseTokens
	}
	return mtevalTokens
}

// The steps of mteval-v13a: symbols stand alone, then full stop and comma unless
// a digit is before or behind, then a dash behind a digit.
var (
	mtevalSymbols = regexp.MustCompile("([{-~[-` -&(-+:-@/])")
	mtevalBefore  = regexp.MustCompile(`([^0-9])([.,])`)
	mtevalBehind  = regexp.MustCompile(`([.,])([^0-9])`)
	mtevalDash    = regexp.MustCompile(`([0-9])(-)`)
)

func mtevalSplit(text string) []string {
	text = mtevalSymbols.ReplaceAllString(text, " $1 ")
	text = mtevalBefore.ReplaceAllString(text, "$1 $2 ")
	text = mtevalBehind.ReplaceAllString(text, " $1 $2")
	text = mtevalDash.ReplaceAllString(text, "$1 $2 ")
	return pyFields(text)
}

// mtevalTokens are the words of mteval-v13a as WMT has it.
func mtevalTokens(text string) []string {
	text = strings.ReplaceAll(text, "<skipped>", "")
	text = strings.ReplaceAll(text, "-\n", "")
	text = strings.ReplaceAll(text, "\n", " ")
	for _, entity := range [][2]string{{"&quot;", `"`}, {"&amp;", "&"}, {"&lt;", "<"}, {"&gt;", ">"}} {
		text = strings.ReplaceAll(text, entity[0], entity[1])
	}
	return mtevalSplit(" " + text + " ")
}

// wmtChineseTokens sets each ideograph apart and splits the rest as mteval does.
func wmtChineseTokens(text string) []string {
	var b strings.Builder
	for _, r := range pyStrip(text) {
		if wmtIdeograph(r) {
			b.WriteByte(' ')
			b.WriteRune(r)
			b.WriteByte(' ')
			continue
		}
		b.WriteRune(r)
	}
	return mtevalSplit(b.String())
}

// wmtIdeograph says what WMT's Chinese tokenizer sets apart. It compares strings
// and writes two of its ranges with five digits, so that they come to U+2001 to
// U+2A6D, arrows and dashes among them, instead of ideographs above U+FFFF.
func wmtIdeograph(r rune) bool {
	switch {
	case r >= 0x2001 && r <= 0x2A6D, r >= 0x2E80 && r <= 0x2FDF, r >= 0x2FF0 && r <= 0x303F, r >= 0x3100 && r <= 0x312F,
		r >= 0x31A0 && r <= 0x31BF, r >= 0x31C0 && r <= 0x31EF, r >= 0x3200 && r <= 0x33FF, r >= 0x3400 && r <= 0x4DB5,
		r >= 0x4E00 && r <= 0x9FBB, r >= 0xF900 && r <= 0xFA2D, r >= 0xFA30 && r <= 0xFA6A, r >= 0xFA70 && r <= 0xFAD9,
		r >= 0xFE10 && r <= 0xFE1F, r >= 0xFE30 && r <= 0xFE4F, r >= 0xFF00 && r <= 0xFFEF:
		return true
	}
	return false
}
