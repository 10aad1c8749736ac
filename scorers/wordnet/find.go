package wordnet

import (
	"archive/zip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// maxFile bounds one of WordNet's files, in bytes; the largest is 15 MB.
const maxFile = 128 << 20

// Folders lists NLTK's data folders in the order in which NLTK looks through
// them: those that NLTK_DATA names, the home folder's, the system's.
func Folders(env func(string) string, home string) []string {
	var out []string
	for _, dir := range filepath.SplitList(env("NLTK_DATA")) {
		if dir != "" {
			out = append(out, dir)
		}
	}
	if home != "" {
		out = append(out, filepath.Join(home, "nltk_data"))
	}
	if prefix := env("VIRTUAL_ENV"); prefix != "" {
		for _, dir := range []string{"nltk_data", "share/nltk_data", "lib/nltk_data"} {
			out = append(out, filepath.Join(prefix, filepath.FromSlash(dir)))
		}
	}
	return append(out, "/usr/share/nltk_data", "/usr/local/share/nltk_data", "/usr/lib/nltk_data", "/usr/local/lib/nltk_data")
}

// Find opens the first WordNet of the NLTK data folders. Where none of them
// has one, the error wraps fs.ErrNotExist; a damaged one is an error too.
func Find(folders []string) (*WordNet, error) {
	for _, dir := range folders {
		path := filepath.Join(dir, "corpora", "wordnet")
		read := openFolder
		if _, err := os.Stat(filepath.Join(path, "index.noun")); err != nil {
			path, read = path+".zip", openZip
			if _, err := os.Stat(path); err != nil {
				continue
			}
		}
		w, err := read(path)
		if err != nil {
			return nil, fmt.Errorf("WordNet in %s: %w", path, err)
		}
		return w, nil
	}
	return nil, fmt.Errorf("no corpora/wordnet in %d NLTK data folders: %w", len(folders), fs.ErrNotExist)
}

func openFolder(path string) (*WordNet, error) { return open(os.DirFS(path), path) }

// openZip reads an archive that holds the files under wordnet/.
func openZip(path string) (w *WordNet, err error) {
	z, err := zip.OpenReader(path)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, z.Close()) }()
	inside, err := fs.Sub(z, "wordnet")
	if err != nil {
		return nil, err
	}
	return open(inside, path)
}

func readFile(files fs.FS, name string) (text []byte, err error) {
	f, err := files.Open(name)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	text, err = io.ReadAll(io.LimitReader(f, maxFile+1))
	if err == nil && len(text) > maxFile {
		err = fmt.Errorf("%s: longer than %d bytes", name, maxFile)
	}
	return text, err
}
