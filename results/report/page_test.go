package report

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// pageOf is the page of runs in the present folder.
func pageOf(t testing.TB, r *Report) string {
	t.Helper()
	var out bytes.Buffer
	must(t, r.WriteHTML(&out))
	return out.String()
}

// element is a start tag of a page, with the text up to its end tag.
type element struct {
	xml.StartElement
	text strings.Builder
}

func (e *element) attr(name string) string {
	for _, a := range e.Attr {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}

// elements reads a page and checks that every element is closed in its turn.
func elements(t *testing.T, page string) []*element {
	t.Helper()
	d := xml.NewDecoder(strings.NewReader(page))
	d.Strict, d.Entity = false, xml.HTMLEntity
	var all, open []*element
	void := []string{"meta", "input", "link", "br", "img"}
	for {
		token, err := d.RawToken()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatalf("the page isn't well-formed: %v", err)
		}
		switch x := token.(type) {
		case xml.StartElement:
			e := &element{StartElement: x.Copy()}
			all = append(all, e)
			if !slices.Contains(void, x.Name.Local) {
				open = append(open, e)
			}
		case xml.EndElement:
			if len(open) == 0 || open[len(open)-1].Name.Local != x.Name.Local {
				t.Fatalf("</%s> closes nothing at byte %d", x.Name.Local, d.InputOffset())
			}
			open = open[:len(open)-1]
		case xml.CharData:
			for _, e := range open {
				e.text.Write(x)
			}
		}
	}
	if len(open) > 0 {
		t.Fatalf("<%s> isn't closed", open[len(open)-1].Name.Local)
	}
	return all
}

func TestThePageIsWellFormedAndAsksNothingOfTheNetwork(t *testing.T) {
	t.Chdir(t.TempDir())
	page := pageOf(t, build(t, twoRuns(t)...))
	ids := map[string]bool{}
	for _, e := range elements(t, page) {
		id := e.attr("id")
		if id != "" && ids[id] {
			t.Errorf("two elements have the id %q", id)
		}
		ids[id] = true
		for _, a := range e.Attr {
			name := a.Name.Local
			if name == "src" || name == "style" || strings.HasPrefix(name, "on") || name == "href" && !strings.HasPrefix(a.Value, "#") {
				t.Errorf("<%s %s=%q>", e.Name.Local, name, a.Value)
			}
		}
		if e.Name.Local == "img" || e.Name.Local == "link" || e.Name.Local == "iframe" {
			t.Errorf("<%s> stands in the page", e.Name.Local)
		}
	}
	for _, e := range elements(t, page) {
		for _, ref := range strings.Fields(e.attr("aria-labelledby") + " " + e.attr("aria-describedby") + " " + strings.TrimPrefix(e.attr("href"), "#")) {
			if !ids[ref] {
				t.Errorf("<%s> refers to %q, which isn't there", e.Name.Local, ref)
			}
		}
	}
	if strings.Contains(page, "%!") || strings.Contains(page, "0xc0") {
		t.Error("a figure is printed as something else")
	}
	if strings.Contains(styleText, "url(") || strings.Contains(styleText, "@import") {
		t.Error("the style fetches something")
	}
}

func TestThePolicyAllowsOurStyleAndScriptAlone(t *testing.T) {
	t.Chdir(t.TempDir())
	scripts := 0
	for _, e := range elements(t, pageOf(t, build(t, twoRuns(t)...))) {
		switch {
		case e.attr("http-equiv") != "":
			if p := e.attr("content"); !strings.HasPrefix(p, "default-src 'none'; ") || strings.Contains(p, "unsafe") {
				t.Errorf("policy %q", p)
			}
		case e.Name.Local == "script" && e.attr("type") == "":
			scripts++
			if e.text.String() != scriptText {
				t.Error("the script isn't the one that the policy's hash is of")
			}
		case e.Name.Local == "script" && e.attr("type") != "application/json":
			t.Errorf("script of type %q", e.attr("type"))
		}
	}
	if scripts != 1 {
		t.Errorf("%d scripts, want ours alone", scripts)
	}
}

func TestPlantedMarkupIsText(t *testing.T) {
	t.Chdir(t.TempDir())
	dirs := twoRuns(t)
	// Names can be hostile too: those of models, tasks and settings.
	fixture{dir: "named", spec: `local:<script>document.title="pwned"</script>`, lengths: []int{1000}, documents: 2}.write(t)
	r := build(t, append(dirs, "named")...)
	page := pageOf(t, r)
	for _, bad := range []string{`<script>document`, `<img`, `</script><script>`, "\x1b", `onerror="`} {
		if strings.Contains(page, bad) {
			t.Errorf("%q stands in the page as it is", bad)
		}
	}
	var found int
	for i := range 8 {
		for _, e := range r.Benchmarks[0].entries {
			if slices.ContainsFunc(e.Answers, func(a answer) bool { return a.Text == hostile(i) }) {
				found++
				break
			}
		}
	}
	if found != 8 {
		t.Errorf("%d of 8 planted answers are among the samples: the test says nothing of the others", found)
	}
	var md bytes.Buffer
	must(t, r.WriteMarkdown(&md))
	if strings.Contains(md.String(), "<script>") || strings.Contains(md.String(), "\x1b") {
		t.Error("a planted script or escape stands in the Markdown as it is")
	}
}

func TestHeatMapsEqualTheJSON(t *testing.T) {
	t.Chdir(t.TempDir())
	r := build(t, twoRuns(t)...)
	var got []string
	for _, e := range elements(t, pageOf(t, r)) {
		if e.Name.Local == "td" && regexp.MustCompile(`^(q\d+|none|sparse)$`).MatchString(e.attr("class")) {
			got = append(got, e.attr("class")+" "+e.text.String())
		}
	}
	var want []string
	for _, run := range r.Benchmarks[0].Runs {
		for _, c := range run.Tasks[0].Cells { // by length, then depth
			want = append(want, shade(c.Score)+" "+percentText(c.Score)+shortRange(c.Low, c.High)+"n="+grouped(c.Rows))
		}
	}
	if len(want) != 27 || len(got) < len(want) || !slices.Equal(got[:len(want)], want) {
		t.Errorf("cells of the page:\n%q\nof the report:\n%q", got[:min(len(got), len(want))], want)
	}
}

func TestShadesKeepTheirDistance(t *testing.T) {
	for _, c := range []struct {
		percent float64
		want    string
	}{{0, "q0"}, {4.9, "q0"}, {5, "q1"}, {50, "q5"}, {94.9, "q9"}, {95, "q10"}, {100, "q10"}} {
		if got := shade(&c.percent); got != c.want {
			t.Errorf("shade of %v is %s, want %s", c.percent, got, c.want)
		}
	}
	if got := shade(nil); got != "none" {
		t.Errorf("shade of nothing is %s", got)
	}
}

// TestChromium opens the page in a browser: the script runs, nothing planted
// does, and nothing is complained of.
func TestChromium(t *testing.T) {
	chromium, err := exec.LookPath("chromium")
	if err != nil && os.Getenv("CI") != "" {
		t.Fatal(err)
	}
	if err != nil {
		t.Skip("chromium isn't installed: the page is not opened in a browser")
	}
	if testing.Short() {
		t.Skip("starts a browser")
	}
	dir := t.TempDir()
	t.Chdir(dir)
	must(t, os.WriteFile("report.html", []byte(pageOf(t, build(t, twoRuns(t)...))), 0o644))
	cmd := exec.Command(chromium, "--headless=new", "--no-sandbox", "--disable-gpu", "--enable-logging=stderr", "--v=0", "--user-data-dir="+filepath.Join(dir, "profile"),
		"--virtual-time-budget=5000", "--dump-dom", "file://"+filepath.Join(dir, "report.html"))
	var log bytes.Buffer
	cmd.Stderr = &log
	dom, err := cmd.Output()
	must(t, err)
	text := string(dom)
	for _, want := range []string{"<title>Needles: lcbench report</title>", `<output aria-live="polite">1–20 of 90</output>`, `class="entry"`} {
		if !strings.Contains(text, want) {
			t.Errorf("%q isn't in the page", want)
		}
	}
	if n := strings.Count(text, `<details class="entry">`); n != perPage {
		t.Errorf("%d samples on the first page, want %d", n, perPage)
	}
	for line := range strings.Lines(log.String()) {
		if strings.Contains(line, "CONSOLE") {
			t.Errorf("the console says: %s", line)
		}
	}
}
