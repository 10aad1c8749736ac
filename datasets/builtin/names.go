package builtin

import "strconv"

// names makes unique names: the n-th name of a kind combines two parts that a
// fixed stride picks from lists shuffled by the seed.
type names struct {
	people, places, bodies, works, events [2]combiner
}

// combiner builds names of a first and a second part.
type combiner struct {
	first, second []string
	join          string
	stride        int
}

func newCombiner(d *dice, first, second []string, join string) combiner {
	c := combiner{first: shuffled(d, first), second: shuffled(d, second), join: join}
	n := len(first) * len(second)
	c.stride = n*5/8 | 1
	for gcd(c.stride, n) != 1 {
		c.stride += 2
	}
	return c
}

func gcd(a, b int) int {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}

// parts returns the n-th pair of parts and how often the pairs have been used
// up before.
func (c combiner) parts(n int) (first, second string, round int) {
	total := len(c.first) * len(c.second)
	p := n % total * c.stride % total
	return c.first[p%len(c.first)], c.second[p/len(c.first)], n / total
}

// name returns the n-th name; when all combinations are used up, a number
// behind the name keeps it unique.
func (c combiner) name(n int, lang string) string {
	a, b, round := c.parts(n)
	s := a + c.join + b
	switch {
	case round == 0:
	case lang == Chinese:
		s += "第" + strconv.Itoa(round+1)
	default:
		s += " " + strconv.Itoa(round+1)
	}
	return s
}

func newNames(seed uint64) names {
	d := newDice(seed, "names")
	v := nameParts()
	pair := func(p parts, join string) [2]combiner {
		return [2]combiner{
			newCombiner(d, p.firstEN, p.secondEN, join),
			newCombiner(d, p.firstZH, p.secondZH, p.joinZH),
		}
	}
	return names{
		people: pair(v.people, " "),
		places: pair(v.places, ""),
		bodies: pair(v.bodies, " "),
		works:  pair(v.works, " "),
		events: pair(v.events, " "),
	}
}

func pairOf(c [2]combiner, n int) [2]string {
	return [2]string{c[0].name(n, English), c[1].name(n, Chinese)}
}

func (n names) person(circle, i int) *Entity {
	at := circle*peoplePerCircle + i
	_, last, _ := n.people[0].parts(at)
	e := &Entity{Kind: Person, Circle: circle, Index: i, name: pairOf(n.people, at)}
	e.short = [2]string{last, e.name[1]}
	e.pronoun = [2]string{"he", "他"}
	if at%2 == 1 {
		e.pronoun = [2]string{"she", "她"}
	}
	return e
}

func (n names) place(circle, i int) *Entity {
	return &Entity{Kind: Place, Circle: circle, Index: i,
		name:    pairOf(n.places, circle*placesPerCircle+i),
		short:   [2]string{"the town", "该镇"},
		pronoun: [2]string{"it", "小镇"}}
}

func (n names) body(circle, i int) *Entity {
	at := circle*bodiesPerCircle + i
	_, kind, _ := n.bodies[0].parts(at)
	return &Entity{Kind: Organisation, Circle: circle, Index: i,
		name:    pairOf(n.bodies, at),
		short:   [2]string{"the " + lowerFirst(kind), "该机构"},
		pronoun: [2]string{"it", "该机构"}}
}

func (n names) work(circle, i int) *Entity {
	e := &Entity{Kind: Work, Circle: circle, Index: i,
		name:    pairOf(n.works, circle*worksPerCircle+i),
		short:   [2]string{"the book", "这部书"},
		pronoun: [2]string{"it", "它"}}
	e.name[0] = "The " + e.name[0]
	return e
}

func (n names) event(circle, i int) *Entity {
	at := circle*eventsPerCircle + i
	_, kind, _ := n.events[0].parts(at)
	return &Entity{Kind: Event, Circle: circle, Index: i,
		name:    pairOf(n.events, at),
		short:   [2]string{"the " + lowerFirst(kind), "这次活动"},
		pronoun: [2]string{"it", "它"}}
}

// lowerFirst lower-cases a leading ASCII letter.
func lowerFirst(s string) string {
	if s != "" && 'A' <= s[0] && s[0] <= 'Z' {
		return string(s[0]+'a'-'A') + s[1:]
	}
	return s
}

// upperFirst upper-cases a leading ASCII letter.
func upperFirst(s string) string {
	if s != "" && 'a' <= s[0] && s[0] <= 'z' {
		return string(s[0]-'a'+'A') + s[1:]
	}
	return s
}
