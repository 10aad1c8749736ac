// Package wordnet looks up synonyms in Princeton WordNet's own files, as NLTK
// keeps them in its data folder: corpora/wordnet, a folder or wordnet.zip.
// Formats: wndb(5WN), and the morphy(7WN) rules in NLTK 3.9's form, which
// applies them once.
package wordnet

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"strconv"
	"strings"
)

// part is a part of speech with its files' ending, its mark in them and the
// endings that turn an inflected form into a base form.
type part struct {
	file    string
	endings [][2]string
}

func parts() []part {
	return []part{
		{"noun", [][2]string{{"s", ""}, {"ses", "s"}, {"ves", "f"}, {"xes", "x"}, {"zes", "z"}, {"ches", "ch"}, {"shes", "sh"}, {"men", "man"}, {"ies", "y"}}},
		{"verb", [][2]string{{"s", ""}, {"ies", "y"}, {"es", "e"}, {"es", ""}, {"ed", "e"}, {"ed", ""}, {"ing", "e"}, {"ing", ""}}},
		{"adj", [][2]string{{"er", ""}, {"est", ""}, {"er", "e"}, {"est", "e"}}},
		{"adv", nil},
	}
}

// WordNet is a WordNet in memory, about 50 MiB of the real one. It is safe for
// concurrent use.
type WordNet struct {
	origin string
	parts  []loaded
}

// loaded are the files of one part of speech.
type loaded struct {
	part
	offsets    map[string][]int // of synsets in data, by lemma
	exceptions map[string][]string
	data       []byte
}

// open reads the files of files; origin says where they lie.
func open(files fs.FS, origin string) (*WordNet, error) {
	w := &WordNet{origin: origin}
	for _, p := range parts() {
		l := loaded{part: p, offsets: map[string][]int{}, exceptions: map[string][]string{}}
		index, err := readFile(files, "index."+p.file)
		if err != nil {
			return nil, err
		}
		exceptions, err := readFile(files, p.file+".exc")
		if err != nil {
			return nil, err
		}
		if l.data, err = readFile(files, "data."+p.file); err != nil {
			return nil, err
		}
		if err := l.readIndex(index); err != nil {
			return nil, fmt.Errorf("index.%s:%w", p.file, err)
		}
		for line := range strings.Lines(string(exceptions)) {
			if f := strings.Fields(line); len(f) > 1 {
				l.exceptions[f[0]] = f[1:]
			}
		}
		w.parts = append(w.parts, l)
	}
	return w, nil
}

// readIndex takes in lines of lemma, mark, number of synsets, number of
// pointers, the pointers, number of senses, number of tagged senses, offsets.
// Lines that begin with a space are the licence.
func (l *loaded) readIndex(text []byte) error {
	n := 0
	for line := range bytes.Lines(text) {
		n++
		if line[0] == ' ' || len(bytes.TrimSpace(line)) == 0 {
			continue
		}
		lemma, offsets, err := indexLine(string(line))
		if err != nil {
			return fmt.Errorf("%d: %w", n, err)
		}
		for _, at := range offsets {
			if at > len(l.data) {
				return fmt.Errorf("%d: offset %d behind the end of data.%s", n, at, l.file)
			}
		}
		l.offsets[lemma] = offsets
	}
	return nil
}

var errIndexLine = errors.New("want lemma, part of speech, counts and offsets")

func indexLine(line string) (lemma string, offsets []int, err error) {
	f := strings.Fields(line)
	if len(f) < 4 {
		return "", nil, errIndexLine
	}
	synsets, err := strconv.Atoi(f[2])
	if err != nil {
		return "", nil, errIndexLine
	}
	pointers, err := strconv.Atoi(f[3])
	if err != nil || synsets < 1 || pointers < 0 || len(f) != 4+pointers+2+synsets {
		return "", nil, errIndexLine
	}
	for _, text := range f[len(f)-synsets:] {
		at, err := strconv.Atoi(text)
		if err != nil || at < 0 {
			return "", nil, errIndexLine
		}
		offsets = append(offsets, at)
	}
	return f[0], offsets, nil
}

// Origin says where the files lie.
func (w *WordNet) Origin() string { return w.origin }

// Synonyms lists the lemmas of one word of all synsets of a word, in any part
// of speech; some stand there several times. The case is WordNet's own.
func (w *WordNet) Synonyms(word string) []string {
	word = strings.ToLower(word)
	var out []string
	for i := range w.parts {
		l := &w.parts[i]
		for _, form := range l.forms(word) {
			for _, at := range l.offsets[form] {
				out = l.lemmas(out, at)
			}
		}
	}
	return out
}

// forms are the word itself and what the exceptions, or else the endings, make
// of it. What isn't in the index has no synsets.
func (l *loaded) forms(word string) []string {
	forms := []string{word}
	if exceptions, ok := l.exceptions[word]; ok {
		return append(forms, exceptions...)
	}
	for _, e := range l.endings {
		if stem, ok := strings.CutSuffix(word, e[0]); ok {
			forms = append(forms, stem+e[1])
		}
	}
	return forms
}

// lemmas appends the lemmas without an underscore of the synset at an offset:
// behind offset, file number, type and a count in two hexadecimal digits stand
// pairs of lemma and number. A syntactic marker, "(p)", isn't part of a lemma.
func (l *loaded) lemmas(out []string, at int) []string {
	line, _, _ := bytes.Cut(l.data[at:], []byte("\n"))
	f := strings.Fields(string(line))
	if len(f) < 4 {
		return out
	}
	n, err := strconv.ParseUint(f[3], 16, 8)
	if err != nil || len(f) < 4+2*int(n) {
		return out
	}
	for i := range int(n) {
		lemma := f[4+2*i]
		if strings.HasSuffix(lemma, ")") {
			lemma, _, _ = strings.Cut(lemma, "(")
		}
		if !strings.Contains(lemma, "_") {
			out = append(out, lemma)
		}
	}
	return out
}
