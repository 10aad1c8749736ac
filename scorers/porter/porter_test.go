package porter

import (
	"strings"
	"testing"
	"unicode/utf8"
)

// Stems as NLTK 3.10.4's PorterStemmer gives them, at least one word for each
// rule and for each way in which a rule can fail.
func TestStemsEqualNLTKs(t *testing.T) {
	for word, want := range map[string]string{
		"sensationally":  "sensat",
		"sky":            "sky",
		"skies":          "sky",
		"dying":          "die",
		"lying":          "lie",
		"tying":          "tie",
		"news":           "news",
		"innings":        "inning",
		"outing":         "outing",
		"cannings":       "canning",
		"howe":           "howe",
		"proceed":        "proceed",
		"exceed":         "exceed",
		"succeed":        "succeed",
		"a":              "a",
		"is":             "is",
		"us":             "us",
		"ties":           "tie",
		"dies":           "die",
		"cries":          "cri",
		"caresses":       "caress",
		"ponies":         "poni",
		"caress":         "caress",
		"cats":           "cat",
		"gas":            "ga",
		"died":           "die",
		"cried":          "cri",
		"spied":          "spi",
		"feed":           "feed",
		"plastered":      "plaster",
		"bled":           "bled",
		"motoring":       "motor",
		"sing":           "sing",
		"conflated":      "conflat",
		"troubled":       "troubl",
		"sized":          "size",
		"hopping":        "hop",
		"tanned":         "tan",
		"falling":        "fall",
		"hissing":        "hiss",
		"fizzed":         "fizz",
		"failing":        "fail",
		"filing":         "file",
		"hoping":         "hope",
		"owing":          "owe",
		"using":          "use",
		"eying":          "eye",
		"happy":          "happi",
		"sky's":          "sky'",
		"say":            "say",
		"enjoy":          "enjoy",
		"by":             "by",
		"dry":            "dri",
		"spy":            "spi",
		"relational":     "relat",
		"conditional":    "condit",
		"rational":       "ration",
		"valenci":        "valenc",
		"hesitanci":      "hesit",
		"digitizer":      "digit",
		"conformabli":    "conform",
		"radicalli":      "radic",
		"differentli":    "differ",
		"vileli":         "vile",
		"analogousli":    "analog",
		"vietnamization": "vietnam",
		"predication":    "predic",
		"operator":       "oper",
		"feudalism":      "feudal",
		"decisiveness":   "decis",
		"hopefulness":    "hope",
		"callousness":    "callous",
		"formaliti":      "formal",
		"sensitiviti":    "sensit",
		"sensibiliti":    "sensibl",
		"hopefulli":      "hope",
		"archaeologi":    "archaeolog",
		"logi":           "logi",
		"theologi":       "theolog",
		"geologi":        "geolog",
		"triplicate":     "triplic",
		"formative":      "form",
		"formalize":      "formal",
		"electriciti":    "electr",
		"electrical":     "electr",
		"hopeful":        "hope",
		"goodness":       "good",
		"revival":        "reviv",
		"allowance":      "allow",
		"inference":      "infer",
		"airliner":       "airlin",
		"gyroscopic":     "gyroscop",
		"adjustable":     "adjust",
		"defensible":     "defens",
		"irritant":       "irrit",
		"replacement":    "replac",
		"adjustment":     "adjust",
		"dependent":      "depend",
		"adoption":       "adopt",
		"onion":          "onion",
		"homologou":      "homolog",
		"communism":      "commun",
		"activate":       "activ",
		"angulariti":     "angular",
		"homologous":     "homolog",
		"effective":      "effect",
		"bowdlerize":     "bowdler",
		"probate":        "probat",
		"rate":           "rate",
		"cease":          "ceas",
		"roll":           "roll",
		"decreed":        "decre",
		"enroll":         "enrol",
		"lie":            "lie",
		"ale":            "ale",
		"axe":            "axe",
		"ease":           "eas",
		"allegation":     "alleg",
		"really":         "realli",
		"totally":        "total",
		"musically":      "music",
		"usefully":       "use",
		"yyed":           "yy",
		"yyy":            "yyy",
		"beyed":          "bey",
		"been":           "been",
		"bee":            "bee",
		"2007":           "2007",
		"1990s":          "1990",
		"café":           "café",
		"caféed":         "café",
		"élan":           "élan",
		"éed":            "éed",
		"naïvely":        "naïv",
		"naïveté":        "naïveté",
		"straßed":        "straße",
		"x-rays":         "x-ray",
		"don't":          "don't",
		"o'neil's":       "o'neil'",
		"u.s.":           "u.s.",
		"running,":       "running,",
		"(ended)":        "(ended)",
		"ended.":         "ended.",
		"conspiracies":   "conspiraci",
		"ied":            "i",
		"ying":           "ying",
		"ing":            "ing",
		"ed":             "ed",
	} {
		if got := Stem(word); got != want {
			t.Errorf("Stem(%q) = %q, want %q", word, got, want)
		}
	}
}

func FuzzStem(f *testing.F) {
	for _, w := range []string{"", "y", "yy", "ied", "allialli", "éed", "ying", "logi"} {
		f.Add(w)
	}
	f.Fuzz(func(t *testing.T, word string) {
		if len(word) > 1<<10 || !utf8.ValidString(word) {
			t.Skip()
		}
		stem := Stem(word)
		if len(stem) > len(word)+1 {
			t.Errorf("Stem(%q) = %q is longer", word, stem)
		}
		if !utf8.ValidString(stem) {
			t.Errorf("Stem(%q) = %q splits a character", word, stem)
		}
		if strings.ContainsAny(stem, " \n") && !strings.ContainsAny(word, " \n") {
			t.Errorf("Stem(%q) = %q", word, stem)
		}
	})
}
