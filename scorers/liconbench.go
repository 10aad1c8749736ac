package scorers

import (
	"encoding/json"
	"math"
	"regexp"
	"slices"
	"strings"
)

// liconBench is the family of LIConBench (TIGER-AI-Lab/LongICLBench at
// 9c5da3d). The F1 metrics give a row's counts as parts: right, predicted,
// wanted. A set's figure follows from their sums.
func liconBench() family {
	const commit = " at 9c5da3d"
	return family{
		benchmark: "liconbench",
		metrics: []Metric{
			{Name: "goemotion_acc", Equals: "equality behind the cut, goemotion_infer.py" + commit, Score: sameLabel(cutAt("comment: "), nil)},
			{Name: "banking77_acc", Equals: "equality behind the cut, banking77_infer.py" + commit, Score: sameLabel(cutAt("service query"), nil)},
			{Name: "discovery_acc", Equals: "equality without commas, full stops and double quotes, discovery_infer.py" + commit, Score: sameLabel(cutAt(), discoveryMarks)},
			{Name: "tacred_f1", Equals: "F1 over relations, tacred_infer.py" + commit, Score: scoreTacRED},
			{Name: "dialogre_f1", Equals: "F1 over relations by their place, dialogueRE_evaluate.py" + commit, Score: scoreDialogRE},
			{Name: "fewnerd_f1", Equals: "micro F1 over entities with their types, fewnerd_evaluate.py" + commit, Score: scoreFewNERD},
		},
		tables: map[string]evaluator{"dialogre_f1": evaluateDialogRE, "fewnerd_f1": evaluateFewNERD},
	}
}

// f1Counts are what the F1 of a set is made of.
type f1Counts struct{ correct, predicted, labels int }

func (n *f1Counts) add(m f1Counts) {
	n.correct += m.correct
	n.predicted += m.predicted
	n.labels += m.labels
}

func (n f1Counts) parts() []float64 {
	return []float64{float64(n.correct), float64(n.predicted), float64(n.labels)}
}

// tiny keeps the reference's quotients from dividing by 0.
const tiny = 1e-8

func precisionRecall(sums []float64) (precision, recall float64) {
	if len(sums) < 3 {
		return 0, 0
	}
	return sums[0] / (sums[1] + tiny), sums[0] / (sums[2] + tiny)
}

// relationF1 is F1 of right, predicted and wanted relations, with 1e-8 in each
// denominator (dialogueRE_evaluate.py, tacred_infer.py).
func relationF1(sums []float64) float64 {
	p, r := precisionRecall(sums)
	return 2 * p * r / (p + r + tiny)
}

// entityF1 is F1 of right, predicted and wanted entities, with 1e-8 in precision
// and recall alone (fewnerd_evaluate.py); 0 where the reference has none.
func entityF1(sums []float64) float64 {
	p, r := precisionRecall(sums)
	if p+r == 0 {
		return 0
	}
	return 2 * p * r / (p + r)
}

// cutAt keeps what comes before any of the marks, of that the first line,
// stripped. The marks begin what a model that goes on with the list of
// demonstrations writes next.
func cutAt(marks ...string) func(string) string {
	return func(text string) string {
		for _, m := range marks {
			text, _, _ = strings.Cut(text, m)
		}
		text, _, _ = strings.Cut(pyStrip(text), "\n")
		return pyStrip(text)
	}
}

// discoveryMarks are taken out of markers and answers before they are compared.
var discoveryMarks = regexp.MustCompile(`[“”,."]`)

// sameLabel is 1 if the cut answer is a reference, whatever the case.
func sameLabel(cut func(string) string, drop *regexp.Regexp) func(Case) Score {
	plain := func(s string) string {
		if drop != nil {
			s = drop.ReplaceAllString(pyStrip(s), "")
		}
		return pyLower(s)
	}
	return func(c Case) Score {
		s := Score{Answer: pyStrip(plain(cut(c.Prediction)))}
		s.NoAnswer = s.Answer == ""
		if slices.ContainsFunc(c.References, func(r string) bool { return plain(r) == s.Answer }) {
			s.Value = 1
		}
		return s
	}
}

// scoreTacRED counts one relation: it is predicted if the cut answer is a
// relation's name, right if it is the reference.
func scoreTacRED(c Case) Score {
	answer := cutAt("sentence:")(c.Prediction)
	s := bestCounts(c.References, relationF1, func(reference string) f1Counts {
		n := f1Counts{labels: 1}
		if slices.Contains(TacREDRelations(), answer) {
			n.predicted = 1
		}
		if reference == answer {
			n.correct = 1
		}
		return n
	})
	s.Answer, s.NoAnswer = answer, answer == ""
	return s
}

// scoreDialogRE counts the relations of one dialogue. A reference is a list with
// commas.
func scoreDialogRE(c Case) Score {
	answer := cutAt("[/INST]")(cutAt("dialogue", "Dialogue")(c.Prediction))
	s := bestCounts(c.References, relationF1, func(reference string) f1Counts { return alignedRelations(reference, answer) })
	s.Answer, s.NoAnswer = answer, answer == ""
	return s
}

// bestCounts scores against the reference that gives the most. An empty label is
// right in any answer and predicted by none: no score goes beyond 1 for that.
func bestCounts(references []string, f1 func([]float64) float64, count func(reference string) f1Counts) Score {
	s := Score{Counts: true}
	for _, r := range references {
		parts := count(r).parts()
		if v := min(1, f1(parts)); s.Parts == nil || v > s.Value {
			s.Value, s.Parts = v, parts
		}
	}
	return s
}

// alignedRelations compares two lists with commas, place by place. What holds a
// relation's name is predicted; what holds the label of its place is right.
func alignedRelations(label, prediction string) f1Counts {
	labels, predicted := commaList(label), commaList(prediction)
	n := f1Counts{labels: len(labels)}
	for i, p := range predicted {
		if slices.ContainsFunc(DialogRERelations(), func(r string) bool { return strings.Contains(p, r) }) {
			n.predicted++
		}
		if i < len(labels) && strings.Contains(p, labels[i]) {
			n.correct++
		}
	}
	return n
}

func commaList(s string) []string {
	items := strings.Split(s, ",")
	for i := range items {
		items[i] = pyStrip(items[i])
	}
	return items
}

// scoreFewNERD counts the entities of one sentence. A reference is a list of
// lines, each an entity with its type behind the last ": ".
func scoreFewNERD(c Case) Score {
	predicted := listedEntities(c.Prediction)
	s := bestCounts(c.References, entityF1, func(reference string) f1Counts {
		labels := map[string]string{}
		for line := range strings.SplitSeq(reference, "\n") {
			if at := strings.LastIndex(line, ": "); at >= 0 {
				labels[line[:at]] = line[at+2:]
			}
		}
		return sameEntities(labels, predicted)
	})
	s.NoAnswer = len(predicted) == 0
	return s
}

// listedEntities reads an answer's lines "entity: type" up to the first other
// one, or the next sentence. What stands behind a second ": " is dropped.
func listedEntities(answer string) map[string]string {
	out := map[string]string{}
	for line := range strings.SplitSeq(pyStrip(answer), "\n") {
		parts := strings.Split(line, ": ")
		if len(parts) < 2 || strings.HasPrefix(line, "Sentence") || strings.HasPrefix(line, "sentence") {
			break
		}
		out[parts[0]] = parts[1]
	}
	return out
}

func sameEntities(labels, predicted map[string]string) f1Counts {
	n := f1Counts{predicted: len(predicted), labels: len(labels)}
	for entity, typ := range predicted {
		if want, ok := labels[entity]; ok && want == typ {
			n.correct++
		}
	}
	return n
}

// relationLimit is the number of labels at which the reference stops counting.
const relationLimit = 500

// evaluateDialogRE gives counts and F1 in percent of a set of rows, each a
// label and a prediction. Rows behind the one that reaches 500 labels don't
// count.
func evaluateDialogRE(raw []byte) (any, error) {
	var set struct {
		Rows [][2]string `json:"rows"`
	}
	if err := json.Unmarshal(raw, &set); err != nil {
		return nil, fieldError(err)
	}
	var n f1Counts
	for _, row := range set.Rows {
		n.add(alignedRelations(row[0], row[1]))
		if n.labels >= relationLimit {
			break
		}
	}
	return n.figures(100 * relationF1(n.parts())), nil
}

// evaluateFewNERD gives counts and F1 of a set of rows, each an object of
// labelled and one of predicted entities; F1 is null where nothing is right.
func evaluateFewNERD(raw []byte) (any, error) {
	var set struct {
		Rows [][2]map[string]string `json:"rows"`
	}
	if err := json.Unmarshal(raw, &set); err != nil {
		return nil, fieldError(err)
	}
	var n f1Counts
	for _, row := range set.Rows {
		n.add(sameEntities(row[0], row[1]))
	}
	f1 := entityF1(n.parts())
	if n.correct == 0 {
		f1 = math.NaN()
	}
	return n.figures(f1), nil
}

func (n f1Counts) figures(f1 float64) map[string]any {
	return map[string]any{"labels": n.labels, "predicted": n.predicted, "correct": n.correct, "f1": optional(f1)}
}
