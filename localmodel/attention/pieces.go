package attention

import (
	"fmt"
	"strings"
)

// Pieces are what a mechanism cuts a context into, to choose among them. What
// its parameters are called is what a user writes.
type Pieces struct {
	Name   string // of a piece, and of the parameter that is its length
	Length int    // in tokens, at least 1
	// Fixed says that the length is the weights', so that no other one would do.
	Fixed bool
	TopK  int // pieces that a row sees
	Least int // the fewest that it may see
}

// Divide says what leaves nothing to choose in so many tokens, and what would do;
// nil: nothing. whole is what the tokens are ("context").
func (p Pieces) Divide(whole string, tokens int) error {
	count := (tokens + p.Length - 1) / p.Length
	var would []string
	if count >= p.Least && p.Length <= tokens {
		would = append(would, fmt.Sprintf("topk=%d or less", count))
	}
	if most := (tokens - 1) / max(1, p.TopK-1); most >= 1 && !p.Fixed { // ⌈tokens / most⌉ ≥ TopK
		would = append(would, fmt.Sprintf("%s=%d or less", p.Name, most))
	}
	advice := fmt.Sprintf("a %s of %d or more", whole, max(p.Length, (p.TopK-1)*p.Length+1))
	if len(would) > 0 {
		advice = strings.Join(would, ", ") + " or " + advice
	}
	switch {
	case p.Length > tokens:
		return fmt.Errorf("a %s of %d tokens is larger than a %s of %d: want %s", p.Name, p.Length, whole, tokens, advice)
	case p.TopK > count:
		return fmt.Errorf("topk=%d, but a %s of %d tokens has %d %ss of %d: want %s", p.TopK, whole, tokens, count, p.Name, p.Length, advice)
	}
	return nil
}
