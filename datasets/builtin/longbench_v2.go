package builtin

import (
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

// choices makes data.json: questions with four choices of one type, one for
// each pair of domain and length.
func (s *longBench) choices() ([]byte, error) {
	domains := []string{"Single-Document QA", "Multi-Document QA", "Long-dialogue History Understanding", "Long Structured Data Understanding"}
	sizes := []struct {
		name  string
		words int
	}{{"short", 900}, {"medium", 2500}, {"long", 5000}}
	var rows []choiceRow
	for i, domain := range domains {
		for k, size := range sizes {
			g := &rowMaker{world: s.world, task: "v2"}
			place := 10*i + k
			row, ok := g.choice(place, size.words)
			if !ok {
				return nil, fmt.Errorf("builtin: no question with four choices in context %d", place)
			}
			row.ID, row.Domain, row.SubDomain = fmt.Sprintf("builtin-v2-%02d", len(rows)+1), domain, "Fiction"
			row.Length, row.Difficulty = size.name, []string{"easy", "hard"}[(i+k)%2]
			rows = append(rows, row)
		}
	}
	return json.Marshal(rows)
}

// choice asks for a fact of a chronicle; the wrong choices are other values of
// the same type that stand in it too.
func (g *rowMaker) choice(i, n int) (choiceRow, bool) {
	d := g.dice(i)
	doc := g.world.Chronicle(English, g.first(i), n, Shape{})
	text := doc.Text()
	byType := map[AnswerType][]string{}
	for _, t := range doc.Told() {
		v := t.Fact.Object.Text(English)
		if list := byType[t.Fact.Object.Type]; !slices.Contains(list, v) {
			byType[t.Fact.Object.Type] = append(list, v)
		}
	}
	for _, q := range shuffled(d, g.world.Questions(doc, i)) {
		var others []string
		for _, v := range shuffled(d, byType[q.Facts[0].Object.Type]) {
			if v != q.Answer && len(others) < 3 {
				others = append(others, v)
			}
		}
		if q.Text == "" || len(others) < 3 || strings.Count(text, q.Answer) != 1 {
			continue
		}
		list := shuffled(d, append(others, q.Answer))
		right := slices.Index(list, q.Answer)
		return choiceRow{
			Question: q.Text, A: list[0], B: list[1], C: list[2], D: list[3],
			Answer: string(rune('A' + right)), Context: text,
		}, true
	}
	return choiceRow{}, false
}
