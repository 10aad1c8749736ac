package loogle

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/lcbench/lcbench/benchmarks"
	"github.com/lcbench/lcbench/benchmarks/benchmarktest"
)

func TestEvidenceIsFoundWhereAnnotatorsRetypedIt(t *testing.T) {
	const doc = "Before it. The Port of Bergen, opened in 1070,[12] has 3 quays[es] today. After one, two three four five six seven eight nine it ended."
	for _, tc := range []struct {
		name, text, want string
		exact            bool
	}{
		{"word for word", "has 3 quays", "has 3 quays", true},
		{"of several places the first", "e", "e", true},
		{"other case, spaces and punctuation", "the port of bergen -\nopened in 1070", "The Port of Bergen, opened in 1070", true},
		{"without citation marks", "opened in 1070, has 3 quays today", "opened in 1070,[12] has 3 quays[es] today", true},
		{"with other citation marks", "in 1070,[9] has 3 quays[10] today", "in 1070,[12] has 3 quays[es] today", true},
		{"the longest common run of eight words", "Nothing. One two three four five six seven eight nine and no more", "one, two three four five six seven eight nine", false},
		{"seven words are too few", "Nothing. Two three four five six seven eight not", "", false},
		{"too little to squeeze", "[x] a f!", "", false},
		{"nothing", " \n", "", false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			l := newLocator(doc)
			at, exact, ok := l.find(tc.text)
			if got := doc[at.Start:at.End]; got != tc.want || exact != tc.exact || ok != (tc.want != "") {
				t.Errorf("%q: got %q, exact %v, found %v; want %q, exact %v", tc.text, got, exact, ok, tc.want, tc.exact)
			}
		})
	}
}

func TestEvidenceSaysWhatIsUnknown(t *testing.T) {
	l := newLocator("Alpha was here. Beta was there. One two three four five six seven eight.")
	long := task{Task: benchmarks.Task{Name: longQA}}
	for _, tc := range []struct {
		name     string
		evidence []string
		want     benchmarks.Evidence
	}{
		{"all found", []string{"Beta was there", "Alpha was here"}, benchmarks.Evidence{State: benchmarks.EvidenceKnown, Spans: []span{{Start: 0, End: 14}, {Start: 16, End: 30}}}},
		{"one of two", []string{"Beta was there", "Gamma"}, benchmarks.Evidence{State: benchmarks.EvidencePartial, Spans: []span{{Start: 16, End: 30}}}},
		{"an anchor of eight words", []string{"x One two three four five six seven eight y"}, benchmarks.Evidence{State: benchmarks.EvidencePartial, Approximate: true, Spans: []span{{Start: 32, End: 71}}}},
		{"none", []string{"Gamma"}, benchmarks.Evidence{State: benchmarks.EvidenceUnknown}},
		{"none given", nil, benchmarks.Evidence{State: benchmarks.EvidenceUnknown}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, l.evidence(long, question{evidence: tc.evidence})); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// What truncation leaves of evidence is still said to be approximate.
func TestApproximateEvidenceStaysSo(t *testing.T) {
	text := "Ada met Bob. " + strings.Repeat("word ", 100)
	s := benchmarks.Sample{
		Prompt: benchmarks.Prompt{Context: text}, Own: benchmarks.TruncatePrompt,
		Evidence: newLocator(text).evidence(task{Task: benchmarks.Task{Name: cloze}}, question{answers: []string{"Ada"}}),
	}
	cut, n, err := benchmarks.Fit(s, 20, benchmarks.TruncateOwn, benchmarktest.Words{})
	if err != nil || n == 0 || len(cut.Evidence.Spans) != 1 || !cut.Evidence.Approximate {
		t.Errorf("%d tokens cut, evidence %+v, %v", n, cut.Evidence, err)
	}
}

// Spans lie in the document and on its characters, whatever both texts are.
func FuzzLocate(f *testing.F) {
	f.Add("The Port of Bergen,[12] opened", "port of bergen opened")
	f.Add("Éa İb ſ ǅ one two three four five six seven eight", "éa i̇b S ǆ ONE TWO three four five six seven eight")
	f.Add("[1][2]", "[")
	f.Fuzz(func(t *testing.T, doc, text string) {
		if len(doc)+len(text) > 1<<12 || !utf8.ValidString(doc) {
			t.Skip()
		}
		l := newLocator(doc)
		at, _, ok := l.find(text)
		if ok && (at.Start < 0 || at.End <= at.Start || at.End > len(doc)) {
			t.Fatalf("%q in %q: %v", text, doc, at)
		}
		if ok && utf8.ValidString(text) && !utf8.ValidString(doc[at.Start:at.End]) {
			t.Fatalf("%q in %q: %v splits a character", text, doc, at)
		}
		for _, m := range benchmarks.FindWords(doc, text) {
			if doc[m.Start:m.End] != text {
				t.Fatalf("%v", m)
			}
		}
	})
}

func FuzzDecodeDocument(f *testing.F) {
	f.Add([]byte(`{"input": "t", "qa_pairs": "[{'Q': 'q', 'A': {'<mask-0>': 'x'}, 'S': ['s']}]", "output": "o"}`))
	f.Add([]byte(`{"input": "t", "qa_pairs": [{"Q": "q", "A": "a"}], "output": ["o"], "llm_output": ["x", null]}`))
	f.Fuzz(func(t *testing.T, line []byte) {
		if len(line) > 1<<12 || !utf8.Valid(line) {
			t.Skip()
		}
		for _, own := range tasks() {
			d, err := decodeDocument(line, own)
			if err != nil {
				continue
			}
			for _, q := range d.questions {
				if q.err == nil && (len(q.answers) == 0 || len(q.masks) > 0 && len(q.masks) != len(q.answers)) {
					t.Errorf("%s: %+v", own.Name, q)
				}
			}
		}
		if row, err := decodePredictions(line); err == nil {
			for i := range row.references {
				_, _ = row.question(i, tasks()[1])
			}
		}
	})
}

func FuzzFill(f *testing.F) {
	f.Add("{input}{Q}", "d", "q")
	f.Add("{{{input}}}", "{Q}", "{input}")
	f.Fuzz(func(t *testing.T, template, input, q string) {
		if len(template) > 1<<10 {
			t.Skip()
		}
		p, err := fill(template, input, q)
		if err == nil && p.Context != input {
			t.Errorf("%q: context %q, want %q", template, p.Context, input)
		}
	})
}
