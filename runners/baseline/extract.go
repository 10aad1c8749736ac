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
	sentence = regexp.MustCompile(`(?:[^.!?。！？\n]|[.]\S)+(?:[.!?。！？]+["”’)]?|\n|$)`)
)

func sentences(text string) []string {
	out := sentence.FindAllString(text, -1)
	return slices.DeleteFunc(out, func(s string) bool { return strings.TrimSpace(s) == "" })
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
		b.WriteString(strings.TrimSpace(s))
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
		return answerQuestion(p, 0)
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
	return answerQuestion(p, 0)
}

// nextLine gives the line that followed the earlier place most like the end:
// its last line, and with half the weight the one ahead, and so on.
func nextLine(code string) string {
	lines := slices.DeleteFunc(strings.Split(code, "\n"), func(l string) bool { return strings.TrimSpace(l) == "" })
	if len(lines) < 3 {
		return ""
	}
	end := len(lines) - 1
	x := newIndex(lines)
	like := make(ranking, end-1)
	weight := 1.0
	for back := 0; back < 3 && back < end; back++ {
		for i, s := range x.rank(wordSet(lines[end-back])) {
			if i += back; i < len(like) {
				like[i] += weight * s
			}
		}
		weight /= 2
	}
	return lines[like.best()+1]
}

// choose takes the choice whose words, with the question's, score best in any
// one sentence.
func choose(p runners.Parts) string {
	question, rest, _ := strings.Cut(p.Query, "\n(A) ")
	letters := "ABCD"
	list := sentences(p.Context)
	x := newIndex(list)
	best, top := "A", -1.0
	for i := range letters {
		option, more, _ := strings.Cut(rest, fmt.Sprintf("\n(%c) ", letters[min(i+1, 3)]))
		rest = more
		query := question + " " + option
		r := x.rank(wordSet(query))
		at := r.best()
		if at < 0 || !containsFold(list[at], option) && i > 0 {
			continue
		}
		if r[at] > top {
			best, top = letters[i:i+1], r[at]
		}
	}
	return "The correct answer is (" + best + ")"
}

func containsFold(text, part string) bool {
	lower := func(s string) string { return strings.Map(unicode.ToLower, strings.TrimSpace(s)) }
	return strings.Contains(lower(text), lower(part))
}
