package datasets

import (
	"slices"
	"strings"
	"sync"
)

// record keeps what a source has opened. It is safe for concurrent use.
type record struct {
	mu    sync.Mutex
	files map[string]FileInfo
}

func (r *record) add(f FileInfo) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.files == nil {
		r.files = map[string]FileInfo{}
	}
	r.files[f.Name] = f
}

// list returns the files by name, so that manifests compare.
func (r *record) list() []FileInfo {
	r.mu.Lock()
	defer r.mu.Unlock()
	list := make([]FileInfo, 0, len(r.files))
	for _, f := range r.files {
		list = append(list, f)
	}
	slices.SortFunc(list, func(a, b FileInfo) int { return strings.Compare(a.Name, b.Name) })
	return list
}
