package scorers

import (
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"
)

func TestGradesAreReadFromReplies(t *testing.T) {
	type reading struct {
		Grade int
		OK    bool
	}
	marked := func(s string) reading { n, ok := MarkedGrade(s, 1, 10); return reading{n, ok} }
	plain := func(s string) reading { n, ok := PlainGrade(s, 0, 100); return reading{n, ok} }
	same := func(s string) reading { n, ok := SameMeaning(s); return reading{n, ok} }
	none := reading{}
	for _, c := range []struct {
		name  string
		read  func(string) reading
		reply string
		want  reading
	}{
		{"a mark behind its reasons", marked, "It is good.\n[[7]]", reading{7, true}},
		{"the last of two marks", marked, "Not [[3]] but [[ 8 ]].", reading{8, true}},
		{"a mark above the scale", marked, "[[11]]", none},
		{"a mark above the scale behind one in it", marked, "[[4]] [[11]]", none},
		{"a mark below the scale", marked, "[[0]]", none},
		{"a fraction", marked, "[[7.5]]", none},
		{"a share of ten", marked, "[[7/10]]", none},
		{"a number without marks", marked, "7", none},
		{"a number that no int holds", marked, "[[99999999999999999999]]", none},
		{"nothing but a number", plain, " 85\n", reading{85, true}},
		{"as Python writes it", plain, "+1_0", reading{10, true}},
		{"a word beside it", plain, "85 points", none},
		{"two signs", plain, "--85", none},
		{"an underscore at the end", plain, "8_", none},
		{"beyond the scale", plain, "101", none},
		{"below it", plain, "-1", none},
		{"True", same, "True", reading{1, true}},
		{"False", same, "False", reading{0, true}},
		{"a dot too many", same, "True.", none},
		{"another case", same, "true", none},
		{"white space", same, " True", none},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := c.read(c.reply); got != c.want {
				t.Errorf("%q: got %+v, want %+v", c.reply, got, c.want)
			}
		})
	}
}

func TestAPairIsWonOnlyInBothOrders(t *testing.T) {
	pair := func(task, doc string, a, b Verdict) JudgedPair {
		return JudgedPair{Task: task, Group: doc, AsA: a, AsB: b}
	}
	pairs := []JudgedPair{
		pair("x", "1", "A", "B"), // won
		pair("x", "1", "A", "A"), // the first is favoured
		pair("x", "2", "B", "A"), // lost
		pair("x", "2", "C", "C"), // tied in both orders
		pair("y", "3", "A", "C"), // won, tied: no win; leans to the first
		pair("y", "4", "B", "B"), // the second is favoured
		pair("y", "4", "A", ""),  // half a pair
	}
	tasks, all := SummarisePairs(pairs, CountPairs, AggregateOptions{})
	want := PairFigures{
		Tally: PairTally{Wins: 6, Losses: 4, Draws: 3, Errors: 1},
		Pairs: 6, Won: 1, Tied: 4, Lost: 1, Consistent: 3, FirstFavoured: 2, SecondFavoured: 1,
	}
	ignore := cmpopts.IgnoreFields(PairFigures{}, "WinRate")
	if diff := cmp.Diff(want, all, ignore); diff != "" {
		t.Errorf("all (-want +got):\n%s", diff)
	}
	if len(tasks) != 2 || tasks[0].Pairs != 4 || tasks[1].Pairs != 2 || tasks[1].Tally.Errors != 1 {
		t.Errorf("by task: %+v", tasks)
	}
	if all.WinRate.Value != 0.5 || all.WinRate.Rows != 6 || all.WinRate.Interval.State != IntervalOK {
		t.Errorf("win rate by pairs: %+v", all.WinRate)
	}
	_, verdicts := SummarisePairs(pairs, CountVerdicts, AggregateOptions{})
	if ours, _ := all.Tally.WinRate(); verdicts.WinRate.Value != ours || verdicts.WinRate.Rows != 13 {
		t.Errorf("win rate by verdicts: %+v, the tally's is %v", verdicts.WinRate, ours)
	}
}

// A judge that always takes the first makes each pair one win and one loss: the
// rate is a half whichever pairs are drawn, with documents or without.
func TestBothOrdersOfAPairAreDrawnTogether(t *testing.T) {
	var pairs []JudgedPair
	for i := range 20 {
		pairs = append(pairs, JudgedPair{ID: string(rune('a' + i)), Task: "t", AsA: VerdictA, AsB: VerdictA})
	}
	_, all := SummarisePairs(pairs, CountVerdicts, AggregateOptions{})
	if all.WinRate.Interval != (Interval{IntervalOK, 0.5, 0.5}) {
		t.Errorf("got %+v, want 0.5 to 0.5", all.WinRate)
	}
}

// By verdicts the win rate is L-Eval's, and swapping the two sides mirrors all
// figures, whatever the verdicts.
func TestPairFiguresMirror(t *testing.T) {
	mirrored := map[Verdict]Verdict{VerdictA: VerdictB, VerdictB: VerdictA, VerdictTie: VerdictTie, VerdictNone: VerdictNone}
	rapid.Check(t, func(t *rapid.T) {
		verdict := rapid.SampledFrom([]Verdict{VerdictA, VerdictB, VerdictTie, VerdictNone})
		n := rapid.IntRange(0, 30).Draw(t, "pairs")
		var pairs, swapped []JudgedPair
		for range n {
			p := JudgedPair{Task: "t", Group: rapid.SampledFrom([]string{"1", "2", "3"}).Draw(t, "document"),
				AsA: verdict.Draw(t, "as A"), AsB: verdict.Draw(t, "as B")}
			q := p
			q.AsA, q.AsB = mirrored[p.AsA], mirrored[p.AsB]
			pairs, swapped = append(pairs, p), append(swapped, q)
		}
		rule := rapid.SampledFrom([]PairRule{CountPairs, CountVerdicts}).Draw(t, "rule")
		_, f := SummarisePairs(pairs, rule, AggregateOptions{Resamples: -1})
		_, g := SummarisePairs(swapped, rule, AggregateOptions{Resamples: -1})
		if f.Won != g.Lost || f.Tied != g.Tied || f.Consistent != g.Consistent || f.Tally.Wins != g.Tally.Losses ||
			f.FirstFavoured != g.SecondFavoured || f.Won+f.Tied+f.Lost != f.Pairs || f.Consistent+f.FirstFavoured+f.SecondFavoured != f.Pairs {
			t.Fatalf("%+v and mirrored %+v", f, g)
		}
		if f.WinRate.Rows > 0 && math.Abs(f.WinRate.Value+g.WinRate.Value-1) > 1e-12 {
			t.Fatalf("win rates %v and %v", f.WinRate.Value, g.WinRate.Value)
		}
		if ours, _ := f.Tally.WinRate(); rule == CountVerdicts && !math.IsNaN(ours) && math.Abs(ours-f.WinRate.Value) > 1e-12 {
			t.Fatalf("win rate %v, L-Eval's %v", f.WinRate.Value, ours)
		}
	})
}

func TestMeanGradesStayOnTheirScale(t *testing.T) {
	answers := []JudgedAnswer{{Task: "x", Group: "1", Grade: 10}, {Task: "x", Group: "2", Grade: 4}, {Task: "y", Group: "3", Grade: 1}}
	tasks, all := SummariseGrades(answers, 10, AggregateOptions{})
	if len(tasks) != 2 || tasks[0].Mean.Value != 7 || tasks[0].Mean.Interval.Low != 4 || tasks[0].Mean.Interval.High != 10 {
		t.Errorf("tasks: %+v", tasks)
	}
	if tasks[1].Mean.Interval.State != IntervalOneDocument || all.Value != 5 || all.Rows != 3 {
		t.Errorf("one document: %+v, all: %+v", tasks[1], all)
	}
	if _, none := SummariseGrades(nil, 10, AggregateOptions{}); !none.Absent() {
		t.Errorf("no grades: %+v", none)
	}
}

// Worked by hand: 50 items, 20 + 15 alike; expected agreement 0.5 (Cohen's
// kappa 0.4).
func TestKappaByHand(t *testing.T) {
	var a, b []int
	add := func(x, y, n int) {
		for range n {
			a, b = append(a, x), append(b, y)
		}
	}
	add(1, 1, 20)
	add(1, 0, 5)
	add(0, 1, 10)
	add(0, 0, 15)
	got := Agree(a, b, false)
	if got.Items != 50 || got.Same != 35 || math.Abs(got.Kappa-0.4) > 1e-12 {
		t.Errorf("%+v, want 35 of 50 and kappa 0.4", got)
	}
	if w := Agree(a, b, true); math.Abs(w.Kappa-0.4) > 1e-12 { // two neighbouring grades: weights change nothing
		t.Errorf("weighted: %+v", w)
	}
	// Squares: observed (1 + 4)/4; expected over all 16 pairs (14 + 2·6 + 14)/16.
	w := Agree([]int{1, 2, 3, 4}, []int{1, 2, 4, 2}, true)
	if math.Abs(w.Kappa-(1-1.25/(40.0/16))) > 1e-12 || w.Same != 2 {
		t.Errorf("weighted grades: %+v", w)
	}
	if always := Agree([]int{1, 1}, []int{1, 1}, false); !math.IsNaN(always.Kappa) || always.Same != 2 {
		t.Errorf("always the same: %+v", always)
	}
	if none := Agree(nil, nil, false); !math.IsNaN(none.Kappa) {
		t.Errorf("no items: %+v", none)
	}
}

// FuzzVerdicts: any reply is a verdict in its scale or none, and what stands
// around a mark doesn't matter to it.
func FuzzVerdicts(f *testing.F) {
	f.Add("I prefer it. [[A]]")
	f.Add("[[B]], not [[A]]")
	f.Add("[[ 7 ]] [[10]]")
	f.Add("True")
	f.Add("+1_0\n")
	f.Add("[[\xff]]\u2028[[C]]")
	f.Fuzz(func(t *testing.T, reply string) {
		if len(reply) > maxFuzzed {
			t.Skip("capped input")
		}
		v := PairVerdict(reply)
		if v != VerdictNone && !strings.Contains(reply, "[["+string(v)+"]]") {
			t.Errorf("verdict %q of %q", v, reply)
		}
		if PairVerdict(reply+"[[A]]") != VerdictA {
			t.Errorf("%q: [[A]] anywhere is A", reply)
		}
		if n, ok := MarkedGrade(reply, 1, 10); ok && (n < 1 || n > 10) {
			t.Errorf("grade %d of %q", n, reply)
		}
		if n, ok := MarkedGrade(reply+"[[3]]", 1, 10); !ok || n != 3 {
			t.Errorf("%q with [[3]] behind it: %d, %v", reply, n, ok)
		}
		if n, ok := PlainGrade(reply, 0, 100); ok && (n < 0 || n > 100) {
			t.Errorf("grade %d of %q", n, reply)
		}
		if n, ok := SameMeaning(reply); ok != (reply == "True" || reply == "False") || n == 1 && reply != "True" {
			t.Errorf("%q: %d, %v", reply, n, ok)
		}
	})
}
