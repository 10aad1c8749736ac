package liconbench

import (
	_ "embed" // labels
	"encoding/json"
	"fmt"

	"github.com/lcbench/lcbench/benchmarks"
	"github.com/lcbench/lcbench/scorers"
)

// labelsJSON are the label names of the hub's data sets by their numbers, as the
// data sets' own descriptions list them.
//
//go:embed labels.json
var labelsJSON []byte

func labelNames(task string) []string {
	var all map[string][]string
	if err := json.Unmarshal(labelsJSON, &all); err != nil {
		panic(fmt.Sprintf("liconbench: embedded labels: %v", err))
	}
	return all[task]
}

// task is a task with its files and the way its demonstrations are chosen.
type task struct {
	benchmarks.Task
	// train and test are the names that the files may have.
	train, test []string
	labels      []string // nil: from tagsFile
	decode      func(line []byte, t task) (example, bool, error)
	// shots are the demonstrations of 1 to 5 rounds where the training file holds
	// them in order, and more those of each further round; nil: labels are walked.
	shots []int
	more  int
	// merged says that the training rows of one text are one demonstration.
	merged bool
}

// testRows is the size of a test set, in rows or (DialogRE) labels.
const testRows = 500

// answerTokens is the reference's limit for all tasks.
const answerTokens = 100

// tagsFile holds Few-NERD's types.
const tagsFile = "id2fine_tags.json"

// maxRounds is how many rounds have a stratum.
const maxRounds = 5

// Source: arXiv 2404.02060 table 1; the numbers of demonstrations are those of
// the inference scripts at 9c5da3d.
func tasks() []task {
	const class, relation, entity = "Few-shot classification", "Few-shot relations", "Few-shot entities"
	hub := func(folder, split string) []string {
		base := folder + "/" + split
		return []string{base + ".parquet", base + ".jsonl", base + ".json"}
	}
	ts := []task{
		{Task: benchmarks.Task{Name: "goemotion", Category: class, Metric: "goemotion_acc", Rows: testRows, AverageLength: 1700},
			train: hub("go_emotions", "train"), test: hub("go_emotions", "test"), decode: decodeEmotion},
		{Task: benchmarks.Task{Name: "banking77", Category: class, Metric: "banking77_acc", Rows: testRows, AverageLength: 4800},
			train: hub("banking77", "train"), test: hub("banking77", "test"), decode: decodeIntent},
		{Task: benchmarks.Task{Name: "tacred", Category: relation, Metric: "tacred_f1", Rows: testRows, AverageLength: 7300, Headline: scorers.HeadlineRelations},
			train: []string{"train_tacred.json"}, test: []string{"test_tacred.json"}, decode: decodeRelation, labels: scorers.TacREDRelations()},
		{Task: benchmarks.Task{Name: "fewnerd", Category: entity, Metric: "fewnerd_f1", Rows: testRows, AverageLength: 10400, Headline: scorers.HeadlineEntities},
			train: []string{"fewnerd_train_10turns.json"}, test: []string{"fewnerd_test_1800.json"}, decode: decodeEntities,
			shots: []int{57, 114, 170, 224, 281}, more: 56},
		{Task: benchmarks.Task{Name: "dialogre", Category: relation, Metric: "dialogre_f1", Rows: 118, AverageLength: 14800, Headline: scorers.HeadlineRelations},
			train: []string{"train_dialogueRE_processed.json"}, test: []string{"test_dialogueRE.json"}, decode: decodeDialogue, labels: scorers.DialogRERelations(),
			shots: []int{34, 67, 99, 131, 163}, more: 32, merged: true},
		{Task: benchmarks.Task{Name: "discovery", Category: class, Metric: "discovery_acc", Rows: testRows, AverageLength: 22200},
			train: hub("discovery", "train"), test: hub("discovery", "test"), decode: decodeLink},
	}
	for i := range ts {
		ts[i].Language, ts[i].MaxTokens = "en", answerTokens
		if ts[i].labels == nil {
			ts[i].labels = labelNames(ts[i].Name)
		}
		for r := 1; r <= maxRounds; r++ {
			ts[i].Strata = append(ts[i].Strata, stratum(r))
		}
	}
	return ts
}

// stratum names the rows of one number of rounds.
func stratum(rounds int) string {
	if rounds == 1 {
		return "1 round"
	}
	return fmt.Sprintf("%d rounds", rounds)
}

// demonstrations is how many training rows so many rounds take, of a file that
// holds them in order.
func (t task) demonstrations(rounds int) int {
	if n := len(t.shots); rounds > n {
		return t.shots[n-1] + (rounds-n)*t.more
	}
	return t.shots[rounds-1]
}
