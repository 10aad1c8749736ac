package builtin

import "strings"

// Told is a fact as a text states it.
type Told struct {
	Fact Fact
	// Sentence is the stating sentence's range, Object that of the answer in
	// it, both in the text that holds them.
	Sentence, Object Span
}

// Paragraph is a piece of text with the facts that it states.
type Paragraph struct {
	Text  string
	About *Entity // nil where it is about nobody in particular
	Told  []Told  // spans in Text
}

// Document is a text in paragraphs.
type Document struct {
	Title      string
	Language   string
	Paragraphs []Paragraph
}

// separator stands between the paragraphs of a document.
const separator = "\n\n"

// Text returns the paragraphs, separated by blank lines, without the title.
func (d Document) Text() string {
	texts := make([]string, len(d.Paragraphs))
	for i, p := range d.Paragraphs {
		texts[i] = p.Text
	}
	return strings.Join(texts, separator)
}

// Told lists the stated facts with spans in Text, in order.
func (d Document) Told() []Told {
	var all []Told
	at := 0
	for _, p := range d.Paragraphs {
		for _, t := range p.Told {
			all = append(all, Told{t.Fact, t.Sentence.shift(at), t.Object.shift(at)})
		}
		at += len(p.Text) + len(separator)
	}
	return all
}

// Shape says how a document is told. The zero value is plain prose with as
// much filler as facts.
type Shape struct {
	// Thin is how many filler sentences stand between facts at most; 0 means 2,
	// a negative number none.
	Thin int
	// Variant shifts the wordings, so that the same facts can be told anew.
	Variant int
}

func (s Shape) filler() int {
	switch {
	case s.Thin < 0:
		return 0
	case s.Thin == 0:
		return 2
	}
	return s.Thin
}

// Article tells the facts about one entity in a paragraph of about n words
// (characters in Chinese); n of 0 means the facts alone. All facts are stated,
// so the text is longer than n if n is small.
func (w *World) Article(e *Entity, lang string, n int, shape Shape) Document {
	d := w.dice("article/"+string(e.Kind)+"/"+lang, e.Circle, e.Index, n, shape.Variant)
	b := w.newTeller(d, lang, e)
	facts := w.Circle(e.Circle).About(e)
	for i, f := range facts {
		b.state(f, shape.Variant+d.n(Variants))
		for b.size < n*(i+1)/max(len(facts), 1) && shape.Thin >= 0 {
			b.remark()
		}
	}
	return Document{Title: e.Name(lang), Language: lang, Paragraphs: []Paragraph{b.paragraph()}}
}

// Chronicle tells circles from the first one on in a document of about n words
// (characters in Chinese), from a few hundred to any size. It stops after the
// sentence that reaches n.
func (w *World) Chronicle(lang string, first, n int, shape Shape) Document {
	d := w.dice("chronicle/"+lang, first, n, shape.Variant)
	doc := Document{Language: lang}
	size := 0
	for circle := first; size < n; circle++ {
		c := w.Circle(circle)
		entities := shuffled(d, c.Entities())
		if doc.Title == "" {
			doc.Title = entities[0].Name(lang)
		}
		for _, e := range entities {
			if size >= n {
				break
			}
			p := w.tellEntity(d, lang, c, e, n-size, shape)
			size += Size(p.Text, lang)
			doc.Paragraphs = append(doc.Paragraphs, p)
		}
	}
	return doc
}

// tellEntity tells one entity in a paragraph of at most about room words.
func (w *World) tellEntity(d *dice, lang string, c *Circle, e *Entity, room int, shape Shape) Paragraph {
	b := w.newTeller(d, lang, e)
	for _, f := range shuffled(d, c.About(e)) {
		if b.size >= room {
			break
		}
		for range d.n(shape.filler() + 1) {
			b.remark()
		}
		b.state(f, d.n(Variants)+shape.Variant)
	}
	return b.paragraph()
}

// teller writes one paragraph sentence by sentence.
type teller struct {
	w     *World
	d     *dice
	lang  string
	about *Entity
	text  strings.Builder
	told  []Told
	named int // sentences since the full name stood there; -1: not yet
	size  int
	heard map[string]bool // remarks that were made already
}

func (w *World) newTeller(d *dice, lang string, about *Entity) *teller {
	return &teller{w: w, d: d, lang: lang, about: about, named: -1, heard: map[string]bool{}}
}

func (b *teller) add(sentence string) (start int) {
	if b.text.Len() > 0 && b.lang != Chinese {
		b.text.WriteByte(' ')
	}
	start = b.text.Len()
	b.text.WriteString(sentence)
	b.size += Size(sentence, b.lang)
	if b.named >= 0 {
		b.named++
	}
	return start
}

// state adds the sentence that says f.
func (b *teller) state(f Fact, variant int) {
	subject := b.mention(b.w.leads(f, b.lang, variant))
	sentence, object := b.w.say(f, b.lang, variant, subject)
	at := b.add(sentence)
	b.told = append(b.told, Told{Fact: f, Sentence: Span{at, at + len(sentence)}, Object: object.shift(at)})
}

// mention chooses how to call the subject: by full name at first and now and
// then again, else in short; a pronoun only where the name is fresh and stands
// first in the sentence.
func (b *teller) mention(leads bool) string {
	i := langIndex(b.lang)
	switch {
	case b.named < 0 || b.named > 3 || b.d.chance(55):
		b.named = 0
		return b.about.Ref(b.lang)
	case leads && b.named <= 1 && b.d.chance(60):
		return b.about.pronoun[i]
	}
	return b.about.short[i]
}

// remark adds a sentence without a fact.
func (b *teller) remark() {
	f := b.w.filler[langIndex(b.lang)]
	if b.about == nil || b.d.chance(60) {
		b.add(f.scene(b.d))
		return
	}
	t := pick(b.d, f.remarks[b.about.Kind])
	if b.heard[t] {
		b.add(f.scene(b.d))
		return
	}
	b.heard[t] = true
	b.add(upperFirst(strings.Replace(t, "{s}", b.mention(strings.HasPrefix(t, "{s}")), 1)))
}

func (b *teller) paragraph() Paragraph {
	return Paragraph{Text: b.text.String(), About: b.about, Told: b.told}
}
