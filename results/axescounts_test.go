package results

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lcbench/lcbench/benchmarks"
)

// summaryOfStates is of one row for each state.
func summaryOfStates(t *testing.T, m Manifest, states ...benchmarks.AxesState) Summary {
	t.Helper()
	live, again := NewFacts(), NewFacts()
	for i, state := range states {
		r := result("lcc", i, 0.5)
		r.Axes = benchmarks.Axes{State: state}
		live.Add(r)
		again.AddRow(newRow(r, ""))
	}
	in := SummaryInput{Manifest: m, Tasks: []benchmarks.Task{{Name: "lcc", Category: "code", Metric: "code_sim"}}, State: Complete, Resamples: -1}
	s := live.Summarise(in)
	if diff := cmp.Diff(s.Axes, again.Summarise(in).Axes); diff != "" {
		t.Errorf("counted anew from the rows: %s", diff)
	}
	return s
}

func tableText(t *testing.T, s Summary) string {
	t.Helper()
	var out bytes.Buffer
	must(t, WriteTable(&out, s, TableOptions{Width: 200}))
	return out.String()
}

func TestTheTableCountsWhereAxesComeFrom(t *testing.T) {
	s := summaryOfStates(t, testManifest(), benchmarks.AxesMeasured, benchmarks.AxesPartial, benchmarks.AxesPartial, benchmarks.AxesAssigned,
		benchmarks.AxesUnanswerable, benchmarks.AxesNoContext, benchmarks.AxesUnknown, benchmarks.AxesMeasured, benchmarks.AxesMeasured)
	want := "Diffusion and scope: 3 measured, 2 in part, 1 assigned by task, 1 unanswerable, their evidence was cut, 1 without a context, 1 unknown.\n"
	if got := tableText(t, s); !strings.Contains(got, want) {
		t.Errorf("want %q in\n%s", want, got)
	}
	if s.Axes["partial"] != 2 || s.Axes["unknown"] != 1 || s.Tasks[0].PaperQuadrant != "hl" {
		t.Errorf("axes %v, the paper's class of lcc %q", s.Axes, s.Tasks[0].PaperQuadrant)
	}
	if got := tableText(t, summaryOfStates(t, testManifest(), benchmarks.AxesUnknown)); strings.Contains(got, "Diffusion") {
		t.Errorf("no row has axes:\n%s", got)
	}
}

// A control isn't taken for a run with documents, neither alone nor among several.
func TestTablesOfAControlSaySo(t *testing.T) {
	m := testManifest()
	m.Config = append(m.Config, Setting{NoContextSetting, "true", true})
	control, normal := summaryOfStates(t, m, benchmarks.AxesNoContext), summaryOfStates(t, testManifest(), benchmarks.AxesMeasured)
	for name, s := range map[string]Summary{"control": control, "normal": normal} {
		var overview bytes.Buffer
		must(t, WriteOverview(&overview, []Overviewed{{Name: "longbench", Summary: &s}}, TableOptions{}))
		for _, text := range []string{tableText(t, s), overview.String()} {
			if strings.Contains(text, noContextLine) != (name == "control") {
				t.Errorf("%s:\n%s", name, text)
			}
		}
	}
	if text := tableText(t, control); strings.Contains(text, "Diffusion") {
		t.Errorf("a control has no axes to count:\n%s", text)
	}
	if !control.NoContext || normal.NoContext || IdentityHash(m.Config) == IdentityHash(testManifest().Config) {
		t.Errorf("no context: %v, %v", control.NoContext, normal.NoContext)
	}
}

func TestLinesOfSamplesHaveTheAxesOfRows(t *testing.T) {
	r := result("hotpotqa", 1, 1)
	r.Sample.Hops = 2
	r.Axes.State = benchmarks.AxesPartial
	src := LineSource{Benchmark: "longbench", Data: "folder", Axes: func(benchmarks.Sample) (benchmarks.Axes, error) { return r.Axes, nil }}
	line, err := src.line(r.Sample)
	must(t, err)
	row := newRow(r, "")
	got := []any{line.Axes, line.Diffusion, line.Scope, line.Dispersion, line.Obscurity, line.Chain, line.Extent, line.Overlap, line.Distractor, line.Redundancy}
	want := []any{row.Axes, row.Diffusion, row.Scope, row.Dispersion, row.Obscurity, row.Chain, row.Extent, row.Overlap, row.Distractor, row.Redundancy}
	if diff := cmp.Diff(want, got); diff != "" || row.Axes != "partial" || row.Overlap == nil {
		t.Error(diff)
	}
	if line.Hops == nil || *line.Hops != 2 || line.PaperQuadrant != "hl" {
		t.Errorf("hops %v, the paper's class %q", line.Hops, line.PaperQuadrant)
	}
}
