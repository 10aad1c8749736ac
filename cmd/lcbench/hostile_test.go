package main

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode"
)

// planted are what a model may answer, or be called, to become part of a page,
// a spreadsheet or a terminal.
var planted = []string{`<script>alert(1)</script>`, `=HYPERLINK("http://x","y")`, "\x1b]0;owned\x07\x1b[31m"}

// inProcess runs lcbench here and fails on another exit code than 0.
func inProcess(t *testing.T, args ...string) (out, errOut string) {
	t.Helper()
	var o, e bytes.Buffer
	if code := Run(context.Background(), append([]string{"lcbench"}, args...), strings.NewReader(""), &o, &e); code != 0 {
		t.Fatalf("lcbench %q: exit code %d\n%s%s", args, code, o.String(), e.String())
	}
	return o.String(), e.String()
}

// plantedEndpoint serves a model called name that answers with all of planted.
func plantedEndpoint(t *testing.T, name string) *httptest.Server {
	reply := func(w http.ResponseWriter, kind string, v any) {
		body, err := json.Marshal(v)
		if err != nil {
			t.Error(err)
		}
		if kind == "" {
			_, _ = w.Write(body)
			return
		}
		w.Header().Set("Content-Type", kind)
		fmt.Fprintf(w, "data: %s\n\ndata: [DONE]\n\n", body)
	}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet {
			reply(w, "", map[string]any{"data": []any{map[string]any{"id": name, "max_model_len": 131072}}})
			return
		}
		text := strings.Join(planted, "\n")
		chunk := map[string]any{"index": 0, "finish_reason": "stop"}
		if chunk["text"] = text; strings.Contains(r.URL.Path, "chat") {
			delete(chunk, "text")
			chunk["delta"] = map[string]string{"content": text}
		}
		reply(w, "text/event-stream", map[string]any{"model": name, "choices": []any{chunk}})
	}))
	t.Cleanup(s.Close)
	return s
}

// plantedRun runs a benchmark with a model.
func plantedRun(t *testing.T, model, benchmark, dir string, more ...string) {
	t.Helper()
	args := append([]string{"run", benchmark, "--data", "builtin", "--limit", "3", "--no-cache", "--tokenizer", "approx", "--model", model, "--out", dir}, more...)
	out, errOut := inProcess(t, args...)
	steersNothing(t, "run "+benchmark, out+errOut)
}

// steersNothing fails if a text for a terminal holds what a terminal obeys.
func steersNothing(t *testing.T, what, text string) {
	t.Helper()
	if i := strings.IndexFunc(text, func(r rune) bool { return unicode.IsControl(r) && r != '\n' && r != '\t' }); i >= 0 {
		t.Errorf("%s: control character in %q", what, text[max(0, i-60):min(len(text), i+60)])
	}
}

// neutralCells fails if a cell of a table could be a formula.
func neutralCells(t *testing.T, path string, layout string) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	steersNothing(t, layout, strings.ReplaceAll(string(data), "\r\n", "\n"))
	in := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(data, []byte("\ufeff"))))
	if layout == "longbench-v2" {
		in.Comma = '\t'
	}
	records, err := in.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	number := regexp.MustCompile(`^-?[0-9.]*$`)
	for _, r := range records {
		for _, c := range r {
			first := strings.TrimSpace(c)
			if first != "" && strings.ContainsAny(first[:1], "=+-@") && !number.MatchString(c) {
				t.Errorf("%s: cell %q could be a formula", layout, c)
			}
		}
	}
}

func TestWhatModelsWriteDoesNothingInPageSheetAndTerminal(t *testing.T) {
	for i, name := range planted {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			t.Setenv("LCBENCH_CACHE", t.TempDir())
			t.Setenv("OPENAI_API_KEY", "x")
			t.Chdir(t.TempDir())
			model := "openai:" + name + "@" + plantedEndpoint(t, name).URL + "/v1"
			for _, b := range []string{"longbench", "longbench-e", "longbench-v2", "leval", "liconbench"} {
				plantedRun(t, model, b, "r/"+b)
			}
			grid := []string{"--tasks", "single_needle", "--lengths", "2k,4k", "--depths", "0,100"}
			plantedRun(t, model, "needle-threading", "r/nt", grid...)
			plantedRun(t, model, "needle-threading", "other", grid...)
			lookAtTables(t)
			lookAtReports(t)
		})
	}
}

// lookAtTables looks at the leaderboard, on the terminal and in every layout.
func lookAtTables(t *testing.T) {
	t.Helper()
	out, errOut := inProcess(t, "leaderboard", "show", "--resamples", "100", "r")
	steersNothing(t, "leaderboard show", out+errOut)
	files := 0
	for _, layout := range []string{"lcbench", "longbench", "longbench-e", "leval", "longbench-v2", "longicl", "ruler", "opencompass", "long"} {
		_, errOut := inProcess(t, "leaderboard", "export", "--resamples", "100", "--layout", layout, "--csv", layout+".csv", "r")
		steersNothing(t, layout, errOut)
		written, err := filepath.Glob(layout + "*.csv")
		if err != nil || len(written) == 0 {
			t.Errorf("%s: nothing was written", layout)
		}
		for _, path := range written {
			neutralCells(t, path, strings.TrimSuffix(path, ".csv"))
			files++
		}
	}
	if files < 12 {
		t.Errorf("only %d files were looked at", files)
	}
}

// lookAtReports looks at compare and report.
func lookAtReports(t *testing.T) {
	t.Helper()
	out, errOut := inProcess(t, "compare", "other", "r/nt", "--markdown", "compare.md", "--junit", "compare.xml", "--annotations")
	steersNothing(t, "compare", out+errOut)
	out, errOut = inProcess(t, "report", "r/nt", "r/leval", "r/longbench", "--resamples", "100", "--markdown", "-", "--html", "report.html")
	steersNothing(t, "report --markdown", out+errOut)
	for _, path := range []string{"compare.md", "compare.xml", "report.html"} {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if path != "report.html" { // a browser has no escape sequences
			steersNothing(t, path, string(data))
		}
		if live := regexp.MustCompile(`(?i)<script>\s*alert`).Find(data); live != nil {
			t.Errorf("%s: a live tag: %s", path, live)
		}
	}
	if live := regexp.MustCompile(`(^|[^\\])<script>alert`).FindString(out); live != "" {
		t.Errorf("report --markdown: a live tag: %s", live)
	}
}
