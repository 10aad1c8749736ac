package builtin

import "strings"

// Question asks for a fact, or for a fact about another fact's object.
type Question struct {
	Text string
	// Answer is the wanted value's text, as documents state it.
	Answer string
	// Facts are the evidence: one fact, or two that have to be joined (the
	// second one holds the answer).
	Facts []Fact
}

// Ask returns the question for a fact in one of its wordings.
func (w *World) Ask(f Fact, lang string, variant int) Question {
	return Question{Text: w.ask(f, lang, variant, f.Subject.Ref(lang)), Answer: f.Object.Text(lang), Facts: []Fact{f}}
}

func (w *World) ask(f Fact, lang string, variant int, subject string) string {
	list := w.relations[f.Relation].words[langIndex(lang)].ask
	if len(list) == 0 {
		return ""
	}
	return upperFirst(strings.Replace(list[(variant%len(list)+len(list))%len(list)], "{s}", subject, 1))
}

// Join returns the two-hop question that reaches second through first: "Where
// was the author of … born?". It is false if first's object isn't second's
// subject.
func (w *World) Join(first, second Fact, lang string, variant int) (Question, bool) {
	noun := w.relations[first.Relation].words[langIndex(lang)].noun
	if noun == "" || first.Object.Entity == nil || first.Object.Entity != second.Subject {
		return Question{}, false
	}
	through := strings.Replace(noun, "{s}", first.Subject.Ref(lang), 1)
	return Question{
		Text:   w.ask(second, lang, variant, through),
		Answer: second.Object.Text(lang),
		Facts:  []Fact{first, second},
	}, true
}

// TwoHop lists all two-hop questions inside a circle, in a fixed order.
// Questions that would come back to the entity they started from are left out.
func (w *World) TwoHop(c *Circle, lang string) []Question {
	var all []Question
	for _, first := range c.Facts {
		if first.Object.Entity == nil {
			continue
		}
		for i, second := range c.About(first.Object.Entity) {
			if second.Object.Entity == first.Subject {
				continue
			}
			if q, ok := w.Join(first, second, lang, i); ok {
				all = append(all, q)
			}
		}
	}
	return all
}

// Questions returns one single-hop question for each fact that doc states and
// whose answer is clear: the fact is stated once.
func (w *World) Questions(doc Document, variant int) []Question {
	seen := map[[2]any]int{}
	told := doc.Told()
	for _, t := range told {
		seen[[2]any{t.Fact.Subject, t.Fact.Relation}]++
	}
	var all []Question
	for i, t := range told {
		if seen[[2]any{t.Fact.Subject, t.Fact.Relation}] == 1 {
			all = append(all, w.Ask(t.Fact, doc.Language, variant+i))
		}
	}
	return all
}

// Summary tells the given number of a document's key facts as a short text, in
// other wordings than the document's own. Facts are taken evenly from the
// whole document.
func (w *World) Summary(doc Document, facts int) string {
	told := doc.Told()
	facts = min(facts, len(told))
	text := doc.Text()
	var out []string
	for i := range facts {
		t := told[i*len(told)/facts]
		out = append(out, w.reword(t, text, doc.Language))
	}
	return strings.Join(out, space(doc.Language))
}

// Abstract tells what a paragraph states in other wordings, at most the given
// number of facts, the first ones.
func (w *World) Abstract(p Paragraph, lang string, facts int) string {
	var out []string
	for _, t := range p.Told[:min(facts, len(p.Told))] {
		out = append(out, w.reword(t, p.Text, lang))
	}
	return strings.Join(out, space(lang))
}

// reword says a told fact in a wording that the text doesn't use for it.
func (w *World) reword(t Told, text, lang string) string {
	said := text[t.Sentence.Start:t.Sentence.End]
	for v := range Variants {
		if !w.matches(t.Fact, lang, v, said) {
			return w.Sentence(t.Fact, lang, v)
		}
	}
	return w.Sentence(t.Fact, lang, 0)
}

// matches says whether a sentence uses a wording, whatever it calls the
// subject.
func (w *World) matches(f Fact, lang string, variant int, said string) bool {
	const mark = "\x00"
	t, _ := w.say(f, lang, variant, mark)
	before, after, _ := strings.Cut(t, mark)
	return strings.HasPrefix(said, before) && strings.HasSuffix(said, after)
}

// space is what stands between two sentences.
func space(lang string) string {
	if lang == Chinese {
		return ""
	}
	return " "
}
