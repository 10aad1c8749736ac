package compare

import (
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
			r.Samples[i].Cell = results.Cell{Length: 4096}
			if r.Samples[i].Task == "bad" {
				r.Samples[i].Cell.Length = 8192
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
	} {
		if _, err := ParseFailOn(list); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %q", list, err, want)
		}
	}
	for list, want := range map[string]string{
		"task=bood":   `--fail-on "task=bood" names nothing that both runs have (did you mean "good"?): there is bad, good`,
		"cell=32k":    "there is 4k, 8k",
		"benchmark=c": "there is b",
	} {
		f, err := ParseFailOn(list)
		must(t, err)
		if _, err := worse(t).Failures(f); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %q", list, err, want)
		}
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
