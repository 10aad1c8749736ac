package builtin

import (
	"slices"
	"strconv"
)

// How many entities of each kind a circle has.
const (
	peoplePerCircle = 5
	placesPerCircle = 3
	bodiesPerCircle = 3
	worksPerCircle  = 4
	eventsPerCircle = 3
)

// newCircle makes circle i: names by number, then one value a relation.
func (w *World) newCircle(i int) *Circle {
	d := w.dice("circle", i)
	c := &Circle{Number: i}
	for j := range peoplePerCircle {
		c.People = append(c.People, w.names.person(i, j))
	}
	for j := range placesPerCircle {
		c.Places = append(c.Places, w.names.place(i, j))
	}
	for j := range bodiesPerCircle {
		c.Organisations = append(c.Organisations, w.names.body(i, j))
	}
	for j := range worksPerCircle {
		c.Works = append(c.Works, w.names.work(i, j))
	}
	for j := range eventsPerCircle {
		c.Events = append(c.Events, w.names.event(i, j))
	}
	t := newTimes(d, c)
	for _, e := range c.Entities() {
		for _, r := range w.order {
			if r.of != e.Kind {
				continue
			}
			if v := r.value(d, w, c, e, t); v.Type != "" {
				c.Facts = append(c.Facts, Fact{Subject: e, Relation: r.key, Object: v})
			}
		}
	}
	return c
}

// times keeps a circle's years in a believable order.
type times struct {
	born    map[*Entity]int
	founded map[*Entity]int
	done    map[*Entity]int // works written, events held
}

func newTimes(d *dice, c *Circle) times {
	base := d.between(1790, 1870)
	t := times{born: map[*Entity]int{}, founded: map[*Entity]int{}, done: map[*Entity]int{}}
	year := base
	for _, p := range c.People {
		t.born[p] = year
		year += d.between(2, 9)
	}
	for _, p := range c.Places {
		t.founded[p] = d.between(1180, 1690)
	}
	for _, o := range c.Organisations {
		t.founded[o] = base + d.between(48, 66)
	}
	for _, x := range slices.Concat(c.Works, c.Events) {
		t.done[x] = base + d.between(52, 78)
	}
	return t
}

// other returns an element of list that is not e.
func other(d *dice, list []*Entity, e *Entity) *Entity {
	for {
		if x := pick(d, list); x != e {
			return x
		}
	}
}

func entityValue(t AnswerType, e *Entity) Value { return Value{Type: t, Entity: e} }

func yearValue(year int) Value {
	s := strconv.Itoa(year)
	return Value{Type: AnswerYear, text: [2]string{s, s + "年"}}
}

func dateValue(d *dice, year int) Value {
	month, day := d.n(12), d.between(1, 28)
	months := [12]string{"January", "February", "March", "April", "May", "June", "July",
		"August", "September", "October", "November", "December"}
	en := strconv.Itoa(day) + " " + months[month] + " " + strconv.Itoa(year)
	zh := strconv.Itoa(year) + "年" + strconv.Itoa(month+1) + "月" + strconv.Itoa(day) + "日"
	return Value{Type: AnswerDate, text: [2]string{en, zh}}
}

// numberValue returns a number with its counting word: en before it stands
// alone ("3,482"), zh carries the unit's sign ("3482人").
func numberValue(t AnswerType, n int, en, zh string) Value {
	return Value{Type: t, text: [2]string{thousands(n) + en, strconv.Itoa(n) + zh}}
}

func wordValue(w word) Value { return Value{Type: AnswerWord, text: w} }

// thousands writes n with commas: 3,482.
func thousands(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
