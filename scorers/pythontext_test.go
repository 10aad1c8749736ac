package scorers

import (
	"math"
	"slices"
	"testing"
)

func TestWhiteSpaceIsPythons(t *testing.T) {
	for _, r := range []rune{0x09, 0x0A, 0x0B, 0x0C, 0x0D, 0x1C, 0x1D, 0x1E, 0x1F, 0x20, 0x85, 0xA0, 0x1680, 0x2000, 0x2007, 0x200A, 0x2028, 0x2029, 0x202F, 0x205F, 0x3000} {
		if !isPySpace(r) {
			t.Errorf("%U should be white space", r)
		}
		if got := pyFields("a" + string(r) + string(r) + "b"); !slices.Equal(got, []string{"a", "b"}) {
			t.Errorf("split at %U: got %q", r, got)
		}
	}
	for _, r := range []rune{0x00, 0x08, 0x0E, 0x1B, 0x7F, 0x84, 0x180E, 0x200B, 0x200C, 0x2060, 0xFEFF, '.', 'a'} {
		if isPySpace(r) {
			t.Errorf("%U should not be white space", r)
		}
	}
}

func TestDigitsAndWordCharactersArePythons(t *testing.T) {
	for _, c := range []struct {
		name        string
		characters  string
		digit, word bool
	}{
		{"decimal digits of any script", "0٣५５𝟗႐", true, true},
		{"other numbers", "²½Ⅳ①〇一௰፼", false, true},
		{"letters, modifiers and ideographs", "aéßʰºª中龘𠀀אก", false, true},
		{"the underscore", "_", false, true},
		{"marks, format characters, symbols and punctuation", "\u0301\u0345\u200b\u200d\u20dd\u00ad·‘€🙂-.'／", false, false},
	} {
		for _, r := range c.characters {
			if isPyDigit(r) != c.digit || isPyWord(r) != c.word {
				t.Errorf("%s: %U: digit %v, word %v", c.name, r, isPyDigit(r), isPyWord(r))
			}
		}
	}
}

func TestPunctuationIsPythons(t *testing.T) {
	var got []rune
	for r := range rune(0x300) {
		if isASCIIPunct(r) {
			got = append(got, r)
		}
	}
	if want := "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"; string(got) != want {
		t.Errorf("want %q, got %q", want, string(got))
	}
}

func TestLowerCaseIsPythons(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{"ASCII", "ABC xyz", "abc xyz"},
		{"capital I with a dot becomes two", "İI", "i\u0307i"},
		{"dotless i stays", "ı", "ı"},
		{"capital sharp s becomes the small one", "ẞß", "ßß"},
		{"title case letters", "ǅǄ", "ǆǆ"},
		{"letters beyond 16 bits", "𐐀", "𐐨"},
		{"Roman numerals and circled letters", "ⅣⒶ", "ⅳⓐ"},
		{"sigma at the end", "ΟΔΟΣ", "οδος"},
		{"sigma in the middle and at the end", "ΣΑΣ ΣΑΣ", "σας σας"},
		{"sigma alone", "Σ", "σ"},
		{"sigma behind a digit", "1Σ", "1σ"},
		{"sigma behind a letter and a point", "Α.Σ", "α.ς"},
		{"sigma before an apostrophe and a letter", "ΑΣ'Α", "ασ'α"},
		{"sigma before a hyphen and a letter", "ΑΣ-Α", "ας-α"},
		{"sigma behind a letter with an accent mark", "Α\u0301Σ", "α\u0301ς"},
		{"sigma before an accent mark and a letter", "ΑΣ\u0301Α", "ασ\u0301α"},
		{"sigma behind a modifier letter, which is passed over", "ʰΣ", "ʰσ"},
		{"sigma behind an ordinal indicator, which is a lower-case letter", "ªΣ", "ªς"},
		{"sigma behind Chinese", "中Σ", "中σ"},
		{"sigma before Chinese", "ΑΣ中", "ας中"},
		{"two sigmas", "ΑΣΣ", "ασς"},
	} {
		if got := pyLower(c.in); got != c.want {
			t.Errorf("%s: %q: want %q, got %q", c.name, c.in, c.want, got)
		}
	}
}

func TestRoundIsPythons(t *testing.T) {
	for _, c := range []struct {
		x      float64
		digits int
		want   float64
	}{
		{0.125, 2, 0.12}, {0.375, 2, 0.38}, {2.675, 2, 2.67}, {1.005, 2, 1.0}, {50.005, 2, 50.01}, {0.25, 1, 0.2}, {0.35, 1, 0.3}, {0.45, 1, 0.5}, {99.995, 2, 100}, {12.5, 0, 12}, {-0.125, 2, -0.12}, {math.Inf(1), 2, math.Inf(1)},
	} {
		if got := Round(c.x, c.digits); got != c.want {
			t.Errorf("round(%v, %d): want %v, got %v", c.x, c.digits, c.want, got)
		}
	}
	if !math.IsNaN(Round(math.NaN(), 2)) {
		t.Error("NaN should stay NaN")
	}
}
