package tokenizer

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"
)

// Where a vocabulary may be cut, the parts have the tokens of the whole.
func TestPartsOfACutTextHaveItsTokens(t *testing.T) {
	for _, name := range []string{"cl100k_base", "o200k_base", "p50k_base", "r50k_base"} {
		t.Run(name, func(t *testing.T) {
			named, err := Named(name)
			if err != nil {
				t.Fatal(err)
			}
			tok := named.(*bpe)
			pieces := rapid.OneOf(rapid.SampledFrom([]string{
				"a", "the", " The", "'s", "'LL", "n't", "don'", "’s", "\n", "\n\n", "\r\n", " ", "   ", "\t", ".", "...", "/", "12345", "é", "e\u0301", "\u0301", "雾岭", "，", "。",
				"ʼ", "ﬁ", "ǅ", "٣", "🙂", "\u200d", "ΟΔΟΣ", "camelCase", "_", "$x", "\u00a0", "\u3000", "ß",
			}), rapid.String())
			cuts := 0
			rapid.Check(t, func(r *rapid.T) {
				text := strings.ToValidUTF8(strings.Join(rapid.SliceOfN(pieces, 1, 16).Draw(r, "text"), ""), "")
				whole := tok.Ends(text)
				for at := range len(text) + 1 {
					if at < len(text) && !utf8.RuneStart(text[at]) || !tok.Cuts(text, at) {
						continue
					}
					cuts++
					parts := tok.Ends(text[:at])
					for _, e := range tok.Ends(text[at:]) {
						parts = append(parts, at+e)
					}
					if !slices.Equal(parts, whole) {
						r.Fatalf("%q cut at %d has token ends %v, whole %v", text, at, parts, whole)
					}
				}
			})
			if cuts < 100 {
				t.Errorf("cut at %d places only", cuts)
			}
		})
	}
}
