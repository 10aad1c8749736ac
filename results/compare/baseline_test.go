package compare

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/lcbench/lcbench/benchmarks"
	"github.com/lcbench/lcbench/results"
	"github.com/lcbench/lcbench/scorers"
)

// kept is a run with everything that a baseline keeps.
func kept() Run {
	depth := 12.5
	r := scored(runOf("b", "local:m"), "t", 4, func(i int) float64 { return []float64{1, 0, 1.0 / 3, 0}[i] })
	r.Samples[0].Cell = results.Cell{Length: 4096, Depth: &depth}
	r.Samples[1].Weight = 3
	r.Samples[3].Status, r.Samples[3].Pins.Sent = "error", ""
	r.Samples[0].Axes = Axes{State: "measured", Diffusion: 1.0 / 3}
	r.Samples[1].Axes = Axes{State: "unanswerable_after_truncation"}
	r.Samples[2].Parts, r.Samples[2].Strata = []float64{0, 2.5}, []string{"4-8k", "easy"}
	r.ForJudges = 2
	r.Model.Details = map[string]string{"attention": "sliding:window=1024"}
	r.Prompts = []results.NamedHash{{Name: "qa", SHA256: "ee"}}
	r.State = results.Partial
	return r
}

func TestABaselineKeepsWhatComparisonsNeed(t *testing.T) {
	path := filepath.Join(t.TempDir(), "baseline.json")
	want := []Run{kept(), scored(runOf("second", "m"), "u", 3, always(0.5))}
	must(t, WriteBaseline(path, source(want...)))
	got, err := ReadBaseline(path)
	must(t, err)
	byName := cmpopts.SortSlices(func(a, b results.Setting) bool { return a.Name < b.Name })
	if diff := cmp.Diff(want, got, byName); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	raw, err := os.ReadFile(path)
	must(t, err)
	golden(t, "baseline.json", string(raw))
}

// Comparing with a run's baseline is comparing with the run.
func TestABaselineComparesAsTheRunDoes(t *testing.T) {
	base := simulated(1, 2, none)
	now := simulated(1, 3, none)
	var file bytes.Buffer
	must(t, encodeBaseline(&file, []Run{base}))
	read, err := parseBaseline(file.Bytes())
	must(t, err)
	if diff := cmp.Diff(compared(t, source(base), source(now), Options{}).Units, compared(t, source(read...), source(now), Options{}).Units, cmp.AllowUnexported(Unit{})); diff != "" {
		t.Error(diff)
	}
	if size := file.Len() / len(base.Samples); size > 220 {
		t.Errorf("%d bytes a sample, want at most 220", size)
	}
}

func TestABrokenBaselineGetsOneClearLine(t *testing.T) {
	var file bytes.Buffer
	must(t, encodeBaseline(&file, []Run{kept()}))
	for name, test := range map[string]struct{ old, with, want string }{
		"another program's JSON":   {`"lcbench-baseline"`, `"other"`, ": not a baseline: give a run's folder"},
		"a newer version":          {`"version":2`, `"version":3`, ": written by a newer lcbench (version 3; this one reads 2)"},
		"no version":               {`"version":2`, `"version":0`, `"version" 0: want 2`},
		"a field that isn't known": {`"doc":1`, `"dox":1`, `unknown field "dox"`},
		"a score that is text":     {`"score":1`, `"score":"1"`, "cannot unmarshal string"},
		"a NaN":                    {`"score":1`, `"score":NaN`, ":3: not a baseline: invalid character 'N'"},
		"a score above 1":          {`"score":1`, `"score":1.5`, `sample "t/0": score 1.5: want a number in 0..1`},
		"a negative score":         {`"score":1`, `"score":-1`, `score -1: want`},
		"no score":                 {`"score":1,`, ``, `sample "t/0": want either "score" or "lost"`},
		"an id twice":              {`"t/1"`, `"t/0"`, `sample "t/0" is there twice`},
		"no id":                    {`"id":"t/1",`, ``, `sample 2 has no "id"`},
		"a task out of range":      {`"task":0`, `"task":7`, `"task" 7 of 1`},
		"another kind of loss":     {`"lost":"error"`, `"lost":"ok"`, `"lost" "ok" is no such status`},
		"a depth beyond the end":   {`"depth":12.5`, `"depth":101`, `"depth" 101: want 0 to 100`},
		"a negative document":      {`"doc":500`, `"doc":-1`, `can't be negative`},
		"a state that isn't one":   {`"state":"partial"`, `"state":"half"`, `unknown "state" "half"`},
		"axes beyond 1":            {`"scope":0`, `"scope":2`, `sample "t/0": "scope": want a number in 0..1 where "axes" is measured`},
		"axes without a value":     {`"diffusion":0.3333333333333333,`, ``, `"diffusion": want a number in 0..1`},
		"a value without axes":     {`"axes":"measured",`, ``, `"axes" "": want no "diffusion"`},
		"strata out of range":      {`"strata":1,"context"`, `"strata":2,"context"`, `"strata" 2 of 1`},
		"a pin cut short":          {`"ask":"a00000000001"`, `"ask":"a"`, `"ask": want 12 hex digits`},
		"cut off":                  {"]}\n]}\n", "", "unexpected end of JSON input"},
		"more behind the end":      {"]}\n]}\n", "]}\n]}\n{}", "after top-level value"},
	} {
		t.Run(name, func(t *testing.T) {
			broken := strings.Replace(file.String(), test.old, test.with, 1)
			if name == "a negative document" {
				broken = strings.Replace(file.String(), `"doc":1000`, `"doc":-1`, 1)
			}
			if broken == file.String() {
				t.Fatalf("%s isn't in the file:\n%s", test.old, file.String())
			}
			path := filepath.Join(t.TempDir(), "b.json")
			must(t, os.WriteFile(path, []byte(broken), 0o644))
			_, err := ReadBaseline(path)
			if err == nil || !strings.Contains(err.Error(), test.want) || !strings.HasPrefix(err.Error(), "compare: "+path+":") || strings.Contains(err.Error(), "\n") {
				t.Errorf("got %v, want one line with %q", err, test.want)
			}
		})
	}
}

// A baseline of version 1 still stands for its run, as far as it goes: it knows no
// axes, and no figure that is made of parts.
func TestAnOldBaselineComparesAsFarAsItGoes(t *testing.T) {
	now := scored(runOf("b", "m"), "t", 40, always(0.5))
	for i := range now.Samples {
		now.Samples[i].Parts, now.Samples[i].Strata = []float64{1, 1, 1}, []string{"easy"}
		now.Samples[i].Axes = Axes{State: "measured", Diffusion: 0.5, Scope: 0.5}
	}
	old := scored(runOf("b", "m"), "t", 40, always(1))
	var file bytes.Buffer
	must(t, encodeBaseline(&file, []Run{old}))
	read, err := parseBaseline(bytes.Replace(file.Bytes(), []byte(`"version":2`), []byte(`"version":1`), 1))
	must(t, err)
	c := compared(t, source(read...), source(now), Options{})
	if u := unit(t, c, Stratum, "easy"); u.Verdict != Regression {
		t.Errorf("%+v", u)
	}
	if len(c.Notes) != 1 || !strings.Contains(c.Notes[0], "the base is a baseline of an older lcbench: it knows no axes") || c.Counts.OtherAxes != 0 {
		t.Errorf("notes %q, %d samples elsewhere", c.Notes, c.Counts.OtherAxes)
	}
	made := func(string) (Layout, bool) {
		return Layout{Tasks: []benchmarks.Task{{Name: "t", Category: "c", Headline: scorers.HeadlineRelations}}}, true
	}
	_, err = Compare(source(read...), source(now), Options{Layout: made})
	if !errors.Is(err, ErrNotComparable) || !strings.Contains(err.Error(), "without the parts that the figure of t is made of: save it again") {
		t.Errorf("got %v", err)
	}
}

// Whatever the bytes: no panic, and what is read is written as it was read.
func FuzzBaseline(f *testing.F) {
	var file bytes.Buffer
	must(f, encodeBaseline(&file, []Run{kept()}))
	f.Add(file.Bytes())
	f.Add([]byte(`{"format":"lcbench-baseline","version":1,"runs":[{"benchmark":"b","state":"complete"}]}`))
	f.Add([]byte(`{"format":"lcbench-baseline","version":1,"runs":null}`))
	f.Add([]byte("[]"))
	f.Fuzz(func(t *testing.T, data []byte) {
		runs, err := parseBaseline(data)
		if err != nil {
			if !strings.HasPrefix(err.Error(), ":") {
				t.Errorf("error without a place: %v", err)
			}
			return
		}
		var again bytes.Buffer
		must(t, encodeBaseline(&again, runs))
		read, err := parseBaseline(again.Bytes())
		if err != nil {
			t.Fatalf("what was written can't be read: %v\n%s", err, again.Bytes())
		}
		if diff := cmp.Diff(runs, read, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("(-first +second)\n%s", diff)
		}
	})
}
