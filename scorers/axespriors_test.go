package scorers

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// paperTable is taxonomy.md's table of the paper's classes, for the tasks that
// lcbench runs under the names it runs them by. L-Eval's meeting_summ, review_summ
// and financial_qa are inferred there from what they are made of; news_summ,
// patent_summ, gov_report_summ and tv_show_summ are Multi-News, BigPatent,
// GovReport and SummScreen.
func paperTable() map[string]string {
	return map[string]string{
		"ll": "longbench/qasper longbench/narrativeqa longbench/multifieldqa_en longbench/multifieldqa_zh loogle/shortdep_qa loogle/shortdep_cloze " +
			"leval/natural_question leval/narrative_qa leval/topic_retrieval_longchat needlebench/single_en needlebench/single_zh",
		"hl": "longbench/hotpotqa longbench/2wikimqa longbench/musique longbench/dureader longbench/lcc longbench/repobench-p loogle/longdep_qa " +
			"leval/quality leval/sci_fi leval/codeU needlebench/multi_en needlebench/multi_zh",
		"lh": "longbench/passage_count longbench/passage_retrieval_en longbench/passage_retrieval_zh longbench/qmsum " +
			"leval/meeting_summ leval/review_summ leval/financial_qa",
		"hh": "longbench/gov_report longbench/multi_news longbench/vcsum loogle/longdep_summarization " +
			"leval/gov_report_summ leval/news_summ leval/patent_summ leval/tv_show_summ",
		"": "longbench/trec longbench/triviaqa longbench/samsum longbench/lsht longbench-v2/single-document-qa longbench-v2/multi-document-qa " +
			"longbench-v2/long-in-context-learning longbench-v2/long-dialogue-history-understanding longbench-v2/code-repository-understanding " +
			"longbench-v2/long-structured-data-understanding leval/gsm100 leval/coursera leval/tpo leval/legal_contract_qa leval/scientific_qa " +
			"leval/multidoc_qa leval/paper_assistant needlebench/reasoning_en needlebench/atc_zh m4le/global m4le/explicit-single m4le/explicit-multiple " +
			"m4le/semantic-single m4le/semantic-multiple longins/exam liconbench/goemotion liconbench/discovery needle-threading/single_needle " +
			"needle-threading/multi_needle needle-threading/conditional_needle needle-threading/single_thread needle-threading/multi_thread",
	}
}

func TestThePapersClassesAreThoseOfItsTable(t *testing.T) {
	listed := map[string]bool{}
	for quadrant, tasks := range paperTable() {
		for name := range strings.FieldsSeq(tasks) {
			benchmark, task, _ := strings.Cut(name, "/")
			got, ok := PriorOf(benchmark, task, "")
			if !ok || got.PaperQuadrant != quadrant {
				t.Errorf("%s: got %q (known: %v), want %q", name, got.PaperQuadrant, ok, quadrant)
			}
			listed[benchmark+"/"+priorKey(task)] = true
		}
	}
	for _, line := range axesPriors() {
		for task := range strings.FieldsSeq(line.tasks) {
			if line.prior.PaperQuadrant != "" && !listed[line.benchmark+"/"+priorKey(task)] {
				t.Errorf("%s/%s has the class %q, which the table here doesn't", line.benchmark, task, line.prior.PaperQuadrant)
			}
		}
	}
}

// That all of a context is needed is measured only where the task is made so.
func TestAllIsNeededByConstructionOfTheseTasksAlone(t *testing.T) {
	var whole, judged []string
	for _, line := range axesPriors() {
		switch line.prior.Rule {
		case AxesOfWhole:
			whole = append(whole, line.benchmark+": "+line.tasks)
		case AxesAssigned:
			judged = append(judged, line.benchmark+": "+line.tasks)
		}
	}
	slices.Sort(whole)
	if diff := cmp.Diff([]string{"longbench: passage_count", "longins: exam gist list", "longins: limt", "needlebench: atc"}, whole); diff != "" {
		t.Error("by construction:", diff)
	}
	if diff := cmp.Diff([]string{"loogle: longdep_summarization", "m4le: global"}, judged); diff != "" {
		t.Error("by judgement:", diff)
	}
}
