// Package builtin generates stand-in data: small fictional worlds with known
// facts, told as documents in English and in Chinese. A benchmark that has no
// files at hand can build its tasks from them, so that a first run needs no
// network. Scores on such data say nothing about the real benchmark.
//
// All bytes follow from a seed (ChaCha8 seeded from seed and purpose) and are
// the same on any machine. People, places, organisations, works and events are
// invented; names are composed of syllables and characters so that they are
// nobody's.
package builtin

import (
	"strconv"
	"sync"
)

// The languages in which a world can be told.
const (
	English = "en"
	Chinese = "zh"
)

// Kind is a kind of entity.
type Kind string

// The kinds of entities.
const (
	Person       Kind = "person"
	Place        Kind = "place"
	Organisation Kind = "organisation"
	Work         Kind = "work" // a book
	Event        Kind = "event"
)

// Entity is someone or something of the world. Its name is unique in a world.
type Entity struct {
	Kind Kind
	// Circle and Index say where the entity belongs: the Index-th of its kind
	// in that circle.
	Circle, Index int

	name    [2]string // en, zh: bare, as an answer gives it
	short   [2]string // a later mention: "Torvane", "the town"
	pronoun [2]string
}

// Name returns the bare name: "Heron Society", "白鹭学社", "The Salt Ledger".
func (e *Entity) Name(lang string) string { return e.name[langIndex(lang)] }

// Ref returns the name as it stands inside a sentence: "the Heron Society",
// “The Salt Ledger” in quotation marks, 《盐之账簿》.
func (e *Entity) Ref(lang string) string {
	name := e.Name(lang)
	switch {
	case e.Kind == Work && lang == Chinese:
		return "《" + name + "》"
	case e.Kind == Work:
		return `"` + name + `"`
	case lang == Chinese:
		return name
	case e.Kind == Organisation, e.Kind == Event:
		return "the " + name
	}
	return name
}

func langIndex(lang string) int {
	if lang == Chinese {
		return 1
	}
	return 0
}

// AnswerType says what kind of answer a relation's question asks for.
type AnswerType string

// The types of answers.
const (
	AnswerDate   AnswerType = "date"
	AnswerYear   AnswerType = "year"
	AnswerCount  AnswerType = "count"  // how many
	AnswerHeight AnswerType = "height" // metres
	AnswerMoney  AnswerType = "money"
	AnswerPerson AnswerType = "person"
	AnswerPlace  AnswerType = "place"
	AnswerBody   AnswerType = "organisation"
	AnswerWord   AnswerType = "word" // trade, instrument, subject, …
)

// Value is what a fact says of its subject.
type Value struct {
	Type AnswerType
	// Entity is the entity meant, nil for dates, numbers and words.
	Entity *Entity

	text [2]string
}

// Text returns the value as an answer gives it: "14 March 1893", "3,482",
// "Brenmoor".
func (v Value) Text(lang string) string {
	if v.Entity != nil {
		return v.Entity.Name(lang)
	}
	return v.text[langIndex(lang)]
}

// ref returns the value as it stands inside a sentence.
func (v Value) ref(lang string) string {
	if v.Entity != nil {
		return v.Entity.Ref(lang)
	}
	return v.Text(lang)
}

// Fact is one (subject, relation, object) of the world.
type Fact struct {
	Subject *Entity
	// Relation is the relation's key: "born_on", "author".
	Relation string
	Object   Value
}

// Circle is a group of entities that know each other: all relations between
// entities stay inside one circle, so that circles can serve each other as
// distractors.
type Circle struct {
	Number        int
	People        []*Entity
	Places        []*Entity
	Organisations []*Entity
	Works         []*Entity
	Events        []*Entity
	// Facts are all facts of the circle, grouped by subject.
	Facts []Fact
}

// Entities lists the circle's entities: people, places, organisations, works,
// events.
func (c *Circle) Entities() []*Entity {
	var all []*Entity
	for _, list := range [][]*Entity{c.People, c.Places, c.Organisations, c.Works, c.Events} {
		all = append(all, list...)
	}
	return all
}

// About returns the facts whose subject is e.
func (c *Circle) About(e *Entity) []Fact {
	var facts []Fact
	for _, f := range c.Facts {
		if f.Subject == e {
			facts = append(facts, f)
		}
	}
	return facts
}

// World is an endless row of circles under one seed. It is safe for concurrent
// use.
type World struct {
	seed      uint64
	names     names
	words     words
	relations map[string]relation
	order     []relation // by subject kind, as circles fill them
	filler    [2]filler

	mu      sync.Mutex
	circles map[int]*Circle
}

// New returns the world of a seed. Circles are made when they are asked for.
func New(seed uint64) *World {
	w := &World{
		seed:      seed,
		names:     newNames(seed),
		words:     vocabulary(),
		order:     relationTable(),
		relations: map[string]relation{},
		filler:    [2]filler{fillerEN(), fillerZH()},
		circles:   map[int]*Circle{},
	}
	for _, r := range w.order {
		w.relations[r.key] = r
	}
	return w
}

// Seed returns the seed that the world was made of.
func (w *World) Seed() uint64 { return w.seed }

// dice returns the world's stream of choices for a purpose.
func (w *World) dice(purpose string, numbers ...int) *dice {
	for _, n := range numbers {
		purpose += "/" + strconv.Itoa(n)
	}
	return newDice(w.seed, purpose)
}

// Circle returns the i-th circle of the world, i from 0.
func (w *World) Circle(i int) *Circle {
	i = max(i, 0)
	w.mu.Lock()
	defer w.mu.Unlock()
	c, ok := w.circles[i]
	if !ok {
		c = w.newCircle(i)
		w.circles[i] = c
	}
	return c
}
