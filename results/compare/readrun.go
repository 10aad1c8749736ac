package compare

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"slices"
	"strconv"
	"unicode/utf8"

	"github.com/lcbench/lcbench/results"
)

// readRun reads a run's folder as far as the run got.
func readRun(dir string) (Run, error) {
	m, err := results.ReadManifest(dir)
	if err != nil {
		return Run{}, err
	}
	if m.Adaptive() {
		return Run{}, fmt.Errorf("%w: %s is an adaptive run, which asked more where it did worse: its samples are no fair draw to pair with another's; run both without --adaptive", ErrNotComparable, dir)
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
