package benchmarks

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/lcbench/lcbench/scorers"
)

// Policy names how a prompt that is too long is shortened.
type Policy string

// The truncation policies. Middle, left and right name the part of the
// context that goes; instructions and question stay whole. The prompt
// policies are benchmarks' own rules and cut the middle of the whole prompt's
// tokens, whatever stands there.
const (
	// TruncateOwn is the benchmark's own rule, Sample.Own.
	TruncateOwn    Policy = "own"
	TruncateMiddle Policy = "middle"
	TruncateLeft   Policy = "left"
	TruncateRight  Policy = "right"
	TruncateNone   Policy = "none"
	// TruncatePrompt keeps the first ⌊L/2⌋ and the last ⌊L/2⌋ of the prompt's
	// tokens (LongBench: pred.py; LooGLE).
	TruncatePrompt Policy = "prompt-middle"
	// TruncatePromptAll keeps the first ⌊L/2⌋ and the last ⌈L/2⌉ (LongBench v2).
	TruncatePromptAll Policy = "prompt-middle-all"
	// TruncateWords keeps the first words of the context, in steps of 250 less
	// (L-Eval); TruncateWordsLeft keeps the last ones (L-Eval's codeU).
	TruncateWords     Policy = "words"
	TruncateWordsLeft Policy = "words-left"
)

// Policies lists what a user can choose.
func Policies() []Policy {
	return []Policy{TruncateOwn, TruncateMiddle, TruncateLeft, TruncateRight, TruncateNone, TruncatePrompt, TruncatePromptAll, TruncateWords, TruncateWordsLeft}
}

// ErrContextOverflow says that a prompt is longer than the window and can't
// or mustn't be cut to fit.
var ErrContextOverflow = errors.New("prompt longer than the context window")

// Fit shortens the sample's prompt to at most budget tokens of tok by policy p
// and returns it with the number of tokens that were cut, 0 if it fitted.
// Evidence spans are moved with the text; those that were hit are counted as
// lost. The error wraps ErrContextOverflow.
func Fit(s Sample, budget int, p Policy, tok Tokenizer) (Sample, int, error) {
	// A token is at least one byte, so a short text need not be counted.
	if len(s.Prompt.System)+len(s.Prompt.Before)+len(s.Prompt.Context)+len(s.Prompt.After) <= budget {
		return s, 0, nil
	}
	budget -= count(tok, s.Prompt.System)
	text := s.Prompt.Text()
	ends := tok.Ends(text)
	if len(ends) <= budget {
		return s, 0, nil
	}
	if p == TruncateOwn || p == "" {
		p = s.Own
	}
	var err error
	total, left := len(ends), -1
	switch p {
	case TruncatePrompt, TruncatePromptAll:
		s, err = cutPrompt(s, text, ends, budget, p == TruncatePromptAll)
	case TruncateWords, TruncateWordsLeft:
		s, left, err = cutWords(s, total, budget, p == TruncateWordsLeft, tok)
	case TruncateMiddle, TruncateLeft, TruncateRight:
		s, left, err = cutContext(s, tok.Ends(s.Prompt.Context), total, budget, p, tok)
	default:
		err = fmt.Errorf("%w: %d tokens, room for %d, and truncation is %q", ErrContextOverflow, total, budget, p)
	}
	if err != nil {
		return s, 0, err
	}
	if left < 0 {
		left = count(tok, s.Prompt.Text())
	}
	return s, total - left, nil
}

func count(tok Tokenizer, text string) int {
	if text == "" {
		return 0
	}
	return Count(tok, text)
}

// CountContext counts the context's tokens, and finds among them the evidence
// whose places are known, so that neither has to be done again for the axes.
func (s *Sample) CountContext(tok Tokenizer) {
	s.Tokenizer = tok.Name()
	if !s.Evidence.located() {
		s.ContextTokens = Count(tok, s.Prompt.Context)
		return
	}
	ends := tok.Ends(s.Prompt.Context)
	s.ContextTokens, s.Evidence.Tokens = len(ends), scorers.TokenSpans(ends, s.Evidence.Spans)
}

// Count returns the number of tokens of text.
func Count(tok Tokenizer, text string) int {
	if c, ok := tok.(interface{ Count(string) int }); ok {
		return c.Count(text)
	}
	return len(tok.Ends(text))
}

// cutPrompt removes the middle of the whole prompt's tokens.
func cutPrompt(s Sample, text string, ends []int, budget int, all bool) (Sample, error) {
	head := budget / 2
	tail := head
	if all {
		tail = budget - head
	}
	if head < 1 {
		return s, fmt.Errorf("%w: room for %d tokens", ErrContextOverflow, budget)
	}
	from, to := ends[head-1], ends[len(ends)-tail-1]
	p := s.Prompt
	context := len(p.Before)
	after := context + len(p.Context)
	s.Prompt.Before = without(text, 0, context, from, to)
	s.Prompt.Context = without(text, context, after, from, to)
	s.Prompt.After = without(text, after, len(text), from, to)
	s.Evidence = s.Evidence.cut(from-context, to-context, len(s.Prompt.Context)-len(p.Context))
	return s, nil
}

// without returns text[start:end] less text[from:to]. Characters that the cut
// splits become U+FFFD, as a tokenizer's decoder would have it.
func without(text string, start, end, from, to int) string {
	head := text[start:max(start, min(end, from))]
	tail := text[min(end, max(start, to)):end]
	if len(head)+len(tail) == end-start {
		return text[start:end]
	}
	return mendTail(head) + mendHead(tail)
}

// mendTail replaces a truncated character at the end by one U+FFFD.
func mendTail(s string) string {
	for back := 1; back < utf8.UTFMax && back <= len(s); back++ {
		if c := s[len(s)-back]; utf8.RuneStart(c) {
			if !utf8.FullRuneInString(s[len(s)-back:]) {
				return s[:len(s)-back] + string(utf8.RuneError)
			}
			break
		}
	}
	return s
}

// mendHead replaces each orphaned byte at the start by one U+FFFD.
func mendHead(s string) string {
	n := 0
	for n < len(s) && !utf8.RuneStart(s[n]) {
		n++
	}
	return strings.Repeat(string(utf8.RuneError), n) + s[n:]
}

// cutContext removes tokens of the context only, whose ends are given, until
// the whole prompt of total tokens has no more than budget, and returns how
// many it has then. Tokens at the seams merge differently once text is gone, so
// it counts again after each cut.
func cutContext(s Sample, ends []int, total, budget int, p Policy, tok Tokenizer) (Sample, int, error) {
	original := s
	keep := len(ends)
	for range 8 {
		if total <= budget {
			return s, total, nil
		}
		keep -= total - budget
		if keep <= 0 {
			rest := Count(tok, original.Prompt.Before+original.Prompt.After)
			return original, 0, fmt.Errorf("%w: instructions and question alone take %d tokens, room for %d", ErrContextOverflow, rest, budget)
		}
		s = keepTokens(original, ends, keep, p)
		total = Count(tok, s.Prompt.Text())
	}
	return original, 0, fmt.Errorf("%w: %d tokens of room, no cut fits", ErrContextOverflow, budget)
}

// keepTokens returns s with keep tokens of its context left, whole characters
// only.
func keepTokens(s Sample, ends []int, keep int, p Policy) Sample {
	head := keep / 2
	switch p {
	case TruncateLeft:
		head = 0
	case TruncateRight:
		head = keep
	}
	context := s.Prompt.Context
	from, to := 0, len(context)
	if head > 0 {
		from = ends[head-1]
	}
	if tail := keep - head; tail > 0 {
		to = ends[len(ends)-tail-1]
	}
	for from > 0 && !utf8.RuneStart(context[from]) {
		from--
	}
	for to < len(context) && !utf8.RuneStart(context[to]) {
		to++
	}
	s.Prompt.Context = context[:from] + context[to:]
	s.Evidence = s.Evidence.cut(from, to, from-to)
	return s
}
