package builtin

import "strings"

// Labelled is a short text with its class.
type Labelled struct{ Text, Label string }

// QuestionTypes lists the classes of LabelledQuestions; none contains another.
func QuestionTypes(lang string) []string {
	var out []string
	for _, t := range questionTypes() {
		out = append(out, t.name[langIndex(lang)])
	}
	return out
}

type questionType struct {
	name      word
	relations string // keys whose questions are of this type
}

func questionTypes() []questionType {
	return []questionType{
		{word{"Exact date", "具体日期"}, "born_on held_on"},
		{word{"Year", "年份"}, "town_founded body_founded written"},
		{word{"Head count", "人数"}, "population staff attendance"},
		{word{"Number of pages", "页数"}, "pages"},
		{word{"Height", "高度"}, "altitude"},
		{word{"Sum of money", "金额"}, "budget cost"},
		{word{"Human being", "人物"}, "teacher mayor founder author leader"},
		{word{"Town", "城镇"}, "born_in settled_in twin seat printed_in held_in"},
		{word{"Institution", "机构"}, "employer kept_by organiser"},
		{word{"Profession", "职业"}, "trade"},
		{word{"Musical instrument", "乐器"}, "instrument"},
		{word{"Collected object", "收藏品"}, "collected"},
		{word{"River", "河流"}, "river"},
		{word{"Craft or trade goods", "手工业"}, "craft"},
		{word{"Field of study", "研究领域"}, "field"},
		{word{"Subject of a book", "书籍题材"}, "topic"},
		{word{"Reason", "原因"}, "purpose"},
	}
}

// openers stand before some questions, so that they don't all begin alike.
func openers(lang string) []string {
	if lang == Chinese {
		return []string{"", "", "", "请问，", "有人知道吗？", "我想问一下：", "顺便问一句，", "书上没写，"}
	}
	return []string{"", "", "", "Does anyone know? ", "For my notes: ", "A small question. ", "Please check once more. ", "I could not find it: "}
}

// LabelledQuestions returns n questions about the world with the type of their
// answer. Types are equally frequent; different purposes give different
// questions.
func (w *World) LabelledQuestions(lang, purpose string, n int) []Labelled {
	d := w.dice("questions/" + lang + "/" + purpose)
	types, lead := questionTypes(), openers(lang)
	var order []questionType
	out := make([]Labelled, 0, n)
	for range n {
		if len(order) == 0 {
			order = shuffled(d, types)
		}
		t := order[0]
		order = order[1:]
		f := w.factOf(d, strings.Fields(t.relations))
		text := pick(d, lead) + w.Ask(f, lang, d.n(2)).Text
		out = append(out, Labelled{Text: text, Label: t.name[langIndex(lang)]})
	}
	return out
}

// factOf picks a fact with one of the relations, from any of the first circles.
func (w *World) factOf(d *dice, relations []string) Fact {
	key := pick(d, relations)
	for {
		facts := w.Circle(d.n(60)).Facts
		from := d.n(len(facts))
		for i := range facts {
			if f := facts[(from+i)%len(facts)]; f.Relation == key {
				return f
			}
		}
	}
}

// Topics lists the classes of LabelledNews; none contains another.
func Topics(lang string) []string {
	var out []string
	for _, t := range topics() {
		out = append(out, t.name[langIndex(lang)])
	}
	return out
}

// LabelledNews returns n news items of two or three sentences with their
// topic. Topics are equally frequent; different purposes give different items.
func (w *World) LabelledNews(lang, purpose string, n int) []Labelled {
	d := w.dice("news/" + lang + "/" + purpose)
	all := topics()
	var order []topic
	out := make([]Labelled, 0, n)
	for range n {
		if len(order) == 0 {
			order = shuffled(d, all)
		}
		t := order[0]
		order = order[1:]
		out = append(out, Labelled{Text: w.newsItem(d, lang, t), Label: t.name[langIndex(lang)]})
	}
	return out
}

// newsItem reports on a topic: a dateline, what happened, a detail, and often
// a sentence that any topic could have.
func (w *World) newsItem(d *dice, lang string, t topic) string {
	i := langIndex(lang)
	town := pick(d, w.Circle(d.n(60)).Places).Name(lang)
	who, did, detail := pick(d, t.who)[i], pick(d, t.did)[i], pick(d, t.detail)[i]
	tail := ""
	if d.chance(60) {
		tail = pick(d, newsTails())[i]
	}
	if lang == Chinese {
		return town + "消息：" + who + did + "。" + detail + "。" + tail
	}
	return strings.TrimSpace(town + ": " + upperFirst(who) + " " + did + ". " + detail + ". " + tail)
}

func newsTails() []word {
	return []word{
		{"Residents are divided over the news.", "居民对此看法不一。"},
		{"The council will return to the matter next month.", "议事会下个月将再次讨论此事。"},
		{"A spokesman declined to give further details.", "发言人不愿透露更多细节。"},
		{"Similar reports have come from neighbouring towns.", "邻近各镇也传来类似的消息。"},
		{"Older people cannot remember anything like it.", "老人们说从没见过这样的事。"},
	}
}
