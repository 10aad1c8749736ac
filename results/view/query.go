package view

import (
	"bytes"
	"cmp"
	"fmt"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"github.com/lcbench/lcbench/runners"
)

// query chooses and sorts rows. The zero value takes all in file order.
type query struct {
	Task, Status, Text string // Text stands in the id
	// From and To are percent, as written; rows without a score have none of them.
	From, To string
	Sort     string // "", low or high: file order, worst or best score first
	Page     int    // from 1
	from, to float64
}

// perPage is how many rows a page has.
const perPage = 50

func readQuery(v url.Values) (query, error) {
	q := query{Task: v.Get("task"), Status: v.Get("status"), Text: v.Get("text"), From: v.Get("from"), To: v.Get("to"), Sort: v.Get("sort"), Page: 1}
	var err error
	if q.from, err = readScore("score from", q.From, math.Inf(-1)); err != nil {
		return q, err
	}
	if q.to, err = readScore("score to", q.To, math.Inf(1)); err != nil {
		return q, err
	}
	if q.Sort != "" && q.Sort != "low" && q.Sort != "high" {
		return q, &problem{http.StatusBadRequest, fmt.Sprintf("sort %q: want low, high or nothing", q.Sort)}
	}
	if p := v.Get("page"); p != "" {
		if q.Page, err = strconv.Atoi(p); err != nil || q.Page < 1 {
			return q, &problem{http.StatusBadRequest, fmt.Sprintf("page %q: want a number from 1", p)}
		}
	}
	return q, nil
}

func readScore(name, text string, absent float64) (float64, error) {
	if text == "" {
		return absent, nil
	}
	v, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsNaN(v) {
		return 0, &problem{http.StatusBadRequest, fmt.Sprintf("%s %q: want percent, as in 50", name, text)}
	}
	return v / 100, nil
}

// values is the query as a form would send it, a page of it.
func (q query) values(run string, page int) url.Values {
	v := url.Values{"run": {run}}
	for _, f := range []struct{ name, value string }{{"task", q.Task}, {"status", q.Status}, {"text", q.Text}, {"from", q.From}, {"to", q.To}, {"sort", q.Sort}} {
		if f.value != "" {
			v.Set(f.name, f.value)
		}
	}
	if page > 1 {
		v.Set("page", strconv.Itoa(page))
	}
	return v
}

// Everything says that no row is left out.
func (q query) Everything() bool {
	return q.Task == "" && q.Status == "" && q.Text == "" && q.From == "" && q.To == ""
}

// choose returns the places of the entries that are wanted, in their order.
// Status "lost" is any of those that have no answer.
func (x *rowIndex) choose(q query) []int32 {
	task, statuses, lower := slices.Index(x.tasks, q.Task), runners.Statuses(), bytes.ToLower([]byte(q.Text))
	status := slices.Index(statuses, runners.Status(q.Status))
	var out []int32
	for n := range x.entries {
		e := &x.entries[n]
		switch {
		case q.Task != "" && int(e.task) != task:
		case q.Status == "lost" && (int(e.status) == len(statuses) || !statuses[e.status].Lost()):
		case q.Status != "" && q.Status != "lost" && int(e.status) != status:
		case (q.From != "" || q.To != "") && !q.inRange(e.score):
		case q.Text != "" && !bytes.Contains(bytes.ToLower([]byte(x.id(n))), lower):
		default:
			out = append(out, int32(n))
		}
	}
	x.sort(out, q.Sort)
	return out
}

// inRange compares as scores are shown, with one decimal; a NaN is in no range.
func (q query) inRange(score float32) bool {
	v := math.Round(1000*float64(score)) / 1000
	return v >= q.from-1e-9 && v <= q.to+1e-9
}

// sort orders places by score, those without one last, else as in the file.
func (x *rowIndex) sort(places []int32, by string) {
	slices.SortFunc(places, func(a, b int32) int {
		ea, eb := &x.entries[a], &x.entries[b]
		byScore := 0
		if by != "" {
			none := func(e *entry) int {
				if math.IsNaN(float64(e.score)) {
					return 1
				}
				return 0
			}
			byScore = cmp.Or(cmp.Compare(none(ea), none(eb)), cmp.Compare(ea.score, eb.score))
			if by == "high" && none(ea) == none(eb) {
				byScore = -byScore
			}
		}
		return cmp.Or(byScore, cmp.Compare(ea.index, eb.index), cmp.Compare(a, b))
	})
}
