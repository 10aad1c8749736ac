package results

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lcbench/lcbench/benchmarks"
	"github.com/lcbench/lcbench/runners"
	"github.com/lcbench/lcbench/scorers"
)

// forJudge is an answer that a judge alone scores.
func forJudge(i int) runners.Result {
	r := result("financial_qa", i, 1) // the score is nobody's
	r.Sample.Metric, r.Sample.Judge, r.Sample.Query, r.Sample.Category = "", benchmarks.JudgePairwise, "Why?", ""
	return r
}

func TestAnswersForJudgesAreInNoScore(t *testing.T) {
	row := newRow(forJudge(0), "")
	if row.Score != nil || row.Judge != "pairwise" || row.Query != "Why?" {
		t.Errorf("score %v, judge %q, query %q", row.Score, row.Judge, row.Query)
	}
	f := NewFacts()
	f.Add(result("financial_qa", 1, 0.5))
	f.Add(forJudge(2))
	lost := forJudge(3)
	lost.Answer = runners.Answer{SampleID: lost.Sample.ID, Status: runners.Failed, Error: "HTTP 500"}
	f.Add(lost)
	s := f.Summarise(SummaryInput{
		Manifest: testManifest(), Resamples: -1,
		Tasks: []benchmarks.Task{{Name: "financial_qa", Category: "qa", Metric: "f1"}},
	})
	if len(s.Tasks) != 1 || s.Tasks[0].Rows != 1 || *s.Tasks[0].Score != 50 || s.Samples.Rows != 1 || s.Samples.Lost != 0 {
		t.Errorf("scored: %+v, %+v", s.Tasks, s.Samples)
	}
	if s.Samples.ForJudges != 2 || s.Samples.ForJudgesLost != 1 || s.Usage.Prompt != 2000 {
		t.Errorf("for judges: %+v, usage %+v", s.Samples, s.Usage)
	}
}

// An answer for judges has no score to export.
func TestLMEvalLeavesOutAnswersForJudges(t *testing.T) {
	f := NewFacts()
	f.Add(result("financial_qa", 1, 0.5))
	in := SummaryInput{Manifest: testManifest(), Resamples: -1, Tasks: []benchmarks.Task{{Name: "financial_qa", Metric: "f1"}}}
	files, err := WriteLMEval(t.TempDir(), LMEvalInput{
		Manifest: in.Manifest, Summary: f.Summarise(in),
		Rows: func(yield func(Row, error) bool) {
			_ = yield(newRow(forJudge(0), ""), nil) && yield(newRow(result("financial_qa", 1, 0.5), ""), nil)
		},
	})
	must(t, err)
	raw, err := os.ReadFile(files[len(files)-1])
	must(t, err)
	if n := bytes.Count(raw, []byte("\n")); n != 1 {
		t.Errorf("%d samples, want the scored one:\n%s", n, raw)
	}
}

// judged is a summary with two judges of pairs, one of grades, and losses.
func judged() Summary {
	s := NewFacts().Summarise(SummaryInput{Manifest: testManifest(), Resamples: -1, State: Complete})
	var pairs []scorers.JudgedPair
	for i, v := range []string{"AB", "AB", "AA", "BA", "CC", "BB", "A"} {
		p := scorers.JudgedPair{ID: v, Task: []string{"financial_qa", "news_summ"}[i/5], Group: string(rune('a' + i)), AsA: scorers.Verdict(v[:1])}
		p.AsB = scorers.Verdict(v[1:])
		pairs = append(pairs, p)
	}
	one := JudgeReport{
		JudgeInfo: JudgeInfo{
			Model: ModelInfo{Spec: "openai:gpt-4o"}, Protocol: "pairwise", Template: NamedHash{"own", strings.Repeat("ab", 32)},
			Opponent: &JudgeOpponent{Name: "turbo-16k-0613", File: "turbo.jsonl", SHA256: "cd"},
			Usage:    runners.Usage{Known: true, Prompt: 12345, Completion: 678}, Cost: &Cost{0.0375, "USD"},
		},
		Items: 8, Missing: 1, Nonsense: 1,
	}
	two := one
	two.Model.Spec, two.Usage.Known, two.Nonsense, two.Lost, two.Open = "local:small", false, 0, 1, 2
	one.Pairs(pairs, scorers.CountVerdicts, 0)
	two.Pairs(pairs, scorers.CountPairs, 0)
	grades := JudgeReport{JudgeInfo: one.JudgeInfo, Items: 3}
	grades.Protocol, grades.Opponent, grades.Cost = "rubric", nil, nil
	grades.Grades([]scorers.JudgedAnswer{{Task: "news_summ", Group: "a", Grade: 7}, {Task: "news_summ", Group: "b", Grade: 4}}, 10, 0)
	for _, j := range []JudgeReport{one, two, grades} {
		s.AddJudge(j)
	}
	s.JudgeAgreement = []JudgeAgreement{
		Agreed([2]string{"openai:gpt-4o", "local:small"}, "pairwise", map[string]int{"a": 2, "b": 1, "c": 0, "d": 2}, map[string]int{"a": 2, "b": 1, "c": 1, "e": 2}, false),
		Agreed([2]string{"openai:gpt-4o", "local:small"}, "rubric", map[string]int{"a": 7}, map[string]int{"b": 7}, true),
	}
	return s
}

func TestJudgesTables(t *testing.T) {
	s := judged()
	var table bytes.Buffer
	must(t, WriteTable(&table, s, TableOptions{}))
	_, part, _ := strings.Cut(table.String(), "Judged by")
	golden(t, "table-judges.txt", "Judged by"+part)
	raw, err := json.Marshal(s)
	must(t, err)
	var again Summary
	must(t, json.Unmarshal(raw, &again))
	if len(again.Judges) != 3 || again.Judges[0].All.Pairs.Won != 2 || again.Judges[0].Model.Spec != "openai:gpt-4o" {
		t.Errorf("read again: %+v", again.Judges)
	}
}

func TestAJudgesReportReplacesItsEarlierOne(t *testing.T) {
	s := judged()
	again := s.Judges[0]
	again.Nonsense = 5
	s.AddJudge(again)
	if len(s.Judges) != 3 || s.Judges[2].Nonsense != 5 {
		t.Errorf("%d judges, the last %+v", len(s.Judges), s.Judges[len(s.Judges)-1])
	}
	other := again
	other.Template.SHA256 = "another wording"
	if s.AddJudge(other); len(s.Judges) != 4 {
		t.Errorf("%d judges, another template is another judge", len(s.Judges))
	}
	var m Manifest
	m.AddJudge(JudgeInfo{Model: ModelInfo{Spec: "openai:m@http://h/v1?api_key=sk-1"}, Protocol: "rubric"})
	m.AddJudge(JudgeInfo{Model: ModelInfo{Spec: "openai:m@http://h/v1?api_key=sk-1"}, Protocol: "rubric"})
	if raw, err := json.Marshal(m); err != nil || len(m.Judges) != 1 || bytes.Contains(raw, []byte("sk-1")) {
		t.Errorf("%v, %d judges in the manifest: %s", err, len(m.Judges), raw)
	}
}

func TestOnlyARunThatHasEndedIsReopened(t *testing.T) {
	dir := t.TempDir()
	if _, err := Reopen(dir); err == nil || !strings.Contains(err.Error(), "holds no run") {
		t.Errorf("an empty folder: %v", err)
	}
	r := openRun(t, dir, testManifest())
	var locked *LockedError
	if _, err := Reopen(dir); !errors.As(err, &locked) {
		t.Errorf("a run that is under way: %v", err)
	}
	must(t, r.Close())
	if _, err := Reopen(dir); err == nil || !strings.Contains(err.Error(), "did not end: give its own command again") {
		t.Errorf("a run that was killed: %v", err)
	}
	r = openRun(t, dir, testManifest())
	must(t, r.Finish(Complete))
	must(t, r.Close())
	before, err := ReadManifest(dir)
	must(t, err)
	r, err = Reopen(dir)
	must(t, err)
	verdicts, err := r.Verdicts()
	must(t, err)
	must(t, verdicts.Append(answer("judge on a")))
	must(t, r.Update(func(m *Manifest) { m.AddJudge(JudgeInfo{Protocol: "rubric"}) }))
	must(t, r.Close())
	after, err := ReadManifest(dir)
	must(t, err)
	if after.Seconds != before.Seconds || after.State != Complete || len(after.Judges) != 1 {
		t.Errorf("the manifest was %+v, is %+v", before, after)
	}
	// What a kill tore is named by the file that it is in.
	f, err := os.OpenFile(filepath.Join(dir, "judge.jsonl"), os.O_APPEND|os.O_WRONLY, 0)
	must(t, err)
	_, err = f.WriteString(`{"id":"jud`)
	must(t, errors.Join(err, f.Close()))
	r, err = Reopen(dir)
	must(t, err)
	defer func() { must(t, r.Close()) }()
	verdicts, err = r.Verdicts()
	must(t, err)
	if w := verdicts.Warnings(); len(w) != 1 || !strings.HasPrefix(w[0].String(), "judge.jsonl:2: dropped a torn last line") || verdicts.Len() != 1 {
		t.Errorf("warnings %v, %d verdicts", w, verdicts.Len())
	}
}
