package builtin

import "strconv"

// relation is one kind of fact: whom it is about, how its value is made, and
// how it is said and asked in both languages.
type relation struct {
	key    string
	of     Kind
	answer AnswerType
	value  func(d *dice, w *World, c *Circle, e *Entity, t times) Value
	words  [2]wording // en, zh
}

// wording holds templates: {s} stands for the subject, {o} for the object,
// {a} for an indefinite article that fits the object.
type wording struct {
	say []string // statements; {s} at the start may become a pronoun
	ask []string // questions
	// noun describes the object through the subject ("the author of {s}"), for
	// two-hop questions; "" where the object is no entity.
	noun string
}

// relationTable lists all relations. Within one kind of subject the order is
// the order of telling.
func relationTable() []relation {
	en, zh := wordingsEN(), wordingsZH()
	var table []relation
	for _, list := range [][]relation{personRelations(), placeRelations(), bodyRelations(), workRelations(), eventRelations()} {
		for _, r := range list {
			r.words = [2]wording{en[r.key], zh[r.key]}
			table = append(table, r)
		}
	}
	return table
}

func personRelations() []relation {
	return []relation{
		{key: "born_on", of: Person, answer: AnswerDate, value: func(d *dice, _ *World, _ *Circle, e *Entity, t times) Value {
			return dateValue(d, t.born[e])
		}},
		{key: "born_in", of: Person, answer: AnswerPlace, value: place},
		{key: "trade", of: Person, answer: AnswerWord, value: func(d *dice, w *World, _ *Circle, _ *Entity, _ times) Value {
			return wordValue(pick(d, w.words.trades))
		}},
		{key: "teacher", of: Person, answer: AnswerPerson, value: elder},
		{key: "employer", of: Person, answer: AnswerBody, value: body},
		{key: "settled_in", of: Person, answer: AnswerPlace, value: place},
		{key: "instrument", of: Person, answer: AnswerWord, value: func(d *dice, w *World, _ *Circle, _ *Entity, _ times) Value {
			return wordValue(pick(d, w.words.instruments))
		}},
		{key: "collected", of: Person, answer: AnswerWord, value: func(d *dice, w *World, _ *Circle, _ *Entity, _ times) Value {
			return wordValue(pick(d, w.words.collections))
		}},
	}
}

func placeRelations() []relation {
	return []relation{
		{key: "town_founded", of: Place, answer: AnswerYear, value: func(_ *dice, _ *World, _ *Circle, e *Entity, t times) Value {
			return yearValue(t.founded[e])
		}},
		{key: "population", of: Place, answer: AnswerCount, value: func(d *dice, _ *World, _ *Circle, _ *Entity, _ times) Value {
			return numberValue(AnswerCount, d.between(1200, 48900), "", "人")
		}},
		{key: "river", of: Place, answer: AnswerWord, value: func(d *dice, w *World, _ *Circle, _ *Entity, _ times) Value {
			return wordValue(pick(d, w.words.rivers))
		}},
		{key: "altitude", of: Place, answer: AnswerHeight, value: func(d *dice, _ *World, _ *Circle, _ *Entity, _ times) Value {
			return numberValue(AnswerHeight, d.between(12, 1690), " metres", "米")
		}},
		{key: "craft", of: Place, answer: AnswerWord, value: func(d *dice, w *World, _ *Circle, _ *Entity, _ times) Value {
			return wordValue(pick(d, w.words.crafts))
		}},
		{key: "mayor", of: Place, answer: AnswerPerson, value: person},
		{key: "twin", of: Place, answer: AnswerPlace, value: place},
	}
}

func bodyRelations() []relation {
	return []relation{
		{key: "body_founded", of: Organisation, answer: AnswerYear, value: func(_ *dice, _ *World, _ *Circle, e *Entity, t times) Value {
			return yearValue(t.founded[e])
		}},
		{key: "founder", of: Organisation, answer: AnswerPerson, value: person},
		{key: "seat", of: Organisation, answer: AnswerPlace, value: place},
		{key: "staff", of: Organisation, answer: AnswerCount, value: func(d *dice, _ *World, _ *Circle, _ *Entity, _ times) Value {
			return numberValue(AnswerCount, d.between(14, 980), "", "人")
		}},
		{key: "field", of: Organisation, answer: AnswerWord, value: func(d *dice, w *World, _ *Circle, _ *Entity, _ times) Value {
			return wordValue(pick(d, w.words.fields))
		}},
		{key: "budget", of: Organisation, answer: AnswerMoney, value: money},
	}
}

func workRelations() []relation {
	return []relation{
		{key: "author", of: Work, answer: AnswerPerson, value: person},
		{key: "written", of: Work, answer: AnswerYear, value: func(_ *dice, _ *World, _ *Circle, e *Entity, t times) Value {
			return yearValue(t.done[e])
		}},
		{key: "pages", of: Work, answer: AnswerCount, value: func(d *dice, _ *World, _ *Circle, _ *Entity, _ times) Value {
			return numberValue(AnswerCount, d.between(96, 890), "", "页")
		}},
		{key: "printed_in", of: Work, answer: AnswerPlace, value: place},
		{key: "kept_by", of: Work, answer: AnswerBody, value: body},
		{key: "topic", of: Work, answer: AnswerWord, value: func(d *dice, w *World, _ *Circle, _ *Entity, _ times) Value {
			return wordValue(pick(d, w.words.topics))
		}},
	}
}

func eventRelations() []relation {
	return []relation{
		{key: "held_on", of: Event, answer: AnswerDate, value: func(d *dice, _ *World, _ *Circle, e *Entity, t times) Value {
			return dateValue(d, t.done[e])
		}},
		{key: "held_in", of: Event, answer: AnswerPlace, value: place},
		{key: "leader", of: Event, answer: AnswerPerson, value: person},
		{key: "attendance", of: Event, answer: AnswerCount, value: func(d *dice, _ *World, _ *Circle, _ *Entity, _ times) Value {
			return numberValue(AnswerCount, d.between(60, 7400), "", "人")
		}},
		{key: "cost", of: Event, answer: AnswerMoney, value: money},
		{key: "purpose", of: Event, answer: AnswerWord, value: func(d *dice, w *World, _ *Circle, _ *Entity, _ times) Value {
			return wordValue(pick(d, w.words.purposes))
		}},
		{key: "organiser", of: Event, answer: AnswerBody, value: body},
	}
}

func person(d *dice, _ *World, c *Circle, e *Entity, _ times) Value {
	return entityValue(AnswerPerson, other(d, c.People, e))
}

// elder picks someone born earlier; the eldest of a circle gets no value.
func elder(d *dice, _ *World, c *Circle, e *Entity, _ times) Value {
	if e.Index == 0 {
		return Value{}
	}
	return entityValue(AnswerPerson, c.People[d.n(e.Index)])
}

func place(d *dice, _ *World, c *Circle, e *Entity, _ times) Value {
	return entityValue(AnswerPlace, other(d, c.Places, e))
}

func body(d *dice, _ *World, c *Circle, e *Entity, _ times) Value {
	return entityValue(AnswerBody, other(d, c.Organisations, e))
}

func money(d *dice, _ *World, _ *Circle, _ *Entity, _ times) Value {
	n := d.between(210, 9890) * 10
	return Value{Type: AnswerMoney, text: [2]string{thousands(n) + " crowns", strconv.Itoa(n) + "克朗"}}
}
