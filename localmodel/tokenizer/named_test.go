package tokenizer

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"
)

// oddPieces are what the vocabularies' expressions look at.
func oddPieces() *rapid.Generator[string] {
	return rapid.OneOf(rapid.SampledFrom([]string{
		"a", "the", " The", "'s", "'LL", "n't", "don'", "’s", "\n", "\n\n", "\r\n", " ", "   ", "\t", ".", "...", "/", "12345", "é", "e\u0301", "\u0301", "雾岭", "，", "。",
		"ʼ", "ﬁ", "ǅ", "٣", "🙂", "\u200d", "ΟΔΟΣ", "camelCase", "_", "$x", "\u00a0", "\u3000", "ß", "'ſ", "'K", "\u0085", "\u2028", "\u180e", "\x1c", "²", "Ⅳ", "ʰ",
	}), rapid.String())
}

// Words are split by our own rules, and remembered: the tokens are the library's.
func TestNamedVocabulariesHaveTheLibrarysTokens(t *testing.T) {
	for _, name := range []string{"cl100k_base", "o200k_base", "p50k_base", "r50k_base"} {
		t.Run(name, func(t *testing.T) {
			named, err := Named(name)
			if err != nil {
				t.Fatal(err)
			}
			tok := named.(*bpe)
			tok.ready()
			rapid.Check(t, func(r *rapid.T) {
				text := strings.Join(rapid.SliceOfN(oddPieces(), 0, 16).Draw(r, "text"), "")
				want := tok.lengths(text, nil)
				got := tok.Ends(text)
				if !slices.Equal(got, want) || tok.Count(text) != len(want) {
					r.Fatalf("%q has token ends %v, %d tokens; the library gives %v", text, got, tok.Count(text), want)
				}
			})
		})
	}
}

func TestGoldenNamedVocabulariesOnRealTexts(t *testing.T) {
	for _, file := range []string{"multi_news.jsonl", "multifieldqa_zh.jsonl"} {
		for _, name := range []string{"cl100k_base", "o200k_base", "r50k_base"} {
			named, err := Named(name)
			if err != nil {
				t.Fatal(err)
			}
			tok := named.(*bpe)
			tok.ready()
			for i, text := range contexts(t, file, 12) {
				if !slices.Equal(tok.Ends(text), tok.lengths(text, nil)) {
					t.Errorf("%s, %s: text %d has other tokens than the library's", name, file, i)
				}
			}
		}
	}
}

// Where a vocabulary may be cut, the parts have the tokens of the whole.
func TestPartsOfACutTextHaveItsTokens(t *testing.T) {
	for _, name := range []string{"cl100k_base", "o200k_base", "p50k_base", "r50k_base"} {
		t.Run(name, func(t *testing.T) {
			named, err := Named(name)
			if err != nil {
				t.Fatal(err)
			}
			tok := named.(*bpe)
			pieces := oddPieces()
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
			if cuts < 100 && !testing.Short() {
				t.Errorf("cut at %d places only", cuts)
			}
		})
	}
}
