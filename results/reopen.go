package results

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"

	"github.com/gofrs/flock"
)

// Reopen opens the folder of a run that has ended, to add to what is said of
// its answers; it is locked as by Open. Neither answers nor contexts can be
// added. A folder that holds no run, or one that was killed, is an error.
func Reopen(dir string) (_ *Run, err error) {
	m, err := ReadManifest(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("results: %s holds no run: there is no %s in it", dir, manifestFile)
	case err != nil:
		return nil, err
	}
	r := &Run{dir: dir, lock: flock.New(filepath.Join(dir, lockFile)), resumed: true, ended: true, manifest: m, seconds: m.Seconds}
	held, err := r.lock.TryLock()
	if err != nil {
		return nil, fmt.Errorf("results: lock %s: %w", dir, err)
	}
	if !held {
		return nil, &LockedError{dir}
	}
	if m.State == Running {
		return nil, errors.Join(fmt.Errorf("results: the run in %s did not end: give its own command again first", dir), r.Close())
	}
	return r, nil
}

// Verdicts is the journal of what judges said of the run's answers, judge.jsonl.
func (r *Run) Verdicts() (*Journal, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.verdicts != nil {
		return r.verdicts, nil
	}
	var err error
	r.verdicts, err = OpenJournal(filepath.Join(r.dir, judgeFile))
	return r.verdicts, err
}

// RowsPath is where the run's rows are once they are finished.
func (r *Run) RowsPath() string { return filepath.Join(r.dir, samplesFile) }
