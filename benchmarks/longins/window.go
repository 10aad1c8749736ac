package longins

import (
	"context"
	"errors"
	"iter"

	"github.com/lcbench/lcbench/datasets"
)

// window reads a file's rows one by one and can look ahead.
type window struct {
	pull  func() (row, error, bool)
	stop  func()
	queue []entry // read ahead, not yet given out
	ended bool
	last  []row // given out last, for those at the file's end
}

type entry struct {
	row row
	err error
}

func newWindow(ctx context.Context, src datasets.Source, f file) *window {
	w := &window{}
	w.pull, w.stop = iter.Pull2(rows(ctx, src, f.name))
	return w
}

func (w *window) close() { w.stop() }

// next gives the next row of the file, or its error; false at the file's end.
func (w *window) next() (entry, bool) {
	if len(w.queue) == 0 && !w.read() {
		return entry{}, false
	}
	e := w.queue[0]
	w.queue = w.queue[1:]
	if e.err == nil && len(e.row.items) > 0 {
		w.last = append(w.last[max(0, len(w.last)-mixed):], e.row)
	}
	return e, true
}

func (w *window) read() bool {
	if w.ended {
		return false
	}
	r, err, ok := w.pull()
	if !ok {
		w.ended = true
		return false
	}
	w.queue = append(w.queue, entry{r, err})
	return true
}

// ahead returns the rows with items behind the current one: at least so many,
// with at least so many bytes, as far as the file has them; at its end also some
// of those before.
func (w *window) ahead(least, bytes int) []row {
	var out []row
	for i := 0; len(out) < least || bytes > 0; i++ {
		if i == len(w.queue) && !w.read() {
			break
		}
		e := w.queue[i]
		if e.err != nil || len(e.row.items) == 0 {
			continue
		}
		out = append(out, e.row)
		bytes -= len(e.row.data)
	}
	for i := len(w.last) - 2; i >= 0 && len(out) < least; i-- {
		out = append(out, w.last[i])
	}
	return out
}

// rows streams a file's rows; a name that stands twice is an error of its row.
func rows(ctx context.Context, src datasets.Source, name string) iter.Seq2[row, error] {
	return func(yield func(row, error) bool) {
		seen := map[string]bool{}
		for e, err := range datasets.JSONEntries(ctx, src, name) {
			var r row
			if err == nil {
				r, err = decodeRow(e.Key, e.Text)
				if err == nil && seen[e.Key] {
					err = errors.New("a task of that name stands above; keep one")
				}
				seen[e.Key] = true
				if err != nil {
					r, err = row{}, datasets.NewRowError(name, e.Number, err)
				}
			}
			if !yield(r, err) {
				return
			}
		}
	}
}
