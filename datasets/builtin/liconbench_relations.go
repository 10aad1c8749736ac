package builtin

import (
	"fmt"
	"strings"
)

// factRelation is one of the world's relations by TacRED's name.
type factRelation struct{ world, tacred string }

func namedRelations() []factRelation {
	return []factRelation{
		{"born_on", "per:date_of_birth"}, {"born_in", "per:city_of_birth"}, {"trade", "per:title"}, {"employer", "per:employee_of"},
		{"settled_in", "per:cities_of_residence"}, {"body_founded", "org:founded"}, {"founder", "org:founded_by"},
		{"seat", "org:city_of_headquarters"}, {"staff", "org:number_of_employees/members"},
	}
}

// tacREDRow is TacRED's schema as upstream processed it.
type tacREDRow struct {
	Sentence string `json:"sentence"`
	Relation string `json:"relation"`
	Subject  string `json:"subject_entity"`
	Object   string `json:"object_entity"`
}

// namedRelation makes a row of TacRED.
func (w *World) namedRelation(d *dice, label int) any {
	r := namedRelations()[label]
	f := w.factOf(d, []string{r.world})
	return tacREDRow{w.Sentence(f, English, d.n(Variants)), r.tacred, f.Subject.Name(English), f.Object.Text(English)}
}

// named makes a row of Few-NERD around an entity of the label-th type.
func (w *World) named(d *dice, label int) any {
	c := w.Circle(d.n(60))
	person, town, body := pick(d, c.People).Name(English), pick(d, c.Places).Name(English), pick(d, c.Organisations).Name(English)
	type row struct {
		Sentence string            `json:"sentence"`
		Entities map[string]string `json:"entities"`
	}
	switch label {
	case 0:
		return row{fmt.Sprintf("%s was seen on the road to %s .", person, town), map[string]string{person: "person-other", town: "location-GPE"}}
	case 1:
		return row{fmt.Sprintf("The market of %s opens at dawn , says %s .", town, person), map[string]string{town: "location-GPE", person: "person-other"}}
	case 2:
		return row{fmt.Sprintf("%s hired %s for the winter .", body, person), map[string]string{body: "organization-other", person: "person-other"}}
	case 3:
		book := pick(d, c.Works).Name(English)
		return row{fmt.Sprintf("Nobody in %s had read %s .", town, book), map[string]string{town: "location-GPE", book: "art-writtenart"}}
	case 4:
		event := pick(d, c.Events).Name(English)
		return row{fmt.Sprintf("%s paid for the %s .", body, event), map[string]string{body: "organization-other", event: "event-other"}}
	}
	river := pick(d, w.words.rivers)[0]
	return row{fmt.Sprintf("The %s rose after %s had left %s .", river, person, town), map[string]string{river: "location-bodiesofwater", person: "person-other", town: "location-GPE"}}
}

// talk is what a dialogue says of two people and their relation: {p} and {q}
// speak or are spoken of.
type talk struct{ relation, line string }

func talks() []talk {
	return []talk{
		{"per:siblings", "{p} is my brother's name, and {q} is our sister."},
		{"per:spouse", "{p} and {q} were married last spring."},
		{"per:boss", "At the works {q} tells {p} what to do, he is the boss."},
		{"per:neighbor", "{q} lives next door to {p}, the walls are thin."},
		{"per:friends", "{p} and {q} have been friends since school."},
		{"per:parents", "{q} is the mother of {p}, you can see it."},
		{"per:roommate", "{p} and {q} share a room above the bakery."},
		{"per:girl/boyfriend", "{p} is in love with {q}, and they go out together."},
	}
}

type dialogueRelation struct {
	Subject  string `json:"subject_entity"`
	Object   string `json:"object_entity"`
	Relation string `json:"relation"`
}

// remarks stand around what a dialogue says.
func remarks() []string {
	return []string{
		"Did you hear the news from {t}?", "I was at {b} this morning.", "No, tell me.", "Really? I had no idea.",
		"It rained all day in {t}.", "They sold {n} tickets, imagine that.", "Well, that is good to know.", "Pass me the bread, please.",
	}
}

// talk writes a dialogue in which some relations are told.
func (w *World) talk(d *dice, told []talk) (text string, relations []dialogueRelation) {
	var lines []string
	say := func(line string) {
		lines = append(lines, fmt.Sprintf("Speaker %d: %s", len(lines)%2+1, line))
	}
	for _, t := range told {
		for range d.between(1, 3) {
			say(w.told(d, pick(d, remarks())))
		}
		people := shuffled(d, w.Circle(d.n(60)).People)
		p, q := people[0].Name(English), people[1].Name(English)
		say(strings.NewReplacer("{p}", p, "{q}", q).Replace(t.line))
		relations = append(relations, dialogueRelation{p, q, t.relation})
	}
	say(w.told(d, pick(d, remarks())))
	return strings.Join(lines, "\n"), relations
}

// talkOfOne is a row of DialogRE's training file: one relation each.
func (w *World) talkOfOne(d *dice, label int) any {
	text, relations := w.talk(d, talks()[label:label+1])
	return struct {
		Dialogue string `json:"dialogue"`
		dialogueRelation
	}{text, relations[0]}
}

// talkOfTwo is a row of its test file.
func (w *World) talkOfTwo(d *dice, label int) any {
	other := (label + 1 + d.n(len(talks())-1)) % len(talks())
	text, relations := w.talk(d, []talk{talks()[label], talks()[other]})
	return struct {
		Dialogue  string             `json:"dialogue"`
		Relations []dialogueRelation `json:"relations"`
	}{text, relations}
}
