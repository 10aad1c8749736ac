package compare

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/lcbench/lcbench/results"
	"github.com/lcbench/lcbench/runners"
)

// Source is one side of a comparison: one run, or one a benchmark.
type Source struct {
	Place string // as it was named
	Runs  []Run
}

// Run is what a comparison needs of a run. Its manifest's Data, Config, Seed
// and Tokenizer say of what.
type Run struct {
	results.Manifest
	Samples []Sample
}

// Sample is what a comparison needs of a row.
type Sample struct {
	ID, Task, Category string
	// Document numbers what Row.Group names, from 0: samples of one document are
	// drawn together.
	Document int
	// Score is in 0..1. A lost sample has none: Status says why.
	Score  float64
	Weight float64 // in means; 0: 1
	Status string
	// Cell is the length and depth asked for; Length 0: none.
	Cell results.Cell
	Pins Pins
	// Answer is the beginning of the model's text, "" in a baseline.
	Answer string
}

// Lost says that the sample could not be asked.
func (s Sample) Lost() bool { return runners.Status(s.Status).Lost() }

// Pins say what a sample asked: the first 48 bits of sha256 sums, in hex. They
// tell accidents, not forgery.
type Pins struct {
	Context string // of the context, "" without one
	Ask     string // of the rest of the prompt, the references and the metric
	Sent    string // of the prompt as sent; "" where it was cut or not sent
}

// Unfinished says that the run was stopped before its end.
func (r Run) Unfinished() bool { return r.State != results.Complete }

// model names the run's model, a local one with its attention.
func (r Run) model() string {
	name := orElse(r.Model.Spec, r.Model.Name)
	if a := r.Model.Details["attention"]; a != "" {
		name += " (attention " + a + ")"
	}
	return name
}

// Open reads one side: a run's folder, a folder of such, or a baseline.
func Open(path string) (Source, error) {
	info, err := os.Stat(path)
	if err != nil {
		return Source{}, fmt.Errorf("compare: %w", err)
	}
	if !info.IsDir() {
		runs, err := ReadBaseline(path)
		return Source{path, runs}, err
	}
	dirs, err := runFolders(path)
	if err != nil {
		return Source{}, err
	}
	s := Source{Place: path}
	for _, dir := range dirs {
		r, err := readRun(dir)
		if err != nil {
			return Source{}, err
		}
		if at := slices.IndexFunc(s.Runs, func(o Run) bool { return o.Benchmark == r.Benchmark }); at >= 0 {
			return Source{}, fmt.Errorf("compare: %s holds two runs of %s (%s, %s): name the folder of one", path, r.Benchmark, filepath.Base(dirs[at]), filepath.Base(dir))
		}
		s.Runs = append(s.Runs, r)
	}
	return s, nil
}

// runFolders returns dir if it is a run's, else the run folders in it.
func runFolders(dir string) ([]string, error) {
	isRun := func(dir string) bool {
		_, err := os.Stat(filepath.Join(dir, "manifest.json"))
		return err == nil
	}
	if isRun(dir) {
		return []string{dir}, nil
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("compare: %w", err)
	}
	var out []string
	for _, e := range entries {
		if sub := filepath.Join(dir, e.Name()); isRun(sub) {
			out = append(out, sub)
		}
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("compare: %s is not a run: no manifest.json in it or one folder below; give a folder of lcbench run, or a file of lcbench baseline save", dir)
	}
	return out, nil
}

// readRun reads a run's folder as far as the run got.
func readRun(dir string) (Run, error) {
	m, err := results.ReadManifest(dir)
	if err != nil {
		return Run{}, err
	}
	if m.Adaptive() {
		return Run{}, fmt.Errorf("%w: %s is an adaptive run, which asked more where it did worse: its samples are no fair draw to pair with another's; run both without --adaptive", ErrNotComparable, dir)
	}
	r := Run{Manifest: m}
	documents := map[string]int{}
	seen := map[string]bool{}
	for row, err := range results.RowsSoFar(dir) {
		if errors.Is(err, fs.ErrNotExist) {
			return Run{}, fmt.Errorf("compare: %s has no samples yet: run its command to the end", dir)
		}
		if err != nil {
			return Run{}, err
		}
		if seen[row.ID] {
			return Run{}, fmt.Errorf("compare: %s: sample %q is there twice: run its command again, it writes the rows anew", dir, row.ID)
		}
		seen[row.ID] = true
		s, err := newSample(row, documents)
		if err != nil {
			return Run{}, fmt.Errorf("compare: %s: sample %q: %w", dir, row.ID, err)
		}
		r.Samples = append(r.Samples, s)
	}
	return r, nil
}

// newSample keeps of a row what is needed.
func newSample(row results.Row, documents map[string]int) (Sample, error) {
	s := Sample{
		ID: strings.Clone(row.ID), Task: strings.Clone(row.Task), Category: strings.Clone(row.Category), Weight: row.Weight,
		Status: row.Status, Answer: excerpt(row.Answer), Pins: pinsOf(row),
	}
	document := row.Group
	if document == "" {
		document = "\x00" + row.ID // one of its own
	}
	n, known := documents[document]
	if !known {
		n = len(documents)
		documents[strings.Clone(document)] = n
	}
	s.Document = n
	if row.TargetLength != nil {
		s.Cell = results.Cell{Length: *row.TargetLength, Depth: row.Depth}
	}
	if s.Lost() {
		return s, nil
	}
	if row.Score == nil {
		return s, fmt.Errorf("no score, with status %q: score the run again", row.Status)
	}
	s.Score = *row.Score
	return s, checkScore(s.Score)
}

// checkScore refuses what is no score.
func checkScore(score float64) error {
	if math.IsNaN(score) || score < 0 || score > 1 {
		return fmt.Errorf("score %v: want a number in 0..1", score)
	}
	return nil
}

func pinsOf(row results.Row) Pins {
	p := Pins{Context: row.ContextSHA256[:min(pinLength, len(row.ContextSHA256))]}
	parts := slices.Concat([]string{row.Metric, row.PromptSystem, row.PromptBefore, row.PromptAfter, strconv.FormatFloat(row.Weight, 'g', -1, 64)},
		row.References, []string{""}, row.Classes)
	h := sha256.New()
	var length [8]byte
	for _, part := range parts {
		binary.LittleEndian.PutUint64(length[:], uint64(len(part)))
		h.Write(length[:])
		_, _ = io.WriteString(h, part)
	}
	p.Ask = hex.EncodeToString(h.Sum(nil))[:pinLength]
	if row.CutTokens == 0 {
		p.Sent = row.PromptSHA256[:min(pinLength, len(row.PromptSHA256))]
	}
	return p
}

// pinLength is how many hex digits of a sha256 are kept.
const pinLength = 12

// maxExcerpt bounds an answer's beginning, in bytes.
const maxExcerpt = 160

// excerpt is the beginning of a text, cut between characters.
func excerpt(text string) string {
	if len(text) <= maxExcerpt {
		return strings.Clone(text)
	}
	at := maxExcerpt
	for at > 0 && !utf8.RuneStart(text[at]) {
		at--
	}
	return text[:at] + "…"
}

func compareCells(a, b results.Cell) int {
	depth := func(c results.Cell) float64 {
		if c.Depth == nil {
			return -1
		}
		return *c.Depth
	}
	return cmp.Or(cmp.Compare(a.Length, b.Length), cmp.Compare(depth(a), depth(b)))
}
