package builtin

import (
	"slices"
	"strings"
)

// choiceLetters are the letters of a question's options.
const choiceLetters = "ABCD"

// options prints a question with four options.
func options(question string, texts []string) string {
	var b strings.Builder
	b.WriteString(question)
	for i, t := range texts {
		b.WriteString("\n(" + choiceLetters[i:i+1] + ") " + t)
	}
	return b.String()
}

// oneRight asks single facts of a chronicle with one right option of four; the
// reference is the option with its letter, as in upstream's quality.
func (g *lEvalMaker) oneRight(n int) lEvalRow {
	doc := g.Chronicle(English, g.first(), n, Shape{})
	told, text := doc.Told(), doc.Text()
	r := lEvalRow{Input: text}
	questions := g.Questions(doc, g.d.n(2))
	for _, q := range shuffled(g.d, questions) {
		c := g.choose(g.d, English, text, told, []Question{q})
		if c.question == "" || slices.Contains(r.Instructions, c.question) {
			continue
		}
		list := shuffled(g.d, append(c.wrong[:3:3], c.right))
		right := slices.Index(list, c.right)
		r.ask(options(c.question, list), "("+choiceLetters[right:right+1]+") "+c.right)
		if len(r.Instructions) == 4 {
			break
		}
	}
	return r
}

// severalRight asks which of four statements a chronicle makes; one to three
// of them are right.
func (g *lEvalMaker) severalRight(n int) lEvalRow {
	doc := g.Chronicle(English, g.first(), n, Shape{})
	told, text := doc.Told(), doc.Text()
	r := lEvalRow{Input: text}
	told = shuffled(g.d, told)
	for q := 0; q < 4 && len(told) >= 4; q++ {
		right := g.d.between(1, 3)
		letters := ""
		var list []string
		for i, isTrue := range shuffled(g.d, []bool{true, right > 1, right > 2, false}) {
			list = append(list, g.statement(told[i], told, text, isTrue))
			if isTrue {
				letters += choiceLetters[i : i+1]
			}
		}
		r.ask(options("Which of these statements agree with the text?", list), letters)
		told = told[4:]
	}
	return r
}

// statement says a told fact in another wording, or says of its subject what
// is told of others.
func (g *lEvalMaker) statement(t Told, all []Told, text string, isTrue bool) string {
	if isTrue {
		return g.reword(t, text, English)
	}
	f := t.Fact
	f.Object = g.otherObject(f, all)
	return g.Sentence(f, English, g.d.n(Variants))
}

// otherObject is another value of the fact's relation: of the given facts, or
// of circles that no document here reaches.
func (g *lEvalMaker) otherObject(f Fact, all []Told) Value {
	for _, list := range [][]Told{shuffled(g.d, all), g.farFacts(f.Subject.Circle + 6)} {
		for _, t := range list {
			if t.Fact.Relation == f.Relation && t.Fact.Object.Text(English) != f.Object.Text(English) {
				return t.Fact.Object
			}
		}
	}
	return f.Object
}

// facts asks single facts of a chronicle. The last row is tagged for a judge,
// as some of upstream's are.
func (g *lEvalMaker) facts(n int) lEvalRow {
	doc := g.Chronicle(English, g.first(), n, Shape{})
	r := lEvalRow{Input: doc.Text()}
	if g.row == len(g.task.sizes)-1 {
		r.Evaluation = "LLM"
	}
	for _, q := range shuffled(g.d, g.Questions(doc, g.d.n(2))) {
		r.ask(q.Text, q.Answer)
		if len(r.Instructions) == 4 {
			break
		}
	}
	return r
}

// inspection asks for the summary of an inspector's report.
func (g *lEvalMaker) inspection(n int) lEvalRow {
	doc := g.Report(English, g.first(), n)
	r := lEvalRow{Input: doc.Text()}
	r.ask("Please summarize this report.", g.Summary(doc, min(max(n/150, 5), 20)))
	return r
}

// conversation asks for the first, second and third of the topics that a
// conversation goes through.
func (g *lEvalMaker) conversation(n int) lEvalRow {
	var b strings.Builder
	list := shuffled(g.d, append(slices.Clone(g.words.topics), g.words.fields...))
	const turns = 6
	each := n / turns
	for i, t := range list[:turns] {
		topic := t[0]
		size := 0
		say := func(who, text string) {
			b.WriteString(who + ": " + text + " \n ")
			size += Size(text, English)
		}
		say("USER", "I would like to discuss the topic of "+topic+".")
		for who := 0; size < each; who++ {
			say([]string{"ASSISTANT", "USER"}[who%2], g.filler[0].scene(g.d)+" "+g.filler[0].scene(g.d))
		}
		if i < turns-1 {
			say("USER", "That is all about "+topic+". Let us go on to the next topic.")
		}
	}
	r := lEvalRow{Input: strings.TrimSpace(b.String())}
	for i, place := range []string{"first", "second", "third"} {
		r.ask("What is the "+place+" topic we discussed? Give the name of the topic alone.", list[i][0])
	}
	return r
}
