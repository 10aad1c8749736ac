package tokenizer

import (
	"slices"
	"testing"
	"unicode/utf8"

	"github.com/dlclark/regexp2"
	"github.com/google/go-cmp/cmp"
)

// The expressions that the pre-tokenizers stand for, for a backtracking
// engine. Several split one after the other.
const (
	gpt2Expr     = `'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`
	llama3Expr   = `(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`
	qwen2Expr    = `(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`
	capsExpr     = `[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+`
	caps2Expr    = `[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*`
	restExpr     = ` ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+`
	shortExpr    = `(?i:'s|'t|'re|'ve|'m|'ll|'d)?`
	deepSeekExpr = `[!"#$%&'()*+,\-./:;<=>?@\[\\\]^_` + "`" + `{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`
)

func preExpressions() map[string][]string {
	return map[string][]string{
		"gpt-2":          {gpt2Expr},
		"smollm":         {`\p{N}`, gpt2Expr},
		"starcoder":      {`\p{N}`, gpt2Expr},
		"llama-bpe":      {llama3Expr},
		"dbrx":           {llama3Expr},
		"qwen2":          {qwen2Expr},
		"tekken":         {capsExpr + `|` + caps2Expr + `|\p{N}|` + restExpr},
		"gpt-4o":         {capsExpr + shortExpr + `|` + caps2Expr + shortExpr + `|\p{N}{1,3}|` + restExpr},
		"deepseek-v3":    {`\p{N}{1,3}`, `[一-龥\u3040-\u309f\u30a0-\u30ff]+`, deepSeekExpr},
		"deepseek-coder": {`[\r\n]`, `\s?\p{L}+`, `\s?\p{P}+`, `[一-龥\u0800-一\uac00-\ud7ff]+`, `\p{N}`},
		"default":        {`[\p{P}\$\+<=>\^~\|]+`, gpt2Expr, `\p{N}+`, `[0-9][0-9][0-9]`},
		"falcon":         {`[\p{P}\$\+<=>\^~\|` + "`" + `]+`, gpt2Expr, `[0-9][0-9][0-9]`},
	}
}

type preReference map[string][]*regexp2.Regexp

func newPreReference() preReference {
	ref := preReference{}
	for name, exprs := range preExpressions() {
		for _, e := range exprs {
			ref[name] = append(ref[name], regexp2.MustCompile(e, regexp2.None))
		}
	}
	return ref
}

// split cuts text with each expression in turn: matches, and what is between.
func (r preReference) split(t *testing.T, name, text string) []string {
	t.Helper()
	parts := []string{text}
	for _, re := range r[name] {
		var next []string
		for _, part := range parts {
			runes, at := []rune(part), 0
			m, err := re.FindStringMatch(part)
			for ; m != nil && err == nil; m, err = re.FindNextMatch(m) {
				if m.Index > at {
					next = append(next, string(runes[at:m.Index]))
				}
				next = append(next, m.String())
				at = m.Index + m.Length
			}
			if err != nil {
				t.Fatal(err)
			}
			if at < len(runes) {
				next = append(next, string(runes[at:]))
			}
		}
		parts = next
	}
	return parts
}

func preSplit(t *testing.T, c *classes, name, text string) []string {
	t.Helper()
	r, err := preRules(name)
	if err != nil {
		t.Fatal(err)
	}
	var parts []string
	if r.next == nil {
		at := 0
		splitStages(c, text, 0, r.stages, func(end int) {
			parts = append(parts, text[at:end])
			at = end
		})
		return parts
	}
	for i := 0; i < len(text); {
		end := r.next(c, text, i)
		if end <= i {
			t.Fatalf("%s: %q: stuck at %d", name, text, i)
		}
		parts = append(parts, text[i:end])
		i = end
	}
	return parts
}

func checkPreTokens(t *testing.T, ref preReference, c *classes, text string) {
	t.Helper()
	for name := range ref {
		if diff := cmp.Diff(ref.split(t, name, text), preSplit(t, c, name, text)); diff != "" {
			t.Fatalf("%s: %q (-want +got):\n%s", name, text, diff)
		}
	}
}

func preTexts() []string {
	return []string{
		"Hello, world!", " leading", "trailing ", "don't DON'T I'LL we'Ve they'Re 'S 'tis '", "a  b   c\n\nd \n e\t\tf \r\n g",
		"1234567890 3.14 1,000 x²³ ⅷ ٣٤", "  12  ", " \n12", "naïve café e\u0301 \u0301x \u0301 A\u0301b", "中文，上下文。123日本語テスト゛あ",
		"HTTPServer getURLFor iPhone ǅabc ʰA ªb", "x**2 # comment // path/to\n/x", "a\u00a0b\u2003\u2003c\u3000", "😀👩‍👩‍👧 🏳️‍🌈", "\x00\x01control\x7f",
		"$100 + <b> = ^~|`code`", "_foo.bar __init__", "한국어 시험 नमस्ते สวัสดี", "\U000E0001\U0010FFFF\u0378", "\ufffd \ufffd",
	}
}

func TestPreTokenizersEqualTheirExpressions(t *testing.T) {
	ref, c := newPreReference(), newClasses()
	for _, name := range PreTokenizers() {
		if ref[name] == nil {
			t.Errorf("no expression to compare %s with", name)
		}
	}
	for _, text := range preTexts() {
		checkPreTokens(t, ref, c, text)
	}
	// Every string of up to four of these, which the rules tell apart.
	signs := []string{"a", "B", "1", " ", "\n", "'", "s", "/", "文", "\u0301", "。"}
	var grow func(text string, left int)
	grow = func(text string, left int) {
		if left == 0 {
			checkPreTokens(t, ref, c, text)
			return
		}
		for _, s := range signs {
			grow(text+s, left-1)
		}
	}
	for n := 1; n <= 3; n++ {
		grow("", n)
	}
}

func FuzzPreTokenizers(f *testing.F) {
	for _, text := range preTexts() {
		f.Add(text)
	}
	ref, c := newPreReference(), newClasses()
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > 1<<10 || !utf8.ValidString(text) {
			t.Skip("capped input")
		}
		checkPreTokens(t, ref, c, text)
	})
}

func TestUnknownPreTokenizerListsTheKnownOnes(t *testing.T) {
	_, err := preRules("nonesuch")
	for _, name := range PreTokenizers() {
		if err == nil || !containsAll(err.Error(), "nonesuch", name) {
			t.Errorf("got %v, want an error that names %s", err, name)
		}
	}
}

func TestEveryListedPreTokenizerIsKnown(t *testing.T) {
	for _, name := range PreTokenizers() {
		if _, err := preRules(name); err != nil {
			t.Error(err)
		}
	}
	if !slices.Contains(PreTokenizers(), "smollm") {
		t.Error("smollm isn't listed")
	}
}
