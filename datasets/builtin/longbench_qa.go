package builtin

import (
	"fmt"
	"slices"
	"strings"
)

// singleDoc asks about single facts of one chronicle.
func (g *rowMaker) singleDoc(n int) {
	d := g.dice()
	doc := g.world.Chronicle(g.task.language, g.first(), n, Shape{})
	text := doc.Text()
	for _, q := range shuffled(d, g.world.Questions(doc, d.n(2))) {
		if g.wanted <= 0 {
			return
		}
		g.add(longBenchRow{Input: q.Text, Context: text, Answers: []string{q.Answer}})
	}
}

// multiDoc asks two-hop questions over passages of one entity each.
func (g *rowMaker) multiDoc(n int) {
	d := g.dice()
	passages := max(6, n/140)
	about, questions := g.hops(d, passages)
	var parts []string
	for i, e := range about {
		a := g.world.Article(e, English, n/passages, Shape{Variant: i})
		parts = append(parts, fmt.Sprintf("Passage %d:\n%s\n%s", i+1, a.Title, a.Text()))
	}
	context := strings.Join(parts, separator)
	for _, q := range questions {
		if g.wanted > 0 && inPassages(parts, q.Answer) == 1 {
			g.add(longBenchRow{Input: q.Text, Context: context, Answers: []string{q.Answer}})
		}
	}
}

// hops chooses the entities of some two-hop questions and fills them up with
// others of further circles, in random order. It offers more questions than
// are wanted, as some answers turn out to stand in several passages.
func (g *rowMaker) hops(d *dice, passages int) ([]*Entity, []Question) {
	var about []*Entity
	var questions []Question
	add := func(e *Entity) {
		if !slices.Contains(about, e) {
			about = append(about, e)
		}
	}
	circles := max(2, passages/6)
	for _, q := range shuffled(d, g.world.TwoHop(g.world.Circle(g.first()), English)) {
		if len(about) < passages/2+1 {
			add(q.Facts[0].Subject)
			add(q.Facts[1].Subject)
		}
		if slices.Contains(about, q.Facts[0].Subject) && slices.Contains(about, q.Facts[1].Subject) {
			questions = append(questions, q)
		}
	}
	for k := 0; len(about) < passages; k++ {
		add(pick(d, g.world.Circle(g.first()+1+k%circles).Entities()))
	}
	return shuffled(d, about), differing(questions)
}

// differing puts those questions first that differ in answer and opening
// relation, so that the rows of a context ask for different things.
func differing(questions []Question) []Question {
	seen := map[string]bool{}
	var out, rest []Question
	for _, q := range questions {
		answer, by := "answer "+q.Answer, "by "+q.Facts[0].Relation
		if seen[answer] || seen[by] {
			rest = append(rest, q)
			continue
		}
		seen[answer], seen[by] = true, true
		out = append(out, q)
	}
	return append(out, rest...)
}

// inPassages counts the passages that hold a text.
func inPassages(passages []string, text string) int {
	n := 0
	for _, p := range passages {
		if strings.Contains(p, text) {
			n++
		}
	}
	return n
}

// articles asks about single facts over several Chinese articles; the answer
// is the stating sentence, or the fact's object alone.
func (g *rowMaker) articles(n int) {
	d := g.dice()
	const count = 8
	var docs []Document
	var parts []string
	for i := range count {
		e := g.world.Circle(g.first() + i).Entities()[d.n(peoplePerCircle+placesPerCircle+bodiesPerCircle)]
		doc := g.world.Article(e, Chinese, n/count, Shape{Variant: i})
		docs = append(docs, doc)
		parts = append(parts, fmt.Sprintf("文章%d\n标题：%s\n内容：%s", i+1, doc.Title, doc.Text()))
	}
	context := strings.Join(parts, "\n")
	for _, i := range shuffled(d, []int{0, 1, 2, 3, 4, 5, 6, 7}) {
		if g.wanted <= 0 {
			return
		}
		text := docs[i].Text()
		for _, t := range shuffled(d, docs[i].Told()) {
			answer := t.Fact.Object.Text(Chinese)
			if inPassages(parts, answer) == 1 {
				said := text[t.Sentence.Start:t.Sentence.End]
				q := g.world.Ask(t.Fact, Chinese, d.n(2))
				g.add(longBenchRow{Input: q.Text, Context: context, Answers: []string{said, answer}})
				break
			}
		}
	}
}
