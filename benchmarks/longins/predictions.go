package longins

import (
	"path"
	"regexp"

	"github.com/lcbench/lcbench/benchmarks"
	"github.com/lcbench/lcbench/datasets"
)

// resultName is the name of a file of infer.py's: <model>_<length>_<mode>.jsonl.
var resultName = regexp.MustCompile(`^(.+)_(\d+)_(GIST|LIST|LIMT)\.jsonl$`)

// AnswerFile reads the name of a file of results.
func (b *longIns) AnswerFile(name string) (benchmarks.AnswerFile, bool) {
	m := resultName.FindStringSubmatch(path.Base(name))
	if m == nil {
		return benchmarks.AnswerFile{}, false
	}
	return benchmarks.AnswerFile{Path: name, System: m[1] + " " + m[3], Task: exam, Mode: m[3], Stratum: m[2]}, true
}

// Answered reads a row of results: id is the task's name. The reference is the
// data's.
func (b *longIns) Answered(_ benchmarks.AnswerFile, _ int, row []byte) (benchmarks.Sample, string, error) {
	var s benchmarks.Sample
	var answer string
	found := map[string]bool{}
	err := datasets.ParseObject(row, func(key string, raw []byte) (err error) {
		found[key] = true
		switch key {
		case "id":
			s.Group, err = datasets.String(raw)
		case "response":
			answer, err = datasets.String(raw)
		}
		return err
	})
	for _, key := range []string{"id", "response"} {
		if err == nil && !found[key] {
			err = datasets.MissingField(key)
		}
	}
	return s, answer, err
}
