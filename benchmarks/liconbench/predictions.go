package liconbench

import (
	"fmt"
	"path"
	"regexp"
	"strconv"
	"strings"

	"github.com/lcbench/lcbench/benchmarks"
	"github.com/lcbench/lcbench/datasets"
)

// resultFolder and resultName are how the inference scripts name their files:
// goemotion_round_result/<model>_<rounds>.json.
var (
	resultFolder = regexp.MustCompile(`^(\w+?)_round(_instruct|_group)?_result$`)
	resultName   = regexp.MustCompile(`^(.+)_(\d+)\.json$`)
)

// resultTasks are the tasks by the names in upstream's folders.
func resultTasks() map[string]string {
	return map[string]string{
		"goemotion": "goemotion", "bank77": "banking77", "banking77": "banking77", "tacred": "tacred",
		"fewnerd": "fewnerd", "dialogueRE": "dialogre", "discovery": "discovery",
	}
}

// AnswerFile reads the path of a file of results.
func (b *liconBench) AnswerFile(name string) (benchmarks.AnswerFile, bool) {
	folder := resultFolder.FindStringSubmatch(path.Base(path.Dir(name)))
	file := resultName.FindStringSubmatch(path.Base(name))
	if folder == nil || file == nil || resultTasks()[folder[1]] == "" {
		return benchmarks.AnswerFile{}, false
	}
	rounds, err := strconv.Atoi(file[2])
	if err != nil || rounds < 1 {
		return benchmarks.AnswerFile{}, false
	}
	f := benchmarks.AnswerFile{Path: name, System: file[1], Task: resultTasks()[folder[1]], Stratum: stratum(rounds)}
	if variant := strings.TrimPrefix(folder[2], "_"); variant != "" {
		f.System += " " + variant
	}
	return f, true
}

// Answered reads a row of results: pred and label, or (Few-NERD) the predicted
// entities alone.
func (b *liconBench) Answered(f benchmarks.AnswerFile, index int, row []byte) (benchmarks.Sample, string, error) {
	s := benchmarks.Sample{Task: f.Task, Language: "en", Group: fmt.Sprintf("%s/%d", f.Task, index+1), Strata: []string{f.Stratum}}
	s.ID = s.Group + "." + f.Stratum
	for _, t := range tasks() {
		if t.Name == f.Task {
			s.Metric, s.Category = t.Metric, t.Category
		}
	}
	if f.Task == "fewnerd" {
		var lines []string
		err := datasets.ParseObject(row, func(entity string, raw []byte) error {
			typ, err := datasets.String(raw)
			lines = append(lines, entity+": "+typ)
			return err
		})
		return s, strings.Join(lines, "\n"), err
	}
	var answer, label string
	err := fields(row, map[string]func([]byte) error{"pred": text(&answer), "label": text(&label)}, "pred", "label")
	s.References = []string{label}
	return s, answer, err
}
