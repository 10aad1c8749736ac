package loogle

import (
	"encoding/json"
	"math"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lcbench/lcbench/benchmarks"
	"github.com/lcbench/lcbench/datasets"
	"github.com/lcbench/lcbench/scorers"
	"github.com/lcbench/lcbench/scorers/goldentest"
)

// The upstream sample: how many questions of each kind there are, and where
// evidence is found, as counted over the texts by the specification.
func TestGoldenSampleFiles(t *testing.T) {
	src := datasets.Folder(goldentest.Path(t, "data/loogle"), pins())
	got, errs := samples(t, src, benchmarks.Options{})
	if len(errs) > 0 {
		t.Errorf("rows not read: %q", errs)
	}
	count := map[string]int{}
	for _, s := range got {
		count[s.Task]++
		for _, stratum := range s.Strata {
			count[stratum]++
		}
		if s.MaxTokens == 0 || len(s.Prompt.Context) < 10000 {
			t.Errorf("%s: %d new tokens, a document of %d bytes", s.ID, s.MaxTokens, len(s.Prompt.Context))
		}
	}
	want := map[string]int{"shortdep_qa": 80, "shortdep_cloze": 94, "longdep_qa": 43, "longdep_summarization": 5, "comprehension": 15, "retrieval": 15, "computation": 10, "timeline": 3}
	if diff := cmp.Diff(want, count); diff != "" {
		t.Errorf("samples (-want +got):\n%s", diff)
	}
	for _, f := range src.Origin().Files {
		if !f.Pinned {
			t.Errorf("%s is not the pinned file", f.Name)
		}
	}
}

func TestGoldenEvidence(t *testing.T) {
	for _, tc := range []struct {
		task                  string
		texts, exact, located int
	}{{"longdep_qa", 124, 85, 120}, {"shortdep_qa", 80, 74, 80}} {
		var texts, exact, located int
		own := tasks()[slices.IndexFunc(tasks(), func(x task) bool { return x.Name == tc.task })]
		for _, line := range goldentest.Lines(t, "data/loogle/testdata/"+tc.task+".jsonl") {
			d, err := decodeDocument(line, own)
			if err != nil {
				t.Fatal(err)
			}
			l := newLocator(d.input)
			for _, q := range d.questions {
				for _, text := range q.evidence {
					texts++
					at, whole, ok := l.find(text)
					if ok {
						located++
					}
					if whole {
						exact++
					}
					if ok && (at.Start < 0 || at.End <= at.Start || at.End > len(d.input)) {
						t.Errorf("%q: span %v", text, at)
					}
				}
			}
		}
		if texts != tc.texts || exact < tc.exact || located < tc.located {
			t.Errorf("%s: %d texts, %d found whole, %d at all; want %d, at least %d and %d", tc.task, texts, exact, located, tc.texts, tc.exact, tc.located)
		}
	}
}

// means are the means of all measures over the answers of one released file.
func means(t *testing.T, name string) (mean map[string]float64, count map[string]int) {
	t.Helper()
	b := Adapter().Open(Adapter().Builtin(0)).(*looGLE)
	taskName, _, ok := b.PredictionFile(name)
	if !ok {
		t.Fatalf("%s: no task", name)
	}
	all := b.Tasks()
	own := all[slices.IndexFunc(all, func(x benchmarks.Task) bool { return x.Name == taskName })]
	sum, count := map[string]float64{}, map[string]int{}
	for line, raw := range goldentest.Lines(t, "data/loogle/predictions/"+name) {
		answered, missing, err := b.Predictions(own, line, raw)
		if err != nil || len(missing) > 0 {
			t.Fatalf("%s:%d: missing %q, %v", name, line, missing, err)
		}
		for _, a := range answered {
			m, _ := scorers.Lookup("loogle", a.Sample.Metric)
			for _, part := range m.Score(scorers.Case{Prediction: a.Answer, References: a.Sample.References, Classes: a.Sample.Classes}).Measures {
				if part.Absent == "" {
					sum[part.Name] += part.Value
					count[part.Name]++
				}
			}
		}
	}
	mean = map[string]float64{}
	for k, v := range sum {
		mean[k] = v / float64(count[k])
	}
	return mean, count
}

func TestGoldenAggregatesOfReleasedAnswers(t *testing.T) {
	raw, err := os.ReadFile(goldentest.Path(t, "golden/loogle/aggregates.json"))
	if err != nil {
		t.Fatal(err)
	}
	var files []struct {
		File string
		N    int
		Mean map[string]float64
	}
	if err := json.Unmarshal(raw, &files); err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		got, count := means(t, f.File+".jsonl")
		// Where a metric is missing, it is 0 on every answer.
		for _, name := range []string{"bleu1", "bleu4", "meteor_exact_stem", "rouge-1_recall", "rouge-2_recall", "rouge-l_recall"} {
			if math.Abs(got[name]-f.Mean[name]) > 1e-9 || count[name] != f.N {
				t.Errorf("%s: %s is %v over %d, want %v over %d", f.File, name, got[name], count[name], f.Mean[name], f.N)
			}
		}
	}
}

func TestGoldenAggregatesOfReleasedTimelines(t *testing.T) {
	raw, err := os.ReadFile(goldentest.Path(t, "golden/loogle/extra/reorder_aggregate.json"))
	if err != nil {
		t.Fatal(err)
	}
	var want struct {
		File            string
		N, Valid        int
		Right           int                `json:"exactly_right"`
		Mean            map[string]float64 `json:"mean_over_valid"`
		Share           map[string]float64 `json:"mean_share_of_maximum_over_valid"`
		ShareWithOthers map[string]float64 `json:"mean_share_of_maximum_invalid_as_1"`
	}
	if err := json.Unmarshal(raw, &want); err != nil {
		t.Fatal(err)
	}
	got, count := means(t, want.File)
	check := func(name string, value float64, n int) {
		t.Helper()
		if math.Abs(got[name]-value) > 1e-9 || count[name] != n {
			t.Errorf("%s is %v over %d, want %v over %d", name, got[name], count[name], value, n)
		}
	}
	check("valid_order", float64(want.Valid)/float64(want.N), want.N)
	check("right_order", float64(want.Right)/float64(want.N), want.N)
	for name, v := range want.Mean {
		check(name, v, want.Valid)
		check(name+"_share", want.Share[name], want.Valid)
		check(name+"_or_maximum_share", want.ShareWithOthers[name], want.N)
	}
	if len(want.Mean) != 4 || !strings.HasPrefix(want.File, "longdep_qa_reorder") {
		t.Errorf("unexpected reference: %+v", want)
	}
}
