package view

import (
	"errors"
	"io/fs"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"github.com/lcbench/lcbench/results"
	"github.com/lcbench/lcbench/runners"
)

// samplesPage is a page of a run's samples.
type samplesPage struct {
	Run      info
	Query    query
	Tasks    []string
	Statuses []runners.Status
	Rows     []sampleRow
	// From to To, from 1, of Chosen of All are shown.
	From, To, Chosen, All int
	Broken                int
	Previous, Next        string // links
	Every                 string // the link that leaves no row out
	Report, Poll          string
}

// sampleRow is a line of the page.
type sampleRow struct {
	results.Row
	Link  string
	Score *float64 // percent
}

// one returns the run that a request names.
func (v *Viewer) one(r *http.Request) (*run, error) {
	name := r.URL.Query().Get("run")
	if one := v.find(name); one != nil {
		return one, nil
	}
	return nil, noRun(name)
}

// samples is a page of samples, chosen and sorted.
func (v *Viewer) samples(r *http.Request) (response, error) {
	one, err := v.one(r)
	if err != nil {
		return response{}, err
	}
	q, err := readQuery(r.URL.Query())
	if err != nil {
		return response{}, err
	}
	p := samplesPage{Run: one.look(), Query: q, Statuses: runners.Statuses()}
	err = one.withRows(func(x *rowIndex) error {
		if x == nil {
			return nil
		}
		return p.fill(x, one.name)
	})
	if err != nil {
		return response{}, err
	}
	p.Report, p.Every = "/report?"+url.Values{"run": {one.name}}.Encode(), "/samples?"+url.Values{"run": {one.name}}.Encode()
	p.Poll = "/live/samples?" + url.Values{"run": {one.name}, "rows": {strconv.Itoa(p.All)}}.Encode()
	return v.show("samples", p)
}

// fill reads the rows of the page.
func (p *samplesPage) fill(x *rowIndex, name string) error {
	chosen := x.choose(p.Query)
	p.Chosen, p.All, p.Broken = len(chosen), len(x.entries), x.broken
	p.Tasks = slices.Clone(x.tasks)
	slices.Sort(p.Tasks)
	q := p.Query
	q.Page = min(q.Page, max(1, (len(chosen)+perPage-1)/perPage))
	from := (q.Page - 1) * perPage
	to := min(from+perPage, len(chosen))
	if q.Page > 1 {
		p.Previous = "/samples?" + q.values(name, q.Page-1).Encode()
	}
	if to < len(chosen) {
		p.Next = "/samples?" + q.values(name, q.Page+1).Encode()
	}
	p.Query, p.From, p.To = q, min(from+1, to), to
	var places []int
	for _, n := range chosen[from:to] {
		places = append(places, int(n))
	}
	return problemOf(x.read(places, func(row results.Row) {
		p.Rows = append(p.Rows, sampleRow{row, sampleLink(q, name, row.ID), inPercent(row.Score)})
	}))
}

func sampleLink(q query, name, id string) string {
	v := q.values(name, 1)
	v.Set("id", id)
	return "/sample?" + v.Encode()
}

func inPercent(score *float64) *float64 {
	if score == nil {
		return nil
	}
	p := 100 * *score
	return &p
}

// problemOf tells what kept rows from being read.
func problemOf(err error) error {
	var unreadable *fs.PathError
	switch {
	case err == nil:
		return nil
	case errors.Is(err, errMoved), errors.As(err, &unreadable):
		return &problem{http.StatusConflict, err.Error()}
	}
	return err
}

// liveSamples is how many rows have come since a page was made.
func (v *Viewer) liveSamples(r *http.Request) (response, error) {
	one, err := v.one(r)
	if err != nil {
		return response{}, err
	}
	had, _ := strconv.Atoi(r.URL.Query().Get("rows")) // 0: all of them came since
	p := samplesPage{Run: one.look()}
	p.All = had
	return v.show("samplesLive", p)
}

// More is how many rows have come since the page was made.
func (p samplesPage) More() int { return max(0, p.Run.Done-p.All) }
