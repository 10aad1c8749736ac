package view

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/lcbench/lcbench/results"
)

// run is a run folder, with what is known of it.
type run struct {
	name, dir string
	indexed   *indexes

	mu sync.Mutex
	// manifest and summary are as of their stamps; summary is nil without one.
	manifestStamp, summaryStamp stamp
	manifest                    results.Manifest
	summary                     *results.Summary
	trouble                     string // why the manifest or the summary can't be read
	// held says that a process works in the folder, as asked at a manifest's
	// stamp: nobody else writes one.
	held      bool
	heldStamp stamp
	rows      *rowIndex
}

// stamp tells whether a file has changed.
type stamp struct {
	size     int64
	modified time.Time
}

func stampOf(path string) stamp {
	info, err := os.Stat(path)
	if err != nil {
		return stamp{}
	}
	return stamp{info.Size(), info.ModTime()}
}

func (s stamp) none() bool { return s == stamp{} }

// state is how a run stands.
type state string

const (
	running     state = "running"
	finished    state = "finished"
	stopped     state = "stopped"     // before its end; the same command goes on
	interrupted state = "interrupted" // killed: its manifest says running, and nobody works on it
	unreadable  state = "unreadable"
)

// info is what the list shows of a run.
type info struct {
	Name, Benchmark, Model, Attention string
	State                             state
	Trouble                           string
	// Done of Total samples have a row; Total 0: unknown.
	Done, Total int
	// Scores are in percent, one a board; SoFar: a plain mean of the rows there are.
	Scores  []boardScore
	SoFar   bool
	Lost    int
	Cost    *results.Cost
	Started time.Time
}

type boardScore struct {
	Board            string
	Score, Low, High *float64
}

// look reads again what has changed in the folder.
func (r *run) look() info {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.read()
	m := r.manifest
	out := info{
		Name: r.name, Benchmark: m.Title, Model: m.Model.Spec, Attention: r.attention(), State: r.state(), Trouble: r.trouble,
		Total: m.Total, Cost: m.Cost, Started: m.Started,
	}
	if out.Benchmark == "" {
		out.Benchmark = m.Benchmark
	}
	if r.summary != nil && (out.State == finished || out.State == stopped) {
		out.fromSummary(r.summary)
		return out
	}
	if out.State == unreadable {
		return out
	}
	if err := r.refresh(false); err != nil {
		out.Trouble = err.Error()
	}
	out.fromRows(r.rows)
	return out
}

// read takes manifest and summary in, where they have changed.
func (r *run) read() {
	manifest, summary := filepath.Join(r.dir, "manifest.json"), filepath.Join(r.dir, "summary.json")
	m, s := stampOf(manifest), stampOf(summary)
	if m == r.manifestStamp && s == r.summaryStamp && !m.none() {
		return
	}
	r.trouble, r.summary = "", nil
	var err error
	if r.manifest, err = results.ReadManifest(r.dir); err != nil {
		r.trouble = err.Error()
		r.manifestStamp = stamp{} // look again: it may just be gone, or coming
		return
	}
	r.manifestStamp, r.summaryStamp = m, s
	if s.none() {
		return
	}
	read, err := results.ReadSummary(r.dir)
	if err != nil {
		r.trouble = err.Error()
		return
	}
	// What the list doesn't show needn't be kept.
	r.summary = &results.Summary{Samples: read.Samples, Boards: read.Boards, Cost: read.Cost}
	for i := range r.summary.Boards {
		b := &r.summary.Boards[i]
		*b = results.BoardScore{Board: b.Board, Average: b.Average}
	}
}

func (r *run) state() state {
	switch {
	case r.manifestStamp.none():
		return unreadable
	case r.manifest.State == results.Complete:
		return finished
	case r.manifest.State == results.Partial:
		return stopped
	case r.inUse():
		return running
	}
	return interrupted
}

// inUse asks for the folder's lock. That it is free is asked once for each
// manifest: who takes it writes a new one, and must not find us holding it.
func (r *run) inUse() bool {
	if r.heldStamp == r.manifestStamp && !r.held {
		return false
	}
	held, err := results.InUse(r.dir)
	if err != nil { // a file system without locks, or somebody else's folder
		return time.Since(r.lastWritten()) < time.Minute
	}
	r.held, r.heldStamp = held, r.manifestStamp
	return held
}

// lastWritten is when the run last wrote something.
func (r *run) lastWritten() time.Time {
	last := r.manifestStamp.modified
	for _, name := range []string{filepath.Join(r.dir, "journal.jsonl"), results.UnsortedRowsFile(r.dir)} {
		if s := stampOf(name); s.modified.After(last) {
			last = s.modified
		}
	}
	return last
}

func (r *run) attention() string {
	if a := r.manifest.Model.Details["attention"]; a != "" {
		return a
	}
	for _, s := range r.manifest.Config {
		if s.Name == "attention" {
			return s.Value
		}
	}
	return ""
}

func (i *info) fromSummary(s *results.Summary) {
	i.Done, i.Lost = s.Samples.Rows+s.Samples.ForJudges, s.Samples.Lost+s.Samples.ForJudgesLost
	switch {
	case s.Samples.Total != nil:
		i.Total = *s.Samples.Total
	case i.State == finished:
		i.Total = i.Done
	}
	if s.Cost != nil {
		i.Cost = s.Cost
	}
	for _, b := range s.Boards {
		i.Scores = append(i.Scores, boardScore{b.Board, b.Average.Score, b.Average.Low, b.Average.High})
	}
}

func (i *info) fromRows(x *rowIndex) {
	if x == nil {
		return
	}
	i.Done, i.Lost, i.SoFar = x.rows, x.lost, true
	if x.scored > 0 {
		mean := 100 * x.sum / float64(x.scored)
		i.Scores = []boardScore{{Score: &mean}}
	}
}

// rowsPath is the file that the run's rows are in. Rows as they came may lie
// beside those of an earlier start: the larger file tells more.
func (r *run) rowsPath() string {
	path, unsorted := results.RowsFile(r.dir)
	if path == "" || unsorted {
		return path
	}
	if came := results.UnsortedRowsFile(r.dir); stampOf(came).size > stampOf(path).size {
		return came
	}
	return path
}

// refresh takes new rows in. The entries of each are there if they are needed.
func (r *run) refresh(needed bool) error {
	path := r.rowsPath()
	if path == "" {
		r.rows = nil
		return nil
	}
	if r.rows == nil {
		r.rows = &rowIndex{}
	}
	err := r.rows.refresh(path, needed)
	r.indexed.used(r, len(r.rows.entries))
	return err
}

// withRows calls use with the run's rows, brought up to date; they are nil where
// there are none. Nobody else changes them meanwhile.
func (r *run) withRows(use func(*rowIndex) error) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := r.refresh(true); err != nil {
		return &problem{http.StatusNotFound, "its rows can't be read: " + err.Error()}
	}
	return use(r.rows)
}

// mark is another one when anything that a report is made of has changed.
func (r *run) mark() string {
	var b strings.Builder
	rows, _ := results.RowsFile(r.dir)
	for _, path := range []string{filepath.Join(r.dir, "manifest.json"), filepath.Join(r.dir, "summary.json"), rows} {
		s := stampOf(path)
		_, _ = fmt.Fprintf(&b, "%s %d %d\n", path, s.size, s.modified.UnixNano())
	}
	return b.String()
}
