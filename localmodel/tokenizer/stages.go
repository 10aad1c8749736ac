package tokenizer

import "unicode/utf8"

// stage looks at text[i:] and returns the end of the piece that its expression
// matches there, or i. A model with several expressions splits with the first,
// then splits every piece, matched or not, with the next.
type stage func(c *classes, text string, i int) int

// splitStages calls yield with the ends of the pieces of text, which starts at
// offset at of the whole.
func splitStages(c *classes, text string, at int, stages []stage, yield func(end int)) {
	if len(stages) == 0 {
		yield(at + len(text))
		return
	}
	gap := 0
	for i := 0; i < len(text); {
		end := stages[0](c, text, i)
		if end <= i {
			_, size := utf8.DecodeRuneInString(text[i:])
			i += size
			continue
		}
		if gap < i {
			splitStages(c, text[gap:i], at+gap, stages[1:], yield)
		}
		splitStages(c, text[i:end], at+i, stages[1:], yield)
		i, gap = end, end
	}
	if gap < len(text) {
		splitStages(c, text[gap:], at+gap, stages[1:], yield)
	}
}

// deepSeekV3Stages: \p{N}{1,3}, then [一-龥぀-ゟ゠-ヿ]+, then
// [!-/:-~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*|
// \s*[\r\n]+|\s+(?!\S)|\s+ (the first class is ASCII punctuation).
func deepSeekV3Stages() []stage {
	return []stage{
		func(c *classes, text string, i int) int { return numbers(c, text, i, 3) },
		runStage(func(r rune, _ class) bool { return r >= '一' && r <= '龥' || r >= 0x3040 && r <= 0x30FF }),
		stage(nextDeepSeek),
	}
}

func nextDeepSeek(c *classes, text string, i int) int {
	if isASCIIPunct(text[i]) {
		end := i + 1
		for end < len(text) && isASCIILetter(text[end]) {
			end++
		}
		if end > i+1 {
			return end
		}
	}
	k, size := c.at(text, i)
	if k&(letter|punct|symbol) == 0 && !isEOL(text[i]) {
		if end := c.run(text, i+size, letter|mark); end > i+size {
			return end
		}
	}
	if end := c.run(text, i, letter|mark); end > i {
		return end
	}
	from := i
	if text[i] == ' ' {
		from++
	}
	if end := c.run(text, from, punct|symbol); end > from {
		for end < len(text) && isEOL(text[end]) {
			end++
		}
		return end
	}
	if k&space == 0 {
		return i
	}
	return lines(c, text, i)
}

// deepSeekCoderStages: [\r\n], then \s?\p{L}+, then \s?\p{P}+, then
// [一-龥ࠀ-一가-퟿]+, then \p{N}.
func deepSeekCoderStages() []stage {
	return []stage{
		func(_ *classes, text string, i int) int {
			if isEOL(text[i]) {
				return i + 1
			}
			return i
		},
		spacedRun(letter),
		spacedRun(punct),
		runStage(func(r rune, _ class) bool { return r >= 0x800 && r <= '龥' || r >= 0xAC00 && r <= 0xD7FF }),
		func(c *classes, text string, i int) int { return numbers(c, text, i, 1) },
	}
}

// defaultStages: [\p{P}$+<=>^~|]+, then nextGPT2, then \p{N}+, then
// [0-9][0-9][0-9].
func defaultStages() []stage {
	return []stage{punctStage("$+<=>^~|"), stage(nextGPT2), runStage(func(_ rune, k class) bool { return k&number != 0 }), threeDigits}
}

// falconStages: [\p{P}$+<=>^~|`]+, then nextGPT2, then [0-9][0-9][0-9].
func falconStages() []stage {
	return []stage{punctStage("$+<=>^~|`"), stage(nextGPT2), threeDigits}
}

func punctStage(also string) stage {
	return runStage(func(r rune, k class) bool {
		if k&punct != 0 {
			return true
		}
		for _, a := range also {
			if r == a {
				return true
			}
		}
		return false
	})
}

// runStage matches the longest run of runes that in accepts.
func runStage(in func(r rune, k class) bool) stage {
	return func(c *classes, text string, i int) int {
		for i < len(text) {
			r, size := utf8.DecodeRuneInString(text[i:])
			if !in(r, c.of(r)) {
				break
			}
			i += size
		}
		return i
	}
}

// spacedRun matches \s?X+ for runes X that have any of the bits.
func spacedRun(bits class) stage {
	return func(c *classes, text string, i int) int {
		from := i
		if k, size := c.at(text, i); k&space != 0 {
			from += size
		}
		if end := c.run(text, from, bits); end > from {
			return end
		}
		return i
	}
}

func threeDigits(_ *classes, text string, i int) int {
	for k := i; k < i+3; k++ {
		if k >= len(text) || text[k] < '0' || text[k] > '9' {
			return i
		}
	}
	return i + 3
}
