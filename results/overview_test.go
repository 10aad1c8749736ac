package results

import (
	"bytes"
	"testing"

	"github.com/lcbench/lcbench/runners"
	"github.com/lcbench/lcbench/scorers"
)

func TestOverview(t *testing.T) {
	ptr := func(v float64) *float64 { return &v }
	figure := func(n int, v float64) Figure {
		return Figure{Rows: n, Score: ptr(v), Low: ptr(v - 5), High: ptr(v + 5), Interval: scorers.IntervalOK, Valid: ptr(v + 1), ValidRows: n - 1}
	}
	model := ModelInfo{Spec: "openai:m@http://127.0.0.1:1/v1"}
	one := figure(3, 50)
	one.Low, one.High, one.Interval = nil, nil, scorers.IntervalOneDocument
	runs := []Overviewed{
		{Name: "longbench", Dir: "out/longbench", Summary: &Summary{
			Model: model, State: Complete, Boards: []BoardScore{{Board: "en", Average: figure(40, 61.5)}, {Board: "zh", Average: figure(20, 7)}},
			Usage: runners.Usage{Prompt: 1234567, Known: true}, Speed: Speed{Seconds: 185}, Samples: SampleCounts{CutRows: 2, CutTokens: 900},
		}},
		{Name: "needle-threading", Dir: "out/needle-threading", Trouble: "2 samples lost; the same command asks them again", Summary: &Summary{
			Model: model, State: Partial, Builtin: true, Boards: []BoardScore{{Average: one}}, Usage: runners.Usage{Prompt: 10}, Speed: Speed{Seconds: 0.42},
		}},
		{Name: "m4le", Dir: "out/m4le", Trouble: "read m4le/\x1bx: no such file"},
	}
	var b bytes.Buffer
	if err := WriteOverview(&b, runs, TableOptions{}); err != nil {
		t.Fatal(err)
	}
	golden(t, "overview.txt", b.String())
}
