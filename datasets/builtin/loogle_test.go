package builtin

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func looGLERows(t *testing.T, seed uint64, task string) []looGLERow {
	t.Helper()
	var rows []looGLERow
	for line := range strings.Lines(string(read(t, LooGLE(seed), task+".jsonl"))) {
		var r looGLERow
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			t.Fatal(err)
		}
		rows = append(rows, r)
	}
	return rows
}

// The bytes of every file for seed 0, on any machine.
func TestLooGLEFilesOfSeed0AreAsRecorded(t *testing.T) {
	s := LooGLE(0)
	var b strings.Builder
	for _, name := range LooGLEFiles() {
		sum := sha256.Sum256(read(t, s, name))
		fmt.Fprintf(&b, "%s  %s\n", hex.EncodeToString(sum[:]), name)
	}
	golden := filepath.Join("testdata", "loogle_seed0.sha256")
	if *update {
		if err := os.WriteFile(golden, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), b.String()); diff != "" {
		t.Errorf("generated files changed (-want +got); if that is meant, run with -update:\n%s", diff)
	}
	if _, err := s.Open(t.Context(), "config/dataset2prompt.json"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("another benchmark's file: %v, want fs.ErrNotExist", err)
	}
}

// pairs are the questions as the maker made them, before they are written.
func looGLEPairs(t *testing.T, seed uint64, task string) (docs []string, pairs [][]looGLEPair) {
	t.Helper()
	w := New(seed)
	for _, tt := range looGLETasks() {
		if tt.name != task {
			continue
		}
		for i, n := range tt.sizes {
			g := &looGLEMaker{world: w, task: tt, doc: i}
			g.keep = func(p []looGLEPair) { pairs = append(pairs, p) }
			docs = append(docs, tt.make(g, n).Input)
		}
	}
	return docs, pairs
}

func TestLooGLEQuestionsRestOnTheirEvidence(t *testing.T) {
	for _, seed := range []uint64{0, 1, 7} {
		for _, task := range []string{"shortdep_qa", "longdep_qa"} {
			docs, pairs := looGLEPairs(t, seed, task)
			types := map[string]int{}
			for i, doc := range docs {
				if len(pairs[i]) == 0 {
					t.Errorf("seed %d, %s %d: no questions", seed, task, i)
				}
				for _, p := range pairs[i] {
					types[p.typ]++
					checkPair(t, doc, p)
				}
			}
			if want := map[string]int{"shortdep_qa": 1, "longdep_qa": 4}[task]; len(types) != want {
				t.Errorf("seed %d, %s: types %v, want %d", seed, task, types, want)
			}
		}
	}
}

// checkPair holds a question against the sentences that it rests on.
func checkPair(t *testing.T, doc string, p looGLEPair) {
	t.Helper()
	for _, e := range p.evidence {
		if e == "" || !strings.Contains(doc, e) {
			t.Errorf("%q: the document has no sentence %q", p.question, e)
		}
	}
	all := strings.Join(p.evidence, "\n")
	switch p.typ {
	case "", "comprehension_and_reasoning":
		if !strings.Contains(p.evidence[len(p.evidence)-1], p.answer) {
			t.Errorf("%q: %q does not say %q", p.question, all, p.answer)
		}
	case "multiple_information_retrieval":
		for _, part := range strings.Split(p.answer, ", ") {
			if !strings.Contains(all, part) {
				t.Errorf("%q: %q does not say %q", p.question, all, part)
			}
		}
	case "computation":
		sum := 0
		for _, n := range regexp.MustCompile(`\d{1,3}(,\d{3})+|\d{3,}`).FindAllString(all, -1) {
			v, err := strconv.Atoi(strings.ReplaceAll(n, ",", ""))
			if err != nil {
				t.Fatal(err)
			}
			sum += v
		}
		if thousands(sum) != p.answer {
			t.Errorf("%q: %q adds up to %d, not %s", p.question, all, sum, p.answer)
		}
	case "timeline_reorder":
		checkTimeline(t, p)
	}
}

// checkTimeline holds an order against the years in its evidence, which stands
// in the order of the numbers asked for.
func checkTimeline(t *testing.T, p looGLEPair) {
	t.Helper()
	var years []string
	for _, place := range strings.Split(p.answer, ",") {
		n, err := strconv.Atoi(place)
		if err != nil || n < 1 || n > len(p.evidence) {
			t.Fatalf("%q: answer %q", p.question, p.answer)
		}
		years = append(years, regexp.MustCompile(`1[78]\d\d|19\d\d`).FindString(p.evidence[n-1]))
	}
	if len(years) < 3 || !slices.IsSorted(years) || slices.Contains(years, "") || len(slices.Compact(years)) != len(p.evidence) {
		t.Errorf("%q: %q puts the years %v in order", p.question, p.answer, years)
	}
}

func TestLooGLEClozesHideEveryName(t *testing.T) {
	docs, pairs := looGLEPairs(t, 3, "shortdep_cloze")
	for i, doc := range docs {
		if len(pairs[i]) == 0 {
			t.Errorf("document %d: no questions", i)
		}
		for _, p := range pairs[i] {
			filled := p.question
			for k := 0; k < len(p.masks); k += 2 {
				mask, name := p.masks[k], p.masks[k+1]
				if !strings.Contains(p.question, mask) || strings.Contains(p.question, name) || !strings.Contains(doc, name) {
					t.Errorf("%q: mask %s for %q", p.question, mask, name)
				}
				filled = strings.ReplaceAll(filled, mask, name)
			}
			if filled != p.evidence[0] || len(p.masks) == 0 {
				t.Errorf("filled in: %q, want %q", filled, p.evidence[0])
			}
		}
	}
}

func TestLooGLESummariesTellTheReport(t *testing.T) {
	for i, r := range looGLERows(t, 5, "longdep_summarization") {
		if r.QAPairs != "none" || Size(r.Output, English) < 30 || Size(r.Input, English) < 5*Size(r.Output, English) {
			t.Errorf("row %d: qa_pairs %q, %d words of %d", i, r.QAPairs, Size(r.Output, English), Size(r.Input, English))
		}
	}
}

func TestPythonStringsAreQuoted(t *testing.T) {
	if got, want := pythonString("a'b\\\nc"), `'a\'b\\\nc'`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
