package view

import (
	"bytes"
	"errors"
	"fmt"
	"html/template"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/lcbench/lcbench/results/report"
)

// reports are pages of reports that were built, the last used first.
type reports struct {
	mu   sync.Mutex
	kept []*built
	// building is held by who builds: a large run's report takes seconds and
	// hundreds of megabytes.
	building sync.Mutex
}

// built is a report's page, of runs as they stood. Its frame is put around it
// each time.
type built struct {
	key, mark  string
	head, tail []byte
	at         time.Time
	took       time.Duration
	rows       int // of all runs
}

const (
	maxReports = 8
	maxBeside  = 12 // runs of one report
)

// patience is how long a report stays as it is while rows come: so that a large
// run's isn't built all the time.
func (b *built) patience() time.Duration { return max(2*time.Second, 10*b.took) }

// due says that it may be built anew.
func (b *built) due() bool { return time.Since(b.at) >= b.patience() }

// frameMark is where a page's frame goes; report texts can't hold it.
const frameMark = "<!--frame of lcbench view-->"

// reportRuns are the runs that a request names.
func (v *Viewer) reportRuns(r *http.Request) ([]*run, error) {
	var out []*run
	for _, name := range r.URL.Query()["run"] {
		one := v.find(name)
		if one == nil {
			return nil, noRun(name)
		}
		if !slices.Contains(out, one) {
			out = append(out, one)
		}
	}
	switch {
	case len(out) == 0:
		return nil, &problem{http.StatusBadRequest, "no run was chosen: choose some in the list of runs"}
	case len(out) > maxBeside:
		return nil, &problem{http.StatusBadRequest, fmt.Sprintf("%d runs were chosen: at most %d stand beside each other", len(out), maxBeside)}
	}
	return out, nil
}

// report is the page that lcbench report makes.
func (v *Viewer) report(r *http.Request) (response, error) {
	runs, err := v.reportRuns(r)
	if err != nil {
		return response{}, err
	}
	b, err := v.reportOf(runs)
	if err != nil {
		return response{}, err
	}
	top, err := v.pages.render("reportTop", v.reportBar(runs, b))
	if err != nil {
		return response{}, err
	}
	return response{kind: "text/html", body: slices.Concat(b.head, top, b.tail)}, nil
}

// liveReport is what changes above a report.
func (v *Viewer) liveReport(r *http.Request) (response, error) {
	runs, err := v.reportRuns(r)
	if err != nil {
		return response{}, err
	}
	rows, _ := strconv.Atoi(r.URL.Query().Get("rows")) // 0: shown as it is
	return v.show("reportLive", v.reportBar(runs, &built{rows: rows}))
}

// reportBar is what stands above a report.
type reportBar struct {
	Runs []info
	// Rows are those that the figures are of; More have come since.
	Rows, More int
	At         time.Time
	Self, Poll string
	Live       bool
}

func (v *Viewer) reportBar(runs []*run, b *built) reportBar {
	bar := reportBar{Rows: b.rows, At: b.at}
	names := url.Values{}
	rows := 0
	for _, r := range runs {
		i := r.look()
		rows += i.Done
		bar.Runs = append(bar.Runs, i)
		bar.Live = bar.Live || i.State == running
		names.Add("run", r.name)
	}
	bar.More = max(0, rows-b.rows)
	bar.Self = "/report?" + names.Encode()
	names.Set("rows", strconv.Itoa(b.rows))
	bar.Poll = "/live/report?" + names.Encode()
	return bar
}

// reportOf returns a page, built anew where runs have gone on since the last
// time and that wasn't just now.
func (v *Viewer) reportOf(runs []*run) (*built, error) {
	names := make([]string, len(runs))
	for i, r := range runs {
		names[i] = r.name
	}
	key := strings.Join(names, "\x00")
	if b := v.reports.get(key); b != nil && (b.mark == markOf(runs) || !b.due()) {
		return b, nil
	}
	v.reports.building.Lock()
	defer v.reports.building.Unlock()
	if b := v.reports.get(key); b != nil && (b.mark == markOf(runs) || !b.due()) {
		return b, nil // somebody else built it
	}
	b, err := v.build(key, runs)
	if err != nil {
		return nil, err
	}
	v.reports.put(b)
	return b, nil
}

// build makes a page. A run that ends meanwhile takes files away: then it is
// done once more.
func (v *Viewer) build(key string, runs []*run) (*built, error) {
	dirs := make([]string, len(runs))
	for i, r := range runs {
		dirs[i] = r.dir
	}
	for again := true; ; again = false {
		b := &built{key: key, mark: markOf(runs), at: time.Now()}
		for _, r := range runs {
			b.rows += r.look().Done
		}
		page, err := v.write(dirs)
		if err != nil && again && b.mark != markOf(runs) {
			continue
		}
		if err != nil {
			return nil, &problem{http.StatusConflict, err.Error()}
		}
		b.head, b.tail, _ = bytes.Cut(page, []byte(frameMark))
		b.took, b.at = time.Since(b.at), time.Now()
		return b, nil
	}
}

func (v *Viewer) write(dirs []string) ([]byte, error) {
	r, err := report.Build(dirs, report.Options{Version: v.o.Version, Layout: v.o.Layout})
	if err != nil {
		var notRun *report.NotRunError
		if errors.As(err, &notRun) {
			return nil, fmt.Errorf("%s: %s", notRun.Place, notRun.Why)
		}
		return nil, err
	}
	head, err := v.pages.render("reportHead", nil)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	err = r.WriteFramed(&out, report.Frame{Head: template.HTML(head), Top: frameMark}) //nolint:gosec // ours
	return out.Bytes(), err
}

// markOf is another one when any of the runs has gone on.
func markOf(runs []*run) string {
	var b strings.Builder
	for _, r := range runs {
		b.WriteString(r.mark())
	}
	return b.String()
}

func (k *reports) get(key string) *built {
	k.mu.Lock()
	defer k.mu.Unlock()
	at := slices.IndexFunc(k.kept, func(b *built) bool { return b.key == key })
	if at < 0 {
		return nil
	}
	b := k.kept[at]
	k.kept = slices.Insert(slices.Delete(k.kept, at, at+1), 0, b)
	return b
}

func (k *reports) put(b *built) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.kept = slices.DeleteFunc(k.kept, func(o *built) bool { return o.key == b.key })
	k.kept = slices.Insert(k.kept, 0, b)
	if len(k.kept) > maxReports {
		k.kept = k.kept[:maxReports]
	}
}
