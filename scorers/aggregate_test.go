package scorers

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lcbench/lcbench/scorers/goldentest"
)

// longBenchSpecs are LongBench's tasks: name, category, boards.
func longBenchSpecs() []TaskSpec {
	table := `narrativeqa single en
qasper single en
multifieldqa_en single en
multifieldqa_zh single zh
hotpotqa multi en
2wikimqa multi en
musique multi en
dureader multi zh
gov_report summ en
qmsum summ en
multi_news summ en
vcsum summ zh
trec few en
triviaqa few en
samsum few en
lsht few zh
passage_count synth en
passage_retrieval_en synth en
passage_retrieval_zh synth zh
lcc code en,zh
repobench-p code en,zh`
	var specs []TaskSpec
	for line := range strings.Lines(table) {
		f := strings.Fields(line)
		specs = append(specs, TaskSpec{Name: f[0], Category: f[1], Boards: strings.Split(f[2], ",")})
	}
	return specs
}

// published are the README's figures by task (spec/longbench.md), one row each.
func published(t *testing.T, figures string) []Row {
	t.Helper()
	var rows []Row
	for f := range strings.FieldsSeq(figures) {
		name, value, _ := strings.Cut(f, "=")
		var percent float64
		if _, err := fmt.Sscan(value, &percent); err != nil {
			t.Fatal(err)
		}
		rows = append(rows, Row{Task: name, Score: percent / 100, Valid: true})
	}
	return rows
}

func TestPublishedAveragesFollowFromPublishedTasks(t *testing.T) {
	tests := []struct {
		model, tasks string
		// by board: average, then categories
		want map[string]map[string]float64
	}{
		{"GPT-3.5-Turbo-16k",
			`narrativeqa=23.6 qasper=43.3 multifieldqa_en=52.3 multifieldqa_zh=61.2 hotpotqa=51.6 2wikimqa=37.7 musique=26.9 dureader=28.7
			 gov_report=29.5 qmsum=23.4 multi_news=26.7 vcsum=16.0 trec=68.0 triviaqa=91.4 samsum=41.7 lsht=29.2 passage_count=4.5
			 passage_retrieval_en=71.0 passage_retrieval_zh=77.5 lcc=54.7 repobench-p=53.6`,
			map[string]map[string]float64{
				"en": {"": 44.0, "single": 39.8, "multi": 38.7, "summ": 26.5, "few": 67.1, "code": 54.1, "synth": 37.8},
				"zh": {"": 44.5, "single": 61.2, "multi": 28.7, "summ": 16.0, "few": 29.2, "code": 54.1, "synth": 77.5},
			}},
		{"Llama2-7B-chat-4k",
			`narrativeqa=18.7 qasper=19.2 multifieldqa_en=36.8 multifieldqa_zh=11.9 hotpotqa=25.4 2wikimqa=32.8 musique=9.4 dureader=5.2
			 gov_report=27.3 qmsum=20.8 multi_news=25.8 vcsum=0.2 trec=61.5 triviaqa=77.8 samsum=40.7 lsht=19.8 passage_count=2.1
			 passage_retrieval_en=9.8 passage_retrieval_zh=0.5 lcc=52.4 repobench-p=43.8`,
			map[string]map[string]float64{
				"en": {"": 31.0, "single": 24.9, "multi": 22.6, "summ": 24.7, "few": 60.0, "code": 48.1, "synth": 5.9},
				"zh": {"": 14.3, "single": 11.9, "multi": 5.2, "summ": 0.2, "few": 19.8, "code": 48.1, "synth": 0.5},
			}},
	}
	for _, tt := range tests {
		t.Run(tt.model, func(t *testing.T) {
			got := Aggregate(published(t, tt.tasks), longBenchSpecs(), AggregateOptions{Resamples: -1})
			if len(got.Boards) != 2 {
				t.Fatalf("got %d boards, want en and zh", len(got.Boards))
			}
			for _, b := range got.Boards {
				want := tt.want[b.Name]
				// Both sides are rounded to one decimal: inputs by 0.05, the
				// printed average by 0.05.
				check := func(what string, reference, raw float64) {
					if w := want[what]; math.Abs(reference-w) > 0.1+1e-9 || math.Abs(100*raw-w) > 0.1+1e-9 {
						t.Errorf("%s %q: got %.3f (raw %.3f), README has %.1f", b.Name, what, reference, 100*raw, w)
					}
				}
				check("", b.Macro.Reference, b.Macro.All.Value)
				if len(b.Categories) != 6 {
					t.Errorf("%s: got %d categories, want 6", b.Name, len(b.Categories))
				}
				for _, c := range b.Categories {
					check(c.Name, c.Reference, c.All.Value)
				}
			}
		})
	}
}

func TestTaskMeansAreRoundedBeforeCategoriesAverageThem(t *testing.T) {
	rows := []Row{{Task: "a", Score: 0.123449}, {Task: "b", Score: 0.5}}
	specs := []TaskSpec{{Name: "a", Category: "c"}, {Name: "b", Category: "c"}}
	got := Aggregate(rows, specs, AggregateOptions{Resamples: -1})
	if want := 12.34; got.Tasks[0].Reference != want {
		t.Errorf("task: got %v, want %v", got.Tasks[0].Reference, want)
	}
	if want := (12.34 + 50) / 2; got.Boards[0].Macro.Reference != want {
		t.Errorf("average: got %v, want %v", got.Boards[0].Macro.Reference, want)
	}
	if want := (0.123449 + 0.5) / 2; got.Boards[0].Macro.All.Value != want {
		t.Errorf("raw average: got %v, want %v", got.Boards[0].Macro.All.Value, want)
	}
}

func TestAFailureNeverRaisesTheMeanAndIsNotValid(t *testing.T) {
	rows := []Row{
		{Task: "a", Score: 0.8, Valid: true}, {Task: "a", Score: 0.4, Valid: true},
		{Task: "a", Score: 0.6}, {Task: "a"}, // cut input; no answer
	}
	got := Aggregate(rows, []TaskSpec{{Name: "a", Category: "c"}}, AggregateOptions{Resamples: 100}).Tasks[0]
	if got.All.Rows != 4 || math.Abs(got.All.Value-0.45) > 1e-15 {
		t.Errorf("all: got %v over %d, want 0.45 over 4", got.All.Value, got.All.Rows)
	}
	if got.Valid.Rows != 2 || math.Abs(got.Valid.Value-0.6) > 1e-15 {
		t.Errorf("valid: got %v over %d, want 0.6 over 2", got.Valid.Value, got.Valid.Rows)
	}
}

func TestAbsentIsNotZero(t *testing.T) {
	specs := []TaskSpec{
		{Name: "a", Category: "c", Strata: []string{"0-4k", "4-8k"}}, {Name: "never asked", Category: "d", Strata: []string{"0-4k", "4-8k"}},
	}
	rows := []Row{{Task: "a", Group: "x", Score: 1, Strata: []string{"4-8k"}}, {Task: "a", Group: "y", Strata: []string{"4-8k"}}}
	got := Aggregate(rows, specs, AggregateOptions{Resamples: 100})
	if m := got.Tasks[1]; !m.All.Absent() || m.All.Interval.State != IntervalNoRows || !math.IsNaN(m.Reference) {
		t.Errorf("task without rows: got %+v", m)
	}
	if m := got.Tasks[0]; !m.Valid.Absent() {
		t.Errorf("valid mean without valid rows: got %+v", m.Valid)
	}
	if s := got.Tasks[0].Strata; !s[0].All.Absent() || s[1].All.Rows != 2 {
		t.Errorf("strata: got %+v", s)
	}
	board := got.Boards[0]
	if diff := cmp.Diff([]string{"never asked"}, board.Missing); diff != "" {
		t.Error(diff)
	}
	if len(board.Categories) != 1 || board.Macro.All.Value != 0.5 {
		t.Errorf("a category without rows counts: %+v", board.Macro)
	}
	if !board.Strata[0].Macro.All.Absent() || board.Strata[1].Micro.All.Rows != 2 {
		t.Errorf("board strata: %+v", board.Strata)
	}
	if none := Aggregate(nil, specs, AggregateOptions{}); len(none.Boards) != 0 || !none.Tasks[0].All.Absent() {
		t.Errorf("no rows at all: %+v", none)
	}
}

func TestMicroMeanCountsEachSampleOnceAndCodeCountsOnBothBoards(t *testing.T) {
	specs := []TaskSpec{
		{Name: "qa", Category: "qa", Boards: []string{"en"}}, {Name: "zqa", Category: "qa", Boards: []string{"zh"}},
		{Name: "lcc", Category: "code", Boards: []string{"en", "zh"}},
	}
	rows := []Row{{Task: "qa", Score: 1}, {Task: "qa", Score: 1}, {Task: "qa", Score: 1}, {Task: "lcc"}, {Task: "zqa", Score: 0.5}}
	got := Aggregate(rows, specs, AggregateOptions{Resamples: -1})
	en, zh := got.Boards[0], got.Boards[1]
	if en.Macro.All.Value != 0.5 || en.Micro.All.Value != 0.75 || zh.Macro.All.Value != 0.25 || zh.Macro.All.Rows != 2 {
		t.Errorf("en macro %v micro %v, zh macro %v over %d", en.Macro.All.Value, en.Micro.All.Value, zh.Macro.All.Value, zh.Macro.All.Rows)
	}
	if en.Macro.All.Interval.State != IntervalNotAsked {
		t.Errorf("interval: got %v", en.Macro.All.Interval)
	}
}

func TestOddRowsBecomeWarnings(t *testing.T) {
	rows := []Row{{Task: "a", Score: math.NaN()}, {Task: "a", Score: math.Inf(1)}, {Task: "a", Score: 1, Valid: true}, {Task: "b", Score: 1}, {Task: "stranger", Score: 1}}
	specs := []TaskSpec{{Name: "a", Category: "c"}, {Name: "b", Category: "c"}, {Name: "a", Category: "listed twice"}}
	got := Aggregate(rows, specs, AggregateOptions{Resamples: 50})
	want := []string{
		`task "stranger" is not one of the benchmark's: it counts in no category`,
		"2 rows have a score that is no finite number: they count 0",
		`the valid score of "c" leaves out b: no valid rows`,
	}
	if diff := cmp.Diff(want, got.Warnings); diff != "" {
		t.Error(diff)
	}
	if v := got.Tasks[0].All.Value; math.Abs(v-1.0/3) > 1e-15 {
		t.Errorf("mean with NaN and Inf: got %v, want 1/3", v)
	}
}

// TestGoldenWholeTasks compares with the reference's own aggregation of whole
// tasks: v1 and LongBench-E's buckets.
func TestGoldenWholeTasks(t *testing.T) {
	cases := 0
	for _, line := range goldentest.Lines(t, "golden/longbench/extra/tasks.jsonl") {
		var c struct {
			ID         string
			Task       string
			AllClasses []string `json:"all_classes"`
			Rows       []struct {
				Prediction string
				References []string
				Length     int
			}
			Expected struct {
				V1 float64
				E  map[string]*float64
			}
		}
		if err := json.Unmarshal(line, &c); err != nil {
			t.Fatal(err)
		}
		name, firstLine := longBenchMetric(c.Task)
		metric, ok := Lookup("longbench", name)
		if !ok {
			t.Fatalf("%s: no metric %q", c.ID, name)
		}
		cases++
		rows := make([]Row, len(c.Rows))
		for i, r := range c.Rows {
			if firstLine {
				r.Prediction = FirstLine(r.Prediction)
			}
			score := metric.Score(Case{Prediction: r.Prediction, References: r.References, Classes: c.AllClasses})
			bucket := "8k+"
			if r.Length < 4000 {
				bucket = "0-4k"
			} else if r.Length < 8000 {
				bucket = "4-8k"
			}
			rows[i] = Row{Task: c.Task, Score: score.Value, Valid: true, Strata: []string{bucket}}
		}
		spec := TaskSpec{Name: c.Task, Category: "c", Strata: []string{"0-4k", "4-8k", "8k+"}}
		got := Aggregate(rows, []TaskSpec{spec}, AggregateOptions{Resamples: -1}).Tasks[0]
		if math.Abs(got.Reference-c.Expected.V1) > 1e-9 {
			t.Errorf("%s: got %v, want %v", c.ID, got.Reference, c.Expected.V1)
		}
		for _, s := range got.Strata {
			want := c.Expected.E[s.Name]
			if (want == nil) != s.All.Absent() || want != nil && math.Abs(s.Reference-*want) > 1e-9 {
				t.Errorf("%s %s: got %v over %d rows, want %v", c.ID, s.Name, s.Reference, s.All.Rows, want)
			}
		}
	}
	t.Logf("%d whole tasks", cases)
	if cases == 0 {
		t.Error("no case was compared")
	}
}

func TestRowsAreCountedOncePerStratumThatTheyName(t *testing.T) {
	spec := TaskSpec{Name: "v2", Category: "c", Strata: []string{"easy", "hard", "short", "medium", "long"}}
	rows := []Row{
		{Task: "v2", Score: 1, Strata: []string{"easy", "short"}}, {Task: "v2", Strata: []string{"hard", "short"}},
		{Task: "v2", Score: 1, Strata: []string{"hard", "long"}},
	}
	got := Aggregate(rows, []TaskSpec{spec}, AggregateOptions{Resamples: -1})
	var line []string
	for _, s := range got.Boards[0].Strata {
		line = append(line, fmt.Sprintf("%s %d %.1f", s.Name, s.Micro.All.Rows, 100*s.Micro.All.Value))
	}
	want := []string{"easy 1 100.0", "hard 2 50.0", "short 2 50.0", "medium 0 0.0", "long 1 100.0"}
	if !slices.Equal(line, want) {
		t.Errorf("got %q, want %q", line, want)
	}
}

// LooGLE's cloze: matches over masks, not a mean of questions; a document's
// masks are drawn together.
func TestRowsWeighWhatTheySay(t *testing.T) {
	rows := []Row{
		{Task: "cloze", Group: "a", Score: 1, Weight: 1, Valid: true},
		{Task: "cloze", Group: "a", Score: 0.25, Weight: 4, Valid: true},
		{Task: "cloze", Group: "b", Score: 0.5, Weight: 2},
	}
	got := Aggregate(rows, []TaskSpec{{Name: "cloze", Category: "c"}}, AggregateOptions{})
	task := got.Tasks[0]
	if want := 3.0 / 7; math.Abs(task.All.Value-want) > 1e-15 || task.Reference != 42.86 || task.All.Rows != 3 {
		t.Errorf("all: %+v, want %v of 3 rows, 42.86 rounded", task.Means, want)
	}
	if want := 2.0 / 5; math.Abs(task.Valid.Value-want) > 1e-15 {
		t.Errorf("valid: %v, want %v", task.Valid.Value, want)
	}
	// Draws are aa, ab, bb: 2/5, 3/7, 1/2.
	if i := task.All.Interval; i.State != IntervalOK || math.Abs(i.Low-0.4) > 1e-12 || math.Abs(i.High-0.5) > 1e-12 {
		t.Errorf("interval %+v, want 0.4 to 0.5", i)
	}
	if micro := got.Boards[0].Micro.All.Value; math.Abs(micro-3.0/7) > 1e-15 {
		t.Errorf("micro %v, want %v", micro, 3.0/7)
	}
}
