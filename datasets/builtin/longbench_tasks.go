package builtin

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// report asks for the summary of an inspector's report.
func (g *rowMaker) report(n int) { g.summary(g.world.Report(g.task.language, g.first(), n), n/150) }

// minutes asks for the summary of a meeting.
func (g *rowMaker) minutes(n int) { g.summary(g.world.Meeting(g.task.language, g.first(), n), n/200) }

func (g *rowMaker) summary(doc Document, facts int) {
	text := g.world.Summary(doc, min(max(facts, 5), 20))
	g.add(longBenchRow{Context: doc.Text(), Answers: []string{text}})
}

// questionTypes asks for the type of a question after demonstrations.
func (g *rowMaker) questionTypes(n int) {
	demos := g.world.LabelledQuestions(English, g.purpose(), n/8)
	queries := g.world.LabelledQuestions(English, g.purpose()+"/query", g.wanted)
	g.fewShot(demos, queries, QuestionTypes(English), "Question: ", "\nType:", " ", n)
}

// newsTopics asks for the topic of a news item after demonstrations.
func (g *rowMaker) newsTopics(n int) {
	demos := g.world.LabelledNews(Chinese, g.purpose(), n/20)
	queries := g.world.LabelledNews(Chinese, g.purpose()+"/query", g.wanted)
	g.fewShot(demos, queries, Topics(Chinese), "新闻内容：", "\n类别：", "", n)
}

// fewShot writes rows of demonstrations up to about n words and one query. A
// query that is among the demonstrations is left out of them.
func (g *rowMaker) fewShot(demos, queries []Labelled, classes []string, head, label, gap string, n int) {
	asked := map[string]bool{}
	for _, q := range queries {
		asked[q.Text] = true
	}
	var b strings.Builder
	size := 0
	for _, x := range demos {
		if size >= n || asked[x.Text] {
			continue
		}
		shot := head + x.Text + label + gap + x.Label + "\n"
		size += Size(shot, g.task.language)
		b.WriteString(shot)
	}
	context := strings.TrimSuffix(b.String(), "\n")
	for _, q := range queries {
		g.add(longBenchRow{Input: head + q.Text + label, Context: context, Answers: []string{q.Label}, Classes: classes})
	}
}

// paragraphs tells count entities in a paragraph each, in random order.
func (g *rowMaker) paragraphs(d *dice, count, n int) []Paragraph {
	var about []*Entity
	for k := 0; len(about) < count; k++ {
		about = append(about, shuffled(d, g.world.Circle(g.first()+k).Entities())[:min(6, count-len(about))]...)
	}
	out := make([]Paragraph, count)
	for i, e := range shuffled(d, about) {
		out[i] = g.world.Article(e, g.task.language, n/count, Shape{}).Paragraphs[0]
	}
	return out
}

// retrieve asks which of 30 paragraphs an abstract is of.
func (g *rowMaker) retrieve(n int) {
	d := g.dice()
	ps := g.paragraphs(d, 30, n)
	head, colon := "Paragraph ", ": "
	if g.task.language == Chinese {
		head, colon = "段落", "："
	}
	texts := make([]string, len(ps))
	order := make([]int, len(ps))
	for i, p := range ps {
		texts[i] = head + strconv.Itoa(i+1) + colon + p.Text
		order[i] = i
	}
	context := strings.Join(texts, separator)
	for _, i := range shuffled(d, order)[:g.wanted] {
		g.add(longBenchRow{
			Input: g.world.Abstract(ps[i], g.task.language, 5), Context: context,
			Answers: []string{head + strconv.Itoa(i+1)},
		})
	}
}

// count repeats some paragraphs and asks how many different ones there are.
func (g *rowMaker) count(n int) {
	d := g.dice()
	all := max(8, n/90)
	different := all - d.between(1, all/2)
	ps := g.paragraphs(d, different, n*different/all)
	shown := slices.Clone(ps)
	for len(shown) < all {
		shown = append(shown, pick(d, ps))
	}
	shuffle(d, shown)
	texts := make([]string, all)
	for i, p := range shown {
		texts[i] = fmt.Sprintf("Paragraph %d: %s", i+1, p.Text)
	}
	g.add(longBenchRow{Context: strings.Join(texts, separator), Answers: []string{strconv.Itoa(different)}})
}

// file asks for the next line of one Python file.
func (g *rowMaker) file(n int) {
	d := g.dice()
	f := g.world.Code(English, g.number(), n)
	at := g.cut(d, f, len(f.Lines)-min(len(f.Lines)/4, 40))
	g.add(longBenchRow{Context: f.Text(at), Answers: []string{f.Lines[at]}})
}

// number tells the files of this context from those of all others.
func (g *rowMaker) number() int {
	if g.even {
		return 1000 + g.doc
	}
	return g.doc
}

// cut picks a target line behind from, so that enough stands before it.
func (g *rowMaker) cut(d *dice, f CodeFile, from int) int {
	var late []int
	for _, t := range f.Targets {
		if t >= from {
			late = append(late, t)
		}
	}
	if len(late) == 0 {
		late = f.Targets
	}
	return pick(d, late)
}

// repository asks for the next line of a file that uses classes of another
// one; the other file is the context, the unfinished one the input.
func (g *rowMaker) repository(n int) {
	d := g.dice()
	lib := g.world.Code(Chinese, g.number(), n)
	main := g.world.Caller(Chinese, g.number(), lib)
	at := g.cut(d, main, 0)
	g.add(longBenchRow{
		Context: "# 文件：" + lib.Path + "\n" + lib.Text(-1) + "\n",
		Input:   "# 文件：" + main.Path + "\n" + main.Text(at),
		Answers: []string{main.Lines[at]},
	})
}
