package scorers

import (
	"slices"
	"strings"
)

// m4leRule says how the answers of some tasks of M4LE are scored: what is done
// to an answer and to its references, then the metric.
type m4leRule struct {
	// name is the metric's in the family; metric is upstream's word for it.
	name, metric string
	language     string // what rouge, bleu and qa_f1 go by: en, zh
	// ends are the end tokens: in turn, an answer is cut at the first one and
	// stripped.
	ends []string
	// prepare comes before the end tokens; nil: nothing.
	prepare func(prediction string) string
	// count: the reference is cut at its first end token, and is the only one.
	count bool
	// items is what parts a list of ids, stop what ends it, where the metric
	// takes sets. Only marc's references end with a stop as well.
	items, stop string
	stopped     bool
	tasks       []string
	about       string
}

// m4leRules are evaluation.py's parameters of its tasks (evaluate) in another
// arrangement: tasks that are scored alike share a rule.
func m4leRules() []m4leRule {
	line := []string{"\n"}
	rules := []m4leRule{
		{name: "rouge_en", metric: "rouge", language: "en", ends: line, about: "rouge 1.0.1, rouge-l recall, of the first line",
			tasks: []string{"arxiv", "pubmed", "booksum", "cnnnews", "wikihow", "bigpatent_global_sum"}},
		{name: "rouge_zh", metric: "rouge", language: "zh", ends: line, about: "rouge-chinese 1.0.3, rouge-l recall over jieba 0.42.1, of the first line",
			tasks: []string{"cepsum", "lcsts", "ncls"}},
		{name: "rouge_zh_news", metric: "rouge", language: "zh", ends: []string{"\n", "新闻"}, about: "rouge_zh of what stands before 新闻",
			tasks: []string{"cnewsum", "clts+"}},
		{name: "rouge_zh_quoted", metric: "rouge", language: "zh", ends: line, prepare: quoted, about: "rouge_zh of what stands between quotation marks",
			tasks: []string{"news2016"}},
	}
	acc := func(name, about string, ends []string, tasks ...string) {
		rules = append(rules, m4leRule{name: name, metric: "acc", ends: ends, about: "acc, of what stands before " + about, tasks: tasks})
	}
	acc("acc_en", "a line's or sentence's end", []string{"\n", "."}, "triviaqa", "newsqa", "duorc", "nq-open", "hotpotqa")
	acc("acc_zh", "a line's or sentence's end", []string{"\n", "。"}, "c3", "dureader", "drcd_semantic-single")
	acc("acc_topic_en", "a comma or line's end", []string{",", "\n"}, "wow")
	acc("acc_topic_zh", "a comma or line's end", []string{"，", "\n"}, "drcd_explicit-single")
	acc("acc_index", "a colon", []string{":"}, "bigpatent_global_cls")
	exact := func(name, end string, count bool, tasks ...string) {
		r := m4leRule{name: name, metric: "exact_match", count: count, tasks: tasks, about: "exact_match"}
		if end != "" {
			r.ends, r.about = []string{end}, "exact_match, of what stands before a stop"
		}
		rules = append(rules, r)
	}
	exact("exact_match", "", false, "mnds-news_explicit-single", "thucnews_explicit-single")
	exact("exact_id_en", ".", false, "wikitext-103")
	exact("exact_id_zh", "。", false, "wiki2019zh")
	exact("exact_count_en", ".", true, "mnds-news_semantic-multiple")
	exact("exact_count_zh", "。", true, "thucnews_semantic-multiple")
	return append(rules,
		m4leRule{name: "cls_f1_marc", metric: "cls_f1", items: ",", stop: ".", stopped: true, about: "cls_f1 of ids by commas", tasks: []string{"marc"}},
		m4leRule{name: "cls_f1_en", metric: "cls_f1", items: ",", stop: ".", about: "cls_f1 of ids by commas; a reference's stop counts",
			tasks: []string{"mnds-news_explicit-multiple"}},
		m4leRule{name: "cls_f1_zh", metric: "cls_f1", items: "，", stop: "。", about: "cls_f1 of ids by commas; a reference's stop counts",
			tasks: []string{"online-shopping", "thucnews_explicit-multiple"}},
		m4leRule{name: "bleu_en", metric: "bleu", language: "en", about: "corpus BLEU-4 without smoothing over tokens of mteval-v13a, utils/bleu.py",
			tasks: []string{"open-subtitles-zh2en", "news-commentary-zh2en", "tedtalks-zh2en"}},
		m4leRule{name: "bleu_zh", metric: "bleu", language: "zh", about: "corpus BLEU-4 without smoothing over WMT's Chinese tokens, utils/bleu.py",
			tasks: []string{"open-subtitles-en2zh", "news-commentary-en2zh", "tedtalks-en2zh"}},
	)
}

// M4LETask returns the hub's name of a task that may carry the suffix which
// upstream's evaluation gives some: drcd_explicit-single_ret.
func M4LETask(name string) string {
	for _, suffix := range []string{"_cls+ret", "_cls+cnt", "_ret", "_qa"} {
		if plain, ok := strings.CutSuffix(name, suffix); ok {
			return plain
		}
	}
	return name
}

// M4LEMetric names the metric of a task of M4LE, "" if there is none, and says
// whether the task's figure is corpus BLEU.
func M4LEMetric(task string) (name string, corpus bool) {
	r, ok := m4leRuleOf(task)
	if !ok {
		return "", false
	}
	return r.name, r.metric == "bleu"
}

func m4leRuleOf(task string) (m4leRule, bool) {
	task = M4LETask(task)
	rules := m4leRules()
	i := slices.IndexFunc(rules, func(r m4leRule) bool { return slices.Contains(r.tasks, task) })
	if i < 0 {
		return m4leRule{}, false
	}
	return rules[i], true
}

// answer is what the metric looks at.
func (r m4leRule) answer(prediction string) string {
	if r.prepare != nil {
		prediction = r.prepare(prediction)
	}
	for _, end := range r.ends {
		prediction, _, _ = strings.Cut(prediction, end)
		prediction = pyStrip(prediction)
	}
	return pyStrip(prediction)
}

// quoted is what stands behind the first straight quotation mark, up to the
// next one; all, if there is none (news2016_preprocess).
func quoted(prediction string) string {
	_, after, found := strings.Cut(prediction, `"`)
	if !found {
		return prediction
	}
	inside, _, _ := strings.Cut(after, `"`)
	return pyStrip(inside)
}

// set are the ids of a list, each stripped; an empty one is an id, too.
func (r m4leRule) set(list string) map[string]bool {
	set := map[string]bool{}
	for item := range strings.SplitSeq(list, r.items) {
		set[pyStrip(item)] = true
	}
	return set
}

// clsF1 is the F1 of two sets of ids. Of the references only the first counts,
// and its stop stays on its last id (but for marc), as upstream has it.
func (r m4leRule) clsF1(c Case) float64 {
	if len(c.References) == 0 {
		return 0
	}
	reference := c.References[0]
	if r.stopped {
		reference, _, _ = strings.Cut(reference, r.stop)
	}
	prediction, _, _ := strings.Cut(c.Prediction, r.stop)
	have, want := r.set(pyStrip(prediction)), r.set(reference)
	right := 0
	for id := range have {
		if want[id] {
			right++
		}
	}
	p, recall := float64(right)/float64(len(have)), float64(right)/float64(len(want))
	if p+recall == 0 {
		return 0
	}
	return 2 * p * recall / (p + recall)
}

// score judges one row.
func (r m4leRule) score(c Case) Score {
	switch r.metric {
	case "cls_f1":
		return Score{Value: r.clsF1(c)}
	case "bleu":
		return scoreBLEU(c, r.tokens())
	}
	answer := r.answer(c.Prediction)
	references := c.References
	if r.count && len(references) > 0 {
		first, _, _ := strings.Cut(references[0], r.ends[0])
		references = []string{first}
	}
	switch r.metric {
	case "rouge":
		return Score{Value: m4leRouge(answer, references, r.language)}
	case "qa_f1":
		return best(func(p, reference string) float64 { return m4leF1(p, reference, r.language) })(Case{Prediction: answer, References: references})
	}
	lower := pyLower(answer)
	right := slices.ContainsFunc(references, func(reference string) bool {
		if r.metric == "acc" {
			return strings.Contains(lower, pyLower(reference))
		}
		return pyStrip(pyLower(reference)) == pyStrip(lower)
	})
	if right {
		return Score{Value: 1}
	}
	return Score{}
}
