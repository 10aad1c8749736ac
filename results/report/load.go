package report

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/lcbench/lcbench/results"
)

// NotRunError says that a place isn't a run's folder.
type NotRunError struct{ Place, Why string }

func (e *NotRunError) Error() string {
	return fmt.Sprintf("report: %s is not a run: %s; give a folder that lcbench run made", e.Place, e.Why)
}

// RepeatedError says that a run was named twice.
type RepeatedError struct{ Dir string }

func (e *RepeatedError) Error() string {
	return fmt.Sprintf("report: %s is named twice: name every run once", e.Dir)
}

// loaded is a run folder, texts left on disk.
type loaded struct {
	dir      string
	manifest results.Manifest
	summary  results.Summary
	// summarised says that summary is the folder's own.
	summarised bool
	rowsPath   string
	samples    []sample // in file order
	// judged are samples that a judge alone scores: no figure is of them.
	judged   []sample
	warnings []string
}

// load reads a run folder as far as the run got.
func load(dir string) (*loaded, error) {
	l := &loaded{dir: dir}
	info, err := os.Stat(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, &NotRunError{dir, "there is no such folder"}
	case err != nil:
		return nil, fmt.Errorf("report: %w", err)
	case !info.IsDir():
		return nil, &NotRunError{dir, "it is a file"}
	}
	l.manifest, err = results.ReadManifest(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, &NotRunError{dir, "there is no manifest.json in it"}
	case err != nil:
		return nil, fmt.Errorf("%w: run it again, or give another folder", err)
	}
	l.summary, err = results.ReadSummary(dir)
	switch {
	case err == nil:
		l.summarised = true
	case !errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("%w: remove that file, and the rows are averaged instead", err)
	}
	return l, l.readRows()
}

// maxNamedLines bounds the broken lines that are named one by one.
const maxNamedLines = 5

// readRows keeps what is needed of each row; lines that aren't rows become
// warnings.
func (l *loaded) readRows() error {
	path, unsorted := results.RowsFile(l.dir)
	l.rowsPath = path
	switch {
	case path == "":
		l.warn("no rows were written yet: the same lcbench run command goes on, and scores the answers that the journal keeps")
	case unsorted:
		l.warn("the run was stopped before its end, or still runs: figures are of the rows that it had written")
	}
	r := newRowReader(l)
	defer r.close()
	if path != "" {
		if err := r.readAll(path); err != nil {
			return err
		}
	}
	slices.SortStableFunc(l.samples, func(a, b sample) int { return cmp.Compare(a.index, b.index) })
	l.samples = slices.Clip(l.samples)
	if !l.summarised {
		if path != "" && !l.adaptiveRun() {
			l.warn("there is no summary.json: scores are plain means of the rows that are there, not the benchmark's own averages")
		}
		l.summary = r.summary()
		if l.adaptiveRun() {
			l.withoutMeans()
		}
		return nil
	}
	if n := len(l.samples); path != "" && l.summary.Samples.Rows != n {
		l.warn(fmt.Sprintf("summary.json is of %d rows, %s has %d: scores are of the first, curves and the plane of the second",
			l.summary.Samples.Rows, filepath.Base(path), n))
	}
	return nil
}

func (l *loaded) warn(text string) { l.warnings = append(l.warnings, text) }
