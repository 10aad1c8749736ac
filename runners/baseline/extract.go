package baseline

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"github.com/lcbench/lcbench/runners"
)

var (
	heading  = regexp.MustCompile(`(?m)^(?:(?:Paragraph|Passage) \d+|段落\d+|文章\d+)[:：]?`)
	sentence = regexp.MustCompile(`[^.!?。！？\n]+(?:[.!?。！？]+|\n|$)`)
	number   = regexp.MustCompile(`\d[\d,.]*\d|\d`)
	asksNum  = regexp.MustCompile(`(?i)\b(how many|how much|how tall|how high|when|what year|which year|what date)\b|多少|几|哪年|哪一年|何时|什么时候|多高`)
)

func sentences(text string) []string {
	out := sentence.FindAllString(text, -1)
	return slices.DeleteFunc(out, func(s string) bool { return strings.TrimSpace(s) == "" })
}

// bestSentence answers a question by the sentence that shares its words,
// reduced: to its last number for a question after one, else to what follows
// the last word that it shares with the question, if that is short.
func bestSentence(p runners.Parts) string {
	list := sentences(p.Context)
	at := rank(p.Query, list).best()
	if at < 0 {
		return ""
	}
	s := strings.TrimSpace(list[at])
	if asksNum.MatchString(p.Query) {
		if found := number.FindAllString(s, -1); len(found) > 0 {
			return found[len(found)-1]
		}
	}
	asked := map[string]bool{}
	eachWord(p.Query, nil, func(w []byte) { asked[string(w)] = true })
	words := strings.Fields(s)
	if len(words) < 2 {
		return s
	}
	last := 0
	for i, w := range words {
		eachWord(w, nil, func(part []byte) {
			if asked[string(part)] {
				last = i + 1
			}
		})
	}
	if rest := words[last:]; len(rest) > 0 && len(rest) <= 12 {
		return strings.Trim(strings.Join(rest, " "), ".,;:!?。 ")
	}
	return s
}

// lead takes sentences from the start until about maxTokens are filled: the
// lead baseline of summarisation.
func lead(text string, maxTokens int) string {
	room := 4 * maxTokens
	if maxTokens <= 0 || room > 1200 {
		room = 1200
	}
	var b strings.Builder
	for _, s := range sentences(text) {
		if b.Len() > 0 && b.Len()+len(s) > room {
			break
		}
		b.WriteString(strings.TrimRight(s, "\n"))
		b.WriteByte(' ')
	}
	return strings.TrimSpace(b.String())
}

// blocks cuts a text at its numbered headings; without any, at blank lines.
func blocks(text string) (heads, bodies []string) {
	at := heading.FindAllStringIndex(text, -1)
	if len(at) == 0 {
		for b := range strings.SplitSeq(text, "\n\n") {
			if strings.TrimSpace(b) != "" {
				heads, bodies = append(heads, ""), append(bodies, b)
			}
		}
		return heads, bodies
	}
	for i, h := range at {
		end := len(text)
		if i+1 < len(at) {
			end = at[i+1][0]
		}
		heads = append(heads, strings.TrimRight(text[h[0]:h[1]], ":："))
		bodies = append(bodies, text[h[1]:end])
	}
	return heads, bodies
}

// findParagraph names the paragraph that shares most with the query.
func findParagraph(p runners.Parts) string {
	heads, bodies := blocks(p.Context)
	at := rank(p.Query, bodies).best()
	if at < 0 {
		return ""
	}
	if heads[at] == "" {
		return strings.TrimSpace(bodies[at])
	}
	return heads[at]
}

// countParagraphs counts the bodies that differ.
func countParagraphs(text string) string {
	_, bodies := blocks(text)
	seen := map[string]bool{}
	for _, b := range bodies {
		seen[strings.Join(strings.Fields(b), " ")] = true
	}
	return fmt.Sprint(len(seen))
}

// nearestLabel gives the answer of the demonstration that is most like the
// query. A demonstration ends where a line begins like the query's own answer
// line, whose start the query's last line shows.
func nearestLabel(p runners.Parts) string {
	query := strings.TrimRight(p.Query, " \n")
	lines := strings.Split(query, "\n")
	mark := strings.TrimSpace(lines[len(lines)-1])
	if mark == "" || len(mark) > 40 {
		return bestSentence(p)
	}
	var questions, labels []string
	from := 0
	all := strings.Split(p.Context, "\n")
	for i, line := range all {
		if label, ok := strings.CutPrefix(strings.TrimSpace(line), mark); ok {
			questions = append(questions, strings.Join(all[from:i], "\n"))
			labels = append(labels, strings.TrimSpace(label))
			from = i + 1
		}
	}
	if at := rank(query, questions).best(); at >= 0 {
		return labels[at]
	}
	return bestSentence(p)
}

// nextLine gives the line that followed the earlier line most like the last.
func nextLine(code string) string {
	lines := slices.DeleteFunc(strings.Split(code, "\n"), func(l string) bool { return strings.TrimSpace(l) == "" })
	if len(lines) < 3 {
		return ""
	}
	last := lines[len(lines)-1]
	earlier := lines[:len(lines)-2]
	at := rank(last, earlier).best()
	if at < 0 {
		return ""
	}
	return lines[at+1]
}

// choose takes the choice whose words, with the question's, score best in any
// one sentence.
func choose(p runners.Parts) string {
	question, rest, _ := strings.Cut(p.Query, "\n(A) ")
	letters := "ABCD"
	list := sentences(p.Context)
	best, top := "A", -1.0
	for i := range letters {
		option, more, _ := strings.Cut(rest, fmt.Sprintf("\n(%c) ", letters[min(i+1, 3)]))
		rest = more
		query := question + " " + option
		r := rank(query, list)
		at := r.best()
		if at < 0 || !containsFold(list[at], option) && i > 0 {
			continue
		}
		if r.scores[at] > top {
			best, top = letters[i:i+1], r.scores[at]
		}
	}
	return "The correct answer is (" + best + ")"
}

func containsFold(text, part string) bool {
	lower := func(s string) string { return strings.Map(unicode.ToLower, strings.TrimSpace(s)) }
	return strings.Contains(lower(text), lower(part))
}
