package view

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/lcbench/lcbench/results"
)

// chromium returns what opens a page of a server in a browser: its document
// after so many milliseconds, and what the console said.
func chromium(t *testing.T) func(target string, ms string) (dom, console string) {
	t.Helper()
	program, err := exec.LookPath("chromium")
	if err != nil && os.Getenv("CI") != "" {
		t.Fatal(err)
	}
	if err != nil {
		t.Skip("chromium isn't installed: no page is opened in a browser")
	}
	if testing.Short() {
		t.Skip("starts a browser")
	}
	profile := filepath.Join(t.TempDir(), "profile")
	return func(target, ms string) (dom, console string) {
		t.Helper()
		cmd := exec.Command(program, "--headless=new", "--no-sandbox", "--disable-gpu", "--enable-logging=stderr", "--v=0",
			"--user-data-dir="+profile, "--virtual-time-budget="+ms, "--dump-dom", target)
		var log bytes.Buffer
		cmd.Stderr = &log
		out, err := cmd.Output()
		must(t, err)
		for line := range strings.Lines(log.String()) {
			if strings.Contains(line, "CONSOLE") {
				console += line
			}
		}
		return string(out), console
	}
}

// TestChromium opens every page in a browser: nothing planted runs, nothing is
// complained of, and nobody but the viewer is asked for anything: its policy
// would make the console say so.
func TestChromium(t *testing.T) {
	open := chromium(t)
	root := t.TempDir()
	name := hostileRun(t, root)
	v := viewer(t, root)
	server := httptest.NewServer(v)
	defer server.Close()
	run := url.Values{"run": {name}}.Encode()
	id := ""
	must(t, v.find(name).withRows(func(x *rowIndex) error { id = x.id(0); return nil }))
	one := run + "&" + url.Values{"id": {id}}.Encode()
	for _, c := range []struct{ path, title, want string }{
		{"/", "Runs: lcbench view", "1 run: 1 finished."},
		{"/report?" + run, "lcbench report", `<details class="entry">`},
		{"/samples?" + run, "Samples of &lt;script&gt;", "1–8 of 8"},
		{"/sample?" + one, "&lt;script&gt;", `<mark>`},
		{"/context?start=0&end=400&" + one, "&lt;script&gt;", `<mark>`},
		{"/nowhere", "lcbench view", "there is no such page"},
	} {
		dom, console := open(server.URL+c.path, "3000")
		_, title, _ := strings.Cut(dom, "<title>")
		title, _, _ = strings.Cut(title, "</title>")
		if !strings.Contains(title, c.title) || strings.HasPrefix(title, "pwned") {
			t.Errorf("%s: title %q, want %q", c.path, title, c.title)
		}
		wants(t, dom, c.want)
		// A missing page is a complaint of the browser's own.
		if console != "" && c.path != "/nowhere" {
			t.Errorf("%s: the console says: %s", c.path, console)
		}
	}
}

// TestChromiumFollowsARun opens pages to which rows come as soon as they ask
// whether there is news.
func TestChromiumFollowsARun(t *testing.T) {
	open := chromium(t)
	root := t.TempDir()
	g := grow(t, filepath.Join(root, "run"), 20)
	must(t, g.Update(func(m *results.Manifest) { m.Total = 20 }))
	v := viewer(t, root)
	var first sync.Map // paths that asked
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, again := first.LoadOrStore(r.URL.Path, true); strings.HasPrefix(r.URL.Path, "/live/") && !again {
			rows := g.lines[:4]
			g.lines = g.lines[4:]
			g.write(t, strings.Join(rows, ""))
		}
		v.ServeHTTP(w, r)
	}))
	defer server.Close()
	for _, c := range []struct {
		path string
		want []string
	}{
		{"/", []string{`<progress max="20" value="4"`, "4 of 20", "so far, plain mean"}},
		{"/samples?run=run", []string{"8 of 20", "4 samples came since", "1–4 of 4"}},
		{"/report?run=run", []string{"12 of 20", "4 samples came since these figures", "figures are of 8 samples so far"}},
	} {
		dom, console := open(server.URL+c.path, "2500")
		wants(t, dom, c.want...)
		if console != "" {
			t.Errorf("%s: the console says: %s", c.path, console)
		}
	}
}

// TestChromiumKeepsWhatOneDoes does with a script what people do with a mouse: a
// gap in a context opens where it is, and a list that changes keeps ticks and
// the focus.
func TestChromiumKeepsWhatOneDoes(t *testing.T) {
	open := chromium(t)
	root := t.TempDir()
	finishedRun(t, filepath.Join(root, "done"), 3)
	g := grow(t, filepath.Join(root, "run"), 20)
	v := viewer(t, root)
	var once sync.Once
	// The length that the viewer states is of its own script.
	server := httptest.NewServer(unsized(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/live/runs" {
			once.Do(func() { g.write(t, strings.Join(g.lines[:7], "")) })
		}
		v.ServeHTTP(w, r)
		if r.URL.Path == "/view.js" {
			_, _ = w.Write([]byte(`
				document.querySelector("a.gap")?.click();
				const row = document.querySelector("tr[data-key=run]");
				if (row) {
					row.querySelector("input").checked = true;
					row.querySelector("th a").focus();
					setTimeout(() => {
						const now = document.querySelector("tr[data-key=run]");
						document.body.dataset.kept = [now !== row, now.querySelector("input").checked, document.activeElement === now.querySelector("th a")].join();
					}, 2900);
				}`))
		}
	}))
	defer server.Close()
	dom, console := open(server.URL+"/sample?run=done&id=single/1", "2500")
	if gaps := strings.Count(dom, `class="gap"`); gaps != 1 || !strings.Contains(dom, strings.Repeat("word ", 300)+"<mark>") {
		t.Errorf("%d gaps are left of two, one of which was clicked\n%s", gaps, body(dom))
	}
	dom, more := open(server.URL+"/", "4500")
	wants(t, dom, `<td class="done">7</td>`, `data-kept="true,true,true"`)
	if console+more != "" {
		t.Errorf("the console says: %s", console+more)
	}
}

// unsized lets a handler write more than it says.
func unsized(next http.HandlerFunc) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		rec := httptest.NewRecorder()
		next(rec, r)
		for name, values := range rec.Header() {
			if name != "Content-Length" {
				w.Header()[name] = values
			}
		}
		w.WriteHeader(rec.Code)
		_, _ = w.Write(rec.Body.Bytes())
	})
}
