package compare

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/lcbench/lcbench/results"
)

// kept is a run with everything that a baseline keeps.
func kept() Run {
	depth := 12.5
	r := scored(runOf("b", "local:m"), "t", 4, func(i int) float64 { return []float64{1, 0, 1.0 / 3, 0}[i] })
	r.Samples[0].Cell = results.Cell{Length: 4096, Depth: &depth}
	r.Samples[1].Weight = 3
	r.Samples[3].Status, r.Samples[3].Pins.Sent = "error", ""
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
	if size := file.Len() / len(base.Samples); size > 140 {
		t.Errorf("%d bytes a sample, want at most 140", size)
	}
}

func TestABrokenBaselineGetsOneClearLine(t *testing.T) {
	var file bytes.Buffer
	must(t, encodeBaseline(&file, []Run{kept()}))
	for name, test := range map[string]struct{ old, with, want string }{
		"another program's JSON":   {`"lcbench-baseline"`, `"other"`, ": not a baseline: give a run's folder"},
		"a newer version":          {`"version":1`, `"version":2`, ": written by a newer lcbench (version 2; this one reads 1)"},
		"no version":               {`"version":1`, `"version":0`, `"version" 0: want 1`},
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
