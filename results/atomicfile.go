package results

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
)

// replaceFile writes a file whole or not at all: into a temporary beside it,
// synced, then renamed over it, and the folder synced.
func replaceFile(path string, write func(io.Writer) error) error {
	return replaceFiles([]string{path}, func(w []io.Writer) error { return write(w[0]) })
}

// ReplaceFile writes a file whole or not at all, for packages beside this one.
func ReplaceFile(path string, write func(io.Writer) error) error {
	if err := replaceFile(path, write); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return nil
}

// replaceFiles is replaceFile for files of one folder that belong together:
// none is renamed before all are whole.
func replaceFiles(paths []string, write func([]io.Writer) error) (err error) {
	defer func() {
		if err == nil {
			return
		}
		for _, p := range paths {
			if rerr := os.Remove(p + temporary); !errors.Is(rerr, fs.ErrNotExist) {
				err = errors.Join(err, rerr)
			}
		}
	}()
	if err := writeTemporaries(paths, write); err != nil {
		return err
	}
	for _, p := range paths {
		if err := os.Rename(p+temporary, p); err != nil {
			return err
		}
	}
	return syncFolder(filepath.Dir(paths[0]))
}

// writeTemporaries writes and syncs the files under their temporary names.
func writeTemporaries(paths []string, write func([]io.Writer) error) (err error) {
	buffers := make([]*bufio.Writer, len(paths))
	writers := make([]io.Writer, len(paths))
	files := make([]*os.File, len(paths))
	for i, p := range paths {
		f, oerr := os.OpenFile(p+temporary, os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o644)
		if oerr != nil {
			return oerr
		}
		defer func() { err = errors.Join(err, f.Close()) }()
		files[i], buffers[i] = f, bufio.NewWriterSize(f, 64<<10)
		writers[i] = buffers[i]
	}
	if err := write(writers); err != nil {
		return err
	}
	for i, f := range files {
		if err := errors.Join(buffers[i].Flush(), f.Sync()); err != nil {
			return err
		}
	}
	return nil
}

// syncFolder makes renames and new names in a folder durable.
func syncFolder(dir string) error {
	if runtime.GOOS == "windows" {
		return nil // folders can't be synced there, NTFS journals names itself
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// writeJSON replaces a file by v as indented JSON.
func writeJSON(path string, v any) error {
	err := replaceFile(path, func(w io.Writer) error {
		enc := json.NewEncoder(w)
		enc.SetEscapeHTML(false)
		enc.SetIndent("", "  ")
		return enc.Encode(v)
	})
	if err != nil {
		return fmt.Errorf("results: write %s: %w", path, err)
	}
	return nil
}

// place names a line of a file the way compilers do.
func place(file string, line int) string {
	if line == 0 {
		return file
	}
	return file + ":" + strconv.Itoa(line)
}
