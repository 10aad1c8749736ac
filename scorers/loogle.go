package scorers

import (
	"encoding/json"
	"fmt"
	"strings"
)

// loogle is the family of LooGLE (bigai-nlco/LooGLE at 6734382, Evaluation/).
func loogle() family {
	const script = "LooGLE at 6734382"
	return family{
		benchmark: "loogle",
		metrics: []Metric{
			{
				Name:   "loogle_text",
				Equals: "rouge 1.0.1, rouge-l recall; beside it rouge-1 and rouge-2 recall, NLTK's sentence_bleu of order 1 and of order 4 alone, NLTK's METEOR on words in their order; " + script,
				Score:  scoreText,
			},
			{Name: "loogle_reorder", Equals: "exact order (beside it the four deviations as LooGLE defines them, arXiv 2311.04939)", Score: scoreReorder},
			{Name: "loogle_timeline", Equals: "loogle_text, with the measures of loogle_reorder", Score: scoreTimeline},
			{Name: "cloze", Equals: "exact match (beside it partial match) over all masks, automatic_metrics.py of " + script, Score: scoreCloze},
		},
		tables: map[string]evaluator{"loogle_text": evaluateText, "cloze": evaluateCloze, "reorder": evaluateReorder},
	}
}

// textFigures are LooGLE's automatic figures of one answer.
type textFigures struct {
	bleu1, bleu4, exactStem, meteor float64
	r1, r2, rl                      float64
	noSentence                      bool // rouge raises an error
}

// textScores compares one pair. An empty answer becomes the word None first, as
// upstream has it; white space does not.
func textScores(prediction, reference string, synonyms Thesaurus) textFigures {
	if prediction == "" {
		prediction = "None"
	}
	hyp, ref := loogleWords(prediction), loogleWords(reference)
	f := textFigures{bleu1: bleu(hyp, ref, 1), bleu4: bleu(hyp, ref, 4), exactStem: meteor(hyp, ref, nil)}
	if synonyms != nil {
		f.meteor = meteor(hyp, ref, synonyms)
	}
	var ok bool
	f.r1, f.r2, f.rl, ok = rougeRecall(prediction, reference)
	f.noSentence = !ok
	return f
}

// bestText takes the best of each figure over the references.
func bestText(c Case) textFigures {
	best := textFigures{noSentence: true}
	for _, r := range c.References {
		f := textScores(c.Prediction, r, c.Thesaurus)
		best = textFigures{
			bleu1: max(best.bleu1, f.bleu1), bleu4: max(best.bleu4, f.bleu4),
			exactStem: max(best.exactStem, f.exactStem), meteor: max(best.meteor, f.meteor),
			r1: max(best.r1, f.r1), r2: max(best.r2, f.r2), rl: max(best.rl, f.rl),
			noSentence: best.noSentence && f.noSentence,
		}
	}
	return best
}

// scoreText is rouge-l recall, which needs no other data than the texts, with
// the other columns of LooGLE's table as measures.
func scoreText(c Case) Score {
	f := bestText(c)
	column := func(name, title string, value float64) Measure {
		return Measure{Name: name, Title: title, Table: "Text", Unit: UnitShare, Value: value}
	}
	full, stems := column("meteor", "Meteor", f.meteor), column("meteor_exact_stem", "Meteor-ES", f.exactStem)
	if c.Thesaurus == nil {
		full.Absent = "WordNet is not in an NLTK data folder (NLTK_DATA): its exact and stem stages alone are Meteor-ES"
	} else {
		full.Note = "synonyms from WordNet in " + c.Thesaurus.Origin()
		stems.Table = "" // one of them is enough to look at
	}
	bert := column("bert_score", "Bert", 0)
	bert.Absent = "BERTScore takes a neural model: left to --metric-command bert_score=COMMAND"
	judge := column("judge", "GPT4", 0)
	judge.Absent = "a model's judgement: not part of this score"
	s := Score{Value: f.rl, Measures: []Measure{
		column("bleu1", "Bleu1", f.bleu1), column("bleu4", "Bleu4", f.bleu4),
		column("rouge-1_recall", "Rouge1", f.r1), column("rouge-2_recall", "Rouge2", f.r2), column("rouge-l_recall", "RougeL", f.rl),
		full, stems, bert, judge,
	}}
	if f.noSentence {
		s.Measures = append(s.Measures, Measure{
			Name: "rouge_error", Title: "no sentence", Table: "Text", Unit: UnitFlag, Value: 1,
			Note: "no sentence in the answer or the reference (full stops alone): the reference's script stops there, here ROUGE counts 0",
		})
	}
	return s
}

// scoreTimeline is scoreText with the measures of scoreReorder: a timeline is
// one of longdep_qa's questions, and upstream scores it as text, too.
func scoreTimeline(c Case) Score {
	s := scoreText(c)
	s.Measures = append(s.Measures, scoreReorder(c).Measures...)
	return s
}

// scoreReorder is 1 for the right order, with the deviations of the order: over
// valid orders, and with the maximum for every other answer.
func scoreReorder(c Case) Score {
	var s Score
	reference := strings.Join(c.References[:min(1, len(c.References))], "")
	d, n, valid := reorder(c.Prediction, reference)
	const over, all = "Valid orders", "All orders"
	most := maxima(n)
	counted, ok := most, 0.0
	if valid {
		counted, ok = d, 1
		if d == (deviations{}) {
			s.Value = 1
		}
		s.deviations(over, "", d, most)
	}
	s.Measures = append(s.Measures,
		Measure{
			Name: "valid_order", Title: "Valid", Table: all, Unit: UnitShare, Value: ok,
			Note: "share of the answers that name each item of a timeline once; among all orders the others count as the maximum",
		},
		Measure{Name: "right_order", Title: "Right", Table: all, Unit: UnitShare, Value: s.Value})
	if !valid && n < 2 {
		most = deviations{1, 1, 1, 1} // nothing to put in order: all of it is missed
		counted = most
	}
	s.deviations(all, "_or_maximum", counted, most)
	return s
}

// deviations appends deviations and their shares of the maximum.
func (s *Score) deviations(table, suffix string, d, most deviations) {
	var limits []float64
	most.each(func(_, _ string, v float64) { limits = append(limits, v) })
	d.each(func(name, title string, v float64) {
		s.Measures = append(s.Measures, Measure{Name: name + suffix, Title: title, Table: table, Unit: UnitNumber, Value: v})
	})
	i := 0
	d.each(func(name, title string, v float64) {
		share := 0.0
		if limits[i] > 0 {
			share = v / limits[i]
		}
		i++
		s.Measures = append(s.Measures, Measure{Name: name + suffix + "_share", Title: title + "/max", Table: table, Unit: UnitShare, Value: share})
	})
}

// evaluateText gives the golden cases' shape: METEOR is that of the exact and
// stem stages.
func evaluateText(raw []byte) (any, error) {
	var c caseLine
	if err := json.Unmarshal(raw, &c); err != nil {
		return nil, fieldError(err)
	}
	f := bestText(Case{Prediction: c.Prediction, References: c.References})
	out := map[string]any{"bleu1": f.bleu1, "bleu4": f.bleu4, "meteor_exact_stem": f.exactStem}
	if f.noSentence {
		out["rouge_error"] = "ValueError"
		return out, nil
	}
	out["rouge-1_recall"], out["rouge-2_recall"], out["rouge-l_recall"] = f.r1, f.r2, f.rl
	return out, nil
}

// evaluateCloze gives [matches, masks]. The reference is an object of masks and
// entities.
func evaluateCloze(raw []byte) (any, error) {
	var c struct {
		Prediction string              `json:"prediction"`
		References []map[string]string `json:"references"`
	}
	if err := json.Unmarshal(raw, &c); err != nil {
		return nil, fieldError(err)
	}
	if len(c.References) != 1 {
		return nil, fmt.Errorf("field \"references\": want one object of masks and entities, got %d", len(c.References))
	}
	var masks, entities []string
	for mask, entity := range c.References[0] {
		masks, entities = append(masks, mask), append(entities, entity)
	}
	n := cloze(c.Prediction, masks, entities)
	return map[string]any{"exact": []int{n.exact, n.masks}, "partial": []int{n.partial, n.masks}}, nil
}

// evaluateReorder gives the four deviations, null where the answer is no
// permutation.
func evaluateReorder(raw []byte) (any, error) {
	var c caseLine
	if err := json.Unmarshal(raw, &c); err != nil {
		return nil, fieldError(err)
	}
	if len(c.References) != 1 {
		return nil, fmt.Errorf("field \"references\": want one order, got %d", len(c.References))
	}
	d, _, ok := reorder(c.Prediction, c.References[0])
	if ok {
		return d, nil
	}
	none := map[string]any{}
	d.each(func(name, _ string, _ float64) { none[name] = nil })
	return none, nil
}
