package compare

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
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
	// ForJudges counts the answers that a judge alone scores: they aren't compared.
	ForJudges int
	// Plain says that the run is a baseline of version 1, without parts, strata and
	// axes.
	Plain bool
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
	// Parts are what a task's figure is made of where that is no mean of scores.
	Parts []float64
	// Strata are the groups of rows that the sample belongs to.
	Strata []string
	Axes   Axes
	// Cell is the length and depth asked for; Length 0: none.
	Cell results.Cell
	Pins Pins
	// Answer is the beginning of the model's text, "" in a baseline.
	Answer string
}

// Lost says that the sample could not be asked.
func (s Sample) Lost() bool { return runners.Status(s.Status).Lost() }

// Axes are a sample's place on the axes of difficulty, each in 0..1; State is as
// in a row: without measured or assigned values there is no place.
type Axes struct {
	State            string
	Diffusion, Scope float64
}

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
	r := rowReader{run: Run{Manifest: m}, shared: map[string]string{}, strata: map[string][]string{}, documents: map[string]int{}, seen: map[string]bool{}}
	for row, err := range results.SkimRows(dir) {
		if errors.Is(err, fs.ErrNotExist) {
			return Run{}, fmt.Errorf("compare: %s has no samples yet: run its command to the end", dir)
		}
		if err != nil {
			return Run{}, err
		}
		if err := r.add(row); err != nil {
			return Run{}, fmt.Errorf("compare: %s: sample %q: %w", dir, row.ID, err)
		}
	}
	return r.run, nil
}

// rowReader turns rows into samples, with one copy of each name.
type rowReader struct {
	run       Run
	shared    map[string]string
	strata    map[string][]string // combinations
	documents map[string]int
	seen      map[string]bool
	pin       pinner
}

// add takes a row in.
func (r *rowReader) add(row *results.Skimmed) error {
	if r.seen[string(row.ID)] {
		return errors.New("there twice: run its command again, it writes the rows anew")
	}
	id := string(row.ID)
	r.seen[id] = true
	if len(row.Metric) == 0 && len(row.Judge) > 0 {
		r.run.ForJudges++
		return nil
	}
	s := Sample{
		ID: id, Task: r.share(row.Task), Category: r.share(row.Category), Status: r.share(row.Status), Document: r.document(row),
		Weight: row.Weight, Strata: r.combination(row.Strata), Parts: slices.Clone(row.ScoreParts), Answer: excerpt(row.Answer), Pins: r.pin.of(row),
	}
	if row.TargetLength > 0 {
		s.Cell = results.Cell{Length: row.TargetLength}
		if row.Depth != nil {
			depth := *row.Depth
			s.Cell.Depth = &depth
		}
	}
	var err error
	if s.Axes, err = newAxes(r.share(row.Axes), row.Diffusion, row.Scope); err != nil {
		return err
	}
	if !s.Lost() {
		if row.Score == nil {
			return fmt.Errorf("no score, with status %q: score the run again", s.Status)
		}
		s.Score = *row.Score
		if err := checkScore(s.Score); err != nil {
			return err
		}
	}
	r.run.Samples = append(r.run.Samples, s)
	return nil
}

// share returns one copy of a name.
func (r *rowReader) share(name []byte) string {
	if len(name) == 0 {
		return ""
	}
	one, known := r.shared[string(name)]
	if !known {
		one = string(name)
		r.shared[one] = one
	}
	return one
}

// document numbers what the row is about.
func (r *rowReader) document(row *results.Skimmed) int {
	name := string(row.Group)
	if name == "" {
		name = "\x00" + string(row.ID) // one of its own
	}
	n, known := r.documents[name]
	if !known {
		n = len(r.documents)
		r.documents[name] = n
	}
	return n
}

func (r *rowReader) combination(strata [][]byte) []string {
	if len(strata) == 0 {
		return nil
	}
	key := string(bytes.Join(strata, []byte{0}))
	one, known := r.strata[key]
	if !known {
		for _, s := range strata {
			one = append(one, r.share(s))
		}
		r.strata[key] = one
	}
	return one
}

// checkScore refuses what is no score.
func checkScore(score float64) error {
	if math.IsNaN(score) || score < 0 || score > 1 {
		return fmt.Errorf("score %v: want a number in 0..1", score)
	}
	return nil
}

// pinner works out pins.
type pinner struct{ text []byte }

func (p *pinner) of(row *results.Skimmed) Pins {
	p.text = p.text[:0]
	p.add(row.Metric)
	p.add(row.PromptSystem)
	p.add(row.PromptBefore)
	p.add(row.PromptAfter)
	p.add(strconv.AppendFloat(nil, row.Weight, 'g', -1, 64))
	for _, r := range row.References {
		p.add(r)
	}
	p.add(nil)
	for _, c := range row.Classes {
		p.add(c)
	}
	sum := sha256.Sum256(p.text)
	out := Pins{Context: beginning(row.ContextSHA256), Ask: hex.EncodeToString(sum[:pinLength/2])}
	if row.CutTokens == 0 {
		out.Sent = beginning(row.PromptSHA256)
	}
	return out
}

// add puts one part, with its length before it, to what is summed.
func (p *pinner) add(part []byte) {
	p.text = binary.LittleEndian.AppendUint64(p.text, uint64(len(part)))
	p.text = append(p.text, part...)
}

func beginning(sum []byte) string { return string(sum[:min(pinLength, len(sum))]) }

// pinLength is how many hex digits of a sha256 are kept.
const pinLength = 12

// maxExcerpt bounds an answer's beginning, in bytes.
const maxExcerpt = 160

// excerpt is the beginning of a text, cut between characters.
func excerpt(text []byte) string {
	if len(text) <= maxExcerpt {
		return string(text)
	}
	at := maxExcerpt
	for at > 0 && !utf8.RuneStart(text[at]) {
		at--
	}
	return string(text[:at]) + "…"
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
