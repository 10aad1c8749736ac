package m4le

import (
	"slices"
	"strconv"
	"strings"
)

// recipe says how one task is composed of short texts. The words are ours; item
// headings and the form of answers are upstream's, since evidence and metrics go
// by them. In heading, question and answer stand for themselves {id} (or
// number), {ids}, {count}, {class}, {title}, {question} and {translation}: of the
// item, or of the targets.
type recipe struct {
	task, language string
	kind           kind
	ask            form
	hex            bool   // items are named by six hexadecimal digits, else by numbers from 1
	instruction    string // {classes} are all classes that there are
	heading        string
	separator      string // between items
	question       string
	answer         string // empty: the text's own answers
	comma          string // between {ids} and {classes}
}

// form says which items a question is about.
type form int

// The forms.
const (
	askOne   form = iota // one item
	askClass             // all items of a class, at least two
	askCount             // how many there are of a class
)

func recipes() []recipe {
	classes := func(language, task string, ask form, r recipe) recipe {
		r.task, r.language, r.kind, r.ask = task, language, classesKind, ask
		return r
	}
	of := func(k kind, language, task string, r recipe) recipe {
		r.task, r.language, r.kind = task, language, k
		return r
	}
	return []recipe{
		classes("en", "mnds-news_explicit-single", askOne, recipe{hex: true, heading: "Article {id}: ", separator: "\n", comma: ", ", answer: "{class}",
			instruction: "Every article below has an id and is of one class. A question about one of the articles follows: answer with the name of its class alone. The classes are: {classes}.",
			question:    "\nQuestion: Which class is article {id} of?\nAnswer:"}),
		classes("zh", "thucnews_explicit-single", askOne, recipe{hex: true, heading: "新闻{id}：", separator: "\n", comma: "、", answer: "{class}",
			instruction: "下面每篇新闻都有编号，并属于一个类别。最后会问其中一篇新闻的类别，请只回答类别名称。类别有：{classes}。",
			question:    "\n问题：新闻{id}属于哪个类别？\n回答："}),
		of(questionKind, "en", "newsqa", recipe{heading: "Article {id}: ", separator: "\n",
			instruction: "The articles below are numbered. A question about one of them follows: answer it in a few words.",
			question:    "\nQuestion: According to article {id}: {question}\nAnswer:"}),
		of(titlesKind, "en", "wow", recipe{hex: true, heading: "Phrase {id} is {title}, with this article:\n", separator: "\n\n", answer: "{title}",
			instruction: "Below are phrases, each with an id and an article about it. Remember them: at the end you are asked for the phrase of an id.",
			question:    "\n\nAmong the phrases above, phrase {id} is"}),
		of(titlesKind, "zh", "drcd_explicit-single", recipe{hex: true, heading: "{id}主题是{title}，文章如下:\n", separator: "\n\n", answer: "{title}",
			instruction: "下面是若干主题，每个主题有编号和一篇文章。请记住它们：最后会问某个编号的主题。",
			question:    "\n\n在以上的主题当中，{id}主题是"}),
		of(summariesKind, "en", "cnnnews", recipe{hex: true, heading: "Article {id}: ", separator: "\n", answer: "{summary}",
			instruction: "Every article below has an id. At the end you are asked for the highlights of one of them: give them in a few sentences, on one line.",
			question:    "\nHighlight {id}:"}),
		of(summariesKind, "zh", "lcsts", recipe{hex: true, heading: "段落{id}: ", separator: "\n", answer: "{summary}",
			instruction: "下面每个段落都有编号。最后会请您为其中一个段落写摘要，请写成一行。",
			question:    "\n问题: 段落{id}的摘要是什么？\n摘要:"}),
		classes("en", "mnds-news_explicit-multiple", askClass, recipe{hex: true, heading: "The article id {id}. ", separator: "\n\n", comma: ", ", answer: "{ids}",
			instruction: "Every article below has an id and is of one class. At the end you are asked for the ids of all articles of a class: answer with the ids alone, separated by commas.",
			question:    "\nQuestion: Which ids do all articles of the class '{class}' have?\nAnswer:"}),
		classes("zh", "thucnews_explicit-multiple", askClass, recipe{hex: true, heading: "新闻 {id}：", separator: "\n", comma: "，", answer: "{ids}",
			instruction: "下面每篇新闻都有编号，并属于一个类别。最后会问某个类别的所有新闻的编号，请只回答编号，用“，”分隔。",
			question:    "\n问题：所有{class}类新闻的编号是什么？\n回答："}),
		of(questionKind, "en", "duorc", recipe{heading: "Plot ({title}): ", separator: "\n",
			instruction: "One of the texts below answers the question at the end. Answer it in a few words.",
			question:    "\nQuestion: {question}\nAnswer:"}),
		of(questionKind, "zh", "drcd_semantic-single", recipe{heading: "文章 [{id}](标题: {title}) ", separator: "\n",
			instruction: "下面的文章中有一篇回答了最后的问题。请用几个字回答。",
			question:    "\n问题: {question}\n答案:"}),
		of(parallelKind, "en", "tedtalks-en2zh", recipe{heading: "Talk {id}: ", separator: "\n", answer: "演讲{id}: {translation}",
			instruction: "The talks below are numbered. At the end you are asked to translate one of them into Chinese. Begin with 演讲, its number and a colon.",
			question:    "\nQuestion: Translate the talk about '{title}' into Chinese.\nTranslation:"}),
		of(parallelKind, "zh", "tedtalks-zh2en", recipe{heading: "演讲{id}: ", separator: "\n", answer: "Talk {id}: {translation}",
			instruction: "下面的演讲都有编号。最后会请您把其中一个演讲翻译成英文，开头写Talk、编号和冒号。",
			question:    "\n问题: 请把关于“{title}”的演讲翻译成英文。\n翻译:"}),
		classes("en", "mnds-news_semantic-multiple", askCount, recipe{heading: "Article: ", separator: "\n", answer: "{count}.",
			instruction: "Each article below is of one class. At the end you are asked how many articles are of a class: answer with a number and a full stop.",
			question:    "\nQuestion: How many articles are of the class '{class}'?\nAnswer:"}),
		classes("zh", "thucnews_semantic-multiple", askCount, recipe{heading: "新闻：", separator: "\n", answer: "{count}。",
			instruction: "下面每篇新闻都属于一个类别。最后会问某个类别的新闻有多少篇，请回答数字和句号。",
			question:    "\n问题：以上有多少篇新闻是关于{class}的？\n回答："}),
	}
}

func recipeOf(task string) (recipe, bool) {
	all := recipes()
	i := slices.IndexFunc(all, func(r recipe) bool { return r.task == task })
	if i < 0 {
		return recipe{}, false
	}
	return all[i], true
}

// titled says that the texts need titles.
func (r recipe) titled() bool { return strings.Contains(r.heading+r.question+r.answer, "{title}") }

// usable are the texts that have all that the recipe asks for.
func (r recipe) usable(texts []short) []short {
	if !r.titled() {
		return texts
	}
	return slices.DeleteFunc(slices.Clone(texts), func(t short) bool { return t.title == "" })
}

// needs names the fields that texts need, for people.
func (r recipe) needs() string {
	if r.titled() && r.kind != titlesKind {
		return "text, title, " + r.kind.needs()
	}
	return "text, " + r.kind.needs()
}

// head is an item's heading.
func (r recipe) head(t short, id string) string {
	return strings.NewReplacer("{id}", id, "{title}", t.title).Replace(r.heading)
}

// opening is the instruction, with the line's end that upstream puts behind it.
func (r recipe) opening(texts []short) string {
	var classes []string
	for _, t := range texts {
		if !slices.Contains(classes, t.label) {
			classes = append(classes, t.label)
		}
	}
	slices.Sort(classes)
	return strings.ReplaceAll(r.instruction, "{classes}", strings.Join(classes, r.comma)) + "\n"
}

// ends are the question and the answers to it, for targets in the order of their
// places.
func (r recipe) ends(targets []piece) (question string, answers []string) {
	t := targets[0]
	var ids []string
	for _, p := range targets {
		ids = append(ids, p.id)
	}
	fill := strings.NewReplacer("{id}", t.id, "{ids}", strings.Join(ids, r.comma), "{count}", strconv.Itoa(len(targets)),
		"{class}", t.label, "{title}", t.title, "{question}", t.question, "{summary}", t.summary, "{translation}", t.translation)
	if r.answer == "" {
		return fill.Replace(r.question), t.answers
	}
	return fill.Replace(r.question), []string{fill.Replace(r.answer)}
}
