package judge

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/lcbench/lcbench/datasets"
	"github.com/lcbench/lcbench/runners"
)

// Opponent holds another system's answers to the same questions.
type Opponent struct {
	Name string // of the system
	File string
	// SHA256 is of the file.
	SHA256 string
	// Duplicates say which answers are there twice; the first ones count.
	Duplicates []string

	byID map[string]string
	// byReference are L-Eval's rows, which name no sample, by reference.
	byReference map[string][]opponentRow
}

// opponentRow is a line of a file of answers: of a run (id, answer) or of
// L-Eval's predictions (query, gt, <model>_pred, evaluation).
type opponentRow struct {
	id, query, reference, tag, answer string
	model                             string // of the key with _pred
	lost                              bool
}

// ReadOpponent reads a file of answers, or the samples.jsonl of a run's folder.
// A bad line ends it with a *datasets.RowError.
func ReadOpponent(ctx context.Context, path string) (*Opponent, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	o := &Opponent{Name: strings.TrimSuffix(filepath.Base(path), ".jsonl"), File: path, byID: map[string]string{}, byReference: map[string][]opponentRow{}}
	if info.IsDir() {
		path = filepath.Join(path, "samples.jsonl")
		if _, err := os.Stat(path); err != nil {
			return nil, fmt.Errorf("%s is no run's folder: there is no samples.jsonl in it; give a file of answers", o.File)
		}
	}
	src, file := datasets.Folder(filepath.Dir(path), nil), filepath.Base(path)
	first := map[string]int{}
	for line, err := range datasets.Lines(ctx, src, file) {
		if err != nil {
			return nil, err
		}
		row, err := decodeOpponent(line.Text)
		if err != nil {
			return nil, datasets.NewRowError(path, line.Number, err)
		}
		if at, again := first[row.key()]; again {
			o.Duplicates = append(o.Duplicates, fmt.Sprintf("%s:%d: %s is there already in line %d: that answer counts", path, line.Number, row.name(), at))
			continue
		}
		first[row.key()] = line.Number
		o.add(row)
	}
	if len(first) == 0 {
		return nil, fmt.Errorf("%s: no answers in it", path)
	}
	for _, f := range src.Origin().Files {
		o.SHA256 = f.SHA256
	}
	return o, nil
}

func (o *Opponent) add(row opponentRow) {
	switch {
	case row.lost:
	case row.id != "":
		o.byID[row.id] = row.answer
	default:
		o.Name = row.model
		key := strings.TrimSpace(row.reference)
		o.byReference[key] = append(o.byReference[key], row)
	}
}

// key tells rows apart: one question may be there once for each tag.
func (r opponentRow) key() string {
	return strings.Join([]string{r.id, r.query, r.reference, r.tag}, "\x00")
}

func (r opponentRow) name() string {
	if r.id != "" {
		return r.id
	}
	return fmt.Sprintf("the query %.40q with this reference", r.query)
}

func decodeOpponent(line []byte) (opponentRow, error) {
	var r opponentRow
	seen := map[string]bool{}
	into := map[string]*string{"id": &r.id, "query": &r.query, "gt": &r.reference, "evaluation": &r.tag, "answer": &r.answer, "text": &r.answer}
	err := datasets.ParseObject(line, func(key string, raw []byte) (err error) {
		target := into[key]
		switch model, _, ok := strings.Cut(key, "_pred"); {
		case ok:
			if r.model != "" && r.model != model {
				return fmt.Errorf("a second answer beside that of %q: want one key with _pred", r.model)
			}
			r.model, target, key = model, &r.answer, "_pred"
		case key == "status":
			var status string
			status, err = datasets.String(raw)
			r.lost = runners.Status(status).Lost()
			return err
		}
		seen[key] = true
		if target != nil {
			*target, err = datasets.String(raw)
		}
		return err
	})
	switch {
	case err != nil:
		return r, err
	case seen["_pred"]:
		r.id = "" // predictions are told apart by what was asked
		for _, key := range []string{"query", "gt"} {
			if !seen[key] {
				return r, datasets.MissingField(key)
			}
		}
		return r, nil
	case r.id == "":
		return r, errors.New(`want "id" and "answer", or L-Eval's "query", "gt" and "<model>_pred"`)
	case !seen["answer"] && !seen["text"] && !r.lost:
		return r, datasets.MissingField("answer")
	}
	return r, nil
}

// Answer finds the opponent's answer to a sample: by its id, or by reference
// and query, which may have the document ahead of it. Of several, the one with
// the sample's tag is taken.
func (o *Opponent) Answer(id, query, reference string, tags []string) (string, bool) {
	if text, ok := o.byID[id]; ok {
		return text, true
	}
	var found *opponentRow
	rows := o.byReference[strings.TrimSpace(reference)]
	for i := range rows {
		if !strings.HasSuffix(strings.TrimSpace(rows[i].query), strings.TrimSpace(query)) {
			continue
		}
		for _, tag := range tags {
			if rows[i].tag == tag {
				return rows[i].answer, true
			}
		}
		if found == nil {
			found = &rows[i]
		}
	}
	if found == nil {
		return "", false
	}
	return found.answer, true
}
