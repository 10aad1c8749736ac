package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/lcbench/lcbench/scorers/wordnet"
)

// findSynonyms looks for WordNet in the user's NLTK data, where the benchmark
// has a metric that takes it. Without it, or with a damaged one, METEOR stops
// at stems, and the table says so.
func (s *settings) findSynonyms(errOut io.Writer) {
	if !s.adapter.Synonyms {
		return
	}
	home, err := os.UserHomeDir()
	if err != nil {
		home = ""
	}
	w, err := wordnet.Find(wordnet.Folders(os.Getenv, home))
	switch {
	case err == nil:
		s.thesaurus = w
	case !errors.Is(err, fs.ErrNotExist):
		fmt.Fprintf(errOut, "lcbench: %s: METEOR goes without synonyms\n", plain(err.Error()))
	}
}
