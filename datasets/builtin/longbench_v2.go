package builtin

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// choiceRow is LongBench v2's schema.
type choiceRow struct {
	ID         string `json:"_id"`
	Domain     string `json:"domain"`
	SubDomain  string `json:"sub_domain"`
	Difficulty string `json:"difficulty"`
	Length     string `json:"length"`
	Question   string `json:"question"`
	A          string `json:"choice_A"`
	B          string `json:"choice_B"`
	C          string `json:"choice_C"`
	D          string `json:"choice_D"`
	Answer     string `json:"answer"`
	Context    string `json:"context"`
}

// choicePlan says what one row of data.json is to be.
type choicePlan struct {
	domain, sub, language string
	hard                  bool
	words                 int
	make                  func(w *World, d *dice, p choicePlan, first int) choice
}

// choice is a question with its right answer and what else might be one.
type choice struct {
	context, question, right string
	wrong                    []string
}

func choicePlans() []choicePlan {
	return []choicePlan{
		{"Long Structured Data Understanding", "Table QA", English, false, 1700, (*World).choiceTable},
		{"Single-Document QA", "Academic", English, false, 900, (*World).choiceFact},
		{"Single-Document QA", "Governmental", Chinese, false, 2600, (*World).choiceFact},
		{"Single-Document QA", "Literary", English, true, 3400, (*World).choiceHops},
		{"Multi-Document QA", "Multi-news", English, true, 1200, (*World).choiceHops},
		{"Multi-Document QA", "Academic", Chinese, true, 4900, (*World).choiceHops},
		{"Long In-context Learning", "Many-shot learning", English, false, 1400, (*World).choiceLabel},
		{"Long In-context Learning", "Many-shot learning", Chinese, true, 4200, (*World).choiceLabel},
		{"Long-dialogue History Understanding", "Dialogue history QA", English, false, 2300, (*World).choiceMeeting},
		{"Long-dialogue History Understanding", "Dialogue history QA", Chinese, true, 4900, (*World).choiceMeeting},
		{"Code Repository Understanding", "Code repo QA", English, false, 800, (*World).choiceCode},
		{"Code Repository Understanding", "Code repo QA", English, true, 1900, (*World).choiceCode},
	}
}

// lengthClass sorts contexts by the built-in set's own scale: the real one
// (32k and 128k words) would make the first run slow.
func lengthClass(words int) string {
	switch {
	case words < 1500:
		return "short"
	case words < 3000:
		return "medium"
	}
	return "long"
}

// choices makes data.json.
func (s *longBench) choices() ([]byte, error) {
	var rows []choiceRow
	for i, p := range choicePlans() {
		d := s.world.dice("longbench-v2", i)
		c := p.make(s.world, d, p, 12*i)
		if c.question == "" || len(c.wrong) < 3 {
			return nil, fmt.Errorf("data.json: no question with four choices in row %d", i+1)
		}
		rows = append(rows, s.choiceRow(d, i, p, c))
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(rows); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

func (s *longBench) choiceRow(d *dice, i int, p choicePlan, c choice) choiceRow {
	list := shuffled(d, append(c.wrong[:3:3], c.right))
	id := digest(s.world.seed, fmt.Sprintf("longbench-v2/row/%d", i))
	words := p.words
	if p.language == Chinese {
		words = words * 5 / 8 // about as much text
	}
	r := choiceRow{
		ID: hex.EncodeToString(id[:12]), Domain: p.domain, SubDomain: p.sub, Difficulty: "easy", Length: lengthClass(words),
		Question: c.question, A: list[0], B: list[1], C: list[2], D: list[3],
		Answer: string(rune('A' + slices.Index(list, c.right))), Context: c.context,
	}
	if p.hard {
		r.Difficulty = "hard"
	}
	return r
}

// choiceFact asks for one fact of a chronicle.
func (w *World) choiceFact(d *dice, p choicePlan, first int) choice {
	doc := w.Chronicle(p.language, first, p.words, Shape{})
	return w.choose(d, p.language, doc.Text(), doc.Told(), w.Questions(doc, d.n(2)))
}

// choiceHops asks over two facts of a chronicle.
func (w *World) choiceHops(d *dice, p choicePlan, first int) choice {
	doc := w.Chronicle(p.language, first, p.words, Shape{})
	told := doc.Told()
	var questions []Question
	for _, q := range w.TwoHop(w.Circle(first), p.language) {
		if states(told, q.Facts[0]) && states(told, q.Facts[1]) {
			questions = append(questions, q)
		}
	}
	return w.choose(d, p.language, doc.Text(), told, questions)
}

func states(told []Told, f Fact) bool {
	return slices.ContainsFunc(told, func(t Told) bool { return t.Fact == f })
}

// choiceMeeting asks for one fact that was said in a meeting.
func (w *World) choiceMeeting(d *dice, p choicePlan, first int) choice {
	doc := w.Meeting(p.language, first, p.words)
	return w.choose(d, p.language, doc.Text(), doc.Told(), w.Questions(doc, d.n(2)))
}

// choose takes a question to which the text gives other values of the answer's
// type; what is missing to three comes from circles that it does not reach.
func (w *World) choose(d *dice, lang, text string, told []Told, questions []Question) choice {
	for _, q := range shuffled(d, questions) {
		last := q.Facts[len(q.Facts)-1]
		fits := func(t Told) bool {
			return t.Fact.Object.Type == last.Object.Type && (last.Object.Type != AnswerWord || t.Fact.Relation == last.Relation)
		}
		wrong := others(d, told, lang, fits, q.Answer)
		if len(wrong) < 3 {
			wrong = append(wrong, others(d, w.farFacts(last.Subject.Circle+6), lang, fits, q.Answer)...)
		}
		if len(wrong) >= 3 && differ(wrong[:3]) {
			return choice{context: text, question: q.Text, right: q.Answer, wrong: wrong}
		}
	}
	return choice{}
}

// farFacts are the facts of some circles as if told.
func (w *World) farFacts(circle int) []Told {
	var out []Told
	for i := range 3 {
		for _, f := range w.Circle(circle + i).Facts {
			out = append(out, Told{Fact: f})
		}
	}
	return out
}

func differ(list []string) bool {
	return len(slices.Compact(slices.Sorted(slices.Values(list)))) == len(list)
}

// others lists the objects of the told facts that fit, without the right one,
// in random order.
func others(d *dice, told []Told, lang string, fits func(Told) bool, right string) []string {
	var out []string
	for _, t := range told {
		v := t.Fact.Object.Text(lang)
		if fits(t) && v != right && !slices.Contains(out, v) {
			out = append(out, v)
		}
	}
	return shuffled(d, out)
}

// choiceLabel asks for the class of an item after many labelled ones.
func (w *World) choiceLabel(d *dice, p choicePlan, first int) choice {
	purpose := fmt.Sprintf("longbench-v2/%d", first)
	query := w.LabelledNews(p.language, purpose+"/query", 1)[0]
	var b strings.Builder
	for _, x := range w.LabelledNews(p.language, purpose, p.words/20) {
		if x.Text != query.Text {
			b.WriteString(x.Text + " → " + x.Label + "\n")
		}
	}
	c := choice{context: b.String(), question: "To which class does this item belong? " + query.Text, right: query.Label}
	if p.language == Chinese {
		c.question = "下面这条新闻属于哪一类？" + query.Text
	}
	for _, t := range shuffled(d, Topics(p.language)) {
		if t != query.Label {
			c.wrong = append(c.wrong, t)
		}
	}
	return c
}

// choiceCode asks for the parameters of a class of a module.
func (w *World) choiceCode(d *dice, p choicePlan, first int) choice {
	f := w.Code(p.language, 5000+first, p.words)
	class := pick(d, f.Classes)
	right := constructor(f, class)
	c := choice{context: f.Text(-1), right: strings.Join(right, ", "),
		question: "In which order does the constructor of " + class + " take its parameters?"}
	for len(c.wrong) < 3 {
		if v := strings.Join(shuffled(d, right), ", "); v != c.right && !slices.Contains(c.wrong, v) {
			c.wrong = append(c.wrong, v)
		}
	}
	return c
}

// choiceTable asks for a cell of a table of towns.
func (w *World) choiceTable(d *dice, p choicePlan, first int) choice {
	var b strings.Builder
	b.WriteString("town | charter | inhabitants | river | height | known for | mayor | sister town\n")
	var told []Told
	size := 0
	for circle := first; size < p.words; circle++ {
		c := w.Circle(circle)
		for _, town := range c.Places {
			cells := []string{town.Name(p.language)}
			for _, f := range c.About(town) {
				cells = append(cells, f.Object.Text(p.language))
				told = append(told, Told{Fact: f})
			}
			line := strings.Join(cells, " | ") + "\n"
			size += Size(line, p.language)
			b.WriteString(line)
		}
	}
	var questions []Question
	for _, t := range told {
		questions = append(questions, w.Ask(t.Fact, p.language, d.n(2)))
	}
	return w.choose(d, p.language, b.String(), told, questions)
}
