package scorers

import (
	"math"
	"slices"
	"testing"
)

func near(t *testing.T, what string, got, want float64) {
	t.Helper()
	if math.Abs(got-want) > 1e-12 {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}

func TestAGeometricHeadlineIsOfAverages(t *testing.T) {
	spec := TaskSpec{Name: "s", Category: "c", Parts: []string{"r1", "r2", "rL"}, Headline: HeadlineGeometric, Decimals: 4}
	rows := []Row{
		{Task: "s", Group: "a", Score: 0.1, Parts: []float64{0.5, 0.2, 0.4}, Valid: true},
		{Task: "s", Group: "b", Score: 0.2, Parts: []float64{0.3, 0.1, 0.123456789}, Valid: true},
		{Task: "s", Group: "c"}, // no answer: 0 in each part
	}
	a := Aggregate(rows, []TaskSpec{spec}, AggregateOptions{Resamples: 2000})
	task := a.Tasks[0]
	r1, r2, rl := 0.8/3, 0.3/3, 0.523456789/3
	near(t, "headline", task.All.Value, math.Cbrt(r1*r2*rl))
	near(t, "headline of valid rows", task.Valid.Value, math.Cbrt(r1*r2*rl*27/8))
	near(t, "as the reference rounds it", task.Reference, Round(100*math.Cbrt(r1*r2*rl), 4))
	for i, want := range []float64{r1, r2, rl} {
		near(t, task.Strata[i].Name, task.Strata[i].All.Value, want)
		near(t, task.Strata[i].Name+" as the reference rounds it", task.Strata[i].Reference, Round(100*want, 4))
		near(t, "the board's average of it", a.Boards[0].Strata[i].Macro.All.Value, want)
	}
	if i := task.All.Interval; i.State != IntervalOK || i.Low > task.All.Value || i.High < task.All.Value || i.High > 0.4 {
		t.Errorf("interval %+v around %v", i, task.All.Value)
	}
	if task.All.Rows != 3 || task.Valid.Rows != 2 {
		t.Errorf("%d rows, %d valid", task.All.Rows, task.Valid.Rows)
	}
}

// Where all rows are alike, so is every draw: parts are drawn as the same
// documents, else the interval of their product would have a width.
func TestDrawsOfPartsAreOfTheSameDocuments(t *testing.T) {
	spec := TaskSpec{Name: "s", Category: "c", Parts: []string{"x", "y"}, Headline: HeadlineGeometric, Decimals: 4}
	var rows []Row
	for i := range 40 {
		v := 0.1 + 0.8*float64(i%2)
		rows = append(rows, Row{Task: "s", Parts: []float64{v, 1.0 - v}})
	}
	interval := Aggregate(rows, []TaskSpec{spec}, AggregateOptions{Resamples: 4000}).Tasks[0].All.Interval
	// x + y = 1 in every draw, so that the product is 1/4 at the most.
	if interval.High > 0.5+1e-9 {
		t.Errorf("interval %+v: above 0.5, which no draw of the same documents reaches", interval)
	}
}

func TestAHeadlineOfStrataWeighsThemAlike(t *testing.T) {
	spec := TaskSpec{Name: "topics", Category: "c", Strata: []string{"first", "second"}, Headline: HeadlineStrata, Decimals: 4}
	rows := []Row{
		{Task: "topics", Group: "a", Score: 1, Strata: []string{"first"}, Valid: true},
		{Task: "topics", Group: "b", Score: 1, Strata: []string{"first"}},
		{Task: "topics", Group: "c", Score: 0, Strata: []string{"first"}, Valid: true},
		{Task: "topics", Group: "a", Score: 0, Strata: []string{"second"}, Valid: true},
		{Task: "topics", Group: "b", Score: 0, Strata: []string{"second"}, Valid: true},
	}
	task := Aggregate(rows, []TaskSpec{spec}, AggregateOptions{Resamples: 500}).Tasks[0]
	near(t, "headline", task.All.Value, (2./3+0)/2)
	near(t, "headline of valid rows", task.Valid.Value, 0.25)
	near(t, "as the reference rounds it", task.Reference, 66.6667/2)
	if task.All.Rows != 5 || task.Valid.Rows != 4 || task.All.Interval.State != IntervalOK {
		t.Errorf("%d rows, %d valid, interval %+v", task.All.Rows, task.Valid.Rows, task.All.Interval)
	}
	one := slices.DeleteFunc(slices.Clone(rows), func(r Row) bool { return r.Group != "a" && r.Strata[0] == "second" })
	a := Aggregate(one, []TaskSpec{spec, {Name: "other", Category: "c"}}, AggregateOptions{Resamples: 500})
	if state := a.Tasks[0].All.Interval.State; state != IntervalPartsMissing {
		t.Errorf("a stratum of one document: state %q, want %q", state, IntervalPartsMissing)
	}
	if board := a.Boards[0].Macro.All; board.Interval.State == IntervalOK {
		t.Errorf("the board's interval %+v, though a part of it has none", board)
	}
}

func TestNoRowsAreNoHeadline(t *testing.T) {
	for _, h := range []Headline{HeadlineMean, HeadlineGeometric, HeadlineStrata, HeadlineEntities} {
		spec := TaskSpec{Name: "s", Category: "c", Parts: []string{"x"}, Headline: h, Decimals: 4}
		task := Aggregate(nil, []TaskSpec{spec}, AggregateOptions{}).Tasks[0]
		if !task.All.Absent() || !math.IsNaN(task.Reference) {
			t.Errorf("%q: %+v", h, task.Means)
		}
	}
}

func TestAHeadlineOfSumsIsOfTheWholeSet(t *testing.T) {
	spec := TaskSpec{Name: "f", Category: "c", Strata: []string{"near", "far"}, Headline: HeadlineEntities, Decimals: 4}
	rows := []Row{ // parts: right, predicted, wanted
		{Task: "f", Group: "a", Score: 1, Parts: []float64{3, 3, 3}, Strata: []string{"near"}, Valid: true},
		{Task: "f", Group: "b", Score: 0, Parts: []float64{0, 1, 2}, Strata: []string{"near"}},
		{Task: "f", Group: "c", Score: 0.5, Parts: []float64{1, 2, 2}, Strata: []string{"far"}, Valid: true},
		{Task: "f", Group: "d", Strata: []string{"far"}}, // no answer: nothing is known of it
	}
	task := Aggregate(rows, []TaskSpec{spec}, AggregateOptions{Resamples: 2000}).Tasks[0]
	near(t, "headline", task.All.Value, entityF1([]float64{4, 6, 7}))
	near(t, "of valid rows", task.Valid.Value, entityF1([]float64{4, 5, 5}))
	near(t, "as the reference rounds it", task.Reference, Round(100*8./13, 4))
	near(t, "near", task.Strata[0].All.Value, entityF1([]float64{3, 4, 5}))
	near(t, "far", task.Strata[1].All.Value, entityF1([]float64{1, 2, 2}))
	if i := task.All.Interval; i.State != IntervalOK || i.Low < 0 || i.High > 1 || i.Low > 0.5 || i.High < 0.8 {
		t.Errorf("interval %+v around %v", i, task.All.Value)
	}
}
