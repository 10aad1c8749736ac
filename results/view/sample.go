package view

import (
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"github.com/lcbench/lcbench/results"
)

// samplePage is one sample.
type samplePage struct {
	results.Row
	Run            info
	Score          *float64 // percent
	Context        []piece
	ContextNote    string
	Facts          []fact
	Previous, Next string // links, in the order of the list that it was chosen from
	List           string
	// Back leads from a page of the context alone to the sample.
	Back string
}

// sample is one sample with what was asked, answered and wanted.
func (v *Viewer) sample(r *http.Request) (response, error) {
	p, err := v.readSample(r, func(context string, row results.Row) ([]piece, error) {
		return excerpt(context, row.EvidenceSpans), nil
	})
	if err != nil {
		return response{}, err
	}
	p.Facts, p.Back = facts(p.Row), ""
	return v.show("sample", p)
}

// context is a part of a sample's context on a page of its own.
func (v *Viewer) context(r *http.Request) (response, error) {
	return v.partOfContext(r, wholePage, "context")
}

// liveContext is a part of a context, to be put where it was left out.
func (v *Viewer) liveContext(r *http.Request) (response, error) {
	return v.partOfContext(r, more, "piecesLive")
}

func (v *Viewer) partOfContext(r *http.Request, most int, page string) (response, error) {
	p, err := v.readSample(r, func(context string, row results.Row) ([]piece, error) {
		from, ferr := strconv.Atoi(r.URL.Query().Get("start"))
		to, terr := strconv.Atoi(r.URL.Query().Get("end"))
		if ferr != nil || terr != nil || from < 0 || to < from || to > len(context) {
			return nil, &problem{http.StatusBadRequest, fmt.Sprintf("want start and end, bytes of a context of %d", len(context))}
		}
		return window(context, row.EvidenceSpans, from, to, most), nil
	})
	if err != nil {
		return response{}, err
	}
	return v.show(page, p)
}

// readSample reads the row that a request names, and what cut takes of its
// context.
func (v *Viewer) readSample(r *http.Request, cut func(string, results.Row) ([]piece, error)) (samplePage, error) {
	one, err := v.one(r)
	if err != nil {
		return samplePage{}, err
	}
	q, err := readQuery(r.URL.Query())
	if err != nil {
		return samplePage{}, err
	}
	id := r.URL.Query().Get("id")
	p := samplePage{Run: one.look(), List: "/samples?" + q.values(one.name, 1).Encode(), Back: sampleLink(q, one.name, id)}
	if err := one.withRows(func(x *rowIndex) error { return p.find(x, q, one.name, id) }); err != nil {
		return p, err
	}
	p.Score = inPercent(p.Row.Score)
	v.contexts.Lock()
	defer v.contexts.Unlock()
	return p, p.readContext(one, cut)
}

// find reads the row, and what stands before and behind it in the list.
func (p *samplePage) find(x *rowIndex, q query, name, id string) error {
	at := -1
	if x != nil {
		at = x.lookup(id)
	}
	if at < 0 {
		return &problem{http.StatusNotFound, fmt.Sprintf("there is no sample %q in this run (yet)", id)}
	}
	list := x.choose(q)
	if n := slices.Index(list, int32(at)); n >= 0 {
		p.List = "/samples?" + q.values(name, n/perPage+1).Encode()
		if n > 0 {
			p.Previous = sampleLink(q, name, x.id(int(list[n-1])))
		}
		if n+1 < len(list) {
			p.Next = sampleLink(q, name, x.id(int(list[n+1])))
		}
	}
	return problemOf(x.read([]int{at}, func(row results.Row) { p.Row = row }))
}

// readContext takes what is wanted of the context, or says why it isn't there.
func (p *samplePage) readContext(one *run, cut func(string, results.Row) ([]piece, error)) error {
	if p.ContextSHA256 == "" {
		p.ContextNote = "This sample has no context of its own in the folder."
		return nil
	}
	contexts, err := results.ReadContexts(one.dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		p.ContextNote = "Contexts weren't kept in this folder."
		return nil
	case err != nil:
		p.ContextNote = "The context can't be read: " + err.Error()
		return nil
	}
	defer func() { _ = contexts.CloseReading() }() // nothing was written
	text, err := contexts.Get(p.ContextSHA256)
	if err != nil {
		p.ContextNote = "The context can't be read: " + err.Error()
		return nil
	}
	if p.Context, err = cut(text, p.Row); err != nil {
		return err
	}
	for i := range p.Context {
		if c := &p.Context[i]; c.Gap > 0 {
			c.More = "?" + url.Values{"run": {one.name}, "id": {p.ID}, "start": {strconv.Itoa(c.From)}, "end": {strconv.Itoa(c.To)}}.Encode()
		}
	}
	return nil
}
