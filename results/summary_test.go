package results

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/lcbench/lcbench/benchmarks"
	"github.com/lcbench/lcbench/runners"
)

// someTasks are four of LongBench's tasks.
func someTasks(strata ...string) []benchmarks.Task {
	return []benchmarks.Task{
		{Name: "hotpotqa", Category: "multi-doc QA", Language: "en", Metric: "qa_f1", Boards: []string{"en"}, Strata: strata},
		{Name: "passage_retrieval_zh", Category: "synthetic", Language: "zh", Metric: "retrieval_zh", Boards: []string{"zh"}, Strata: strata},
		{Name: "lcc", Category: "code", Metric: "code_sim", Boards: []string{"en", "zh"}, Strata: strata},
		{Name: "trec", Category: "few-shot", Language: "en", Metric: "classification", Boards: []string{"en"}, Strata: strata},
	}
}

// someFacts are 40 rows of each of the first three tasks, some not ok.
func someFacts() *Facts {
	f := NewFacts()
	for at, task := range []string{"hotpotqa", "passage_retrieval_zh", "lcc"} {
		for i := range 40 {
			r := result(task, 40*at+i, float64((i*7+at)%11)/10)
			r.Sample.Strata = []string{[]string{"0-4k", "4-8k"}[i%2]}
			if task == "lcc" {
				switch i {
				case 3:
					r.Answer.Status = runners.TruncatedOutput
				case 4, 5:
					r.Answer = runners.Answer{SampleID: r.Sample.ID, Status: runners.Failed, Error: "HTTP 500: \x1b[31mboom"}
				case 6:
					r.Answer.Status, r.Answer.CutTokens = runners.TruncatedInput, 900
				case 7:
					r.Answer.Status = runners.NoAnswer
				}
			}
			f.Add(r)
		}
	}
	return f
}

func someInput() SummaryInput {
	m := testManifest()
	m.Config, m.Identity = m.Config[:2], ""
	return SummaryInput{
		Manifest: m, Tasks: someTasks(), State: Complete, Total: 121, Unreadable: 1,
		MetricEquals: func(name string) string { return "the reference's " + name },
		Cost:         &Cost{Amount: 0.0123, Currency: "USD"}, Seconds: 12.5, Asked: 120, AskedTokens: 144000,
		Resamples: 1000, Warnings: []string{"the endpoint named no window"},
	}
}

func table(t *testing.T, s Summary, o TableOptions) string {
	t.Helper()
	var b bytes.Buffer
	must(t, WriteTable(&b, s, o))
	width := max(o.Width, 60)
	if o.Width == 0 {
		width = 80
	}
	for line := range strings.Lines(b.String()) {
		if n := terminalWidth(strings.TrimSuffix(line, "\n")); n > width && !o.Color {
			t.Errorf("%d columns: %q", n, line)
		}
	}
	return b.String()
}

func TestSummaryFile(t *testing.T) {
	s := someFacts().Summarise(someInput())
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	must(t, enc.Encode(s))
	golden(t, "summary.json", b.String())
}

func TestTable(t *testing.T) {
	golden(t, "table.txt", table(t, someFacts().Summarise(someInput()), TableOptions{}))
}

func TestTableOfBuiltinSamplesSaysSo(t *testing.T) {
	in := someInput()
	in.Manifest.Data = []Origin{{Kind: "builtin", Place: "seed 7"}}
	got := table(t, someFacts().Summarise(in), TableOptions{})
	if !strings.HasPrefix(got, "LongBench (built-in samples, not LongBench's own data)\n") {
		t.Errorf("got %q", got)
	}
}

func TestTableOfLongBenchE(t *testing.T) {
	in := someInput()
	in.Tasks = someTasks("0-4k", "4-8k", "8k+")
	golden(t, "table-e.txt", table(t, someFacts().Summarise(in), TableOptions{}))
}

func TestTableOfLongBenchV2(t *testing.T) {
	f := NewFacts()
	for i := range 60 {
		r := result("longbench-v2", i, float64(i*i%3%2))
		r.Sample.Group = ""
		r.Sample.Strata = []string{[]string{"easy", "hard", "hard"}[i%3], []string{"short", "medium", "long", "short"}[i%4]}
		f.Add(r)
	}
	in := someInput()
	in.Average = AverageSamples
	in.Total, in.Unreadable, in.Warnings = 60, 0, nil
	in.Manifest.Title = "LongBench v2"
	in.Tasks = []benchmarks.Task{{
		Name: "longbench-v2", Category: "v2", Metric: "v2_choice", Strata: []string{"easy", "hard", "short", "medium", "long"},
	}}
	golden(t, "table-v2.txt", table(t, f.Summarise(in), TableOptions{}))
}

func TestTableOfLengthsAndDepths(t *testing.T) {
	f := NewFacts()
	i := 0
	for _, length := range []int{4096, 8192, 131072, 1 << 20} {
		for _, depth := range []float64{0, 12.5, 50, 75, 100} {
			for range 6 {
				for _, task := range []string{"hotpotqa", "lcc"} {
					r := result(task, i, float64(i%7)/6)
					d := depth
					r.Sample.TargetLength, r.Sample.Depth = length, &d
					f.Add(r)
					i++
				}
			}
		}
	}
	in := someInput()
	in.Tasks = someTasks()[:3:3]
	in.Tasks = append(in.Tasks[:1], in.Tasks[2])
	in.Tasks[1].Boards = []string{"en"}
	in.Total, in.Unreadable, in.Warnings, in.State = 1000, 0, nil, Partial
	s := f.Summarise(in)
	golden(t, "table-lengths.txt", table(t, s, TableOptions{}))
	if len(s.Tasks[0].Cells) != 20 || len(s.Boards[0].Cells) != 20 || s.Tasks[0].Cells[0].Rows != 6 || s.Boards[0].Cells[0].Rows != 12 {
		t.Errorf("cells: %d of a task, %d of a board", len(s.Tasks[0].Cells), len(s.Boards[0].Cells))
	}
}

func TestTableFitsAnyWidth(t *testing.T) {
	in := someInput()
	in.Tasks = someTasks("0-4k", "4-8k", "8k+", "a stratum with a very long name indeed")
	in.Tasks[0].Category = strings.Repeat("long category ", 8)
	in.Tasks[2].Metric = strings.Repeat("long_metric_", 8)
	s := someFacts().Summarise(in)
	for _, width := range []int{0, 20, 60, 66, 72, 80, 100, 200} {
		table(t, s, TableOptions{Width: width})
	}
}

func TestTableOfNothing(t *testing.T) {
	s := NewFacts().Summarise(SummaryInput{Manifest: testManifest(), Tasks: someTasks(), State: Partial, Total: 10})
	got := table(t, s, TableOptions{})
	if !strings.Contains(got, "0 of 10 samples, stopped early") || strings.Contains(got, "0.00") {
		t.Errorf("got %s", got)
	}
}

func TestNothingInATableSteersTheTerminal(t *testing.T) {
	const evil = "evil\x1b]0;owned\x07\x1b[2J\r\n\x9b31m\u202egnp.exe\u2028\xff"
	f := NewFacts()
	in := someInput()
	in.Tasks = []benchmarks.Task{{Name: evil, Category: evil, Metric: evil, Boards: []string{evil}, Strata: []string{evil}}}
	for i := range 5 {
		r := result(evil, i, 1)
		r.Sample.Strata = []string{evil}
		if i == 0 {
			r.Answer.Status = runners.NoAnswer
		}
		f.Add(r)
	}
	in.Manifest.Title, in.Manifest.Model.Spec = evil, evil
	in.Tasks = append(in.Tasks, benchmarks.Task{Name: evil + "2", Boards: []string{evil}})
	in.Warnings = []string{evil}
	in.Cost.Currency = evil
	for _, color := range []bool{false, true} {
		got := table(t, f.Summarise(in), TableOptions{Width: 200, Color: color})
		if color {
			for _, own := range []string{"\x1b[1m", "\x1b[33m", "\x1b[0m"} {
				got = strings.ReplaceAll(got, own, "")
			}
		}
		for _, r := range got {
			if r != '\n' && printable(string(r)) != string(r) {
				t.Fatalf("%q in %q", r, got)
			}
		}
		if !strings.Contains(got, `evil\x1b]0;owned\x07`) {
			t.Errorf("the name can't be told: %s", got)
		}
	}
}

func TestColourOnlyWhereItIsWanted(t *testing.T) {
	tests := []struct {
		terminal bool
		env      map[string]string
		want     bool
	}{
		{true, nil, true},
		{false, nil, false},
		{true, map[string]string{"NO_COLOR": "1"}, false},
		{true, map[string]string{"NO_COLOR": ""}, true},
		{false, map[string]string{"CLICOLOR_FORCE": "1"}, true},
		{false, map[string]string{"CLICOLOR_FORCE": "0"}, false},
		{true, map[string]string{"NO_COLOR": "1", "CLICOLOR_FORCE": "1"}, false},
		{true, map[string]string{"TERM": "dumb"}, false},
	}
	for _, tt := range tests {
		if got := UseColor(tt.terminal, func(name string) string { return tt.env[name] }); got != tt.want {
			t.Errorf("terminal %v, %v: got %v", tt.terminal, tt.env, got)
		}
	}
	s := someFacts().Summarise(someInput())
	if strings.Contains(table(t, s, TableOptions{}), "\x1b") || !strings.Contains(table(t, s, TableOptions{Color: true}), "\x1b[1mLongBench\x1b[0m") {
		t.Error("colour where none was allowed, or none where it was")
	}
}

func TestASummaryIsReadBack(t *testing.T) {
	r := openRun(t, t.TempDir(), testManifest())
	s := someFacts().Summarise(someInput())
	must(t, r.WriteSummary(s))
	got, err := ReadSummary(r.Dir())
	must(t, err)
	if a, b := table(t, s, TableOptions{}), table(t, got, TableOptions{}); a != b {
		t.Errorf("the table differs after reading it back:\n%s\n%s", a, b)
	}
}

func TestLengthNames(t *testing.T) {
	for n, want := range map[int]string{4096: "4k", 131072: "128k", 1 << 20: "1M", 4000: "4k", 1_000_000: "1M", 1500: "1500", 12: "12", 100_000: "100k"} {
		if got := lengthName(n); got != want {
			t.Errorf("%d: got %s, want %s", n, got, want)
		}
	}
	if got := fmt.Sprint(distinctName(4096, []int{4000, 4096}), distinctName(8192, []int{4000, 8192})); got != "40968k" {
		t.Errorf("got %s", got)
	}
}

func FuzzPrintable(f *testing.F) {
	f.Add("a\x1b[31m\xff\u202e")
	f.Fuzz(func(t *testing.T, s string) {
		once := printable(s)
		if printable(once) != once {
			t.Errorf("%q isn't stable", once)
		}
		for _, width := range []int{1, 5, 20} {
			if n := terminalWidth(clip(once, width)); n > width {
				t.Errorf("%q clipped to %d has %d columns", once, width, n)
			}
		}
	})
}
