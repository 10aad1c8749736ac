package report

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lcbench/lcbench/results"
)

// threeInstruments writes what each instrument finds in a model of a hostile
// name into the present folder's inside.
func threeInstruments(t testing.TB) {
	t.Helper()
	must(t, os.MkdirAll("inside", 0o755))
	const hostileName = `local:<script>document.title="pwned"</script>`
	at := func(v float64) *float64 { return &v }
	h := results.Heads{Instrument: results.InstrumentHeads, Model: hostileName, Benchmark: "needles", Builtin: true, Asked: 4, Right: 3, Even: 0.02}
	for layer := range 30 {
		for head := range 9 {
			h.List = append(h.List, results.HeadScore{Layer: layer, Head: head, Copying: float64(layer%5) / 4 * float64(head) / 8, Mass: float64(head) / 80})
		}
	}
	l := results.Likelihood{Measured: results.Measured{Model: hostileName, Attention: "full", Window: 4096}, Benchmark: "needles"}
	g := results.Gateau{
		Measured: results.Measured{Model: hostileName, Attention: "full", Window: 4096}, Benchmark: "needles", Segment: 128,
		Against: &results.Measured{Model: hostileName, Attention: "sliding:window=64,sinks=4", Window: 4096},
	}
	for i, length := range []int{1000, 2000} {
		for k, depth := range []float64{0, 50, 100} {
			for _, document := range []string{"a", "b"} {
				id := fmt.Sprintf("<b>%s@%d/%g", document, length, depth)
				cost := float64(i)*2 + float64(k%2)
				l.List = append(l.List, results.LikelihoodSample{ID: id, Task: "single<i>", Document: document, Length: length, Depth: &depth, LogLikelihood: -0.5 - cost, Short: at(-0.5)})
				g.List = append(g.List, results.GateauSample{
					ID: id, Task: "single<i>", Document: document, Length: length, Depth: &depth, NLL: 0.5, AgainstNLL: at(0.5 + cost), Gap: at(cost),
					Guidance: at(cost / 100), Awareness: at(0.4), Sharp: at(0.9), Segments: []results.GateauSegment{{NLL: 1, Importance: 1, Mass: 1}},
				})
			}
		}
	}
	l.Summarise()
	g.Summarise()
	for name, write := range map[string]func(io.Writer) error{"heads": h.WriteJSON, "likelihood": l.WriteJSON, "gateau": g.WriteJSON} {
		must(t, results.ReplaceFile(filepath.Join("inside", name+".json"), write))
	}
}

func TestInstrumentsStandBesideRuns(t *testing.T) {
	t.Chdir(t.TempDir())
	threeInstruments(t)
	r := build(t, append(twoRuns(t), "inside")...)
	if len(r.Benchmarks) != 1 || r.Inside == nil || len(r.Inside.Heads) != 1 || len(r.Inside.Likelihoods) != 1 || len(r.Inside.Gateaus) != 1 {
		t.Fatalf("%d benchmarks, inside %+v", len(r.Benchmarks), r.Inside)
	}
	page := pageOf(t, r)
	ids, rects := map[string]bool{}, 0
	all := elements(t, page)
	for _, e := range all {
		if id := e.attr("id"); id != "" {
			if ids[id] {
				t.Errorf("two elements have the id %q", id)
			}
			ids[id] = true
		}
		if e.Name.Local == "rect" && strings.HasPrefix(e.attr("class"), "cell q") {
			rects++
		}
		if e.attr("style") != "" || e.Name.Local == "img" || e.Name.Local == "i" && e.attr("class") == "" {
			t.Errorf("<%s> of the samples or with a style stands in the page", e.Name.Local)
		}
	}
	for _, e := range all {
		refs := append(strings.Fields(e.attr("aria-labelledby")), strings.Fields(e.attr("aria-describedby"))...)
		for _, ref := range append(refs, strings.TrimPrefix(e.attr("href"), "#")) {
			if ref != "" && !ids[ref] {
				t.Errorf("<%s> refers to %q, which isn't there", e.Name.Local, ref)
			}
		}
	}
	if rects != 2*270 {
		t.Errorf("%d heads are drawn, want 270 twice", rects)
	}
	for _, bad := range []string{"<script>document", "<b>a@", "%!", "NaN"} {
		if strings.Contains(page, bad) {
			t.Errorf("%q stands in the page", bad)
		}
	}
	for _, want := range []string{">Inside the model</a>", "layer 4, head 8: copies 1.000 of the needle", "1k tokens at 50%: −1.50 (−1.50 to −1.50), n=2 (few) nats a token", "with the evidence alone, −0.50", "gap 2.00, awareness 0.40", "<small>−0.83 to −0.83, too few: 2 documents</small>", `class="hollow"`} {
		if !strings.Contains(page, want) {
			t.Errorf("%q isn't in the page", want)
		}
	}
}

// A figure in the JSON is the file's own, and in Markdown too.
func TestInsideInTheOtherForms(t *testing.T) {
	t.Chdir(t.TempDir())
	threeInstruments(t)
	r := build(t, "inside/likelihood.json", "inside/gateau.json", "inside/heads.json")
	var out, md bytes.Buffer
	must(t, r.WriteJSON(&out))
	must(t, r.WriteMarkdown(&md))
	var again Report
	must(t, json.Unmarshal(out.Bytes(), &again))
	if g := again.Inside.Gateaus[0]; *g.Gap.Value != *r.Inside.Gateaus[0].Gap.Value || g.List[0].Segments != nil || g.Place != filepath.Join("inside", "gateau.json") {
		t.Errorf("gateau %+v", g)
	}
	if again.Benchmarks == nil {
		t.Error("benchmarks are null, want none")
	}
	for _, want := range []string{"# Inside the model\n", "| 1k     | −0.50 | −1.50 | −0.50 |", "| Gap, nats a token |      12 | 1.33 (1.33 to 1.33) (few) |", fewWords, "| layer 4, head 8 "} {
		if !strings.Contains(md.String(), want) {
			t.Errorf("there is no %q in\n%s", want, md.String())
		}
	}
	if strings.Contains(md.String(), "<script>") || strings.Contains(md.String(), "Scores are percent") {
		t.Errorf("the Markdown:\n%s", md.String())
	}
	if page := pageOf(t, r); strings.Count(page, "<h1>") != 1 || !strings.Contains(page, "<title>Inside the model: lcbench report</title>") {
		t.Error("a page of instruments alone has no title of its own")
	}
	var repeated *RepeatedError
	if _, err := Build([]string{"inside", "inside/heads.json"}, Options{}); !errors.As(err, &repeated) {
		t.Errorf("a file twice: %v", err)
	}
	must(t, os.WriteFile("inside/heads.json", []byte(`{"instrument": "heads", "heads": [{"head": 7}]}`), 0o644))
	if _, err := Build([]string{"inside"}, Options{}); err == nil || !strings.Contains(err.Error(), "out of order") {
		t.Errorf("a broken file: %v", err)
	}
}

func TestWhatInstrumentsFoundNothingOf(t *testing.T) {
	t.Chdir(t.TempDir())
	h := results.Heads{Instrument: results.InstrumentHeads, Model: "m", Asked: 3}
	l := results.Likelihood{Measured: results.Measured{Model: "m", Attention: "full"}, List: []results.LikelihoodSample{{ID: "x", Task: "t", Length: 4096, LogLikelihood: -1}}}
	l.Summarise()
	g := results.Gateau{Measured: results.Measured{Model: "m", Attention: "full"}, NoAwareness: "only full attention can be watched", List: []results.GateauSample{{ID: "x", NLL: 1}}}
	g.Summarise()
	for name, write := range map[string]func(io.Writer) error{"heads": h.WriteJSON, "likelihood": l.WriteJSON, "gateau": g.WriteJSON} {
		must(t, results.ReplaceFile(name+".json", write))
	}
	r := build(t, "heads.json", "likelihood.json", "gateau.json")
	page := pageOf(t, r)
	elements(t, page)
	if !strings.Contains(page, "None of 3 needles was answered") || strings.Contains(page, "<polyline") || strings.Contains(page, "NaN") {
		t.Error("what wasn't measured is drawn")
	}
	must(t, r.WriteMarkdown(io.Discard))
}

// Heads stand in HTML where lcbench inspect prints them: a row a layer, a column a
// head.
func TestHeadsStandAsInTheText(t *testing.T) {
	t.Chdir(t.TempDir())
	threeInstruments(t)
	in := build(t, "inside").Inside
	v := newHeadsView("x", in.Heads[0])
	at := map[string]headCell{}
	for _, c := range v.Maps[0].Cells {
		place, _, _ := strings.Cut(c.Title, ":")
		at[place] = c
	}
	first, down, across := at["layer 0, head 0"], at["layer 29, head 0"], at["layer 0, head 8"]
	if down.X != first.X || down.Y != first.Y+29*18 || across.Y != first.Y || across.X != first.X+8*18 {
		t.Errorf("layer 0, head 0 stands at %g, %g; layer 29 at %g, %g; head 8 at %g, %g", first.X, first.Y, down.X, down.Y, across.X, across.Y)
	}
	if m := v.Maps[0]; across.X+18 > float64(m.Width) || down.Y+18 > float64(m.Under()) {
		t.Errorf("a drawing of %d × %d cuts its cells off", m.Width, m.High)
	}
}

// Parts of the section are told apart in the navigation, by no more than it takes.
func TestPartsAreToldApart(t *testing.T) {
	heads := func(model, benchmark, place string) HeadsFound {
		return HeadsFound{place, results.Heads{Model: model, Benchmark: benchmark}}
	}
	for _, c := range []struct {
		list []HeadsFound
		want []string
	}{
		{[]HeadsFound{heads("a", "x", "1")}, []string{"Retrieval heads"}},
		{[]HeadsFound{heads("a", "x", "1"), heads("b", "x", "2")}, []string{"Retrieval heads: a", "Retrieval heads: b"}},
		{
			[]HeadsFound{heads("a", "x", "1"), heads("a", "y", "2"), heads("a", "y", "3"), heads("b", "y", "4")},
			[]string{"Retrieval heads: a on x", "Retrieval heads: a on y (2)", "Retrieval heads: a on y (3)", "Retrieval heads: b"},
		},
	} {
		var got []string
		for _, v := range newInsidePage(&Inside{Heads: c.list}, true).Heads {
			got = append(got, v.Short)
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Error(diff)
		}
	}
	t.Chdir(t.TempDir())
	l := results.Likelihood{Measured: results.Measured{Model: "<m>", Attention: "full"}, Benchmark: "needles", List: []results.LikelihoodSample{{ID: "x", Task: "t", Length: 4096, LogLikelihood: -1}}}
	l.Summarise()
	must(t, results.ReplaceFile("full.json", l.WriteJSON))
	l.Attention = "sliding:window=64,sinks=4"
	must(t, results.ReplaceFile("sliding.json", l.WriteJSON))
	page := pageOf(t, build(t, "full.json", "sliding.json"))
	for _, want := range []string{">Likelihood: &lt;m&gt;</a>", ">Likelihood: &lt;m&gt;, attention sliding:window=64,sinks=4</a>"} {
		if !strings.Contains(page, want) {
			t.Errorf("%s isn't in the navigation", want)
		}
	}
}

func TestAxesEndOnWholeSteps(t *testing.T) {
	for _, c := range []struct {
		values    []float64
		low, high float64
		ticks     int
	}{{[]float64{0, -0.52}, -0.6, 0, 7}, {[]float64{0, 100}, 0, 100, 6}, {[]float64{3, 3}, 2.4, 3.6, 7}, {[]float64{-14.2, 0}, -15, 0, 4}, {[]float64{-0.02, 7.29}, -2, 8, 6}, {[]float64{520, 1021}, 500, 1100, 7}} {
		low, high, ticks := span(c.values)
		if round3(low) != c.low || round3(high) != c.high || len(ticks) != c.ticks {
			t.Errorf("%v: %g to %g in %v, want %g to %g in %d", c.values, low, high, ticks, c.low, c.high, c.ticks)
		}
	}
	if got := tickText(-0.2 * 3); got != "−0.6" {
		t.Errorf("tick %q", got)
	}
}

// TestInsideInChromium opens the section in a browser, which complains of
// nothing.
func TestInsideInChromium(t *testing.T) {
	chromium, err := exec.LookPath("chromium")
	if err != nil && os.Getenv("CI") != "" {
		t.Fatal(err)
	}
	if err != nil || testing.Short() {
		t.Skip("needs chromium, and time")
	}
	dir := t.TempDir()
	t.Chdir(dir)
	threeInstruments(t)
	must(t, os.WriteFile("report.html", []byte(pageOf(t, build(t, "inside"))), 0o644))
	cmd := exec.Command(chromium, "--headless=new", "--no-sandbox", "--disable-gpu", "--enable-logging=stderr", "--v=0", "--user-data-dir="+filepath.Join(dir, "profile"),
		"--virtual-time-budget=5000", "--dump-dom", "file://"+filepath.Join(dir, "report.html"))
	var log bytes.Buffer
	cmd.Stderr = &log
	dom, err := cmd.Output()
	must(t, err)
	if !strings.Contains(string(dom), "<title>Inside the model: lcbench report</title>") || !strings.Contains(string(dom), `class="cell q10"`) {
		t.Error("the page isn't as it was written")
	}
	if strings.Contains(log.String(), "CONSOLE") {
		t.Errorf("the console says: %s", log.String())
	}
}
