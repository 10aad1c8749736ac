package view

import (
	"cmp"
	"fmt"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// listPage is the list of runs.
type listPage struct {
	Folder  string
	Columns []column
	Runs    []info
	Status  string
	Poll    string
}

// column is a heading that sorts.
type column struct {
	Name, Title string
	// Link sorts by it, the other way around where that is so already: Sorted is
	// then ascending or descending.
	Link, Sorted string
}

// order compares runs by a column.
type order struct {
	name, title string
	down        bool // largest first, unless asked otherwise
	compare     func(a, b *info) int
}

func orders() []order {
	text := func(of func(*info) string) func(a, b *info) int {
		return func(a, b *info) int { return cmp.Compare(of(a), of(b)) }
	}
	return []order{
		{"name", "Run", false, text(func(i *info) string { return i.Name })},
		{"model", "Model", false, text(func(i *info) string { return i.Model + "\x00" + i.Attention })},
		{"state", "State", false, text(func(i *info) string { return string(i.State) })},
		{"done", "Samples", true, func(a, b *info) int { return cmp.Compare(a.Done, b.Done) }},
		{"score", "Score", true, func(a, b *info) int { return cmp.Compare(a.score(), b.score()) }},
		{"lost", "Lost", true, func(a, b *info) int { return cmp.Compare(a.Lost, b.Lost) }},
		{"cost", "Cost", true, func(a, b *info) int { return cmp.Compare(a.cost(), b.cost()) }},
		{"started", "Started", true, func(a, b *info) int { return a.Started.Compare(b.Started) }},
	}
}

// score is the first board's, under all others where there is none.
func (i *info) score() float64 {
	if len(i.Scores) == 0 || i.Scores[0].Score == nil {
		return math.Inf(-1)
	}
	return *i.Scores[0].Score
}

func (i *info) cost() float64 {
	if i.Cost == nil {
		return -1
	}
	return i.Cost.Amount
}

// index is the page of all runs.
func (v *Viewer) index(r *http.Request) (response, error) {
	return v.show("list", v.list(r.URL.Query()))
}

// liveRuns is what changes in it.
func (v *Viewer) liveRuns(r *http.Request) (response, error) {
	return v.show("runs", v.list(r.URL.Query()))
}

func (v *Viewer) list(q url.Values) listPage {
	p := listPage{Folder: v.root}
	states := map[state]int{}
	for _, r := range v.all() {
		i := r.look()
		states[i.State]++
		p.Runs = append(p.Runs, i)
	}
	by, up := q.Get("sort"), q.Get("dir") == "up"
	all := orders()
	at := slices.IndexFunc(all, func(o order) bool { return o.name == by })
	if at < 0 {
		at = len(all) - 1 // started last, first
		up = false
	}
	for i, o := range all {
		c := column{Name: o.name, Title: o.title}
		toUp := !o.down
		if i == at {
			toUp, c.Sorted = !up, map[bool]string{true: "ascending", false: "descending"}[up]
		}
		c.Link = "/?" + sorting(o.name, toUp).Encode()
		p.Columns = append(p.Columns, c)
	}
	slices.SortStableFunc(p.Runs, func(a, b info) int {
		if up {
			return all[at].compare(&a, &b)
		}
		return all[at].compare(&b, &a)
	})
	p.Poll = "/live/runs?" + sorting(all[at].name, up).Encode()
	p.Status = status(len(p.Runs), states)
	return p
}

func sorting(name string, up bool) url.Values {
	return url.Values{"sort": {name}, "dir": {map[bool]string{true: "up", false: "down"}[up]}}
}

// status says how many runs there are in which state.
func status(n int, states map[state]int) string {
	if n == 0 {
		return "No run yet."
	}
	var parts []string
	for _, s := range []state{running, finished, stopped, interrupted, unreadable} {
		if states[s] > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", states[s], s))
		}
	}
	return plural(n, "run") + ": " + strings.Join(parts, ", ") + "."
}
