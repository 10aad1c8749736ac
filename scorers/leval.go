package scorers

import (
	"encoding/json"
	"fmt"
)

// lEval is the family of L-Eval (OpenLMLab/LEval at cd34b05). Cases of exam
// name their task, which decides the extraction.
func lEval() family {
	f := family{
		benchmark: "leval",
		metrics: []Metric{
			{Name: "f1", Equals: "SQuAD-style F1, " + lEvalFile, Score: best(qaF1)},
			{Name: "rouge", Equals: "rouge_score 0.1.2 without stemming, " + lEvalFile, Score: scoreRouge},
			{Name: "exam_sci_fi", Equals: "exam by the document and by the world, " + lEvalFile, Score: trueFalse},
		},
		tables: map[string]evaluator{
			"exam": evaluateExam, "f1": evaluateF1, "rouge": evaluateRouge,
			"leval_sci_fi": evaluateTrueFalse, "leval_judge": evaluateJudge,
		},
	}
	for _, k := range examKinds() {
		f.metrics = append(f.metrics, Metric{Name: k.name, Equals: "exam, " + k.about + ", " + lEvalFile, Score: k.score})
	}
	return f
}

const lEvalFile = "Evaluation/auto_eval.py at cd34b05"

// LEvalMetric names the metric of a task of L-Eval by its evaluation: exam, f1
// or rouge; "" if there is none.
func LEvalMetric(task, evaluation string) string {
	switch evaluation {
	case "exam":
		return examKindOf(task)
	case "f1", "rouge":
		return evaluation
	}
	return ""
}

// lEvalCase is a case with the task that it belongs to.
type lEvalCase struct {
	Task       string   `json:"task"`
	Prediction string   `json:"prediction"`
	References []string `json:"references"`
}

// lEvalScore scores a case by a metric of the family.
func lEvalScore(raw []byte, metric func(c lEvalCase) string) (Score, error) {
	var c lEvalCase
	if err := json.Unmarshal(raw, &c); err != nil {
		return Score{}, fieldError(err)
	}
	m, ok := Lookup("leval", metric(c))
	if !ok {
		return Score{}, fmt.Errorf("field \"task\": L-Eval has no closed-ended task %q", c.Task)
	}
	return m.Score(Case{Prediction: c.Prediction, References: c.References}), nil
}

func evaluateExam(raw []byte) (any, error) {
	task := ""
	s, err := lEvalScore(raw, func(c lEvalCase) string {
		task = c.Task
		return examKindOf(c.Task)
	})
	if err != nil {
		return nil, err
	}
	if examKindOf(task) == "exam_sci_fi" {
		return byPart(s, TrueFalseParts(), 1), nil
	}
	return map[string]float64{"exact_match": s.Value}, nil
}

func evaluateF1(raw []byte) (any, error) {
	s, err := lEvalScore(raw, func(lEvalCase) string { return "f1" })
	if err != nil {
		return nil, err
	}
	return map[string]float64{"f1": s.Value}, nil
}

// evaluateRouge gives percent, as the reference vectors do.
func evaluateRouge(raw []byte) (any, error) {
	s, err := lEvalScore(raw, func(lEvalCase) string { return "rouge" })
	if err != nil {
		return nil, err
	}
	return byPart(s, RougeScoreParts(), 100), nil
}

func evaluateTrueFalse(raw []byte) (any, error) {
	s, err := lEvalScore(raw, func(lEvalCase) string { return "exam_sci_fi" })
	if err != nil {
		return nil, err
	}
	return byPart(s, TrueFalseParts(), 1), nil
}

// byPart names a score's parts; without any (no references) they are 0.
func byPart(s Score, names []string, scale float64) map[string]float64 {
	out := map[string]float64{}
	for i, name := range names {
		out[name] = 0
		if i < len(s.Parts) {
			out[name] = scale * s.Parts[i]
		}
	}
	return out
}
