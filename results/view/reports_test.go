package view

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/lcbench/lcbench/results"
	"github.com/lcbench/lcbench/results/report"
)

func TestTheReportIsTheOneThatTheCommandMakes(t *testing.T) {
	root := t.TempDir()
	finishedRun(t, root+"/a", 30)
	finishedRun(t, root+"/b", 30)
	v := viewer(t, root)
	r, err := report.Build([]string{filepath.Join(root, "b"), filepath.Join(root, "a")}, report.Options{Version: "test"})
	must(t, err)
	var out strings.Builder
	must(t, r.WriteHTML(&out))
	_, want, _ := strings.Cut(out.String(), `<a class="skip" href="#main">`)
	_, got, _ := strings.Cut(page(t, v, "/report?run=b&run=a&run=b"), `<a class="skip" href="#main">`)
	before, bar, _ := strings.Cut(got, `<nav class="viewer"`)
	bar, after, _ := strings.Cut(bar, "</nav>")
	want = strings.Replace(want, " This file asks nothing of the network.", "", 1)
	if before+after != want {
		t.Errorf("without the bar the page isn't the report's:\n%s", body(before+after))
	}
	wants(t, bar, "<bdi>a</bdi>", "<bdi>b</bdi>", `data-poll="/live/report?rows=60&amp;run=b&amp;run=a"`)
	if strings.Contains(got, "http-equiv") {
		t.Error("a policy of the page's own would forbid the viewer's script")
	}
	for target, code := range map[string]int{"/report": 400, "/report?run=none": 404, "/report?run=a" + strings.Repeat("&run=a", 20): 200} {
		if w := ask(v, target); w.Code != code {
			t.Errorf("%s: status %d, want %d", target, w.Code, code)
		}
	}
}

// A report is built once, anew only where rows have come, and then not at once
// again, however often it is asked for.
func TestReportsAreKeptUntilRowsCome(t *testing.T) {
	root := t.TempDir()
	g := grow(t, filepath.Join(root, "run"), 20)
	g.write(t, strings.Join(g.lines[:5], ""))
	v := viewer(t, root)
	ask := func(want string) *built {
		t.Helper()
		wants(t, page(t, v, "/report?run=run"), want)
		return v.reports.kept[0]
	}
	first := ask("figures are of 5 samples so far")
	if ask("of 5 samples so far") != first {
		t.Error("built again, and nothing had come")
	}
	first.at = time.Now() // however slow this machine is, not due yet
	g.write(t, strings.Join(g.lines[5:9], ""))
	if ask("of 5 samples so far") != first {
		t.Error("built again just after it was built")
	}
	wants(t, page(t, v, "/live/report?run=run&rows=5"), "4 samples came since these figures.", `<a href="/report?run=run">Refresh the figures</a>`)
	first.at = first.at.Add(-time.Hour)
	second := ask("figures are of 9 samples so far")
	if second == first {
		t.Error("not built again, though rows had come and time had passed")
	}
	second.at = second.at.Add(-time.Hour)
	if ask("of 9 samples so far") != second {
		t.Error("built again because time had passed: nothing had come")
	}
	refuses(t, page(t, v, "/live/report?run=run&rows=9"), "Refresh")
	if p := (&built{took: 3 * time.Second}).patience(); p != 30*time.Second {
		t.Errorf("a report that took 3 s is kept for %v, want 30 s", p)
	}
}

func TestOnlySomeReportsAreKept(t *testing.T) {
	var k reports
	for _, key := range strings.Fields("a b c d e f g h") {
		k.put(&built{key: key})
	}
	k.get("a") // used last
	k.put(&built{key: "i"})
	k.put(&built{key: "i"})
	if k.get("b") != nil || k.get("a") == nil || len(k.kept) != maxReports {
		t.Errorf("%d are kept, a %v, b %v; want %d, with a and without b", len(k.kept), k.get("a"), k.get("b"), maxReports)
	}
}

func TestTheListSorts(t *testing.T) {
	root := t.TempDir()
	finishedRun(t, root+"/small", 3)
	finishedRun(t, root+"/large", 20)
	must(t, begin(t, root+"/begun", "baseline:lexical").Update(func(m *results.Manifest) {
		m.Cost = &results.Cost{Amount: 1.25, Currency: "USD"}
		m.Started = time.Date(2020, 1, 2, 3, 4, 5, 0, time.UTC)
	}))
	v := viewer(t, root)
	for query, want := range map[string]string{
		"": "large small begun", "sort=name&dir=up": "begun large small", "sort=name&dir=down": "small large begun",
		"sort=done&dir=down": "large small begun", "sort=score&dir=down": "small large begun", "sort=state&dir=down": "begun",
		"sort=cost&dir=down": "begun", "sort=model&dir=up": "begun", "sort=lost&dir=down": "large", "sort=nonsense&dir=up": "large small begun", "sort=started&dir=up": "begun small large",
	} {
		text := page(t, v, "/live/runs?"+query)
		var got []string
		for _, part := range strings.Split(text, `<tr data-key="`)[1:] {
			name, _, _ := strings.Cut(part, `"`)
			got = append(got, name)
		}
		if !strings.HasPrefix(strings.Join(got, " "), want) || len(got) != 3 {
			t.Errorf("%s: %q, want %s", query, got, want)
		}
	}
	text := page(t, v, "/?sort=done&dir=down")
	wants(t, text, `aria-sort="descending" class="done"><a href="/?dir=up&amp;sort=done">`, "3 runs: 1 running, 2 finished.", "1.25 USD", `<span class="board">en</span> <b>78.6</b><small>`, "2020-01-02 03:04", "attention full")
	if n := strings.Count(text, "aria-sort"); n != 1 {
		t.Errorf("%d columns say that they are sorted by", n)
	}
}

func TestWhatIsFoundInAFolder(t *testing.T) {
	root := t.TempDir()
	finishedRun(t, root+"/a/b/c/run", 3)
	finishedRun(t, root+"/a/b/c/run/inside", 3) // of a run nothing inside is one
	finishedRun(t, root+"/.hidden/run", 3)
	finishedRun(t, root+"/1/2/3/4/5/6/7/deep", 3)
	names := func(v *Viewer) string {
		var out []string
		for _, r := range v.all() {
			out = append(out, r.name)
		}
		return strings.Join(out, " ")
	}
	if got := names(viewer(t, root)); got != "a/b/c/run" {
		t.Errorf("found %q", got)
	}
	// A run's own folder is one run, under the folder's name.
	v := viewer(t, root+"/a/b/c/run")
	if got := names(v); got != "run" {
		t.Errorf("in a run's folder: %q", got)
	}
	wants(t, page(t, v, "/samples?run=run"), "single/0")
}
