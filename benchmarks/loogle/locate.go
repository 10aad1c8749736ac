package loogle

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/lcbench/lcbench/benchmarks"
	"github.com/lcbench/lcbench/scorers"
)

// locator finds evidence in one document. What it needs of the document is
// worked out once for all its questions.
type locator struct {
	text    string
	letters *squeezed
	uncited *squeezed
	words   []span           // of the document, without citation marks
	runs    map[string][]int // places of each run of anchorWords words
	ends    []int            // of the document's tokens, nil: not yet
}

type span = scorers.Span

func newLocator(text string) *locator { return &locator{text: text} }

// count counts the document's tokens, and finds the sample's evidence in them.
func (l *locator) count(s *benchmarks.Sample, tok benchmarks.Tokenizer) {
	if l.ends == nil {
		l.ends = tok.Ends(l.text)
	}
	s.ContextTokens, s.Tokenizer = len(l.ends), tok.Name()
	if len(s.Evidence.Spans) > 0 {
		s.Evidence.Tokens = scorers.TokenSpans(l.ends, s.Evidence.Spans)
	}
}

// find locates one evidence text: word for word, then by letters and digits
// alone, then also without citation marks. What annotators joined or retyped is
// looked for by its longest run of words, which is an anchor in the place, not
// all of it: exact is false then. No place: ok is false.
func (l *locator) find(text string) (at span, exact, ok bool) {
	text = strings.TrimSpace(text)
	if text == "" {
		return span{}, false, false
	}
	if i := strings.Index(l.text, text); i >= 0 {
		return span{Start: i, End: i + len(text)}, true, true
	}
	if l.letters == nil {
		l.letters, l.uncited = squeeze(l.text, nil), squeeze(l.text, citations(l.text))
	}
	if at, ok = l.letters.find(squeeze(text, nil).text); ok {
		return at, true, true
	}
	if at, ok = l.uncited.find(squeeze(text, citations(text)).text); ok {
		return at, true, true
	}
	at, ok = l.anchor(text)
	return at, false, ok
}

// citation is a mark like [77], [a] or, of an article in another language, [es].
var citation = regexp.MustCompile(`\[[^\[\]]{1,4}\]`)

func citations(text string) [][]int { return citation.FindAllStringIndex(text, -1) }

// squeezed is the letters and digits of a text, in lower case, each byte with
// the place of its character in the text.
type squeezed struct {
	text string
	from []int32
	to   []int32
}

// squeeze leaves out all but letters and digits, and what lies in skip.
func squeeze(text string, skip [][]int) *squeezed {
	s := &squeezed{}
	var b strings.Builder
	for i, r := range text {
		for len(skip) > 0 && i >= skip[0][1] {
			skip = skip[1:]
		}
		if len(skip) > 0 && i >= skip[0][0] || !isWordRune(r) {
			continue
		}
		n := b.Len()
		b.WriteRune(unicode.ToLower(r))
		for range b.Len() - n {
			s.from = append(s.from, int32(i))
			s.to = append(s.to, int32(i+utf8.RuneLen(r)))
		}
	}
	s.text = b.String()
	return s
}

func isWordRune(r rune) bool {
	return r != utf8.RuneError && (unicode.IsLetter(r) || unicode.IsNumber(r))
}

// leastSqueezed is the length below which a squeezed text says nothing.
const leastSqueezed = 8

func (s *squeezed) find(text string) (span, bool) {
	if len(text) < leastSqueezed {
		return span{}, false
	}
	i := strings.Index(s.text, text)
	if i < 0 {
		return span{}, false
	}
	return span{Start: int(s.from[i]), End: int(s.to[i+len(text)-1])}, true
}

// anchorWords is the shortest run of words that may stand for a place.
const anchorWords = 8

// anchor finds the longest run of words that the document shares with a text.
func (l *locator) anchor(text string) (span, bool) {
	if l.runs == nil {
		l.words = wordSpans(l.text)
		l.runs = map[string][]int{}
		for i := 0; i+anchorWords <= len(l.words); i++ {
			key := runKey(l.text, l.words[i:i+anchorWords])
			l.runs[key] = append(l.runs[key], i)
		}
	}
	words := wordSpans(text)
	best, most := 0, 0
	for i := 0; i+anchorWords <= len(words); i++ {
		for _, at := range l.runs[runKey(text, words[i:i+anchorWords])] {
			n := anchorWords
			for i+n < len(words) && at+n < len(l.words) && sameWord(text, words[i+n], l.text, l.words[at+n]) {
				n++
			}
			if n > most {
				best, most = at, n
			}
		}
	}
	if most == 0 {
		return span{}, false
	}
	return span{Start: l.words[best].Start, End: l.words[best+most-1].End}, true
}

// wordSpans are the runs of letters and digits of a text, citation marks left
// out.
func wordSpans(text string) []span {
	var out []span
	skip := citations(text)
	start := -1
	for i, r := range text + " " {
		if isWordRune(r) {
			if start < 0 {
				start = i
			}
			continue
		}
		for len(skip) > 0 && skip[0][1] <= start {
			skip = skip[1:]
		}
		if start >= 0 && (len(skip) == 0 || start < skip[0][0]) {
			out = append(out, span{Start: start, End: i})
		}
		start = -1
	}
	return out
}

func runKey(text string, words []span) string {
	var b strings.Builder
	for _, w := range words {
		b.WriteString(strings.ToLower(text[w.Start:w.End]))
		b.WriteByte(' ')
	}
	return b.String()
}

func sameWord(a string, x span, b string, y span) bool {
	return strings.EqualFold(a[x.Start:x.End], b[y.Start:y.End])
}
