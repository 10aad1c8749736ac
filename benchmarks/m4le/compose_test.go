package m4le

import (
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/lcbench/lcbench/benchmarks"
	"github.com/lcbench/lcbench/benchmarks/benchmarktest"
	"github.com/lcbench/lcbench/scorers"
)

// builtinTexts are the generated short texts of a recipe.
func builtinTexts(t *testing.T, r recipe) []short {
	t.Helper()
	s, err := readShelf(t.Context(), Adapter().Builtin(5), []string{shortFile(r.kind, r.language)}, func(err error) { t.Error(err) })
	if err != nil {
		t.Fatal(err)
	}
	return r.usable(s[r.kind][r.language])
}

// tokensOf counts as a language can be counted without a vocabulary.
func tokensOf(language string) benchmarks.Tokenizer {
	if language == "zh" {
		return units("zh")
	}
	return benchmarktest.Words{}
}

func TestCompositionsKeepTheirPromises(t *testing.T) {
	texts := map[string][]short{}
	for _, r := range recipes() {
		texts[r.task] = builtinTexts(t, r)
	}
	rapid.Check(t, func(t *rapid.T) {
		r := rapid.SampledFrom(recipes()).Draw(t, "recipe")
		c := composer{recipe: r, texts: texts[r.task], seed: rapid.Uint64().Draw(t, "seed"), tok: tokensOf(r.language)}
		length, draw := rapid.IntRange(900, 9000).Draw(t, "length"), rapid.IntRange(0, 40).Draw(t, "draw")
		place := math.NaN()
		if rapid.Bool().Draw(t, "with depth") {
			place = rapid.Float64Range(0, 1).Draw(t, "depth")
		}
		out, err := c.compose(draw, "base", length, place)
		if err != nil {
			t.Fatal(err)
		}
		if again, err := c.compose(draw, "base", length, place); err != nil || cmp.Diff(out.context, again.context) != "" {
			t.Fatal("the same seed gave another context")
		}
		n := len(c.tok.Ends(out.context))
		if n != out.tokens || n > length || float64(n) < least*float64(length) {
			t.Fatalf("%s: %d tokens, said to be %d, for a length of %d", r.task, n, out.tokens, length)
		}
		checkItems(t, c, out, draw, place)
	})
}

// checkItems reads a context as official rows are read.
func checkItems(t *rapid.T, c composer, out composition, draw int, place float64) {
	all := tasks()
	own := all[slices.IndexFunc(all, func(x task) bool { return x.Name == c.task })]
	read := own.layout.reader()
	items := read.items(out.context)
	var labels []string // of the items, in order
	cut := 0
	for _, it := range items {
		s, whole := c.find(out.context[it.Start:it.End], it.name)
		if s.text == "" {
			t.Fatalf("%s: item %q is of no text", c.task, out.context[it.Start:it.End])
		}
		if !whole { // its class may not show any more, but isn't the one that is asked for
			cut++
			s.label = c.otherLabel(out.context[it.Start:it.End], it.name, c.of(out))
		}
		labels = append(labels, s.label)
	}
	if cut > 1 {
		t.Fatalf("%s: %d items are no whole texts, want the last one at most", c.task, cut)
	}
	for _, span := range out.targets {
		at := slices.IndexFunc(items, func(it item) bool { return it.Start == span.Start })
		s, whole := c.find(out.context[span.Start:span.End], items[at].name)
		if !whole {
			t.Fatalf("%s: target %q is cut", c.task, out.context[span.Start:span.End])
		}
		if c.answer == "" {
			c.checkOthers(t, out, items, span, benchmarks.AnswerIn(s.answers))
		}
	}
	p := read.split(strings.TrimSuffix(c.opening(c.texts), "\n"), out.context+out.question)
	if p.Context != out.context {
		t.Fatalf("%s: read back, the context is\n%q", c.task, p.Context)
	}
	if of := read.evidence(own.target, row{answers: out.answers, gold: -1}, p); own.target != goldIndex && own.target != ofClass {
		if diff := cmp.Diff(out.targets, of.Spans); diff != "" || of.State != benchmarks.EvidenceKnown {
			t.Fatalf("%s: evidence is %s, spans (-composed +found):\n%s", c.task, of.State, diff)
		}
	}
	c.checkPlace(t, out, items, labels, draw, place)
}

// checkOthers looks for an answer in the texts around a target; an item's number
// may be one.
func (c composer) checkOthers(t *rapid.T, out composition, items []item, target scorers.Span, holds func(string) bool) {
	for _, it := range items {
		text := out.context[it.Start:it.End]
		s, _ := c.find(text, it.name)
		if it.Start != target.Start && holds(strings.TrimPrefix(text, c.head(s, it.name))) {
			t.Fatalf("%s: an answer stands in %q", c.task, text)
		}
	}
}

// find returns the text that an item is of, and whether it is there as a whole.
func (c composer) find(item, name string) (s short, whole bool) {
	for _, s := range c.texts {
		if strings.HasSuffix(item, s.text) && item == c.head(s, name)+s.text {
			return s, true
		}
	}
	for _, s := range c.texts {
		if strings.HasPrefix(c.head(s, name)+s.text, item) {
			return s, false
		}
	}
	return short{}, false
}

// of is the class that a question is about.
func (c composer) of(out composition) string {
	for _, s := range c.texts {
		if s.label != "" && strings.Contains(out.question, strings.Replace(c.question, "{class}", s.label, 1)) {
			return s.label
		}
	}
	return ""
}

// otherLabel is the class of a text that an item may be cut of, another one than
// a class if there is any.
func (c composer) otherLabel(item, name, class string) string {
	for _, s := range c.texts {
		if s.label != class && strings.HasPrefix(c.head(s, name)+s.text, item) {
			return s.label
		}
	}
	return class
}

// checkPlace compares targets and answer with the items.
func (c composer) checkPlace(t *rapid.T, out composition, items []item, labels []string, draw int, place float64) {
	starts := func(span scorers.Span) int {
		return slices.IndexFunc(items, func(it item) bool { return it.Start == span.Start })
	}
	if c.ask == askOne {
		at := starts(out.targets[0])
		want := 0
		if !math.IsNaN(place) {
			want = int(math.Round(place * float64(len(items)-1)))
		} else if walk := 1 + len(items)/5; draw%walk > 0 {
			want = 5*(draw%walk) - 1
		}
		if len(out.targets) != 1 || at != want {
			t.Fatalf("%s: target at %d of %d, want %d (draw %d, depth %v)", c.task, at, len(items), want, draw, place)
		}
		return
	}
	var ids []string
	for _, span := range out.targets {
		ids = append(ids, items[starts(span)].name)
	}
	class := labels[starts(out.targets[0])]
	of := 0
	for _, l := range labels {
		if l == class {
			of++
		}
	}
	if of != len(out.targets) {
		t.Fatalf("%s: %d items of %s, %d targets", c.task, of, class, len(out.targets))
	}
	want := strings.Join(ids, c.comma)
	if c.ask == askCount {
		want = strings.NewReplacer("{count}", []string{"0", "1", "2", "3", "4", "5", "6"}[of]).Replace(c.answer)
	}
	if out.answers[0] != want || !strings.Contains(out.question, class) {
		t.Fatalf("%s: answer %q to %q, want %q of %s", c.task, out.answers[0], out.question, want, class)
	}
}

// A perfect answer scores 1 by the task's metric.
func TestReferencesOfCompositionsScoreOne(t *testing.T) {
	for _, r := range recipes() {
		c := composer{recipe: r, texts: builtinTexts(t, r), tok: tokensOf(r.language)}
		out, err := c.compose(2, "x", 2000, math.NaN())
		if err != nil {
			t.Fatal(err)
		}
		name, _ := scorers.M4LEMetric(r.task)
		m, _ := scorers.Lookup("m4le", name)
		if got := m.Score(scorers.Case{Prediction: out.answers[0], References: out.answers}).Value; got != 1 {
			t.Errorf("%s: %q scores %v by %s", r.task, out.answers[0], got, name)
		}
	}
}

func TestADrawHasTheSameTargetAtEveryLengthAndDepth(t *testing.T) {
	r, _ := recipeOf("newsqa")
	c := composer{recipe: r, texts: builtinTexts(t, r), seed: 3, tok: tokensOf("en")}
	for draw := range 5 {
		first, _ := c.compose(draw, "x", 1000, 0)
		for _, length := range []int{2000, 16000} {
			other, err := c.compose(draw, "x", length, 1)
			if err != nil {
				t.Fatal(err)
			}
			if cmp.Diff(first.answers, other.answers) != "" {
				t.Errorf("draw %d at %d: answer %q, at 1000 %q", draw, length, other.answers, first.answers)
			}
		}
	}
}

func TestTooFewTextsAreAnErrorOfTheSample(t *testing.T) {
	r, _ := recipeOf("mnds-news_explicit-multiple")
	text := func(label, text string) short { return short{text: text, label: label} }
	for name, texts := range map[string][]short{
		"none":                  nil,
		"all too long":          {text("a", strings.Repeat("word ", 500))},
		"one of the class":      {text("a", "One is here."), text("b", "Two is there.")},
		"not enough to fill it": {text("a", "One is here."), text("a", "Another one."), text("b", "Two is there.")},
	} {
		c := composer{recipe: r, texts: texts, tok: benchmarktest.Words{}}
		_, err := c.compose(0, "x", 100, math.NaN())
		var fault *benchmarks.SampleError
		if !errors.As(err, &fault) || !errors.Is(err, benchmarks.ErrSample) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: got %v, want a fault of the sample", name, err)
		}
	}
}

func TestUnitsAreWordsOrCharacters(t *testing.T) {
	for _, c := range []struct {
		language units
		text     string
		want     int
	}{{"en", "  two\n words ", 2}, {"en", "", 0}, {"zh", "两 字", 3}, {"zh", "", 0}} {
		ends := c.language.Ends(c.text)
		if len(ends) != c.want || c.want > 0 && ends[len(ends)-1] != len(c.text) {
			t.Errorf("%q: ends %v, want %d", c.text, ends, c.want)
		}
	}
}

// The last item is cut of texts that were not looked at before: they must not
// answer either, however well their first sentence fits.
func TestTheLastItemHoldsNoAnswer(t *testing.T) {
	r, _ := recipeOf("newsqa")
	texts := []short{{text: "She was born in Bergen. It rained.", title: "Ada", question: "Where?", answers: []string{"Bergen"}}}
	for i := range 150 {
		texts = append(texts, short{text: strings.Repeat("long ", 60+i) + "end.", title: "T", question: "q", answers: []string{"x"}},
			short{text: "He left Bergen then for good with her. " + strings.Repeat("more ", 60) + "end.", title: "U", question: "q", answers: []string{"y"}})
	}
	for seed := range uint64(20) {
		d := &drawing{composer: composer{recipe: r, texts: texts, seed: seed, tok: benchmarktest.Words{}}, length: 20, used: map[string]bool{}}
		order := benchmarks.Rand(seed, "x", "order").Perm(len(texts))
		if err := d.aim(append([]int{0}, slices.DeleteFunc(order, func(i int) bool { return i == 0 })...)); err != nil {
			t.Fatal(err)
		}
		d.fill()
		last := d.pad(d.left)
		if last == nil || strings.Contains(last.text, "Bergen") || !strings.HasPrefix(last.text, "long ") {
			t.Fatalf("seed %d: last item %+v", seed, last)
		}
	}
}
