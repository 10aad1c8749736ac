package wordnet

import (
	"archive/zip"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// tiny are the files of a WordNet of our own with a few words: data lines are
// found by their offsets, so each file is built from its lines.
func tiny() map[string]string {
	files := map[string]string{}
	add := func(name, exceptions string, synsets []string, index map[string][]int) {
		var data strings.Builder
		var at []string
		data.WriteString("  1 a licence\n")
		for _, s := range synsets {
			at = append(at, strings.Repeat("0", 8-len(itoa(data.Len())))+itoa(data.Len()))
			data.WriteString(at[len(at)-1] + " 03 " + s + " | a gloss, with (brackets)\n")
		}
		files["data."+name] = data.String()
		out := "  1 a licence\n"
		for _, lemma := range slices.Sorted(keys(index)) {
			line := lemma + " x " + itoa(len(index[lemma])) + " 2 @ ~ " + itoa(len(index[lemma])) + " 0"
			for _, i := range index[lemma] {
				line += " " + at[i]
			}
			out += line + "  \n"
		}
		files["index."+name] = out
		files[name+".exc"] = exceptions
	}
	add("noun", "mice mouse\n", []string{"n 03 car 0 motor_car 0 Auto 0 000", "n 01 mouse 0 000", "n 02 box 0 case 0 000"},
		map[string][]int{"car": {0}, "auto": {0}, "mouse": {1}, "box": {2}, "case": {2}, "motor_car": {0}})
	add("verb", "", []string{"v 02 run 0 operate 1 000 01 + 02 00", "v 02 box 0 spar 0 000"}, map[string][]int{"run": {0}, "operate": {0}, "box": {1}})
	add("adj", "", []string{"a 02 big(p) 0 large 0 000"}, map[string][]int{"big": {0}, "large": {0}})
	add("adv", "", []string{"r 01 fast 0 000"}, map[string][]int{"fast": {0}})
	return files
}

func itoa(n int) string {
	if n < 10 {
		return string(rune('0' + n))
	}
	return itoa(n/10) + itoa(n%10)
}

func keys(m map[string][]int) func(func(string) bool) {
	return func(yield func(string) bool) {
		for k := range m {
			if !yield(k) {
				return
			}
		}
	}
}

// folder writes files into an NLTK data folder and returns it.
func folder(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	path := filepath.Join(dir, "corpora", "wordnet")
	if err := os.MkdirAll(path, 0o755); err != nil {
		t.Fatal(err)
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(path, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestSynonymsOfAllPartsOfSpeech(t *testing.T) {
	w, err := Find([]string{t.TempDir(), folder(t, tiny())})
	if err != nil {
		t.Fatal(err)
	}
	for word, want := range map[string][]string{
		"car":     {"car", "Auto"},                // no motor_car
		"CAR":     {"car", "Auto"},                // looked up in lower case
		"cars":    {"car", "Auto"},                // noun: s
		"mice":    {"mouse"},                      // an exception
		"boxes":   {"box", "case", "box", "spar"}, // noun xes, verb es
		"running": nil,                            // runn is no verb, and endings come off once
		"operat":  nil,                            // a stem that no rule completes
		"bigger":  nil,                            // bigg is no adjective
		"larger":  {"big", "large"},               // adj: er → e; a marker goes
		"fast":    {"fast"},                       // adverb
		"":        nil,
	} {
		if diff := cmp.Diff(want, w.Synonyms(word)); diff != "" {
			t.Errorf("%q (-want +got):\n%s", word, diff)
		}
	}
}

func TestAnArchiveServesAsWellAsAFolder(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "corpora", "wordnet.zip")
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	z := zip.NewWriter(f)
	for name, text := range tiny() {
		e, err := z.Create("wordnet/" + name)
		if err == nil {
			_, err = e.Write([]byte(text))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(z.Close(), f.Close()); err != nil {
		t.Fatal(err)
	}
	w, err := Find([]string{dir})
	if err != nil {
		t.Fatal(err)
	}
	if got := w.Synonyms("auto"); !slices.Contains(got, "car") || w.Origin() != path {
		t.Errorf("synonyms %q from %s", got, w.Origin())
	}
}

func TestNoWordNetIsToldFromADamagedOne(t *testing.T) {
	if _, err := Find([]string{t.TempDir()}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("none: %v, want fs.ErrNotExist", err)
	}
	broken := tiny()
	broken["index.verb"] += "run v x\n"
	_, err := Find([]string{folder(t, broken)})
	if err == nil || !strings.Contains(err.Error(), "index.verb:5: want lemma") {
		t.Errorf("a broken line: %v", err)
	}
	broken = tiny()
	broken["index.adv"] += "slow r 1 0 1 0 99999999\n"
	if _, err = Find([]string{folder(t, broken)}); err == nil || !strings.Contains(err.Error(), "offset 99999999 behind the end") {
		t.Errorf("a wild offset: %v", err)
	}
}

func TestFoldersAreLookedThroughInNLTKsOrder(t *testing.T) {
	env := map[string]string{"NLTK_DATA": "/a" + string(filepath.ListSeparator) + "/b"}
	got := Folders(func(k string) string { return env[k] }, "/home/x")
	if diff := cmp.Diff([]string{"/a", "/b", filepath.Join("/home/x", "nltk_data"), "/usr/share/nltk_data"}, got[:4]); diff != "" {
		t.Error(diff)
	}
}

func FuzzIndexLine(f *testing.F) {
	f.Add("car n 1 2 @ ~ 1 0 00000018")
	f.Add("x n 9999999999 0 1")
	f.Fuzz(func(t *testing.T, line string) {
		lemma, offsets, err := indexLine(line)
		if err == nil && (lemma == "" || len(offsets) == 0 || len(offsets) > len(line)) {
			t.Errorf("%q: %q with %d offsets", line, lemma, len(offsets))
		}
	})
}
