package results

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/gofrs/flock"
)

// LockedError says that another process is working in a run folder.
type LockedError struct{ Dir string }

func (e *LockedError) Error() string {
	return fmt.Sprintf("results: %s is in use by another lcbench: wait for it or give another folder", e.Dir)
}

// NotRunError says that a folder holds something else than a run.
type NotRunError struct {
	Dir string
	// Entry is one of the things in it.
	Entry string
}

func (e *NotRunError) Error() string {
	return fmt.Sprintf("results: %s holds %q and no %s: give a new or empty folder", e.Dir, e.Entry, manifestFile)
}

// Run is an open run folder. It is locked against other processes until it is
// closed.
type Run struct {
	dir      string
	lock     *flock.Flock
	journal  *Journal
	contexts *Contexts
	verdicts *Journal // nil until a judge is asked
	resumed  bool
	ended    bool // opened by Reopen: the run's own time is over
	began    time.Time
	// seconds is what earlier starts took.
	seconds float64

	mu       sync.Mutex
	manifest Manifest
	rows     *Writer
	closed   bool
}

// Open creates a run folder, or resumes the run in it if its configuration is
// the same: a *ConfigError lists the settings of m.Config, marked Identity, in
// which it isn't. A folder with other things in it is refused (*NotRunError),
// as is one that another process works in (*LockedError). Format, Identity,
// Started, Starts, State, Seconds and the Go version are filled in.
func Open(dir string, m Manifest) (_ *Run, err error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("results: %w", err)
	}
	if err := refuseForeign(dir); err != nil {
		return nil, err
	}
	r := &Run{dir: dir, lock: flock.New(filepath.Join(dir, lockFile)), began: time.Now()}
	held, err := r.lock.TryLock()
	if err != nil {
		return nil, fmt.Errorf("results: lock %s: %w", dir, err)
	}
	if !held {
		return nil, &LockedError{dir}
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, r.Close())
		}
	}()
	if err := r.start(m); err != nil {
		return nil, err
	}
	if r.journal, err = OpenJournal(filepath.Join(dir, journalFile)); err != nil {
		return nil, err
	}
	if r.contexts, err = OpenContexts(dir); err != nil {
		return nil, err
	}
	return r, nil
}

// start compares the manifest with the one that is there and writes it.
func (r *Run) start(m Manifest) error {
	m = m.clean()
	was, err := ReadManifest(r.dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		m.Started = r.began.UTC()
		m.Starts = 0
	case err != nil:
		return err
	default:
		if diff := Differences(was, m); len(diff) > 0 {
			return &ConfigError{r.dir, diff}
		}
		r.resumed = true
		r.seconds = was.Seconds
		m.Started, m.Starts = was.Started, was.Starts
		m.Data = mergeOrigins(was.Data, m.Data)
		m.Usage, m.Cost, m.Judges = was.Usage, was.Cost, was.Judges
		m.Model.Served = orElse(m.Model.Served, was.Model.Served)
		m.Model.Outcome, m.Total = was.Model.Outcome, was.Total
	}
	m.Starts++
	m.State = Running
	m.Finished = time.Time{}
	m.Seconds = r.seconds
	m.Go = runtime.Version()
	r.manifest = m
	if err := writeJSON(filepath.Join(r.dir, manifestFile), m); err != nil {
		return err
	}
	return syncFolder(filepath.Dir(r.dir))
}

func orElse(a, b string) string {
	if a == "" {
		return b
	}
	return a
}

// mergeOrigins keeps the files that an earlier start read: a resumed run may
// not need to open them again.
func mergeOrigins(was, now []Origin) []Origin {
	out := slices.Clone(now)
	for _, o := range was {
		at := slices.IndexFunc(out, func(n Origin) bool { return n.Kind == o.Kind && n.Place == o.Place })
		if at < 0 {
			out = append(out, o)
			continue
		}
		files := slices.Clone(out[at].Files)
		for _, f := range o.Files {
			if !slices.ContainsFunc(files, func(g FileHash) bool { return g.Name == f.Name }) {
				files = append(files, f)
			}
		}
		slices.SortFunc(files, func(a, b FileHash) int { return strings.Compare(a.Name, b.Name) })
		out[at].Files = files
	}
	return out
}

// refuseForeign looks for things that are neither a run nor the beginnings of
// one (a start that was killed before its manifest was written).
func refuseForeign(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return fmt.Errorf("results: %w", err)
	}
	foreign := ""
	for _, e := range entries {
		switch e.Name() {
		case manifestFile:
			return nil
		case lockFile, manifestFile + temporary:
		default:
			foreign = e.Name()
		}
	}
	if foreign != "" {
		return &NotRunError{dir, foreign}
	}
	return nil
}

// Dir is the run's folder.
func (r *Run) Dir() string { return r.dir }

// Resumed says that the folder held this run already.
func (r *Run) Resumed() bool { return r.resumed }

// Journal is the run's journal.
func (r *Run) Journal() *Journal { return r.journal }

// Contexts are the run's stored contexts.
func (r *Run) Contexts() *Contexts { return r.contexts }

// Warnings are what was wrong with the folder's files when it was opened.
func (r *Run) Warnings() []Warning {
	return slices.Concat(r.journal.Warnings(), r.contexts.Warnings())
}

// Manifest returns the manifest as it stands.
func (r *Run) Manifest() Manifest {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.manifest
}

// Update changes the manifest and writes it. Data files and prompts that were
// recorded before with other bytes make it a *ConfigError: the answers that
// are there belong to the old ones.
func (r *Run) Update(change func(*Manifest)) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	m := r.manifest
	change(&m)
	m = m.clean()
	if diff := dataDifferences(r.manifest, m); len(diff) > 0 {
		return &ConfigError{r.dir, diff}
	}
	m.Data = mergeOrigins(r.manifest.Data, m.Data)
	m.Seconds = r.seconds
	if !r.ended {
		m.Seconds += time.Since(r.began).Seconds()
	}
	r.manifest = m
	return writeJSON(filepath.Join(r.dir, manifestFile), m)
}

// Rows starts the run's rows anew: samples.jsonl and samples.parquet are
// replaced when the writer is finished.
func (r *Run) Rows() (*Writer, error) {
	w, err := NewWriter(r.dir, r.contexts)
	if err != nil {
		return nil, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.rows = w
	return w, nil
}

// WriteSummary replaces summary.json.
func (r *Run) WriteSummary(s Summary) error { return WriteSummary(r.dir, s) }

// WriteSummary replaces a folder's summary.json; the folder is made if it isn't
// there.
func WriteSummary(dir string, s Summary) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("results: %w", err)
	}
	return writeJSON(filepath.Join(dir, summaryFile), s)
}

// ReadSummary reads a run folder's summary.json.
func ReadSummary(dir string) (Summary, error) {
	var s Summary
	path := filepath.Join(dir, summaryFile)
	data, err := os.ReadFile(path)
	if err != nil {
		return s, fmt.Errorf("results: %w", err)
	}
	if err := json.Unmarshal(data, &s); err != nil {
		return s, fmt.Errorf("results: %s: %w", path, err)
	}
	return s, nil
}

// Finish notes in the manifest how the run ended, with the tokens that the
// journal says were paid for.
func (r *Run) Finish(state State) error {
	return r.Update(func(m *Manifest) {
		m.State = state
		m.Finished = time.Now().UTC()
		m.Usage = r.journal.Spent()
	})
}

// Close closes the folder's files and gives up the lock. A run that wasn't
// finished stays "running" in its manifest, like one that was killed.
func (r *Run) Close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return nil
	}
	r.closed = true
	var errs []error
	if r.rows != nil {
		errs = append(errs, r.rows.Close())
	}
	if r.journal != nil {
		errs = append(errs, r.journal.Close())
	}
	if r.contexts != nil {
		errs = append(errs, r.contexts.Close())
	}
	if r.verdicts != nil {
		errs = append(errs, r.verdicts.Close())
	}
	return errors.Join(append(errs, r.lock.Unlock())...)
}
