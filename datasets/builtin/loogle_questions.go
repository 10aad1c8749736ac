package builtin

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// facts asks for single facts of a chronicle.
func (g *looGLEMaker) facts(n int) looGLERow {
	d := g.dice()
	doc := g.world.Chronicle(English, g.first(), n, Shape{})
	said := sayings(doc)
	var pairs []looGLEPair
	for _, q := range shuffled(d, g.world.Questions(doc, d.n(2))) {
		if len(pairs) < looGLEQuestions {
			pairs = append(pairs, looGLEPair{question: q.Text, answer: q.Answer, evidence: []string{said[q.Facts[0]]}})
		}
	}
	return g.row(doc, pairs)
}

// sayings are the sentences of a document by the fact that they state.
func sayings(doc Document) map[Fact]string {
	text := doc.Text()
	out := map[Fact]string{}
	for _, t := range doc.Told() {
		if _, again := out[t.Fact]; !again {
			out[t.Fact] = text[t.Sentence.Start:t.Sentence.End]
		}
	}
	return out
}

// masks retells a few facts of a meeting with the names in them masked.
func (g *looGLEMaker) masks(n int) looGLERow {
	d := g.dice()
	doc := g.world.Meeting(English, g.first(), n)
	told := doc.Told()
	const facts = 3
	var pairs []looGLEPair
	for i := 0; i+facts <= len(told) && len(pairs) < looGLEQuestions; i += len(told) / looGLEQuestions {
		pairs = append(pairs, g.world.cloze(d, doc, told[i:i+facts]))
	}
	return g.row(doc, pairs)
}

// cloze masks the names of what some facts are about, and of those that they
// name, in random order of masks.
func (w *World) cloze(d *dice, doc Document, told []Told) looGLEPair {
	var names, sentences []string
	add := func(e *Entity) {
		if e != nil && !slices.Contains(names, e.Name(English)) {
			names = append(names, e.Name(English))
		}
	}
	text := doc.Text()
	for _, t := range told {
		sentences = append(sentences, w.reword(t, text, English))
		add(t.Fact.Subject)
		add(t.Fact.Object.Entity)
	}
	names = shuffled(d, names)
	p := looGLEPair{question: strings.Join(sentences, " ")}
	p.evidence = []string{p.question}
	// Longer names first: one may begin another.
	order := slices.Clone(names)
	slices.SortStableFunc(order, func(a, b string) int { return len(b) - len(a) })
	for _, name := range order {
		p.question = strings.ReplaceAll(p.question, name, mask(slices.Index(names, name)))
	}
	for i, name := range names {
		p.masks = append(p.masks, mask(i), name)
	}
	return p
}

func mask(i int) string { return "<mask-" + strconv.Itoa(i) + ">" }

// joined asks over several places of a chronicle: one question of each type.
func (g *looGLEMaker) joined(n int) looGLERow {
	d := g.dice()
	doc := g.world.Chronicle(English, g.first(), n, Shape{})
	said := sayings(doc)
	var pairs []looGLEPair
	for _, ask := range []func(*dice, Document, map[Fact]string) (looGLEPair, bool){
		g.world.reasoning, g.world.retrieval, g.world.computation, g.world.timeline,
	} {
		if p, ok := ask(d, doc, said); ok {
			pairs = append(pairs, p)
		}
	}
	return g.row(doc, pairs)
}

// reasoning asks over two facts.
func (w *World) reasoning(d *dice, doc Document, said map[Fact]string) (looGLEPair, bool) {
	for _, q := range shuffled(d, w.TwoHop(w.Circle(doc.Told()[0].Fact.Subject.Circle), English)) {
		first, second := said[q.Facts[0]], said[q.Facts[1]]
		if first != "" && second != "" {
			return looGLEPair{question: q.Text, answer: q.Answer, typ: "comprehension_and_reasoning", evidence: []string{first, second}}, true
		}
	}
	return looGLEPair{}, false
}

// stated are the document's facts of a relation, in random order.
func stated(d *dice, doc Document, relation string) []Fact {
	var out []Fact
	for _, t := range doc.Told() {
		if t.Fact.Relation == relation && !slices.Contains(out, t.Fact) {
			out = append(out, t.Fact)
		}
	}
	return shuffled(d, out)
}

// retrieval asks the same of three entities.
func (w *World) retrieval(d *dice, doc Document, said map[Fact]string) (looGLEPair, bool) {
	for _, relation := range shuffled(d, []string{"trade", "instrument", "collected", "river", "craft", "topic", "field"}) {
		facts := stated(d, doc, relation)
		if len(facts) < 3 {
			continue
		}
		var p looGLEPair
		var asked, answers []string
		for _, f := range facts[:3] {
			q := w.Ask(f, English, 0)
			asked, answers = append(asked, q.Text), append(answers, q.Answer)
			p.evidence = append(p.evidence, said[f])
		}
		p.question, p.answer = strings.Join(asked, " ")+" Answer in this order, by commas.", strings.Join(answers, ", ")
		p.typ = "multiple_information_retrieval"
		return p, true
	}
	return looGLEPair{}, false
}

// computation asks how many people two towns have together.
func (w *World) computation(d *dice, doc Document, said map[Fact]string) (looGLEPair, bool) {
	facts := stated(d, doc, "population")
	if len(facts) < 2 {
		return looGLEPair{}, false
	}
	a, b := facts[0], facts[1]
	return looGLEPair{
		question: fmt.Sprintf("How many people live in %s and %s together?", a.Subject.Ref(English), b.Subject.Ref(English)),
		answer:   thousands(number(a.Object) + number(b.Object)),
		typ:      "computation", evidence: []string{said[a], said[b]},
	}, true
}

// number reads a value that begins or ends with a number: 8,541; 4 May 1907.
func number(v Value) int {
	f := strings.Fields(strings.ReplaceAll(v.Text(English), ",", ""))
	n, err := strconv.Atoi(f[len(f)-1])
	if err != nil {
		return 0
	}
	return n
}

// timeline asks for the order of events that the document dates.
func (w *World) timeline(d *dice, doc Document, said map[Fact]string) (looGLEPair, bool) {
	events := map[string]string{"born_on": "the birth of %s", "written": "the completion of %s", "body_founded": "the foundation of %s", "held_on": "the opening of %s"}
	var dated []Fact
	for _, relation := range []string{"born_on", "written", "body_founded", "held_on"} {
		for _, f := range stated(d, doc, relation) {
			if !slices.ContainsFunc(dated, func(x Fact) bool { return number(x.Object) == number(f.Object) }) {
				dated = append(dated, f)
			}
		}
	}
	if len(dated) < 3 {
		return looGLEPair{}, false
	}
	dated = shuffled(d, dated)[:min(5, len(dated))]
	p := looGLEPair{question: "Put these events in the order of time, by their numbers and commas:", typ: "timeline_reorder"}
	order := make([]int, len(dated))
	for i, f := range dated {
		order[i] = i
		p.question += fmt.Sprintf("\n%d. "+events[f.Relation], i+1, f.Subject.Ref(English))
		p.evidence = append(p.evidence, said[f])
	}
	slices.SortFunc(order, func(a, b int) int { return number(dated[a].Object) - number(dated[b].Object) })
	var numbers []string
	for _, i := range order {
		numbers = append(numbers, strconv.Itoa(i+1))
	}
	p.answer = strings.Join(numbers, ",")
	return p, true
}
