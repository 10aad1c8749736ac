package view

import (
	"sync"
	"time"
)

// indexes has the entries of runs forgotten that weren't looked at for longest,
// once there are very many.
type indexes struct {
	mu   sync.Mutex
	last map[*run]use
}

type use struct {
	at   time.Time
	rows int
}

// maxIndexed bounds the entries kept, of all runs together: about 120 MB.
const maxIndexed = 2_000_000

// used notes that a run, whose lock the caller has, keeps so many entries.
func (x *indexes) used(r *run, rows int) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.last == nil {
		x.last = map[*run]use{}
	}
	x.last[r] = use{time.Now(), rows}
	total := 0
	for _, u := range x.last {
		total += u.rows
	}
	for total > maxIndexed {
		oldest := x.oldest(r)
		if oldest == nil || !oldest.mu.TryLock() { // it is being looked at
			return
		}
		total -= x.last[oldest].rows
		if oldest.rows != nil {
			oldest.rows.forget()
		}
		oldest.mu.Unlock()
		delete(x.last, oldest)
	}
}

// oldest is the run with entries that wasn't used for longest, r aside.
func (x *indexes) oldest(r *run) *run {
	var oldest *run
	for other, u := range x.last {
		if other != r && u.rows > 0 && (oldest == nil || u.at.Before(x.last[oldest].at)) {
			oldest = other
		}
	}
	return oldest
}

// drop forgets a run that is gone.
func (x *indexes) drop(r *run) {
	x.mu.Lock()
	defer x.mu.Unlock()
	delete(x.last, r)
}
