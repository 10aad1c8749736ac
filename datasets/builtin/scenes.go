package builtin

import "strings"

// Meeting tells the facts of circles, from the first one on, as the minutes of
// a discussion of about n words (characters in Chinese): one turn a paragraph,
// headed by its speaker.
func (w *World) Meeting(lang string, first, n int) Document {
	d := w.dice("meeting/"+lang, first, n)
	speakers := w.Circle(first).People
	doc := Document{Title: meetingTitle(lang), Language: lang}
	lines := meetingLines(lang)
	size, last := 0, -1
	turn := func(sentences []string, f *Fact) {
		i := d.n(len(speakers))
		for i == last || f != nil && speakers[i] == f.Subject {
			i = (i + 1) % len(speakers)
		}
		last = i
		p := w.turn(d, lang, speakers[i], sentences, f)
		size += Size(p.Text, lang)
		doc.Paragraphs = append(doc.Paragraphs, p)
	}
	turn([]string{pick(d, lines.open)}, nil)
	for circle := first; size < n; circle++ {
		for _, f := range shuffled(d, w.Circle(circle).Facts) {
			if size >= n {
				break
			}
			turn([]string{pick(d, lines.lead)}, &f)
			if d.chance(45) {
				reply := []string{pick(d, lines.reply)}
				if d.chance(40) {
					reply = append(reply, pick(d, lines.aside)+w.filler[langIndex(lang)].scene(d))
				}
				turn(reply, nil)
			}
		}
	}
	turn([]string{pick(d, lines.close)}, nil)
	return doc
}

// turn is one speaker's paragraph: sentences, then the fact's statement.
func (w *World) turn(d *dice, lang string, speaker *Entity, sentences []string, f *Fact) Paragraph {
	colon := ": "
	if lang == Chinese {
		colon = "："
	}
	p := Paragraph{Text: speaker.Name(lang) + colon + strings.Join(sentences, space(lang)), About: speaker}
	if f == nil {
		return p
	}
	p.Text += space(lang)
	sentence, object := w.say(*f, lang, d.n(Variants), f.Subject.Ref(lang))
	at := len(p.Text)
	p.Text += sentence
	p.Told = []Told{{Fact: *f, Sentence: Span{at, at + len(sentence)}, Object: object.shift(at)}}
	return p
}

func meetingTitle(lang string) string {
	if lang == Chinese {
		return "会议记录"
	}
	return "Minutes"
}

// meetingWords are the phrases of a meeting; an aside leads a scene in.
type meetingWords struct{ open, lead, reply, aside, close []string }

func meetingLines(lang string) meetingWords {
	if lang == Chinese {
		return meetingWords{
			open: []string{"人都到齐了，我们开始吧。今天要把资料核对一遍。", "各位请坐，先把上次没谈完的事情接着谈完。"},
			lead: []string{"这一条我查过档案。", "请记录在案。", "上次有人问起，我来回答。", "我补充一点。", "为了让新来的同事清楚，我再说一遍。", "接着说下一项。", "这件事不要弄错。"},
			reply: []string{"谢谢，这一点很重要。", "我同意，请继续。", "这我倒是头一回听说。", "好，那就这样写进去。", "这里请再核对一下。",
				"跟我记得的一样。"},
			aside: []string{"说句题外话，", "我还记得，", "那时候，"},
			close: []string{"今天就到这里，散会。", "没有别的问题的话，会议结束。"},
		}
	}
	return meetingWords{
		open: []string{"Everybody is here, so let us begin. We have to go through the files today.", "Please sit down. We take up where we stopped last time."},
		lead: []string{"I looked this up in the archive.", "Please put this on record.", "Somebody asked last time, so here is the answer.", "Let me add one thing.",
			"For the newcomers I say it again.", "On to the next item.", "We should not get this wrong."},
		reply: []string{"Thank you, that matters.", "Agreed, please go on.", "That is news to me.", "Good, then we write it down like that.", "Please check that once more.",
			"That is how I remember it."},
		aside: []string{"If I may digress. ", "It was like this. ", "You know how it was. "},
		close: []string{"That is all for today.", "If there is nothing else, the meeting is closed."},
	}
}

// Report tells circles, from the first one on, as an inspector's report of
// about n words (characters in Chinese): numbered sections of one entity each,
// institutions and events before everything else.
func (w *World) Report(lang string, first, n int) Document {
	d := w.dice("report/"+lang, first, n)
	doc := Document{Title: reportTitle(lang), Language: lang}
	size, section := 0, 0
	for circle := first; size < n; circle++ {
		c := w.Circle(circle)
		for _, list := range [][]*Entity{c.Organisations, c.Events, c.Places, c.Works, c.People} {
			for _, e := range list {
				if size >= n {
					return doc
				}
				section++
				p := w.section(d, lang, section, c, e, n-size)
				size += Size(p.Text, lang)
				doc.Paragraphs = append(doc.Paragraphs, p)
			}
		}
	}
	return doc
}

func reportTitle(lang string) string {
	if lang == Chinese {
		return "巡查报告"
	}
	return "Report of the inspectors"
}

// section is a numbered heading line and a paragraph that tells e.
func (w *World) section(d *dice, lang string, number int, c *Circle, e *Entity, room int) Paragraph {
	head := strings.Replace(pick(d, sectionHeads(lang)), "{s}", e.Ref(lang), 1)
	head = thousands(number) + ". " + upperFirst(head) + "\n"
	p := w.tellEntity(d, lang, c, e, room, Shape{Thin: 1})
	for i := range p.Told {
		p.Told[i].Sentence = p.Told[i].Sentence.shift(len(head))
		p.Told[i].Object = p.Told[i].Object.shift(len(head))
	}
	p.Text = head + p.Text
	return p
}

func sectionHeads(lang string) []string {
	if lang == Chinese {
		return []string{"关于{s}的情况", "{s}：巡查结果", "对{s}的查访"}
	}
	return []string{"What was found about {s}", "Findings on {s}", "The case of {s}"}
}

// News tells an event of a circle and what belongs to it as a news item of
// about n words (characters in Chinese): a dateline, the event, then its
// place, leader and organiser as far as there is room.
func (w *World) News(lang string, circle, event, n int) Document {
	c := w.Circle(circle)
	e := c.Events[((event%len(c.Events))+len(c.Events))%len(c.Events)]
	d := w.dice("news-item/"+lang, circle, e.Index, n)
	doc := Document{Title: e.Name(lang), Language: lang}
	subjects := []*Entity{e}
	for _, f := range c.About(e) {
		if f.Object.Entity != nil {
			subjects = append(subjects, f.Object.Entity)
		}
	}
	size := 0
	for _, s := range subjects {
		if size >= n && size > 0 {
			break
		}
		p := w.tellEntity(d, lang, c, s, max(n-size, 1), Shape{Thin: 1})
		size += Size(p.Text, lang)
		doc.Paragraphs = append(doc.Paragraphs, p)
	}
	return doc
}
