package scorers

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestOneLabelIsCutOutAndCompared(t *testing.T) {
	for _, c := range []struct {
		metric, name, prediction, reference string
		want                                float64
	}{
		{"goemotion_acc", "the label alone", " Joy\n", "joy", 1},
		{"goemotion_acc", "what follows in the list of demonstrations is cut", "joy comment: more", "joy", 1},
		{"goemotion_acc", "further lines are cut", "joy\n\nsince it is", "joy", 1},
		{"goemotion_acc", "a full stop makes it another label", "joy.", "joy", 0},
		{"goemotion_acc", "a sentence with the label is not the label", "It is joy", "joy", 0},
		{"goemotion_acc", "the mark wants its space", "joy comment:", "joy", 0},
		{"banking77_acc", "case of the label doesn't count", "refund_not_showing_up", "Refund_not_showing_up", 1},
		{"banking77_acc", "the next query is cut", "card_arrivalservice query: x", "card_arrival", 1},
		{"discovery_acc", "commas and quotes are dropped on both sides", `"As_a_result".`, "as_a_result,", 1},
		{"discovery_acc", "hyphens and brackets stay", "[no-conn]", "[no-conn]", 1},
		{"discovery_acc", "an empty answer is none", "", "and", 0},
	} {
		m, _ := Lookup("liconbench", c.metric)
		if got := m.Score(Case{Prediction: c.prediction, References: []string{c.reference}}).Value; got != c.want {
			t.Errorf("%s, %s: %q against %q: got %v, want %v", c.metric, c.name, c.prediction, c.reference, got, c.want)
		}
	}
}

func TestCountsOfOneRow(t *testing.T) {
	for _, c := range []struct {
		metric, name, prediction, reference string
		correct, predicted, labels          float64
	}{
		{"tacred_f1", "right", "per:title\nsentence: x", "per:title", 1, 1, 1},
		{"tacred_f1", "wrong", "per:age", "per:title", 0, 1, 1},
		{"tacred_f1", "no relation's name", "The relation is per:title", "per:title", 0, 0, 1},
		{"tacred_f1", "case counts", "Per:title", "per:title", 0, 0, 1},
		{"dialogre_f1", "places count", "per:age, per:boss", "per:boss, per:age", 0, 2, 2},
		{"dialogre_f1", "a longer item that holds the label is right", "1. per:boss", "per:boss", 1, 1, 1},
		{"dialogre_f1", "items beyond the labels are predicted", "per:boss,per:age,x", "per:boss", 1, 2, 1},
		{"dialogre_f1", "what begins the next dialogue is cut", "per:boss\nDialogue: per:age", "per:boss", 1, 1, 1},
		{"dialogre_f1", "only the first line counts", "per:boss,\nper:age", "per:boss, per:age", 1, 1, 2},
		{"dialogre_f1", "no answer still has labels", "", "per:boss, per:age", 0, 0, 2},
		{"fewnerd_f1", "an entity with its type", "Bergen: location-GPE\nBob: person-actor", "Bergen: location-GPE\nBob: person-other", 1, 2, 2},
		{"fewnerd_f1", "reading ends at the first other line", "Bergen: location-GPE\nand\nBob: person-actor", "Bob: person-actor", 0, 1, 1},
		{"fewnerd_f1", "the next sentence is no entity", "sentence: x\nBob: person-actor", "Bob: person-actor", 0, 0, 1},
		{"fewnerd_f1", "an entity named twice counts once, as said last", "Bob: person-other\nBob: person-actor", "Bob: person-actor", 1, 1, 1},
		{"fewnerd_f1", "case of an entity counts", "bob: person-actor", "Bob: person-actor", 0, 1, 1},
		{"fewnerd_f1", "an entity with a colon can't be answered", "Alien: Covenant: art-film", "Alien: Covenant: art-film", 0, 1, 1},
	} {
		m, _ := Lookup("liconbench", c.metric)
		got := m.Score(Case{Prediction: c.prediction, References: []string{c.reference}}).Parts
		if diff := cmp.Diff([]float64{c.correct, c.predicted, c.labels}, got); diff != "" {
			t.Errorf("%s, %s: %q against %q (-want +got):\n%s", c.metric, c.name, c.prediction, c.reference, diff)
		}
	}
}

// A row beyond the 500th label changes nothing, the one that reaches it counts.
func TestRelationsAreCountedUpTo500Labels(t *testing.T) {
	row := func(label, prediction string) string { return fmt.Sprintf("[%q,%q]", label, prediction) }
	rows := []string{row("per:boss, per:age", "per:boss"), row(strings.TrimSuffix(strings.Repeat("per:age,", 497), ","), "")}
	for _, c := range []struct {
		name string
		more []string
		want string
	}{
		{"499 labels", nil, `{"correct":1,"labels":499,"predicted":1,"f1":%s}`},
		{"the row that goes beyond counts whole", []string{row("per:boss, per:age", "per:boss, per:age")}, `{"correct":3,"labels":501,"predicted":3,"f1":%s}`},
		{"the row behind doesn't", []string{row("per:boss, per:age", "per:boss, per:age"), row("per:pet", "per:pet")}, `{"correct":3,"labels":501,"predicted":3,"f1":%s}`},
	} {
		_, got, err := Evaluate([]byte(`{"id":"x","metric":"dialogre_f1","rows":[` + strings.Join(append(rows, c.more...), ",") + `]}`))
		if err != nil {
			t.Fatal(err)
		}
		figures := throughJSON(t, got).(map[string]any)
		f1 := figures["f1"].(float64)
		delete(figures, "f1")
		if text := fmt.Sprintf(`{"correct":%v,"labels":%v,"predicted":%v,"f1":%%s}`, figures["correct"], figures["labels"], figures["predicted"]); text != c.want {
			t.Errorf("%s: got %s, want %s", c.name, text, c.want)
		}
		p, r := figures["correct"].(float64)/figures["predicted"].(float64), figures["correct"].(float64)/figures["labels"].(float64)
		if want := 100 * 2 * p * r / (p + r); math.Abs(f1-want) > 1e-5 {
			t.Errorf("%s: f1 %v, want about %v", c.name, f1, want)
		}
	}
}

func TestSetsWithNothingRight(t *testing.T) {
	for line, want := range map[string]any{
		`{"metric":"fewnerd_f1","rows":[[{"A":"x"},{"A":"y"}]]}`: map[string]any{"correct": 0., "predicted": 1., "labels": 1., "f1": nil},
		`{"metric":"fewnerd_f1","rows":[]}`:                      map[string]any{"correct": 0., "predicted": 0., "labels": 0., "f1": nil},
		`{"metric":"dialogre_f1","rows":[["per:age","x"]]}`:      map[string]any{"correct": 0., "predicted": 0., "labels": 1., "f1": 0.},
		`{"metric":"dialogre_f1","rows":[]}`:                     map[string]any{"correct": 0., "predicted": 0., "labels": 0., "f1": 0.},
	} {
		_, got, err := Evaluate([]byte(line))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, throughJSON(t, got)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", line, diff)
		}
	}
	if _, _, err := Evaluate([]byte(`{"metric":"dialogre_f1","rows":[["a"],["b",7]]}`)); err == nil || !strings.Contains(err.Error(), `field "rows`) {
		t.Errorf("a row of another kind: %v", err)
	}
}

// A task's figure is the reference's of the whole set, not a mean of rows.
func TestHeadlinesOfRelationsAndEntities(t *testing.T) {
	for h, want := range map[Headline]float64{
		HeadlineRelations: 2 * .75 * .5 / 1.25,
		HeadlineEntities:  2 * .75 * .5 / 1.25,
	} {
		near := func(got float64) bool { return math.Abs(got-want) < 1e-8 }
		spec := TaskSpec{Name: "t", Category: "c", Headline: h}
		rows := []Row{
			{Task: "t", Score: 1, Parts: []float64{1, 1, 1}},
			{Task: "t", Score: .5, Parts: []float64{2, 3, 5}},
		}
		if got := Aggregate(rows, []TaskSpec{spec}, AggregateOptions{Resamples: -1}).Tasks[0].All.Value; !near(got) {
			t.Errorf("%s: got %v, want %v", h, got, want)
		}
	}
}
