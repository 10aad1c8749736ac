package scorers

import (
	"strings"
	"unicode"
)

// AxesRule says what a task's axes rest on.
type AxesRule string

// The rules.
const (
	// AxesOfEvidence: measured where a sample's evidence is known, else assigned.
	AxesOfEvidence AxesRule = ""
	// AxesOfWhole: the task is made so that all of the context is needed; that is
	// measured, whatever places a sample marks in it.
	AxesOfWhole AxesRule = "whole"
	// AxesAssigned: that all is needed is a judgement about the task and nothing
	// that its construction tells.
	AxesAssigned AxesRule = "assigned"
)

// AxesPrior is what is held of a task whose samples' evidence is not known.
type AxesPrior struct {
	Diffusion, Scope Level
	Rule             AxesRule
	// PaperQuadrant is where Goldman et al. v4 place the task, by their own
	// judgement: diffusion, then scope, each l or h; "" where they don't.
	PaperQuadrant string
}

// Axes are the prior's values; the parts of diffusion are not known and 0.
func (p AxesPrior) Axes() Axes {
	return Axes{Diffusion: p.Diffusion.Value(), Scope: p.Scope.Value()}
}

// priorLine is a line of the table: tasks (or categories) of a benchmark, by
// spaces, with their prior.
type priorLine struct {
	benchmark, tasks string
	prior            AxesPrior
}

// axesPriors is the table: lcbench's judgement, beside which the paper's own
// placement stands. Tasks are told by their letters and digits alone, without
// regard to case, and without a language at their end.
func axesPriors() []priorLine {
	const low, mid, high = LevelLow, LevelMid, LevelHigh
	const whole, assigned = AxesOfWhole, AxesAssigned
	return []priorLine{
		// Plot facts, paraphrased, in several scenes.
		{"longbench", "narrativeqa", AxesPrior{high, mid, "", "ll"}},
		// A passage that shares words with the question.
		{"longbench", "qasper multifieldqa", AxesPrior{low, low, "", "ll"}},
		// Two to four passages to be joined.
		{"longbench", "hotpotqa 2wikimqa musique", AxesPrior{mid, low, "", "hl"}},
		// Several passages say it.
		{"longbench", "dureader", AxesPrior{low, mid, "", "hl"}},
		{"longbench", "gov_report vcsum multi_news", AxesPrior{mid, high, "", "hh"}},
		// The query picks parts of a meeting.
		{"longbench", "qmsum", AxesPrior{mid, mid, "", "lh"}},
		// Examples of the same kind.
		{"longbench", "trec triviaqa samsum lsht", AxesPrior{low, mid, "", ""}},
		// Every passage against every other.
		{"longbench", "passage_count", AxesPrior{high, high, whole, "lh"}},
		{"longbench", "passage_retrieval", AxesPrior{low, low, "", "lh"}},
		// What stands near the end of the file; a definition in another file.
		{"longbench", "lcc", AxesPrior{low, low, "", "hl"}},
		{"longbench", "repobench-p", AxesPrior{mid, low, "", "hl"}},

		{"longbench-v2", "single-document-qa multi-document-qa", AxesPrior{high, mid, "", ""}},
		// Rules or facts spread over it; aggregation over the whole.
		{"longbench-v2", "long-in-context-learning long-dialogue-history-understanding", AxesPrior{mid, mid, "", ""}},
		{"longbench-v2", "code-repository-understanding long-structured-data-understanding", AxesPrior{high, high, "", ""}},

		{"loogle", "shortdep_qa shortdep_cloze", AxesPrior{low, low, "", "ll"}},
		// Places far apart, to be ordered or computed with.
		{"loogle", "longdep_qa", AxesPrior{high, mid, "", "hl"}},
		{"loogle", "longdep_summarization", AxesPrior{mid, high, assigned, "hh"}},

		{"leval", "coursera tpo", AxesPrior{low, low, "", ""}},
		{"leval", "quality", AxesPrior{high, mid, "", "hl"}},
		{"leval", "narrative_qa", AxesPrior{high, mid, "", "ll"}},
		// Examples that only shape the answer.
		{"leval", "gsm100", AxesPrior{low, mid, "", ""}},
		// Order in a long dialogue.
		{"leval", "topic_retrieval_longchat", AxesPrior{mid, low, "", "ll"}},
		// Calls to be traced through a library; one fact against the world.
		{"leval", "codeU", AxesPrior{high, mid, "", "hl"}},
		{"leval", "sci_fi", AxesPrior{mid, low, "", "hl"}},
		{"leval", "financial_qa", AxesPrior{low, low, "", "lh"}},
		{"leval", "natural_question", AxesPrior{low, low, "", "ll"}},
		{"leval", "legal_contract_qa scientific_qa", AxesPrior{low, low, "", ""}},
		{"leval", "multidoc_qa", AxesPrior{mid, mid, "", ""}},
		{"leval", "gov_report_summ news_summ patent_summ tv_show_summ", AxesPrior{mid, high, "", "hh"}},
		{"leval", "meeting_summ review_summ", AxesPrior{mid, high, "", "lh"}},
		// Abstracts, feedback and related work in one: the paper places them apart.
		{"leval", "paper_assistant", AxesPrior{mid, high, "", ""}},

		// A planted literal; several; a chain of them; every line, chained.
		{"needlebench", "single", AxesPrior{low, low, "", "ll"}},
		{"needlebench", "multi", AxesPrior{low, mid, "", "hl"}},
		{"needlebench", "reasoning", AxesPrior{mid, mid, "", ""}},
		{"needlebench", "atc", AxesPrior{high, high, whole, ""}},

		// By ability: parts that are named, or have to be recognised.
		{"m4le", "explicit-single", AxesPrior{low, low, "", ""}},
		{"m4le", "semantic-single", AxesPrior{mid, low, "", ""}},
		{"m4le", "explicit-multiple", AxesPrior{low, mid, "", ""}},
		{"m4le", "semantic-multiple", AxesPrior{mid, mid, "", ""}},
		{"m4le", "global", AxesPrior{mid, high, assigned, ""}},

		// Every item is to be checked; by instructions that change.
		{"longins", "exam gist list", AxesPrior{mid, high, whole, ""}},
		{"longins", "limt", AxesPrior{high, high, whole, ""}},

		// The label space is spread over all.
		{"liconbench", "goemotion banking77 tacred few-nerd dialogre", AxesPrior{mid, high, "", ""}},
		{"liconbench", "discovery", AxesPrior{high, high, "", ""}},

		// A literal key; several; a condition to be tested everywhere; chains.
		{"needle-threading", "single_needle", AxesPrior{low, low, "", ""}},
		{"needle-threading", "multi_needle", AxesPrior{low, mid, "", ""}},
		{"needle-threading", "conditional_needle", AxesPrior{mid, mid, "", ""}},
		{"needle-threading", "single_thread", AxesPrior{high, low, "", ""}},
		{"needle-threading", "multi_thread", AxesPrior{high, mid, "", ""}},
	}
}

// priorVariants are benchmarks that are cuts of another one.
func priorVariants() map[string]string { return map[string]string{"longbench-e": "longbench"} }

// PriorOf looks the task up by its name, else by its category.
func PriorOf(benchmark, task, category string) (AxesPrior, bool) {
	if of, ok := priorVariants()[benchmark]; ok {
		benchmark = of
	}
	for _, name := range []string{priorKey(task), priorKey(category)} {
		for _, line := range axesPriors() {
			if line.benchmark != benchmark {
				continue
			}
			for t := range strings.FieldsSeq(line.tasks) {
				if priorKey(t) == name {
					return line.prior, true
				}
			}
		}
	}
	return AxesPrior{}, false
}

// priorKey is a name's letters and digits in lower case, without a language.
func priorKey(name string) string {
	name = strings.ToLower(name)
	for _, language := range []string{"en", "zh"} {
		if short, ok := strings.CutSuffix(name, "_"+language); ok {
			name = short
		}
	}
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return r
		}
		return -1
	}, name)
}
