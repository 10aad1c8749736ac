package m4le

import (
	"strings"

	"github.com/lcbench/lcbench/benchmarks"
	"github.com/lcbench/lcbench/scorers"
)

// The abilities that M4LE sorts tasks by, in the paper's order.
const (
	explicitSingle   = "explicit-single"
	explicitMultiple = "explicit-multiple"
	semanticSingle   = "semantic-single"
	semanticMultiple = "semantic-multiple"
	global           = "global"
)

// task is a configuration of the hub's data set.
type task struct {
	benchmarks.Task
	layout layout
	target target
}

// target says how a row tells which of its items the answer rests on.
type target int

// The ways. Where a row has gold_index, it counts wherever the row's text tells
// nothing.
const (
	everything   target = iota // one long text
	namedID                    // the last id of the question
	namedNumber                // the first number of the question
	listedIDs                  // the ids of the reference
	headedNumber               // the number that the reference begins with
	goldIndex                  // the row's gold_index, else where an answer stands
	oneHasAnswer               // gold_index, else the one item in which an answer stands
	holdAnswer                 // some of those in which an answer stands
	ofClass                    // the row's labels
)

// buckets are the lengths that rows are sorted by, in words (characters in
// Chinese) of prompt and answer. 12k and 24k are those of the first release.
func buckets() []int {
	return []int{1000, 2000, 4000, 6000, 8000, 12000, 16000, 24000, 32000, 64000, 128000}
}

// Generation limits, in tokens. Upstream has none of its own: 128 for its API
// models, as many as the bucket's words for local ones.
const (
	shortAnswer = 128
	longAnswer  = 512
)

// Upstream makes 200 rows for each of nine buckets where it composes them, whose
// mean is averageWords; of long texts it takes what there is.
const (
	composedRows = 9 * 200
	averageWords = 29000
)

// tasks are the configurations by ability. Layouts are those of the scripts in
// upstream's data/ at 47c2af9.
func tasks() []task {
	l := lister{}
	l.ability = explicitSingle
	l.add("mnds-news_explicit-single", "en", namedID, `Article ([0-9A-F]{6}): `, `\nQuestion: `)
	l.add("thucnews_explicit-single", "zh", namedID, `新闻 ?([0-9A-F]{6})[：:]`, `\n问题[：:]`)
	l.add("newsqa", "en", namedNumber, `Article (\d+): `, `\nQuestion: `)
	l.add("c3", "zh", namedNumber, `段落(\d+)[：:]`, `\n问题[：:]`)
	l.add("wow", "en", namedID, `Phrase ([0-9A-F]{6}) is `, `\n\nAmong the `)
	l.add("drcd_explicit-single", "zh", namedID, `([0-9A-F]{6})主[题題]是`, `\n\n在以上`)
	l.add("cnnnews", "en", namedID, `Article ([0-9A-F]{6}): `, `\nHighlight [0-9A-F]{6}:`)
	l.add("cepsum", "zh", namedID, `产品([0-9A-F]{6})描述[：:]`, `\n产品[0-9A-F]{6}摘要[：:]`)
	l.add("lcsts", "zh", namedID, `段落([0-9A-F]{6})[：:]`, `\n问题[：:]`)
	l.add("ncls", "en", namedID, `Article ([0-9A-F]{6}): `, `\nChinese Summary of Article `)
	l.ability = explicitMultiple
	l.add("mnds-news_explicit-multiple", "en", listedIDs, `The article id ([0-9A-F]{6})\. `, `\nQuestion: `)
	l.add("thucnews_explicit-multiple", "zh", listedIDs, `新闻 ?([0-9A-F]{6})[：:]`, `\n问题[：:]`)
	l.add("marc", "en", listedIDs, `Review ([0-9A-F]{6}): `, `\nPositive Reviews:`)
	l.add("online-shopping", "zh", listedIDs, `评论([0-9A-F]{6}): `, `\n答案[：:]`)
	l.ability = semanticSingle
	l.add("wikitext-103", "en", listedIDs, `Candidate Paragraph ([0-9A-F]{6}): `, `\nAnswer:`)
	l.add("wiki2019zh", "zh", listedIDs, `候选段落([0-9A-F]{6}): `, `\n答案[：:]`)
	l.add("duorc", "en", goldIndex, `Plot \(`, `\nQuestion: `)
	l.add("nq-open", "en", oneHasAnswer, `Document \[(\d+)\]\(Title: `, `\n+Question: `).exampleLast = true
	l.add("dureader", "zh", holdAnswer, `文章 \[(\d+)\]\(标题`, `\n问题[：:]`)
	l.add("drcd_semantic-single", "zh", goldIndex, `文章 \[(\d+)\]\([标標][题題]`, `\n+[问問][题題][：:]`).exampleLast = true
	l.add("wikihow", "en", goldIndex, `Article (\d+): `, `\nQuestion: `)
	l.add("news2016", "zh", headedNumber, `新闻(\d+)[：:]`, `\n关键词[：:]`)
	l.add("tedtalks-en2zh", "en", headedNumber, `Talk (\d+): `, `\nQuestion: `)
	l.add("tedtalks-zh2en", "zh", headedNumber, `演讲(\d+)[：:]`, `\n问题[：:]`)
	l.ability = semanticMultiple
	l.add("mnds-news_semantic-multiple", "en", ofClass, `Article: `, `\nQuestion: `)
	l.add("thucnews_semantic-multiple", "zh", ofClass, `新闻[：:]`, `\n问题[：:]`)
	l.add("hotpotqa", "en", holdAnswer, `Paragraph (\d+): `, `\nQuestion: `)
	l.ability = global
	l.add("bigpatent_global_cls", "en", everything, "", `\nClass:`)
	l.add("triviaqa", "en", everything, "", `\nQuestion: `)
	l.add("arxiv", "en", everything, "", `\nAbstract:`)
	l.add("bigpatent_global_sum", "en", everything, "", `\nSummary:`)
	l.add("pubmed", "en", everything, "", `\nAbstract:`)
	l.add("booksum", "en", everything, "", `\nSummary:`)
	l.add("cnewsum", "zh", everything, "", `\n摘要[：:]`)
	l.add("clts+", "zh", everything, "", `\n摘要[：:]`)
	l.add("open-subtitles-en2zh", "en", everything, "", `\nChinese:`)
	l.add("open-subtitles-zh2en", "zh", everything, "", `(?:\n|\\)English:`)
	// By their scripts these ask for one of many paragraphs; the ability is the
	// paper's, the evidence is that paragraph.
	l.add("news-commentary-en2zh", "en", headedNumber, `Paragraph (\d+): `, `\nQuestion: `)
	l.add("news-commentary-zh2en", "zh", headedNumber, `段落(\d+)[：:]`, `\n问题[：:]`)
	return l.tasks
}

// lister collects tasks.
type lister struct {
	ability string
	tasks   []task
}

// add adds a task in the language of its context. item is the heading of an
// item, with its id or number; ask is what the question begins with.
func (l *lister) add(name, language string, of target, item, ask string) *layout {
	metric, corpus := scorers.M4LEMetric(name)
	t := task{target: of, layout: layout{item: item, ask: ask}, Task: benchmarks.Task{
		Name: name, Category: l.ability, Language: language, Metric: metric, MaxTokens: shortAnswer,
		// The paper averages abilities only after dividing by another model's scores:
		// plain means of different metrics stay apart.
		Boards: []string{l.ability},
		Fixed:  true, // numbers, ids and counts are part of the question; long texts are asked about as a whole
	}}
	for _, b := range buckets() {
		t.Strata = append(t.Strata, benchmarks.FormatTokens(b))
	}
	if item != "" && name != "hotpotqa" && name != "dureader" {
		t.Rows, t.AverageLength = composedRows, averageWords
	}
	if corpus {
		t.Headline = scorers.HeadlineBLEU
	}
	if corpus || strings.HasPrefix(metric, "rouge") {
		t.MaxTokens = longAnswer
	}
	l.tasks = append(l.tasks, t)
	return &l.tasks[len(l.tasks)-1].layout
}
