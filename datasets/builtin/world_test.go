package builtin

import (
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func languages() []string { return []string{English, Chinese} }

func TestNamesAreUniqueInAWorld(t *testing.T) {
	w := New(3)
	seen := [2]map[string]*Entity{{}, {}}
	for i := range 400 {
		for _, e := range w.Circle(i).Entities() {
			for k, lang := range languages() {
				name := e.Name(lang)
				if was := seen[k][name]; was != nil || name == "" {
					t.Fatalf("%q names the %s %d of circle %d and %+v", name, e.Kind, e.Index, i, was)
				}
				seen[k][name] = e
			}
		}
	}
}

func TestEachSubjectHasOneFactARelation(t *testing.T) {
	w := New(0)
	for i := range 5 {
		c := w.Circle(i)
		seen := map[[2]any]bool{}
		for _, f := range c.Facts {
			key := [2]any{f.Subject, f.Relation}
			if seen[key] {
				t.Errorf("circle %d: %s has two facts %s", i, f.Subject.Name(English), f.Relation)
			}
			seen[key] = true
			if f.Object.Text(English) == "" || f.Object.Text(Chinese) == "" || f.Object.Entity == f.Subject {
				t.Errorf("circle %d: %s %s: object %+v", i, f.Subject.Name(English), f.Relation, f.Object)
			}
		}
		if len(c.Facts) < 100 {
			t.Errorf("circle %d has %d facts, want at least 100", i, len(c.Facts))
		}
	}
}

func TestEveryRelationIsWordedInBothLanguages(t *testing.T) {
	for _, r := range relationTable() {
		for i, lang := range languages() {
			w := r.words[i]
			if len(w.say) != Variants || len(w.ask) != 2 {
				t.Errorf("%s in %s: %d statements and %d questions, want %d and 2", r.key, lang, len(w.say), len(w.ask), Variants)
			}
			for _, s := range w.say {
				if strings.Count(s, "{s}") != 1 || strings.Count(s, "{o}") != 1 {
					t.Errorf("%s in %s: %q: want {s} and {o} once", r.key, lang, s)
				}
			}
			entity := r.answer == AnswerPerson || r.answer == AnswerPlace || r.answer == AnswerBody
			if (w.noun != "") != entity {
				t.Errorf("%s in %s: noun %q for an answer of type %s", r.key, lang, w.noun, r.answer)
			}
			for _, q := range w.ask {
				if strings.Count(q, "{s}") != 1 {
					t.Errorf("%s in %s: %q: want {s} once", r.key, lang, q)
				}
			}
		}
	}
}

// documents returns one document of each kind.
func documents(w *World, lang string, n int) map[string]Document {
	return map[string]Document{
		"chronicle": w.Chronicle(lang, 2, n, Shape{}),
		"dense":     w.Chronicle(lang, 2, n, Shape{Thin: -1, Variant: 1}),
		"article":   w.Article(w.Circle(1).Events[0], lang, n, Shape{}),
		"meeting":   w.Meeting(lang, 4, n),
		"report":    w.Report(lang, 6, n),
		"news":      w.News(lang, 8, 1, n),
	}
}

func TestTextsStateTheirFactsWhereTheySayTheyDo(t *testing.T) {
	w := New(11)
	for _, lang := range languages() {
		for name, doc := range documents(w, lang, 900) {
			text := doc.Text()
			told := doc.Told()
			if len(told) == 0 || doc.Title == "" || doc.Language != lang {
				t.Errorf("%s in %s: %d facts, title %q, language %q", name, lang, len(told), doc.Title, doc.Language)
			}
			for _, f := range told {
				said, object := text[f.Sentence.Start:f.Sentence.End], text[f.Object.Start:f.Object.End]
				if object != f.Fact.Object.Text(lang) {
					t.Errorf("%s in %s: object %q at %v, want %q", name, lang, object, f.Object, f.Fact.Object.Text(lang))
				}
				if f.Object.Start < f.Sentence.Start || f.Object.End > f.Sentence.End || !strings.ContainsAny(said[len(said)-3:], ".。") {
					t.Errorf("%s in %s: %q is no sentence around %v", name, lang, said, f.Object)
				}
			}
		}
	}
}

func TestNoTemplateMarkIsLeftInAnyText(t *testing.T) {
	w := New(5)
	for _, lang := range languages() {
		var all []string
		for _, doc := range documents(w, lang, 3000) {
			all = append(all, doc.Text(), w.Summary(doc, 12))
			for _, q := range w.Questions(doc, 0) {
				all = append(all, q.Text)
			}
		}
		for _, q := range w.TwoHop(w.Circle(0), lang) {
			all = append(all, q.Text)
		}
		for _, text := range all {
			for _, mark := range []string{"{", "}", "  ", "the the", "The the", "。。", "\x00", "..", "”"} {
				if i := strings.Index(text, mark); i >= 0 {
					t.Errorf("%q in …%s…", mark, text[max(0, i-60):min(len(text), i+60)])
				}
			}
		}
	}
}

func TestDocumentsHaveTheSizeAskedFor(t *testing.T) {
	w := New(1)
	for _, lang := range languages() {
		for _, n := range []int{200, 999, 5000, 120_000} {
			for name, doc := range map[string]Document{
				"chronicle": w.Chronicle(lang, 0, n, Shape{}), "meeting": w.Meeting(lang, 0, n), "report": w.Report(lang, 0, n),
			} {
				got := Size(doc.Text(), lang)
				if got < n || got > n+n/10+80 {
					t.Errorf("%s in %s of %d: got %d", name, lang, n, got)
				}
			}
		}
	}
}

func TestASummaryRewordsWhatTheDocumentSays(t *testing.T) {
	w := New(2)
	for _, lang := range languages() {
		doc := w.Chronicle(lang, 0, 1500, Shape{})
		p := doc.Paragraphs[0]
		for _, f := range p.Told {
			again := w.reword(f, p.Text, lang)
			if strings.Contains(p.Text, again) {
				t.Errorf("%q stands in the text word for word", again)
			}
			if !strings.Contains(again, f.Fact.Object.Text(lang)) {
				t.Errorf("%q lacks %q", again, f.Fact.Object.Text(lang))
			}
		}
	}
}

func TestTwoHopQuestionsJoinTheirFacts(t *testing.T) {
	w := New(2)
	for _, lang := range languages() {
		questions := w.TwoHop(w.Circle(9), lang)
		if len(questions) < 50 {
			t.Fatalf("%d two-hop questions, want at least 50", len(questions))
		}
		for _, q := range questions {
			first, second := q.Facts[0], q.Facts[1]
			if first.Object.Entity != second.Subject || q.Answer != second.Object.Text(lang) {
				t.Errorf("%q => %q joins %s and %s", q.Text, q.Answer, first.Relation, second.Relation)
			}
			if strings.Contains(q.Text, second.Subject.Name(lang)) {
				t.Errorf("%q names the entity in the middle", q.Text)
			}
			if !strings.Contains(q.Text, first.Subject.Name(lang)) {
				t.Errorf("%q doesn't name %q", q.Text, first.Subject.Name(lang))
			}
		}
	}
	c := w.Circle(0)
	if _, ok := w.Join(c.Facts[0], c.Facts[0], English, 0); ok {
		t.Error("facts that don't meet were joined")
	}
}

func TestAWorldIsTheSameHoweverItIsAsked(t *testing.T) {
	want := New(7).Chronicle(Chinese, 3, 2000, Shape{})
	w := New(7)
	w.Circle(60) // another order of making
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			if diff := cmp.Diff(want.Text(), w.Chronicle(Chinese, 3, 2000, Shape{}).Text()); diff != "" {
				t.Error(diff)
			}
		})
	}
	group.Wait()
	if New(8).Chronicle(Chinese, 3, 2000, Shape{}).Text() == want.Text() {
		t.Error("seeds 7 and 8 tell the same")
	}
}

func TestLabelledTextsHaveKnownClasses(t *testing.T) {
	w := New(0)
	for _, lang := range languages() {
		for name, set := range map[string]struct {
			classes []string
			items   []Labelled
		}{
			"questions": {QuestionTypes(lang), w.LabelledQuestions(lang, "test", 200)},
			"news":      {Topics(lang), w.LabelledNews(lang, "test", 200)},
		} {
			count := map[string]int{}
			for _, x := range set.items {
				count[x.Label]++
			}
			for _, c := range set.classes {
				if n := count[c]; n < 200/len(set.classes) || n > 200/len(set.classes)+1 {
					t.Errorf("%s in %s: class %q has %d of 200 items", name, lang, c, n)
				}
				for _, d := range set.classes {
					if c != d && strings.Contains(c, d) {
						t.Errorf("%s in %s: class %q contains %q", name, lang, c, d)
					}
				}
			}
		}
	}
}

func TestCodeTargetsFollowFromEarlierLines(t *testing.T) {
	w := New(0)
	for _, lang := range languages() {
		lib := w.Code(lang, 0, 800)
		for _, f := range []CodeFile{lib, w.Caller(lang, 0, lib)} {
			if len(f.Targets) < 5 || len(f.Classes) == 0 && f.Path == lib.Path {
				t.Fatalf("%s: %d targets, classes %v", f.Path, len(f.Targets), f.Classes)
			}
			var before string
			for _, at := range f.Targets {
				if f.Path == lib.Path {
					before = f.Text(at)
				} else {
					before = lib.Text(-1) + f.Text(at)
				}
				for _, name := range strings.FieldsFunc(f.Lines[at], func(r rune) bool {
					return r != '_' && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9')
				}) {
					if name != "float" && name != "return" && name != "row" && name != "total" && !strings.Contains(before, name) {
						t.Errorf("%s: line %d %q: %q was not seen before", f.Path, at+1, f.Lines[at], name)
					}
				}
			}
			if got := f.Text(-1); strings.Count(got, "\n") != len(f.Lines) || f.Text(0) != "" {
				t.Errorf("%s: %d line ends for %d lines", f.Path, strings.Count(got, "\n"), len(f.Lines))
			}
		}
	}
}
