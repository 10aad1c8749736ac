package baseline

import (
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/lcbench/lcbench/runners"
)

var (
	number = regexp.MustCompile(`\d{1,2} [A-Z][a-z]+ \d{4}|[A-Z][a-z]+ \d{1,2}, \d{4}|\d+年(?:\d+月(?:\d+日)?)?|\d[\d,.]*\d%?|\d%?`)
	unit   = regexp.MustCompile(`^(?:\p{Han}{1,2}(?:\P{Han}|$)|[人米元个名页次天岁])`)

	asksNumber = regexp.MustCompile(`(?i)\b(how (?:many|much|tall|high|long|old|far|deep|large)|number of|when|dates?|year|budget|cost|bill|price|population|age|percentage)\b|多少|几|哪年|哪一年|何时|什么时候|日期|多[高长大远]`)
	asksName   = regexp.MustCompile(`(?i)\b(who|whom|whose|which|where)\b|what (?:is|was) the name`)
	asksHan    = regexp.MustCompile(`哪[个一所座条家位]*|谁|什么|何`)
	asksDate   = regexp.MustCompile(`(?i)\b(when|dates?|year)\b|哪年|哪一年|哪一天|何时|什么时候|日期|生日`)
	calendar   = regexp.MustCompile(`[a-z] \d{4}|\d, \d{4}|年`)
	plainYear  = regexp.MustCompile(`^[12]\d{3}$`)
	hanStops   = regexp.MustCompile(`[的是在了于由被把和与有为以其之这那哪个一几谁什么何时候多少吗呢年]`)
	hanEdges   = "的是在了于由被把也都就"
	links      = regexp.MustCompile(`(?i)^(?:is|was|are|were|be|been|as|by|with|to|in|on|at|from|for|that|which|who|has|had|have|but|than)$`)
	stops      = regexp.MustCompile(`(?i)^(?:the|a|an|of|and|or|it|its|his|her|their|he|she|they|this|there|what|how|many|much|did|does|do|where|when|whom|whose|about|` +
		`is|was|are|were|be|been|as|by|with|to|in|on|at|from|for|that|which|who|has|had|have|but|than)$`)
)

// sentenceLimit is the answer limit, in tokens, from which a benchmark wants
// sentences and not the shortest span.
const sentenceLimit = 128

// How many of the best sentences are looked at, and from how many of them a
// second one is looked for.
const (
	looked  = 16
	bridges = 6
)

// answerQuestion finds the sentence that shares the question's words and holds
// something of the kind asked for. Where a question is put to several
// documents, a name in one sentence may lead to a second one that has the
// words which the first lacks.
func answerQuestion(p runners.Parts, maxTokens int) string {
	list := sentences(p.Context)
	if len(list) == 0 {
		return ""
	}
	q := newQuestion(p.Query)
	x := newIndex(list)
	found := q.search(list, x.rank(q.words), func(int) bool { return true })
	if strings.Contains(strings.ToLower(p.Category), "multi") {
		if chained := q.chain(x, list); chained.score > found.score {
			found = chained
		}
	}
	if found.text == "" {
		found.at = max(0, x.rank(q.words).best())
	}
	if found.text == "" || maxTokens >= sentenceLimit {
		return strings.TrimSpace(list[found.at])
	}
	return found.text
}

// question is what is asked for, and with which words.
type question struct {
	words              map[string]bool // without stop words
	known              map[string]bool // with the Chinese ones: pairs go across them
	number, date, name bool
	// before and after stand around the asking word of a Chinese question.
	before, after string
}

func newQuestion(text string) *question {
	content := latin.ReplaceAllStringFunc(text, unlessStop)
	q := &question{
		words: wordSet(hanStops.ReplaceAllString(content, " ")), known: wordSet(content),
		number: asksNumber.MatchString(text), date: asksDate.MatchString(text),
	}
	q.name = !q.number && asksName.MatchString(text)
	if at := asksHan.FindStringIndex(text); at != nil {
		_, n := utf8.DecodeLastRuneInString(text[:at[0]])
		q.before = text[at[0]-n : at[0]]
		rest := []rune(strings.TrimRight(text[at[1]:], "？?。吗呢 \n"))
		q.after = string(rest[max(0, len(rest)-2):])
	}
	return q
}

var latin = regexp.MustCompile(`[A-Za-z]+`)

func unlessStop(word string) string {
	if stops.MatchString(word) {
		return " "
	}
	return word
}

// finding is an answer and where it comes from.
type finding struct {
	at    int // the sentence
	text  string
	score float64
}

// search looks through the best sentences that pass.
func (q *question) search(list []string, scores ranking, pass func(int) bool) finding {
	var best finding
	for _, i := range scores.top(looked) {
		if !pass(i) {
			continue
		}
		text, fits := q.extract(list[i])
		score := scores[i]
		if !fits {
			score *= 0.4
		}
		if !ended(list[i]) {
			score *= 0.5 // a heading
		}
		if text != "" && score > best.score {
			best = finding{i, text, score}
		}
	}
	return best
}

func ended(s string) bool {
	r, _ := utf8.DecodeLastRuneInString(strings.TrimSpace(s))
	return strings.ContainsRune(".!?。！？", r)
}

// chain goes over a name in one sentence to a second one that holds the name
// and what else the question says.
func (q *question) chain(x *index, list []string) finding {
	var best finding
	scores := x.rank(q.words)
	for _, first := range scores.top(bridges) {
		rest := map[string]bool{}
		here := wordSet(list[first])
		for w := range q.words {
			if !here[w] {
				rest[w] = true
			}
		}
		further := x.rank(rest)
		for _, name := range q.names(list[first]) {
			next := q.with(name)
			found := next.search(list, further, func(i int) bool { return i != first && strings.Contains(list[i], name) })
			if found.score += scores[first]; found.text != "" && found.score > best.score {
				best = found
			}
		}
	}
	return best
}

// with is the question with a name's words added to those known.
func (q *question) with(name string) *question {
	next := *q
	next.known = wordSet(name)
	for w := range q.known {
		next.known[w] = true
	}
	return &next
}

// names are what a sentence names besides the question's own words. Chinese
// doesn't mark names, so there are none to go over.
func (q *question) names(sentence string) []string {
	var out []string
	for _, r := range q.residues(sentence) {
		out = append(out, r.names(sentence)...)
	}
	return out
}

// names are the capitalised names of a residue. A single word at the head of
// its sentence may be any.
func (r residue) names(sentence string) []string {
	list := capitals(r.text)
	if len(list) > 0 && strings.HasPrefix(strings.TrimSpace(sentence), list[0]) && !strings.Contains(list[0], " ") {
		list = list[1:]
	}
	return list
}

// extract returns what a sentence says beyond the question, and whether it is
// of the kind asked for.
func (q *question) extract(sentence string) (text string, fits bool) {
	if q.number {
		if n := q.lastNumber(sentence); n != "" {
			return n, true
		}
	}
	best, most := "", -1
	for _, r := range q.residues(sentence) {
		score, text := 1, r.text
		switch {
		case r.han:
			score, text = q.fit(sentence, r)
		case q.name:
			if names := r.names(sentence); len(names) > 0 {
				score, text = 3, names[len(names)-1]
			}
		default:
			text = afterLinks(text)
		}
		if text != "" && score >= most {
			best, most = text, score
		}
	}
	return best, best != "" && !q.number && (!q.name || most >= 3 || q.before != "")
}

// lastNumber is the last number, date or year that the question doesn't name,
// with its Chinese unit.
func (q *question) lastNumber(sentence string) string {
	at := number.FindAllStringIndex(sentence, -1)
	for _, n := range slices.Backward(at) {
		text := sentence[n[0]:n[1]]
		if subset(wordSet(text), q.known) || !q.counts(text) {
			continue
		}
		if u := unit.FindString(sentence[n[1]:]); u != "" {
			text += strings.TrimRightFunc(u, func(r rune) bool { return !unicode.Is(unicode.Han, r) })
		}
		return text
	}
	return ""
}

// counts says whether a number is of the kind asked for: a date or a year, or
// anything but a date.
func (q *question) counts(number string) bool {
	if !q.date {
		return !calendar.MatchString(number)
	}
	return calendar.MatchString(number) || plainYear.MatchString(number)
}

func subset(a, b map[string]bool) bool {
	for w := range a {
		if !b[w] {
			return false
		}
	}
	return true
}

// residue is a run of words that the question doesn't have.
type residue struct {
	text       string
	start, end int // in the sentence
	han        bool
}

// residues cuts a sentence at punctuation and at the question's words. Of
// Chinese text a pair of ideographs has to agree: single ones stand inside of
// names as well.
func (q *question) residues(sentence string) []residue {
	var out []residue
	from := -1
	han := false
	closeAt := func(end int) {
		if from >= 0 {
			text := strings.TrimFunc(sentence[from:end], func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsNumber(r) })
			if text = trimStops(text); text != "" {
				out = append(out, residue{text, from, end, han})
			}
		}
		from = -1
	}
	for _, t := range tokens(sentence) {
		known := q.known[t.word]
		if t.han {
			known = t.pairs(sentence, q.known)
		}
		if known || t.apart || t.han != han {
			closeAt(t.gap)
		}
		if !known && from < 0 {
			from, han = t.start, t.han
		}
	}
	closeAt(len(sentence))
	return out
}

// token is a word or an ideograph of a sentence.
type token struct {
	start, end int
	gap        int // where the token ahead of it ended
	word       string
	han        bool
	apart      bool // punctuation stands ahead of it
}

var word = regexp.MustCompile(`\p{Han}|[\p{L}\p{N}]+(?:['’.,\-][\p{L}\p{N}]+)*`)

func tokens(sentence string) []token {
	var out []token
	end := 0
	for _, at := range word.FindAllStringIndex(sentence, -1) {
		t := token{start: at[0], end: at[1], gap: end, apart: strings.TrimSpace(sentence[end:at[0]]) != ""}
		r, _ := utf8.DecodeRuneInString(sentence[at[0]:])
		t.han = unicode.Is(unicode.Han, r)
		eachWord(sentence[at[0]:at[1]], nil, func(w []byte) {
			if t.word == "" {
				t.word = string(w)
			}
		})
		out = append(out, t)
		end = at[1]
	}
	return out
}

// pairs says whether the ideograph and a neighbour stand in the question.
func (t token) pairs(sentence string, words map[string]bool) bool {
	own := sentence[t.start:t.end]
	_, n := utf8.DecodeLastRuneInString(sentence[:t.start])
	_, m := utf8.DecodeRuneInString(sentence[t.end:])
	return words[sentence[t.start-n:t.start]+own] || words[own+sentence[t.end:t.end+m]]
}

// trimStops takes stop words off both ends.
func trimStops(text string) string {
	words := strings.Fields(text)
	for len(words) > 0 && stops.MatchString(words[0]) {
		words = words[1:]
	}
	for len(words) > 0 && stops.MatchString(words[len(words)-1]) {
		words = words[:len(words)-1]
	}
	return strings.Join(words, " ")
}

// capitals are the runs of capitalised words in text, "of" and "the" inside of
// them included.
func capitals(text string) []string {
	var out []string
	var run []string
	flush := func() {
		if name := trimStops(strings.Join(run, " ")); name != "" {
			out = append(out, name)
		}
		run = nil
	}
	for _, w := range strings.Fields(text) {
		r, _ := utf8.DecodeRuneInString(w)
		if unicode.IsUpper(r) || len(run) > 0 && (w == "of" || w == "the") {
			run = append(run, w)
			continue
		}
		flush()
	}
	flush()
	return out
}

// afterLinks is what follows the last linking word: "trained as a smith" says
// smith.
func afterLinks(text string) string {
	words := strings.Fields(text)
	for i, w := range slices.Backward(words) {
		if links.MatchString(w) && i+1 < len(words) {
			return trimStops(strings.Join(words[i+1:], " "))
		}
	}
	return trimStops(text)
}

// fit prefers the Chinese residue that stands where the question's asking word
// would: behind what is ahead of it, ahead of what is behind it.
func (q *question) fit(sentence string, r residue) (int, string) {
	score, text := 1, r.text
	if q.before != "" {
		if strings.HasSuffix(sentence[:r.start], q.before) {
			score += 2
		} else if i := strings.LastIndex(text, q.before); i >= 0 && i+len(q.before) < len(text) {
			score, text = score+2, text[i+len(q.before):]
		}
	}
	text = strings.Trim(text, hanEdges)
	if q.after != "" && strings.HasPrefix(sentence[r.end:], q.after) {
		score++
	}
	return score, text
}
