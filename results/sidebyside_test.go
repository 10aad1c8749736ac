package results

import (
	"bytes"
	"strings"
	"testing"

	"github.com/lcbench/lcbench/scorers"
)

func TestSideBySide(t *testing.T) {
	ptr := func(v float64) *float64 { return &v }
	figure := func(n int, v float64) Figure {
		return Figure{Rows: n, Score: ptr(v), Low: ptr(v - 5), High: ptr(v + 5), Interval: scorers.IntervalOK}
	}
	summary := func(v float64, o *Outcome) *Summary {
		return &Summary{
			Model: ModelInfo{Spec: "local:m", Details: map[string]string{"device": "cpu avx2, 2 threads", "kv-type": "f16", "activations": "float32"}, Outcome: o},
			State: Complete, Builtin: true, Speed: Speed{Seconds: 75, FirstToken: &Timing{Median: 0.25}},
			Boards: []BoardScore{
				{Average: figure(20, v), Lengths: []LengthFigure{{2000, figure(10, v-1)}, {8000, figure(10, v+1)}}},
				{Board: "ATC", Average: Figure{Rows: 4, Score: ptr(0), Interval: scorers.IntervalOneDocument}},
			},
		}
	}
	counted := &Outcome{
		PromptTokens: 100_000, KeptTokens: 40_000, PeakKVBytes: 300 << 20, AnswerKVBytes: 5 << 19,
		PrefillSeconds: 40, DecodeSeconds: 20, DecodedTokens: 1000,
	}
	stopped := summary(20, nil)
	stopped.State, stopped.Speed.FirstToken = Partial, nil
	runs := []Overviewed{
		{Name: "needlebench", Attention: "full", Dir: "out/full", Summary: summary(61.5, counted)},
		{Name: "needlebench", Attention: "sliding:window=1024,sinks=4", Dir: "out/a", Summary: stopped},
		{Name: "needlebench", Attention: "sliding:window=64,sinks=4", Dir: "out/b", Trouble: "no \x1b[1mmemory"},
	}
	var b bytes.Buffer
	if err := WriteSideBySide(&b, runs, TableOptions{}); err != nil {
		t.Fatal(err)
	}
	golden(t, "sidebyside.txt", b.String())
}

// A folder and its mechanism that don't fit on one line take two.
func TestLongMechanismsStandBelowTheirFolders(t *testing.T) {
	spec := "squeezed:keep=0.1,clusters=0.05,levels=1,rounds=10,share=head,step=mean"
	runs := []Overviewed{{Name: "m4le", Attention: "full", Dir: "out/full", Trouble: "none"}, {Name: "m4le", Attention: spec, Dir: "out/squeezed", Trouble: "none"}}
	for width, want := range map[int]string{80: "\nout/full  full\nout/squeezed\n  " + spec + "\n", 90: "\nout/full  full\nout/squeezed  " + spec + "\n"} {
		var b bytes.Buffer
		if err := WriteSideBySide(&b, runs, TableOptions{Width: width}); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(b.String(), want) {
			t.Errorf("in %d columns there is no %q in\n%s", width, want, b.String())
		}
	}
}

func TestRatesNeedTokensAndTime(t *testing.T) {
	var none *Outcome
	if none.PrefillRate() != nil || none.DecodeRate() != nil || (&Outcome{PromptTokens: 5, PrefillSeconds: 1, KeptTokens: 5}).PrefillRate() != nil {
		t.Error("a rate of nothing")
	}
	o := (&Outcome{PromptTokens: 300, KeptTokens: 100, PrefillSeconds: 1, DecodedTokens: 10, DecodeSeconds: 4}).
		And(Outcome{PromptTokens: 200, PrefillSeconds: 3, DecodedTokens: 20, DecodeSeconds: 2, AnswerKVBytes: 7})
	if p, d := *o.PrefillRate(), *o.DecodeRate(); p != 100 || d != 5 || o.AnswerKVBytes != 7 {
		t.Errorf("over two starts %g and %g tokens a second, %d bytes", p, d, o.AnswerKVBytes)
	}
}
