package view

import (
	"bytes"
	_ "embed" // the pages' parts
	"errors"
	"fmt"
	"html/template"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/lcbench/lcbench/results/report"
)

//go:embed pages.html
var pagesText string

//go:embed view.css
var styleText string

//go:embed view.js
var scriptText string

//go:embed icon.svg
var iconText string

// reportStyle is the report's: these pages look like it.
var reportStyle = report.Style()

// pages are the templates.
type pages struct{ t *template.Template }

func newPages() (pages, error) {
	t, err := template.New("pages").Funcs(template.FuncMap{
		"percent": percent, "grouped": grouped, "date": date, "clock": clock, "text": readable, "start": start, "plural": plural,
	}).Parse(pagesText)
	if err != nil {
		return pages{}, fmt.Errorf("view: pages: %w", err)
	}
	return pages{t}, nil
}

// render makes one page, or a part of one.
func (p pages) render(name string, data any) ([]byte, error) {
	var out bytes.Buffer
	if err := p.t.ExecuteTemplate(&out, name, data); err != nil {
		return nil, fmt.Errorf("view: page: %w", err)
	}
	return out.Bytes(), nil
}

// response is what a handler answers.
type response struct {
	kind string // of content
	body []byte
}

// show renders a page.
func (v *Viewer) show(name string, data any) (response, error) {
	body, err := v.pages.render(name, data)
	return response{"text/html", body}, err
}

// problem is an error that the page tells, with its HTTP status.
type problem struct {
	status int
	text   string
}

func (p *problem) Error() string { return p.text }

func noRun(name string) error {
	return &problem{http.StatusNotFound, fmt.Sprintf("there is no run %q (any more): see the list of runs", name)}
}

func notThere(*http.Request) (response, error) {
	return response{}, &problem{http.StatusNotFound, "there is no such page"}
}

// page makes a handler of a function: what went wrong is told in a line.
func (v *Viewer) page(handle func(*http.Request) (response, error)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		out, err := handle(r)
		status := http.StatusOK
		if err != nil {
			p := &problem{http.StatusInternalServerError, "this page can't be made: " + err.Error()}
			if !errors.As(err, &p) {
				slog.Error("view", "path", r.URL.Path, "error", err)
			}
			status = p.status
			if out, err = v.show("problem", p.text); err != nil {
				v.refuse(w, status, p.text)
				return
			}
		}
		w.Header().Set("Content-Type", out.kind+"; charset=utf-8")
		w.Header().Set("Content-Length", strconv.Itoa(len(out.body)))
		w.WriteHeader(status)
		_, _ = w.Write(out.body) // who asked is gone
	})
}

func asset(kind, text string) func(*http.Request) (response, error) {
	return func(*http.Request) (response, error) { return response{kind, []byte(text)}, nil }
}

func percent(p *float64) string {
	if p == nil {
		return "–"
	}
	return strconv.FormatFloat(*p, 'f', 1, 64)
}

// grouped prints 12,345.
func grouped(n int) string {
	s := strconv.Itoa(n)
	for at := len(s) - 3; at > 0 && s[at-1] != '-'; at -= 3 {
		s = s[:at] + "," + s[at:]
	}
	return s
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return grouped(n) + " " + noun + "s"
}

func date(t time.Time) string {
	if t.IsZero() {
		return "–"
	}
	return t.UTC().Format("2006-01-02 15:04")
}

func clock(t time.Time) string { return t.UTC().Format("15:04:05 UTC") }

// readable makes what a model or a data set wrote fit to be looked at: broken
// UTF-8 is U+FFFD, and characters that hide or turn text around are shown as
// what they are.
func readable(s string) string {
	odd := func(r rune) bool {
		return r < ' ' && r != '\n' && r != '\t' || r >= 0x7f && r < 0xa0 || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 || r == 0xfeff
	}
	s = strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\r\n", "\n")
	if strings.IndexFunc(s, odd) < 0 {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		switch {
		case !odd(r):
			b.WriteRune(r)
		case r < ' ':
			b.WriteRune('\u2400' + r) // ␀ to ␟
		default:
			_, _ = fmt.Fprintf(&b, "[U+%04X]", r)
		}
	}
	return b.String()
}

// start is the beginning of a text, with how much is missing.
func start(s string, most int) string {
	if len(s) <= most {
		return readable(s)
	}
	cut := boundary(s, most)
	return readable(s[:cut]) + fmt.Sprintf(" … [%s more]", plural(utf8.RuneCountInString(s[cut:]), "character"))
}
