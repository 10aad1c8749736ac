package view

import (
	"cmp"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// scan is what was found last.
type scan struct {
	at    time.Time
	names []string
}

// How runs are looked for: folders in folders, so deep and so many at the most;
// a look stays good for a while.
const (
	maxDepth   = 6
	maxFolders = 20_000
	scanEvery  = time.Second
)

// all are the runs in the folder, by name.
func (v *Viewer) all() []*run {
	v.mu.Lock()
	defer v.mu.Unlock()
	if time.Since(v.scanned.at) >= scanEvery {
		v.look()
	}
	out := make([]*run, len(v.scanned.names))
	for i, name := range v.scanned.names {
		out[i] = v.runs[name]
	}
	return out
}

// look finds runs anew; those known already keep what is known of them. A run's
// name is its path in the folder with slashes, or the folder's own name where
// that is the run.
func (v *Viewer) look() {
	found := map[string]string{}
	left := maxFolders
	if isRun(v.root) {
		found[baseName(v.root)] = v.root
	} else {
		findRuns(v.root, "", maxDepth, &left, found)
	}
	for name, r := range v.runs {
		if found[name] == "" {
			v.indexed.drop(r)
			delete(v.runs, name)
		}
	}
	v.scanned.names = v.scanned.names[:0]
	for name, dir := range found {
		if v.runs[name] == nil {
			v.runs[name] = &run{name: name, dir: dir, indexed: &v.indexed}
		}
		v.scanned.names = append(v.scanned.names, name)
	}
	slices.SortFunc(v.scanned.names, cmp.Compare)
	v.scanned.at = time.Now()
}

// find returns a run by its name, nil if there is none.
func (v *Viewer) find(name string) *run {
	v.all()
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.runs[name]
}

func isRun(dir string) bool {
	info, err := os.Stat(filepath.Join(dir, "manifest.json"))
	return err == nil && info.Mode().IsRegular()
}

// findRuns puts the runs below a folder into found. Links and hidden folders
// aren't followed; what can't be read is passed over.
func findRuns(dir, prefix string, depth int, left *int, found map[string]string) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return
	}
	for _, e := range entries {
		if !e.IsDir() || strings.HasPrefix(e.Name(), ".") || *left == 0 {
			continue
		}
		*left--
		below, name := filepath.Join(dir, e.Name()), prefix+e.Name()
		if isRun(below) {
			found[name] = below
			continue
		}
		if depth > 1 {
			findRuns(below, name+"/", depth-1, left, found)
		}
	}
}

func baseName(dir string) string {
	if abs, err := filepath.Abs(dir); err == nil {
		dir = abs
	}
	return filepath.Base(dir)
}
