package builtin

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lcbench/lcbench/datasets"
)

var update = flag.Bool("update", false, "rewrite golden files")

func read(t *testing.T, s datasets.Source, name string) []byte {
	t.Helper()
	f, err := s.Open(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := io.ReadAll(f)
	if err := errors.Join(err, f.Close()); err != nil {
		t.Fatal(err)
	}
	return raw
}

func rowsOf(t *testing.T, s datasets.Source, name string) []longBenchRow {
	t.Helper()
	var rows []longBenchRow
	for line := range strings.Lines(string(read(t, s, name))) {
		var r longBenchRow
		d := json.NewDecoder(strings.NewReader(line))
		d.DisallowUnknownFields()
		if err := d.Decode(&r); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		rows = append(rows, r)
	}
	return rows
}

// eachTask runs a check on all row files, LongBench-E's included.
func eachTask(t *testing.T, seed uint64, check func(t *testing.T, task longBenchTask, rows []longBenchRow)) {
	t.Helper()
	s := LongBench(seed)
	for _, task := range longBenchTasks() {
		names := []string{task.name + ".jsonl"}
		if len(task.even) > 0 {
			names = append(names, task.name+"_e.jsonl")
		}
		for _, name := range names {
			t.Run(name, func(t *testing.T) { check(t, task, rowsOf(t, s, name)) })
		}
	}
}

// The bytes of every file for seed 0, on any machine. After -update, read the
// difference: changed bytes make earlier runs incomparable.
func TestFilesOfSeed0AreAsRecorded(t *testing.T) {
	s := LongBench(0)
	var b strings.Builder
	for _, name := range LongBenchFiles() {
		sum := sha256.Sum256(read(t, s, name))
		fmt.Fprintf(&b, "%s  %s\n", hex.EncodeToString(sum[:]), name)
	}
	golden := filepath.Join("testdata", "seed0.sha256")
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
}

func TestOriginNamesSeedAndFiles(t *testing.T) {
	s := LongBench(42)
	raw := read(t, s, "lcc.jsonl")
	read(t, s, "lcc.jsonl")
	read(t, s, "v2/0shot.txt")
	o := s.Origin()
	sum := sha256.Sum256(raw)
	if o.Kind != "builtin" || o.Place != "seed 42" || len(o.Files) != 2 {
		t.Fatalf("origin %+v", o)
	}
	if want := (datasets.FileInfo{Name: "lcc.jsonl", SHA256: hex.EncodeToString(sum[:]), Bytes: int64(len(raw))}); o.Files[0] != want {
		t.Errorf("got %+v, want %+v", o.Files[0], want)
	}
}

func TestWhatIsNotThereIsNamed(t *testing.T) {
	s := LongBench(0)
	for _, name := range []string{"narrativeqa.jsonl", "dureader_e.jsonl", "nothing", "config", "../longbench.go", "config/../v2/0shot.txt", ""} {
		_, err := s.Open(t.Context(), name)
		if !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), name) {
			t.Errorf("%q: got %v, want an error that is fs.ErrNotExist and names it", name, err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.Open(ctx, "lcc.jsonl"); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: got %v", err)
	}
}

func TestFilesStaySmall(t *testing.T) {
	s := LongBench(0)
	plain, all := 0, 0
	for _, name := range LongBenchFiles() {
		n := len(read(t, s, name))
		all += n
		if !strings.HasSuffix(name, "_e.jsonl") {
			plain += n
		}
	}
	if plain > 1_500_000 || all > 3_000_000 {
		t.Errorf("%d bytes without LongBench-E, %d with it: want at most 1.5 and 3 MB", plain, all)
	}
}

func TestRowsFollowTheSchema(t *testing.T) {
	ids := map[string]bool{}
	eachTask(t, 0, func(t *testing.T, task longBenchTask, rows []longBenchRow) {
		if len(rows) < 4 || len(rows) > 12 {
			t.Errorf("%d rows", len(rows))
		}
		for i, r := range rows {
			if ids[r.ID] || len(r.ID) != 48 {
				t.Errorf("row %d: id %q twice or not of 48 digits", i+1, r.ID)
			}
			ids[r.ID] = true
			code := task.name == "lcc" || task.name == "repobench-p"
			if r.Dataset != task.name || r.Context == "" || len(r.Answers) == 0 || r.Answers[0] == "" {
				t.Errorf("row %d: dataset %q, %d bytes of context, answers %q", i+1, r.Dataset, len(r.Context), r.Answers)
			}
			if want := map[bool]string{true: "python", false: task.language}[code]; r.Language != want {
				t.Errorf("row %d: language %q, want %q", i+1, r.Language, want)
			}
			noInput := slices.Contains([]string{"gov_report", "vcsum", "passage_count", "lcc"}, task.name)
			if (r.Input == "") != noInput {
				t.Errorf("row %d: input %q", i+1, r.Input)
			}
			if want := lengthOf(task, r); r.Length != want {
				t.Errorf("row %d: length %d, want %d", i+1, r.Length, want)
			}
			if (task.name == "trec" || task.name == "lsht") != (r.Classes != nil) {
				t.Errorf("row %d: all_classes %v", i+1, r.Classes)
			}
		}
	})
}

// lengthOf counts a row as LongBench does: characters in Chinese, words between
// white space else; passage_retrieval_zh's answer counts as one.
func lengthOf(task longBenchTask, r longBenchRow) int {
	count := func(s string) int { return len(strings.Fields(s)) }
	if task.language == Chinese && task.name != "repobench-p" {
		count = func(s string) int { return len([]rune(s)) }
	}
	n := count(r.Input) + count(r.Context)
	if task.name == "passage_retrieval_zh" {
		return n + 1
	}
	for _, a := range r.Answers {
		n += count(a)
	}
	return n
}

var passageHead = regexp.MustCompile(`(?m)^(Passage \d+:|文章\d+)\n`)

func TestAnswersStandInTheirContext(t *testing.T) {
	for seed := range uint64(4) {
		eachTask(t, seed, func(t *testing.T, task longBenchTask, rows []longBenchRow) {
			questions := map[string]bool{}
			for _, r := range rows {
				if questions[r.Input+r.Context] {
					t.Errorf("asked twice: %q", r.Input)
				}
				questions[r.Input+r.Context] = true
			}
			switch task.name {
			case "multifieldqa_en", "multifieldqa_zh", "hotpotqa", "dureader":
				for _, r := range rows {
					checkEvidence(t, task.name, r)
				}
			}
		})
	}
}

// checkEvidence: the answers stand in the context, in one passage only where
// there are passages.
func checkEvidence(t *testing.T, task string, r longBenchRow) {
	t.Helper()
	for _, a := range r.Answers {
		if !strings.Contains(r.Context, a) {
			t.Errorf("%q => %q isn't in the context", r.Input, a)
		}
	}
	if task != "hotpotqa" && task != "dureader" {
		return
	}
	passages := passageHead.Split(r.Context, -1)[1:]
	if len(passages) < 6 {
		t.Errorf("%d passages", len(passages))
	}
	for _, a := range r.Answers {
		if n := inPassages(passages, a); n != 1 {
			t.Errorf("%q => %q stands in %d passages, want 1", r.Input, a, n)
		}
	}
}

func TestSeveralQuestionsShareAContext(t *testing.T) {
	s := LongBench(0)
	for name, want := range map[string]int{
		"multifieldqa_en": 3, "multifieldqa_zh": 3, "hotpotqa": 3, "dureader": 3, "trec": 3, "lsht": 3,
		"passage_retrieval_en": 2, "passage_retrieval_zh": 2,
	} {
		groups := map[string]int{}
		for _, r := range rowsOf(t, s, name+".jsonl") {
			groups[r.Context]++
		}
		if len(groups) != want {
			t.Errorf("%s: %d contexts, want %d", name, len(groups), want)
		}
		for _, n := range groups {
			if n < 2 {
				t.Errorf("%s: a context with %d rows", name, n)
			}
		}
	}
}

func TestRetrievalAsksForOneOfThirtyParagraphs(t *testing.T) {
	s := LongBench(0)
	for name, head := range map[string]string{"passage_retrieval_en": "Paragraph %d: ", "passage_retrieval_en_e": "Paragraph %d: ", "passage_retrieval_zh": "段落%d："} {
		for _, r := range rowsOf(t, s, name+".jsonl") {
			ps := strings.Split(r.Context, "\n\n")
			if len(ps) != 30 {
				t.Fatalf("%s: %d paragraphs", name, len(ps))
			}
			gold := -1
			for i, p := range ps {
				h := fmt.Sprintf(head, i+1)
				if !strings.HasPrefix(p, h) {
					t.Errorf("%s: paragraph %d begins %.20q", name, i+1, p)
				}
				if strings.TrimRight(h, ":： ") == r.Answers[0] {
					gold = i
				}
			}
			if gold < 0 {
				t.Fatalf("%s: no paragraph is %q", name, r.Answers[0])
			}
			if strings.Contains(r.Context, r.Input) || sharedRunes(ps[gold], r.Input) < 0.5 {
				t.Errorf("%s: %q is not a retelling of %q", name, r.Input, ps[gold])
			}
		}
	}
}

// sharedRunes is the share of b's runes that occur in a.
func sharedRunes(a, b string) float64 {
	n, all := 0, 0
	for _, r := range b {
		all++
		if strings.ContainsRune(a, r) {
			n++
		}
	}
	return float64(n) / float64(max(all, 1))
}

func TestTheCountIsThatOfDifferentParagraphs(t *testing.T) {
	s := LongBench(0)
	for _, name := range []string{"passage_count.jsonl", "passage_count_e.jsonl"} {
		for i, r := range rowsOf(t, s, name) {
			ps := strings.Split(r.Context, "\n\n")
			different := map[string]bool{}
			for _, p := range ps {
				_, body, _ := strings.Cut(p, ": ")
				different[body] = true
			}
			if fmt.Sprint(len(different)) != r.Answers[0] || len(different) >= len(ps) {
				t.Errorf("%s row %d: %d of %d paragraphs differ, answer %s", name, i+1, len(different), len(ps), r.Answers[0])
			}
		}
	}
}

func TestQueriesAreNotAmongTheirDemonstrations(t *testing.T) {
	s := LongBench(0)
	for name, label := range map[string]string{"trec": "\nType:", "trec_e": "\nType:", "lsht": "\n类别："} {
		for _, r := range rowsOf(t, s, name+".jsonl") {
			if !strings.HasSuffix(r.Input, label) || strings.Contains(r.Context, strings.TrimSuffix(r.Input, label)) {
				t.Errorf("%s: %q is in its context or doesn't end with %q", name, r.Input, label)
			}
			if !slices.Contains(r.Classes, r.Answers[0]) {
				t.Errorf("%s: %q is none of %v", name, r.Answers[0], r.Classes)
			}
			for _, c := range r.Classes {
				if !strings.Contains(r.Context, label+" "+c+"\n") && !strings.Contains(r.Context, label+c+"\n") && !strings.HasSuffix(r.Context, c) {
					t.Errorf("%s: no demonstration of %q", name, c)
				}
			}
		}
	}
}

func TestEvenFilesFillAllThreeRanges(t *testing.T) {
	eachTask(t, 0, func(t *testing.T, task longBenchTask, rows []longBenchRow) {
		if len(rows) > 5 {
			return // a plain file
		}
		var n [3]int
		for _, r := range rows {
			n[min(r.Length/4000, 2)]++
		}
		if n[0] == 0 || n[1] == 0 || n[2] == 0 {
			t.Errorf("%v rows in 0–4k, 4–8k, 8k+", n)
		}
	})
}

func TestChoicesAreFourAndOneIsRight(t *testing.T) {
	for seed := range uint64(6) {
		var rows []map[string]string
		if err := json.Unmarshal(read(t, LongBench(seed), "data.json"), &rows); err != nil {
			t.Fatal(err)
		}
		count := map[string]int{}
		for i, r := range rows {
			for _, field := range []string{"_id", "domain", "sub_domain", "difficulty", "length", "question", "answer", "context"} {
				if r[field] == "" {
					t.Errorf("row %d: no %s", i+1, field)
				}
			}
			var list []string
			for _, letter := range []string{"A", "B", "C", "D"} {
				list = append(list, r["choice_"+letter])
			}
			if len(slices.Compact(slices.Sorted(slices.Values(list)))) != 4 || r["answer"] < "A" || r["answer"] > "D" {
				t.Errorf("row %d: choices %q, answer %q", i+1, list, r["answer"])
			}
			for _, field := range []string{"domain", "difficulty", "length", "_id"} {
				count[field+r[field]]++
			}
			if right := r["choice_"+r["answer"]]; !strings.Contains(r["context"], right) {
				t.Errorf("row %d: %q isn't in the context", i+1, right)
			}
			if count["_id"+r["_id"]] > 1 {
				t.Errorf("row %d: id twice", i+1)
			}
		}
		for _, want := range []string{"difficultyeasy", "difficultyhard", "lengthshort", "lengthmedium", "lengthlong", "domainCode Repository Understanding"} {
			if count[want] == 0 {
				t.Errorf("seed %d: no row with %s", seed, want)
			}
		}
	}
}

func TestPromptsHavePlaceholdersAndLimitsForAllTasks(t *testing.T) {
	s := LongBench(0)
	var templates map[string]string
	var limits map[string]int
	if err := json.Unmarshal(read(t, s, "config/dataset2prompt.json"), &templates); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(read(t, s, "config/dataset2maxlen.json"), &limits); err != nil {
		t.Fatal(err)
	}
	if len(templates) != 21 || len(limits) != 21 {
		t.Errorf("%d templates, %d limits, want 21", len(templates), len(limits))
	}
	for task, text := range templates {
		if strings.Count(text, "{context}") != 1 || strings.Count(text, "{input}") > 1 || limits[task] <= 0 {
			t.Errorf("%s: limit %d, template %q", task, limits[task], text)
		}
	}
	for name, want := range map[string][]string{
		"v2/0shot.txt": {"$DOC$", "$Q$", "$C_A$", "$C_D$", "The correct answer is (insert answer here)"}, "v2/0shot_cot.txt": {"$DOC$", "$Q$"},
		"v2/0shot_cot_ans.txt": {"$Q$", "$COT$", "The correct answer is ("}, "v2/0shot_no_context.txt": {"$Q$", "The correct answer is ("},
		"v2/0shot_rag.txt": {"$DOC$", "$Q$", "The correct answer is ("},
	} {
		text := string(read(t, s, name))
		for _, w := range want {
			if !strings.Contains(text, w) {
				t.Errorf("%s lacks %s", name, w)
			}
		}
	}
}
