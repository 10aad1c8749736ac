package compare

import (
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/lcbench/lcbench/results"
)

// worse is a comparison in which task "bad" drops by 20 points, "good" rises, at
// 8k of two lengths.
func worse(t *testing.T) *Comparison {
	t.Helper()
	make := func(bad, good float64) Run {
		r := scored(scored(runOf("b", "m"), "bad", 40, always(bad)), "good", 40, always(good))
		for i := range r.Samples {
			s := &r.Samples[i]
			s.Cell, s.Axes, s.Strata = results.Cell{Length: 4096}, Axes{"measured", 0.1, 0.9}, []string{"easy"}
			if s.Task == "bad" {
				s.Cell.Length, s.Axes, s.Strata = 8192, Axes{"assigned", 0.9, 0.5}, []string{"hard"}
			}
		}
		return r
	}
	return compared(t, source(make(0.6, 0.2)), source(make(0.4, 0.5)), Options{})
}

func TestFailOn(t *testing.T) {
	for list, want := range map[string]string{
		"regression":               "bad",
		"never":                    "",
		"lost":                     "",
		"task=bad":                 "bad",
		"task=bad:19.9":            "bad",
		"task=bad:20.1":            "",
		"task=good":                "",
		"task=good, task=bad:5":    "bad",
		"task=bad:30,task=bad:10":  "bad",
		"benchmark":                "",
		"benchmark=b:1":            "",
		"overall:2":                "",
		"category=category of bad": "category of bad",
		"cell=8k":                  "8k",
		"cell=8192:3":              "8k",
		"cell=4k":                  "",
		"diffusion=high":           "high",
		"diffusion=high:19.9":      "high",
		"diffusion=high:20.1":      "",
		"diffusion=low":            "",
		"scope=mid":                "mid",
		"scope=high":               "",
		"plane=high/mid:10":        "high/mid",
		"plane=low/high":           "",
		"stratum=hard":             "hard",
		"stratum=hard:30":          "",
		"stratum=easy":             "",
	} {
		t.Run(list, func(t *testing.T) {
			f, err := ParseFailOn(list)
			must(t, err)
			failures, err := worse(t).Failures(f)
			must(t, err)
			got := ""
			for _, x := range failures {
				got += x.Unit.Name + " "
			}
			if (want == "") != (got == "") || !strings.Contains(got, want) {
				t.Errorf("failed on %q, want %q", got, want)
			}
		})
	}
}

func TestFailOnSaysWhatIsWrong(t *testing.T) {
	for list, want := range map[string]string{
		"":                 "want regression, lost, never",
		"regresion":        "want regression, lost, never",
		"task":             "want regression, lost, never",
		"task=":            `want a name behind "task="`,
		"overall=x":        "overall has no name",
		"task=bad:x":       `"x" is no number of points`,
		"task=bad:-1":      `"-1" is no number of points`,
		"task=bad:NaN":     `"NaN" is no number of points`,
		"never,regression": `"never" stands alone`,
		"diffusion":        "want regression, lost, never",
		"diffusion=hihg":   `diffusion "hihg": want low, mid or high`,
		"plane=high":       `plane "high": want DIFFUSION/SCOPE, such as high/low`,
		"plane=high/lo":    `plane "lo": want low, mid or high`,
		"stratum=":         `want a name behind "stratum="`,

		"effective-length=b":  "want regression, lost, never",
		"effective-length:x":  `"x" is no share of a length: want 0 or more, below 1`,
		"effective-length:1":  `"1" is no share of a length`,
		"effective-length:-1": `"-1" is no share of a length`,
	} {
		if _, err := ParseFailOn(list); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %q", list, err, want)
		}
	}
	for list, want := range map[string]string{
		"task=bood":   `--fail-on "task=bood" names nothing that both runs have (did you mean "good"?): there is bad, good`,
		"cell=32k":    "there is 4k, 8k",
		"benchmark=c": "there is b",

		"scope=low":        "there is mid, high",
		"plane=low/low":    "there is low/high, high/mid",
		"stratum=hrad":     `(did you mean "hard"?): there is hard, easy`,
		"effective-length": "no task has pairs at two lengths or more: run both with --lengths",
	} {
		f, err := ParseFailOn(list)
		must(t, err)
		if _, err := worse(t).Failures(f); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %q", list, err, want)
		}
	}
}

// lengthwise is a run of 60 questions at three lengths, right up to some of them.
func lengthwise(right func(question, length int) bool) Run {
	r := runOf("b", "m")
	for i := range 180 {
		s := sample("t", i, 0)
		s.ID, s.Document, s.Cell = fmt.Sprintf("t/%d@%d", i/3, 4096<<(i%3)), i/3, results.Cell{Length: 4096 << (i % 3)}
		if right(i/3, i%3) {
			s.Score = 1
		}
		r.Samples = append(r.Samples, s)
	}
	return r
}

// An effective length fails where it is shorter beyond doubt, and by more than is
// tolerated.
func TestFailOnEffectiveLength(t *testing.T) {
	far := func(int, int) bool { return true }
	near := func(_, length int) bool { return length == 0 }
	slightly := func(question, length int) bool { return length == 0 || question >= 10 } // 83% at 8k and 16k
	for name, test := range map[string]struct {
		base, now func(question, length int) bool
		list      string
		want      int
	}{
		"the same length":                      {far, far, "effective-length", 0},
		"from 16k and more to less than 8k":    {far, near, "effective-length", 1},
		"more than a tenth, which is let pass": {far, near, "effective-length:0.1", 1},
		"less than nine tenths":                {far, near, "effective-length:0.9", 0},
		"a longer one":                         {near, far, "effective-length", 0},
		"one that may be chance":               {far, slightly, "effective-length", 0},
	} {
		t.Run(name, func(t *testing.T) {
			c := compared(t, source(lengthwise(test.base)), source(lengthwise(test.now)), Options{})
			f, err := ParseFailOn(test.list)
			must(t, err)
			failures, err := c.Failures(f)
			must(t, err)
			if len(failures) != test.want {
				t.Fatalf("%d failures, want %d: %+v", len(failures), test.want, c.Reaches)
			}
			if test.want == 0 {
				return
			}
			if text := failures[0].finding(); !strings.HasPrefix(text, "effective length of b: > 16k → 4.4k (−72%, 95% CI ") {
				t.Errorf("it says %q", text)
			}
			for _, write := range []func(io.Writer) error{
				func(w io.Writer) error { return c.WriteTable(w, failures, results.TableOptions{}) },
				func(w io.Writer) error { return c.WriteMarkdown(w, failures, CommentBytes) },
				func(w io.Writer) error { return c.WriteAnnotations(w, failures) },
				func(w io.Writer) error { return c.WriteJUnit(w, failures) },
			} {
				var out strings.Builder
				if must(t, write(&out)); !strings.Contains(out.String(), "effective length of b") {
					t.Errorf("it isn't in\n%s", out.String())
				}
			}
		})
	}
}

// A sample that lies elsewhere on the axes in the other run is in no bin of them,
// and is counted; one whose place is unknown is in none.
func TestSamplesThatAreCutOtherwiseAreInNoBin(t *testing.T) {
	run := func() Run {
		r := scored(runOf("b", "m"), "t", 40, always(1))
		for i := range r.Samples {
			r.Samples[i].Axes = Axes{"measured", 0.5, 0.5}
		}
		r.Samples[0].Axes = Axes{State: "no_context"}
		return r
	}
	base, now := run(), run()
	now.Samples[1].Axes = Axes{"assigned", 0.5, 0.5}
	now.Samples[2].Axes = Axes{State: "unanswerable_after_truncation"}
	c := compared(t, source(base), source(now), Options{})
	if u := unit(t, c, Plane, "mid/mid"); u.Pairs != 37 || c.Counts.OtherAxes != 2 {
		t.Errorf("%d samples in the bin, %d elsewhere, want 37 and 2", u.Pairs, c.Counts.OtherAxes)
	}
	if text := strings.Join(c.warnings(), " "); !strings.Contains(text, "2 samples: other evidence was cut off in the two runs") {
		t.Errorf("the warnings are %q", text)
	}
}

// Units that are named are corrected among themselves: one of them alone passes
// at a p at which it wouldn't among forty.
func TestNamedUnitsAreCorrectedAmongThemselves(t *testing.T) {
	base, now := runOf("b", "m"), runOf("b", "m")
	for task := range 40 {
		name := strings.Repeat("t", task+1)
		drop := 0.0
		if task == 0 {
			drop = 0.5
		}
		base = scored(base, name, 14, always(1))
		now = scored(now, name, 14, always(1-drop))
	}
	// Seven documents: p is 2/2⁷ = 0.0156.
	c := compared(t, source(base), source(now), Options{})
	if u := unit(t, c, Task, "t"); u.Verdict != TooFew {
		t.Errorf("among forty: %s, want too few", u.Verdict)
	}
	for list, want := range map[string]int{"task=t": 1, "task=t,task=tt,task=ttt": 1, "task=t,task=tt,task=ttt,task=tttt": 0} {
		f, err := ParseFailOn(list)
		must(t, err)
		failures, err := c.Failures(f)
		must(t, err)
		if len(failures) != want {
			t.Errorf("--fail-on %s: %d failures, want %d", list, len(failures), want)
		}
	}
}
