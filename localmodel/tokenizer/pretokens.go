package tokenizer

import (
	"fmt"
	"slices"
	"strings"
)

// pretokenizer returns the end of the piece that starts at text[i]. No merge
// crosses the border of a piece. The text is valid UTF-8 and i < len(text).
type pretokenizer func(c *classes, text string, i int) int

// rules is what the name in tokenizer.ggml.pre stands for.
type rules struct {
	next pretokenizer
	// stages, where there are any, replace next: each splits what the one
	// before it left (see splitStages).
	stages []stage
	// whole: a piece that is a token of the vocabulary is not merged at all.
	whole bool
	// bos: a text begins with the BOS token unless the file says otherwise.
	bos bool
}

// The pre-tokenizers by the names that GGUF files use; the expressions that
// they stand for are written at their functions. Source: llama.cpp,
// src/llama-vocab.cpp, and the tokenizer.json files of the models named.
func preRules(name string) (rules, error) {
	for _, p := range []struct {
		names []string
		rules rules
	}{
		{[]string{"smollm", "starcoder", "refact", "command-r", "codeshell", "exaone", "minerva-7b"}, rules{next: nextSmolLM}},
		{[]string{"llama-bpe", "llama3", "llama-v3", "falcon3", "falcon-h1", "pixtral", "midm-2.0", "lfm2"}, rules{next: nextLlama3, whole: true, bos: true}},
		{[]string{"qwen2", "deepseek-r1-qwen", "stablelm2", "megrez", "kormo"}, rules{next: nextQwen2}},
		{[]string{"gpt-2", "phi-2", "mpt", "olmo", "jais", "roberta-bpe", "gigachat", "modern-bert"}, rules{next: nextGPT2}},
		{[]string{"dbrx", "smaug-bpe", "glm4", "chatglm-bpe"}, rules{next: nextLlama3}},
		{[]string{"tekken"}, rules{next: nextTekken, whole: true, bos: true}},
		{[]string{"gpt-4o", "llama4"}, rules{next: nextO200k}},
		{[]string{"deepseek-v3"}, rules{stages: deepSeekV3Stages()}},
		{[]string{"deepseek-coder"}, rules{stages: deepSeekCoderStages()}},
		{[]string{"default"}, rules{stages: defaultStages()}},
		{[]string{"falcon"}, rules{stages: falconStages()}},
	} {
		if slices.Contains(p.names, name) {
			return p.rules, nil
		}
	}
	return rules{}, fmt.Errorf("pre-tokenizer %q isn't known; known are %s", name, strings.Join(PreTokenizers(), ", "))
}

// PreTokenizers lists the values of tokenizer.ggml.pre that FromMetadata
// reads, one name for each set of rules.
func PreTokenizers() []string {
	return []string{"smollm", "llama-bpe", "qwen2", "gpt-2", "default", "dbrx", "tekken", "gpt-4o", "deepseek-v3",
		"deepseek-coder", "falcon", "starcoder"}
}

// nextGPT2: 's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+
func nextGPT2(c *classes, text string, i int) int {
	if text[i] == '\'' {
		if n := contraction(text[i:], false); n > 0 {
			return i + n
		}
	}
	from := i
	k, size := c.at(text, i)
	if text[i] == ' ' && i+1 < len(text) {
		from++
		k, size = c.at(text, from)
	}
	switch {
	case k&letter != 0:
		return c.run(text, from+size, letter)
	case k&number != 0:
		return c.run(text, from+size, number)
	case k&space == 0:
		return c.runOther(text, from+size, letter|number|space)
	}
	return spaces(c, text, i)
}

// nextSmolLM: first each \p{N} by itself, then what is between as nextGPT2.
func nextSmolLM(c *classes, text string, i int) int {
	if text[i] == '\'' {
		if n := contraction(text[i:], false); n > 0 {
			return i + n
		}
	}
	from := i
	k, size := c.at(text, i)
	if text[i] == ' ' && i+1 < len(text) {
		if next, more := c.at(text, i+1); next&number == 0 {
			from, k, size = i+1, next, more
		}
	}
	switch {
	case k&letter != 0:
		return c.run(text, from+size, letter)
	case k&number != 0:
		return from + size
	case k&space == 0:
		return c.runOther(text, from+size, letter|number|space)
	}
	end := c.run(text, i, space)
	if end < len(text) {
		if k, _ := c.at(text, end); k&number != 0 {
			return end // the digit was cut off before: the white space ends its part
		}
	}
	return leaveLast(text, i, end)
}

// nextLlama3: (?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}|
// ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+
func nextLlama3(c *classes, text string, i int) int { return nextTiktoken(c, text, i, 3) }

// nextQwen2 is nextLlama3 with single digits.
func nextQwen2(c *classes, text string, i int) int { return nextTiktoken(c, text, i, 1) }

func nextTiktoken(c *classes, text string, i, digits int) int {
	if text[i] == '\'' {
		if n := contraction(text[i:], true); n > 0 {
			return i + n
		}
	}
	k, size := c.at(text, i)
	switch {
	case k&letter != 0:
		return c.run(text, i+size, letter)
	case k&number != 0:
		return numbers(c, text, i, digits)
	}
	if i+size < len(text) && !isEOL(text[i]) {
		if next, more := c.at(text, i+size); next&letter != 0 {
			return c.run(text, i+size+more, letter)
		}
	}
	if end := others(c, text, i, false); end > i {
		return end
	}
	return lines(c, text, i)
}

// nextTekken: [^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+|
// the same with + and * exchanged|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+
func nextTekken(c *classes, text string, i int) int {
	if end := cased(c, text, i); end > i {
		return end
	}
	return nextAfterWords(c, text, i, 1)
}

// nextO200k is nextTekken with a contraction allowed after the letters and up
// to three digits together.
func nextO200k(c *classes, text string, i int) int {
	if end := cased(c, text, i); end > i {
		return end + contraction(text[end:], true)
	}
	return nextAfterWords(c, text, i, 3)
}

func nextAfterWords(c *classes, text string, i, digits int) int {
	if k, _ := c.at(text, i); k&number != 0 {
		return numbers(c, text, i, digits)
	}
	if end := others(c, text, i, true); end > i {
		return end
	}
	return lines(c, text, i)
}

// cased matches the first two alternatives of nextTekken in a backtracking
// engine's order and returns the end, or i.
func cased(c *classes, text string, i int) int {
	k, size := c.at(text, i)
	prefix := k&(letter|number) == 0 && !isEOL(text[i])
	if prefix {
		if end := capitalsThenSmall(c, text, i+size); end > 0 {
			return end
		}
	}
	if end := capitalsThenSmall(c, text, i); end > 0 {
		return end
	}
	// No small letter follows: capitals only, and then nothing small can.
	if prefix {
		if end := runCapitals(c, text, i+size); end > i+size {
			return end
		}
	}
	return runCapitals(c, text, i)
}

func isCapital(k class) bool { return k&(letter|mark) != 0 && k&small == 0 }
func isSmall(k class) bool   { return k&(letter|mark) != 0 && k&capital == 0 }

func runCapitals(c *classes, text string, i int) int {
	for i < len(text) {
		k, size := c.at(text, i)
		if !isCapital(k) {
			break
		}
		i += size
	}
	return i
}

// capitalsThenSmall returns the end of A*B+ at i (A letters that aren't small,
// B letters that aren't capital, marks are both), or 0.
func capitalsThenSmall(c *classes, text string, i int) int {
	both := 0 // end of the last rune of A* that B would take too
	for i < len(text) {
		k, size := c.at(text, i)
		if !isCapital(k) {
			break
		}
		i += size
		if isSmall(k) {
			both = i
		}
	}
	end := i
	for end < len(text) {
		k, size := c.at(text, end)
		if !isSmall(k) {
			break
		}
		end += size
	}
	if end > i {
		return end
	}
	return both
}

// contraction returns the length of the English contraction that text starts
// with ('s 't 're 've 'm 'll 'd), or 0; anyCase also takes capitals.
func contraction(text string, anyCase bool) int {
	if len(text) < 2 || text[0] != '\'' {
		return 0
	}
	fold := byte(0)
	if anyCase {
		fold = 0x20
	}
	switch a := text[1] | fold; a {
	case 's', 't', 'm', 'd':
		return 2
	case 'r', 'v', 'l':
		want := byte('e')
		if a == 'l' {
			want = 'l'
		}
		if len(text) > 2 && text[2]|fold == want {
			return 3
		}
	}
	return 0
}

// numbers ends a run of at most n numbers.
func numbers(c *classes, text string, i, n int) int {
	for ; n > 0 && i < len(text); n-- {
		k, size := c.at(text, i)
		if k&number == 0 {
			break
		}
		i += size
	}
	return i
}

// others matches " ?[^\s\p{L}\p{N}]+[\r\n]*", with slash "[\r\n/]*" at the
// end, and returns the end, or i.
func others(c *classes, text string, i int, slash bool) int {
	from := i
	if text[i] == ' ' {
		from++
	}
	end := c.runOther(text, from, letter|number|space)
	if end == from {
		return i
	}
	for end < len(text) && (isEOL(text[end]) || slash && text[end] == '/') {
		end++
	}
	return end
}

// lines matches \s*[\r\n]+|\s+(?!\S)|\s+ at white space; anything else, which
// no alternative took, is a piece by itself.
func lines(c *classes, text string, i int) int {
	end, last := i, 0
	for end < len(text) {
		k, size := c.at(text, end)
		if k&space == 0 {
			break
		}
		end += size
		if isEOL(text[end-size]) {
			last = end
		}
	}
	if last > 0 {
		return last
	}
	if end == i {
		_, size := c.at(text, i)
		return i + size
	}
	return leaveLast(text, i, end)
}

// spaces matches \s+(?!\S)|\s+ at i.
func spaces(c *classes, text string, i int) int {
	return leaveLast(text, i, c.run(text, i, space))
}

// leaveLast ends the white space text[i:end], which is followed by something
// else unless it ends the text: the last one is left to that, if not alone.
func leaveLast(text string, i, end int) int {
	if end == len(text) {
		return end
	}
	last := end - 1
	for !isRuneStart(text[last]) {
		last--
	}
	if last > i {
		return last
	}
	return end
}

func isEOL(b byte) bool       { return b == '\n' || b == '\r' }
func isRuneStart(b byte) bool { return b&0xC0 != 0x80 }
