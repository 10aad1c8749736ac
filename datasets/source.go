// Package datasets is where bytes come from: the Hugging Face hub, GitHub, a
// folder or built-in generators; pinned by revision and sha256, cached on
// disk, read as streams. It knows no benchmark.
package datasets

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
)

// Source opens the files of a data set by their logical names
// ("hotpotqa.jsonl", "config/dataset2prompt.json").
type Source interface {
	// Open opens one file for reading from its start, decompressed. A missing
	// file is an error that wraps fs.ErrNotExist and names the path wanted.
	Open(ctx context.Context, name string) (io.ReadCloser, error)
	// Origin describes where files come from and what was read so far.
	Origin() Origin
}

// Lister is a source that can say which files a folder of it has.
type Lister interface {
	Source
	// Names lists the files of a folder by their logical names, in order; a
	// missing folder is an error that wraps fs.ErrNotExist.
	Names(ctx context.Context, dir string) ([]string, error)
}

// Origin is a source's entry in a run's manifest.
type Origin struct {
	// Kind is hub, folder or builtin.
	Kind string `json:"kind"`
	// Place is the folder's path, or the repositories, or the generator's seed.
	Place string `json:"place"`
	// Files are those opened so far, by name.
	Files []FileInfo `json:"files"`
}

// FileInfo is one file that a source has opened.
type FileInfo struct {
	Name   string `json:"name"`
	SHA256 string `json:"sha256"` // of the stored bytes, lower-case hex
	Bytes  int64  `json:"bytes"`
	// Pinned says that the sha256 is the one that the benchmark's pins name.
	Pinned bool `json:"pinned"`
}

// Pin says where one official file comes from and what its bytes are.
type Pin struct {
	// Name is the logical name that adapters open.
	Name string `json:"name"`
	// Host is "hub" (Hugging Face data set), "hub-model" (Hugging Face model) or
	// "github" (raw file).
	Host     string `json:"host"`
	Repo     string `json:"repo"`     // owner/name
	Revision string `json:"revision"` // 40 hex digits
	Path     string `json:"path"`     // inside the repository
	SHA256   string `json:"sha256"`
	Size     int64  `json:"size,omitempty"`
	Licence  string `json:"licence"`
	// Members, if not empty, says that the file is a zip archive whose entries
	// under this prefix are files of the data set: name X is entry Members+X.
	Members string `json:"members,omitempty"`
	// MemberSHA256 holds the sha256 of single entries where they are known, so
	// that a folder of unpacked files can be checked too.
	MemberSHA256 map[string]string `json:"member_sha256,omitempty"`
}

// EmbeddedPins parses the pins.json that a benchmark's package embeds; a broken
// one is a bug that the tests catch, so that it panics.
func EmbeddedPins(benchmark string, raw []byte) []Pin {
	var pins []Pin
	if err := json.Unmarshal(raw, &pins); err != nil {
		panic(fmt.Sprintf("%s: embedded pins: %v", benchmark, err))
	}
	return pins
}

// RowError is a row that could not be read. The stream that yields it goes on.
type RowError struct {
	File  string
	Line  int    // from 1; for formats without lines the row's number
	Field string // "" if the row as a whole is at fault
	Err   error
}

func (e *RowError) Error() string {
	if e.Field == "" {
		return fmt.Sprintf("%s:%d: %v", e.File, e.Line, e.Err)
	}
	return fmt.Sprintf("%s:%d: field %q: %v", e.File, e.Line, e.Field, e.Err)
}

func (e *RowError) Unwrap() error { return e.Err }

// NewRowError says that a row of a file could not be used; a *FieldError in
// err names the field.
func NewRowError(name string, number int, err error) error { return rowError(name, number, err) }
