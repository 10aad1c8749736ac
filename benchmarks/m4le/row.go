package m4le

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"

	"github.com/lcbench/lcbench/benchmarks"
	"github.com/lcbench/lcbench/datasets"
)

// row is a row of the hub's files. gold is the target's index, -1 if the row
// has none; labels are the indices of the items of each class.
type row struct {
	instruction, input string
	answers            []string
	bucket, length     int
	gold               int
	labels             map[string][]int
}

func decodeRow(line []byte) (row, error) {
	r := row{gold: -1}
	seen := map[string]bool{}
	err := datasets.ParseObject(line, func(key string, raw []byte) (err error) {
		seen[key] = true
		switch key {
		case "instruction":
			r.instruction, err = datasets.String(raw)
		case "input":
			r.input, err = datasets.String(raw)
		case "answers":
			r.answers, err = datasets.Strings(raw)
		case "length_bucket":
			r.bucket, err = datasets.Int(raw)
		case "total_length":
			r.length, err = datasets.Int(raw)
		case "gold_index":
			if !datasets.IsNull(raw) {
				r.gold, err = datasets.Int(raw)
			}
		case "labels":
			r.labels = indices(raw)
		}
		return err
	})
	if err != nil {
		return r, err
	}
	for _, key := range []string{"instruction", "input", "answers", "length_bucket"} {
		if !seen[key] {
			return r, datasets.MissingField(key)
		}
	}
	switch {
	case len(r.answers) == 0:
		return r, &datasets.FieldError{Field: "answers", Err: errors.New("want at least one answer, got an empty list")}
	case r.bucket <= 0:
		return r, &datasets.FieldError{Field: "length_bucket", Err: fmt.Errorf("want a number of words above 0, got %d", r.bucket)}
	}
	return r, nil
}

// indices reads labels where they are lists of numbers by class. Elsewhere they
// are lists of ids or counts, which tell nothing that the reference doesn't.
func indices(raw []byte) map[string][]int {
	out := map[string][]int{}
	err := datasets.ParseObject(raw, func(class string, list []byte) error {
		return datasets.Array(list, func(_ int, number []byte) error {
			n, err := datasets.Int(number)
			out[class] = append(out[class], n)
			return err
		})
	})
	if err != nil {
		return nil
	}
	return out
}

// group names the context that samples share.
func group(task, context string) string {
	sum := sha256.Sum256([]byte(context))
	return task + "/" + hex.EncodeToString(sum[:6])
}

// sample renders a row as the reference sends it.
func (t task) sample(r row, read reader, index int) benchmarks.Sample {
	p := read.split(r.instruction, r.input)
	return benchmarks.Sample{
		ID: fmt.Sprintf("%s/row%d", t.Name, index+1), Task: t.Name, Category: t.Category, Language: t.Language,
		Prompt: p, Chat: true, MaxTokens: t.MaxTokens, Own: benchmarks.TruncateNone,
		Metric: t.Metric, References: r.answers, Length: r.length, Strata: []string{benchmarks.FormatTokens(r.bucket)},
		Group: group(t.Name, p.Context), Evidence: read.evidence(t.target, r, p), Query: p.After,
	}
}
