// Package view serves run folders to a browser on this machine: all runs that
// lie in a folder, the report of any of them, and every sample that they have.
//
// Its opinion: looking changes nothing, so there is nothing to post, and no
// other page may look. Runs are named, never reached by a path out of a URL.
// Rows stay on disk: what is kept of each is where it lies and what it is sorted
// by. Pages are whole without scripts; the script only fetches again what
// changes while a run writes. What a model or a data set wrote is text.
package view

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"sync"

	"github.com/lcbench/lcbench/results/compare"
)

// Options shape a viewer.
type Options struct {
	// Version of lcbench, for the pages.
	Version string
	// Remote says that other machines may look; Host is then the name by which
	// they come besides addresses, empty for none.
	Remote bool
	Host   string
	// Layout is report.Options'.
	Layout func(benchmark string) (compare.Layout, bool)
}

// Viewer is the handler of everything.
type Viewer struct {
	root    string
	o       Options
	pages   pages
	guarded http.Handler

	mu      sync.Mutex
	scanned scan
	runs    map[string]*run

	indexed  indexes
	reports  reports
	contexts sync.Mutex // one at a time: a context may have a gigabyte
}

// NoFolderError says that a place can't hold runs.
type NoFolderError struct{ Place, Why string }

func (e *NoFolderError) Error() string {
	return fmt.Sprintf("view: %s: %s; give the folder that runs are in", e.Place, e.Why)
}

// New returns a viewer of the runs in dir, whether there are some yet or not. A
// place that isn't a folder is a *NoFolderError.
func New(dir string, o Options) (*Viewer, error) {
	info, err := os.Stat(dir)
	switch {
	case os.IsNotExist(err):
		return nil, &NoFolderError{dir, "there is no such folder"}
	case err != nil:
		return nil, fmt.Errorf("view: %w", err)
	case !info.IsDir():
		return nil, &NoFolderError{dir, "it is a file"}
	}
	v := &Viewer{root: dir, o: o, runs: map[string]*run{}}
	if v.pages, err = newPages(); err != nil {
		return nil, err
	}
	routes := http.NewServeMux()
	for path, handle := range map[string]func(*http.Request) (response, error){
		"/{$}": v.index, "/live/runs": v.liveRuns,
		"/report": v.report, "/live/report": v.liveReport,
		"/samples": v.samples, "/live/samples": v.liveSamples,
		"/sample": v.sample, "/context": v.context, "/live/context": v.liveContext,
		"/report.css": asset("text/css", reportStyle), "/view.css": asset("text/css", styleText),
		"/view.js": asset("text/javascript", scriptText), "/icon.svg": asset("image/svg+xml", iconText),
		"/": notThere,
	} {
		routes.Handle(path, v.page(handle))
	}
	v.guarded = v.guard(routes)
	return v, nil
}

// ServeHTTP answers whoever may look.
func (v *Viewer) ServeHTTP(w http.ResponseWriter, r *http.Request) { v.guarded.ServeHTTP(w, r) }

// isLoopback says whether a host reaches this machine alone.
func isLoopback(host string) bool {
	if host == "localhost" {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}
