package benchmarks

import "strings"

// wordStep is how many words fewer each further try keeps (L-Eval).
const wordStep = 250

// cutWords keeps as many words of the context as there is room for tokens, then
// 250 fewer each time, until the prompt of total tokens fits the budget; words
// stand between single spaces. It is L-Eval's rule (Baselines/ at cd34b05) but
// for one thing: there the question is not counted, so that prompts can come
// out longer than the window.
func cutWords(s Sample, total, budget int, last bool, tok Tokenizer) (Sample, int, error) {
	original, context := s, s.Prompt.Context
	room := budget - Count(tok, s.Prompt.Before+s.Prompt.After)
	for keep := room; keep > 0; keep -= wordStep {
		from, to := 0, wordsEnd(context, keep)
		if last {
			from, to = wordsStart(context, keep), len(context)
		}
		s = original
		s.Prompt.Context = context[from:to]
		s.Evidence = original.Evidence.cut(to, len(context), to-len(context)).cut(0, from, -from)
		if n := Count(tok, s.Prompt.Text()); n <= budget {
			return s, n, nil
		}
	}
	rest := TruncateRight // too little room for steps: token by token
	if last {
		rest = TruncateLeft
	}
	return cutContext(original, tok.Ends(context), total, budget, rest, tok)
}

// wordsEnd is the byte behind the first n words of text.
func wordsEnd(text string, n int) int {
	at := 0
	for ; n > 0; n-- {
		i := strings.IndexByte(text[at:], ' ')
		if i < 0 {
			return len(text)
		}
		at += i + 1
	}
	return at - 1
}

// wordsStart is the byte at which the last n words of text start.
func wordsStart(text string, n int) int {
	at := len(text)
	for ; n > 0; n-- {
		i := strings.LastIndexByte(text[:at], ' ')
		if i < 0 {
			return 0
		}
		at = i
	}
	return at + 1
}
