package leaderboard

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/lcbench/lcbench/results"
)

// NoRunsError says that no place holds a run, or none of the benchmarks that
// were asked for.
type NoRunsError struct{ Places, Only []string }

func (e *NoRunsError) Error() string {
	of := ""
	if len(e.Only) > 0 {
		of = " of " + strings.Join(e.Only, ", ")
	}
	return fmt.Sprintf("leaderboard: no run%s in %s: give folders that lcbench run made, or folders of such", of, strings.Join(e.Places, ", "))
}

// folder is a run's folder before its rows are read.
type folder struct {
	dir      string
	manifest results.Manifest
	identity Identity
}

// complete says that the run came to its end.
func (f folder) complete() bool { return f.manifest.State == results.Complete }

// ended is when it did, or when it was started.
func (f folder) ended() time.Time {
	if f.manifest.Finished.IsZero() {
		return f.manifest.Started
	}
	return f.manifest.Finished
}

// findFolders reads the manifests of the runs at places: runs' folders, or
// folders of such. What is neither is left out with a note.
func (b *Board) findFolders(places []string) ([]folder, error) {
	var out []folder
	seen := map[string]bool{}
	for _, place := range places {
		dirs, why := runFolders(place)
		if why != "" {
			b.note("%s is left out: %s", place, why)
		}
		for _, dir := range dirs {
			if seen[dir] {
				continue
			}
			seen[dir] = true
			m, err := results.ReadManifest(dir)
			if err == nil {
				_, err = summaryOf(dir)
			}
			if err != nil {
				b.note("%s is left out: %s", dir, err)
				continue
			}
			out = append(out, folder{dir, m, b.identify(m)})
		}
	}
	if len(out) == 0 {
		return nil, &NoRunsError{Places: places}
	}
	return out, nil
}

// runFolders returns place if it is a run's, else the run folders in it, else
// why there is none.
func runFolders(place string) (dirs []string, why string) {
	place = filepath.Clean(place)
	if isRun(place) {
		return []string{place}, ""
	}
	entries, err := os.ReadDir(place)
	var path *fs.PathError
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, "there is no such folder"
	case errors.As(err, &path):
		return nil, "not a folder that can be read: " + path.Err.Error()
	case err != nil:
		return nil, err.Error()
	}
	for _, e := range entries {
		if sub := filepath.Join(place, e.Name()); isRun(sub) {
			dirs = append(dirs, sub)
		}
	}
	if len(dirs) == 0 {
		why = "not a run: there is no manifest.json in it or one folder below"
	}
	return dirs, why
}

func isRun(dir string) bool {
	info, err := os.Stat(filepath.Join(dir, "manifest.json"))
	return err == nil && info.Mode().IsRegular()
}

// newest keeps one run of each model and benchmark: the newest of those that
// came to their end, else the newest. The others are named in notes.
func (b *Board) newest(folders []folder) []folder {
	var out []folder
	for _, f := range folders {
		at := slices.IndexFunc(out, func(o folder) bool {
			return o.manifest.Benchmark == f.manifest.Benchmark && o.identity == f.identity
		})
		if at < 0 {
			out = append(out, f)
			continue
		}
		taken, left := out[at], f
		if better(f, taken) > 0 {
			taken, left = f, taken
		}
		out[at] = taken
		why := "is older"
		if taken.complete() && !left.complete() {
			why = "is not finished"
		}
		if d := results.Differences(left.manifest, taken.manifest); len(d) > 0 {
			why += " and of other settings: " + differences(d)
		}
		b.note("two runs of %s by %s: %s is taken, %s %s", f.manifest.Benchmark, f.identity.Model, taken.dir, left.dir, why)
	}
	return out
}

func better(a, o folder) int {
	done := func(f folder) int {
		if f.complete() {
			return 1
		}
		return 0
	}
	return cmp.Or(cmp.Compare(done(a), done(o)), a.ended().Compare(o.ended()))
}

// differences names settings that differ, a few of them.
func differences(all []results.Difference) string {
	const named = 3
	var out []string
	for _, d := range all[:min(named, len(all))] {
		out = append(out, fmt.Sprintf("%s %s, taken %s", d.Setting, d.Was, d.Now))
	}
	if more := len(all) - named; more > 0 {
		out = append(out, fmt.Sprintf("%d more", more))
	}
	return strings.Join(out, "; ")
}

func (b *Board) note(format string, args ...any) {
	b.Notes = append(b.Notes, results.Printable(fmt.Sprintf(format, args...)))
}
