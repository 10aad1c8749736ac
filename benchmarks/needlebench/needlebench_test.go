package needlebench

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/lcbench/lcbench/benchmarks"
	"github.com/lcbench/lcbench/benchmarks/benchmarktest"
	"github.com/lcbench/lcbench/datasets"
	"github.com/lcbench/lcbench/scorers"
)

func TestSuite(t *testing.T) { benchmarktest.Run(t, Adapter()) }

func TestSelfCheck(t *testing.T) {
	if err := selfCheck(); err != nil {
		t.Error(err)
	}
}

// made streams samples of the built-in data, or of files where there are any.
func made(t *testing.T, o benchmarks.Options, files map[string]string) (samples []benchmarks.Sample, errs []error) {
	t.Helper()
	src := Adapter().Builtin(o.Seed)
	if files != nil {
		src = folder(t, files)
	}
	if o.Tokenizer == nil {
		o.Tokenizer = benchmarktest.Words{}
	}
	for s, err := range Adapter().Open(src).Samples(t.Context(), o) {
		if err != nil {
			errs = append(errs, err)
			continue
		}
		samples = append(samples, s)
	}
	return samples, errs
}

func folder(t *testing.T, files map[string]string) datasets.Source {
	dir := t.TempDir()
	for name, content := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return datasets.Folder(dir, Adapter().Pins)
}

// Every needle stands once, where it is said to, and holds its answer; nothing
// else in the prompt does.
func TestAnswersStandInTheirNeedlesAlone(t *testing.T) {
	samples, errs := made(t, benchmarks.Options{Seed: 5, Lengths: []int{700, 2500}, Depths: []float64{0, 33, 100}, Shape: benchmarks.Shape{Needles: []int{2, 5}}}, nil)
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	for _, s := range samples {
		if strings.HasPrefix(s.Task, "atc") {
			continue
		}
		needles := ""
		for _, e := range s.Evidence.Spans {
			needles += s.Prompt.Context[e.Start:e.End] + "\n"
		}
		for _, answer := range s.References {
			if strings.Contains(s.Prompt.Before+s.Prompt.After, answer) {
				t.Errorf("%s: the question tells the answer %q", s.ID, answer)
			}
			if all, here := strings.Count(s.Prompt.Context, answer), strings.Count(needles, answer); all != here || here == 0 {
				t.Errorf("%s: the answer %q stands %d times in the context, %d times in needles", s.ID, answer, all, here)
			}
		}
		want := map[string]int{"single": 1, "multi": 3}[s.Task[:len(s.Task)-3]]
		if len(s.Strata) > 0 {
			want = int(s.Strata[0][0] - '0')
		}
		if len(s.Evidence.Spans) != want {
			t.Errorf("%s: %d needles, want %d", s.ID, len(s.Evidence.Spans), want)
		}
	}
}

// The needles of a chain stand a tenth of the haystack behind each other, the last
// ones at its end; those of a multi-retrieval at each depth.
func TestSeveralNeedlesAreSpread(t *testing.T) {
	o := benchmarks.Options{Lengths: []int{6000}, Depths: []float64{0, 75}, Tasks: []string{"reasoning_en", "multi_en"}, Shape: benchmarks.Shape{Repeats: 1, Needles: []int{5}}}
	samples, _ := made(t, o, nil)
	want := map[string][]float64{"reasoning_en/r1n5@6000/0": {0, 10, 20, 30, 40}, "reasoning_en/r1n5@6000/75": {75, 85, 95, 100, 100}, "multi_en/r1@6000": {0, 75}}
	for _, s := range samples {
		for i, depth := range want[s.ID] {
			if at := 100 * float64(s.Evidence.Spans[i].Start) / float64(len(s.Prompt.Context)); at < depth-3 || at > depth+3 {
				t.Errorf("%s: needle %d stands at %.1f%%, want %g%%", s.ID, i, at, depth)
			}
		}
		delete(want, s.ID)
	}
	if len(want) > 0 {
		t.Errorf("not made: %v", want)
	}
}

func TestTreesWeighTheirRelations(t *testing.T) {
	samples, _ := made(t, benchmarks.Options{Tasks: []string{"atc_zh"}, Shape: benchmarks.Shape{Repeats: 1, Needles: []int{3, 64}}}, nil)
	for _, s := range samples {
		if n := strings.Count(s.Prompt.Context, "\n") + 1; s.Weight != float64(n) || s.Strata[0] != fmt.Sprint(n) {
			t.Errorf("%s: weight %g, strata %q, %d relations", s.ID, s.Weight, s.Strata, n)
		}
	}
}

func TestEssaysWithTheAnswerAreLeftOut(t *testing.T) {
	files := map[string]string{
		"PaulGrahamEssays/a.txt": strings.Repeat("an essay about a Ruby ", 60), "PaulGrahamEssays/b.txt": strings.Repeat("an essay about nothing ", 60),
		"needles.jsonl": `{"needle": "The gem of Oz is Ruby.", "retrieval_question": "What is the gem of Oz?", "arg2": "Ruby", "language": "English"}`,
	}
	samples, errs := made(t, benchmarks.Options{Lengths: []int{200}, Depths: []float64{50}, Tasks: []string{"single_en"}}, files)
	if len(samples) != 10 || len(errs) > 0 {
		t.Errorf("%d samples, %v", len(samples), errs)
	}
	for _, s := range samples {
		if strings.Count(s.Prompt.Context, "Ruby") != 1 {
			t.Errorf("%s: %q", s.ID, s.Prompt.Context)
		}
	}
}

func TestALimitTakesCellsThatAreSpreadAndNested(t *testing.T) {
	for _, size := range []int{1, 2, 9, 55, 880, 3520} {
		before := map[int]bool{}
		for n := range min(size, 40) + 1 {
			got := pick(size, n)
			if len(got) != n || !slices.IsSorted(got) || len(slices.Compact(slices.Clone(got))) != n {
				t.Fatalf("%d of %d: %v", n, size, got)
			}
			for _, i := range got {
				delete(before, i)
			}
			if len(before) > 0 {
				t.Fatalf("%d of %d lack %v, which fewer have", n, size, before)
			}
			for _, i := range got {
				before[i] = true
			}
		}
	}
	// Eleven of 880 cells touch most lengths and depths.
	g := grid{repeats: 10, counts: []int{0}, asks: 1, lengths: []int{1, 2, 3, 4, 5, 6, 7, 8}, depths: []float64{0, 10, 20, 30, 40, 50, 60, 70, 80, 90, 100}}
	lengths, depths, repeats := map[int]bool{}, map[float64]bool{}, map[int]bool{}
	for _, i := range pick(g.size(), 11) {
		c := g.at(i)
		lengths[c.length], depths[c.depth], repeats[c.repeat] = true, true, true
	}
	if len(lengths) < 6 || len(depths) < 8 || len(repeats) < 6 {
		t.Errorf("11 cells touch %d lengths, %d depths, %d repeats", len(lengths), len(depths), len(repeats))
	}
}

func TestEachCellOfTheGridComesOnce(t *testing.T) {
	o := benchmarks.Options{Lengths: []int{300, 600}, Depths: []float64{100, 0}, Shape: benchmarks.Shape{Repeats: 3, Needles: []int{2, 3}}}
	samples, errs := made(t, o, nil)
	n := map[string]int{}
	for _, s := range samples {
		n[s.Task]++
	}
	want := map[string]int{"single_en": 12, "multi_en": 6, "reasoning_en": 24, "atc_en": 24}
	for task, want := range want {
		if n[task] != want || n[task[:len(task)-2]+"zh"] != want {
			t.Errorf("%s: %d samples, want %d", task, n[task], want)
		}
	}
	if len(errs) > 0 {
		t.Error(errs)
	}
}

// A perfect reader of family trees gets each question right: it walks the
// statements, knowing nothing of how they were drawn.
func TestFamilyTreesHaveTheAnswersThatTheyAreSaidTo(t *testing.T) {
	for _, lang := range []string{"en", "zh"} {
		w := wordingOf(lang)
		for k := range 40 {
			r := benchmarks.Rand(uint64(k), lang, "test")
			c, err := drawChain(r, w, nil, 1+k)
			if err != nil {
				t.Fatal(err)
			}
			depth := map[string]int{c.people[0]: 0}
			for i, statement := range c.statements {
				a, b, up := read(t, w, statement, c.people)
				if a != c.people[i] {
					t.Fatalf("%q: %s is above, want %s", statement, a, c.people[i])
				}
				depth[b] = depth[a] + up
			}
			last := c.people[len(c.people)-1]
			for ask := range questions {
				question, answer := c.question(r, w, ask)
				n := 0
				if from := strings.IndexAny(question, "0123456789"); from >= 0 {
					if _, err := fmt.Sscanf(question[from:], "%d", &n); err != nil {
						t.Fatal(err)
					}
				}
				ok := false
				switch ask {
				case 0:
					ok = answer == c.people[0]
				case 1:
					ok = depth[last]-depth[answer] == n
				case 2:
					ok = depth[answer] == n && answer != c.people[0]
				case 3:
					ok = answer == fmt.Sprint(depth[last])
				}
				if !ok {
					t.Errorf("%q: answer %q in %q", question, answer, c.statements)
				}
			}
		}
	}
}

// read finds the wording of a statement.
func read(t *testing.T, w wording, statement string, people []string) (above, below string, up int) {
	for generations, patterns := range w.relations {
		for _, p := range patterns {
			for i, a := range people[:len(people)-1] {
				if strings.NewReplacer("{a}", a, "{b}", people[i+1]).Replace(p) == statement {
					return a, people[i+1], generations + 1
				}
			}
		}
	}
	t.Fatalf("%q says nothing", statement)
	return "", "", 0
}

func TestOurNamesAreManyAndApart(t *testing.T) {
	for _, lang := range []string{"en", "zh"} {
		w := wordingOf(lang)
		names, err := drawNames(benchmarks.Rand(1, lang, "names"), w, nil, len(w.namesFirst)*len(w.namesSecond))
		if err != nil || len(names) < 513 || strings.ContainsAny(strings.Join(names, ""), `'"\~{}`) {
			t.Errorf("%s: %d names, %v", lang, len(names), err)
		}
		keys := ownNeedles(benchmarks.Rand(1, lang, "needles"), lang, 200)
		for i, n := range keys {
			if !apart(keys[:i], n) || strings.Count(n.text, n.keyword) != 1 || strings.Contains(n.ask, n.keyword) {
				t.Errorf("%s: needle %q with %q", lang, n.text, n.keyword)
			}
		}
	}
}

// The prompt of a single needle ends with what stands before the answer.
func TestAModelThatCopiesFindsTheEnglishNeedle(t *testing.T) {
	samples, _ := made(t, benchmarks.Options{Tasks: []string{"single_en"}}, nil)
	for _, s := range samples {
		word := s.Prompt.After[strings.LastIndexByte(s.Prompt.After, '\n')+1:]
		_, behind, found := strings.Cut(s.Prompt.Context, word+" ")
		if strings.Count(s.Prompt.Text(), strings.TrimSuffix(word, ":")) != 2 || !found || !strings.HasPrefix(behind, s.References[0]+".") {
			t.Errorf("%s: %q is followed by %q, want %q", s.ID, word, behind[:min(20, len(behind))], s.References[0])
		}
	}
}

func TestOfficialFilesAreRead(t *testing.T) {
	files := map[string]string{
		"PaulGrahamEssays.jsonl": `{"text": "` + strings.Repeat("words of an essay ", 300) + `"}` + "\n{\"text\": 3}\n",
		"needles.jsonl": `{"needle": "\nThe gem of Oz is Ruby.\n", "retrieval_question": "What is the gem of Oz?", "arg1": "Oz", "arg2": "Ruby", "language": "English"}
{"needle": "no", "retrieval_question": "q", "arg2": "Ruby", "language": "English"}
`,
		"names.json":                     `{"English": "Ann Lee,Mary Ann Lee,Bob O'Neil,Cy Ray,Di Fox", "Chinese": "王一,李二,张三"}`,
		"multi_needle_reasoning_en.json": `[{"derivations": ["A is in B", "B is in C"], "derivation_count": 2, "question": "Where is A?", "answer": "in C"}]`,
	}
	o := benchmarks.Options{Lengths: []int{400}, Depths: []float64{50}, Shape: benchmarks.Shape{Repeats: 1, Needles: []int{2}}, Languages: []string{"en"}}
	samples, errs := made(t, o, files)
	byTask := map[string]benchmarks.Sample{}
	for _, s := range samples {
		byTask[s.Task] = s
	}
	if s := byTask["single_en"]; s.References[0] != "Ruby" || !strings.HasSuffix(s.Prompt.After, "What is the gem of Oz?") {
		t.Errorf("single: %+v", s)
	}
	tree := byTask["atc_en"].Prompt.Context
	if strings.Contains(tree, "O'Neil") || strings.Count(tree, "Ann Lee") > 2 || !strings.Contains(tree, "Fox") && !strings.Contains(tree, "Ray") {
		t.Errorf("names of the tree: %q", tree)
	}
	var texts []string
	for _, err := range errs {
		texts = append(texts, err.Error())
	}
	for _, want := range []string{`PaulGrahamEssays.jsonl:2: field "text": want a string`, `needles.jsonl:2: field "arg2": "Ruby" does not stand in the needle`} {
		if !slices.ContainsFunc(texts, func(s string) bool { return strings.Contains(s, want) }) {
			t.Errorf("errors %q lack %q", texts, want)
		}
	}
	o.Mode, o.Lengths = modeV1, []int{3400}
	files["PaulGrahamEssays.jsonl"] = `{"text": "` + strings.Repeat("words of an essay ", 300) + `"}`
	samples, _ = made(t, o, files)
	for _, s := range samples {
		switch s.Task {
		case "single_en":
			if s.Metric != "needle_v1" || s.References[0] != "The gem of Oz is Ruby." || s.Classes[0] != "Ruby" || s.ContextTokens > 400 {
				t.Errorf("v1: %s of %d tokens, %q, %q", s.Metric, s.ContextTokens, s.References, s.Classes)
			}
		case "reasoning_en":
			if s.References[0] != "in C" || !strings.Contains(s.Prompt.Context, "\nA is in B\n") {
				t.Errorf("v1's chain: %q", s.References)
			}
		}
	}
}

func TestWhatIsMissingIsSaid(t *testing.T) {
	files := map[string]string{"PaulGrahamEssays/a.txt": strings.Repeat("an essay about nothing ", 100)}
	o := benchmarks.Options{Lengths: []int{200, 5000}, Depths: []float64{0}, Shape: benchmarks.Shape{Repeats: 1, Needles: []int{2}}}
	samples, errs := made(t, o, files)
	var notice *benchmarks.Notice
	var short *benchmarks.SampleError
	notices, lost := 0, 0
	for _, err := range errs {
		switch {
		case errors.As(err, &notice):
			notices++
		case errors.As(err, &short) && short.Reason == "haystack too small for a context of 5k" && strings.Contains(err.Error(), "has 400 tokens of text"):
			lost++
		default:
			t.Error(err)
		}
	}
	if notices != 1 || lost != 3 || len(samples) != 3+8 {
		t.Errorf("%d notices of tasks left out, %d samples lost, %d made; want 1, 3, 11", notices, lost, len(samples))
	}
	o.Tasks = []string{"single_zh"}
	if _, errs = made(t, o, files); len(errs) != 1 || errors.As(errs[0], &notice) || !strings.Contains(errs[0].Error(), "--haystack") {
		t.Errorf("a task asked for by name: %v", errs)
	}
}

func TestBadOptionsAreRefused(t *testing.T) {
	for name, c := range map[string]struct {
		o    benchmarks.Options
		want string
	}{
		"depth":    {benchmarks.Options{Depths: []float64{101}}, "depth 101: want a percentage"},
		"length":   {benchmarks.Options{Lengths: []int{0}}, "length 0: want a number of tokens"},
		"language": {benchmarks.Options{Languages: []string{"fr"}}, `no tasks in language "fr"`},
		"knob":     {benchmarks.Options{Shape: benchmarks.Shape{Rounds: []int{1}}}, "takes no --rounds"},
	} {
		if _, errs := made(t, c.o, nil); len(errs) != 1 || !strings.Contains(errs[0].Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, errs, c.want)
		}
	}
	for _, err := range Adapter().Open(Adapter().Builtin(1)).Samples(t.Context(), benchmarks.Options{}) {
		if err == nil || !strings.Contains(err.Error(), "needs a tokenizer") {
			t.Errorf("without a tokenizer: %v", err)
		}
	}
	_, errs := made(t, benchmarks.Options{Lengths: []int{9}, Tasks: []string{"single_en"}, Limit: 1}, nil)
	if len(errs) != 1 || !errors.Is(errs[0], benchmarks.ErrSample) || !strings.Contains(errs[0].Error(), "the needles take") {
		t.Errorf("a needle longer than the length: %v", errs)
	}
}

func TestABufferIsTakenOffTheLength(t *testing.T) {
	o := benchmarks.Options{Mode: modeBuffer, Lengths: []int{3500}, Limit: 1, Tasks: []string{"single_en", "single_zh"}}
	samples, _ := made(t, o, nil)
	for i, most := range []int{500, 3300} {
		if n := samples[i].ContextTokens; n > most || 100*n < 98*most || samples[i].TargetLength != 3500 {
			t.Errorf("%s: %d tokens of %d, want %d", samples[i].ID, n, samples[i].TargetLength, most)
		}
	}
	o.Lengths = []int{3000}
	if _, errs := made(t, o, nil); len(errs) != 1 || !strings.Contains(errs[0].Error(), "a length of 3k leaves nothing behind the buffer of 3000 tokens") {
		t.Errorf("a length within the buffer: %v", errs)
	}
}

func TestAQuestionMayComeFirst(t *testing.T) {
	samples, _ := made(t, benchmarks.Options{Mode: modeFirst, Limit: 1}, nil)
	for _, s := range samples {
		last := s.Query[strings.LastIndexByte(s.Query, '\n')+1:]
		if strings.HasPrefix(s.Task, "single") {
			last = wordingOf(s.Language).ask[:20] // asked in other words
		}
		if !strings.Contains(s.Prompt.Before, last) {
			t.Errorf("%s: %q is not ahead of the context: %q", s.ID, last, s.Prompt.Before)
		}
		if strings.Contains(s.Prompt.After, "?") || strings.Contains(s.Prompt.After, "？") {
			t.Errorf("%s: a question behind the context: %q", s.ID, s.Prompt.After)
		}
	}
}

func TestUnmadeSamplesAreTheOthersWithoutTheirContexts(t *testing.T) {
	o := benchmarks.Options{Lengths: []int{500}, Limit: 3}
	whole, _ := made(t, o, nil)
	o.Unmade = true
	sizes, _ := made(t, o, nil)
	if len(sizes) != len(whole) {
		t.Fatalf("%d samples unmade, %d made", len(sizes), len(whole))
	}
	for i, s := range sizes {
		if s.ID != whole[i].ID || s.TargetLength > 0 && (s.Prompt.Context != "" || s.ContextTokens != 500) {
			t.Errorf("%s beside %s: %d tokens", s.ID, whole[i].ID, s.ContextTokens)
		}
	}
}

func TestASaltStartsEachPromptDifferently(t *testing.T) {
	samples, _ := made(t, benchmarks.Options{Salt: true, Limit: 4}, nil)
	seen := map[string]bool{}
	for _, s := range samples {
		first, _, _ := strings.Cut(s.Prompt.Before, "\n")
		if seen[first] || len(first) < 16 {
			t.Errorf("%s begins with %q", s.ID, first)
		}
		seen[first] = true
	}
}

func TestRightAnswersScoreOne(t *testing.T) {
	for _, mode := range Adapter().Modes {
		samples, _ := made(t, benchmarks.Options{Mode: mode, Lengths: []int{4000}, Limit: 2}, nil)
		if len(samples) == 0 {
			t.Errorf("%s: no samples", mode)
		}
		for _, s := range samples {
			answer := strings.Join(s.References, ", ")
			if s.Metric == "atc" {
				answer = `\boxed{` + answer + `}`
			}
			m, _ := scorers.Lookup("needlebench", s.Metric)
			if got := m.Score(scorers.Case{Prediction: answer, References: s.References, Classes: s.Classes}).Value; got < 1-1e-9 {
				t.Errorf("%s, %s: %q scores %v", mode, s.ID, answer, got)
			}
		}
	}
}

func FuzzParsers(f *testing.F) {
	f.Add([]byte(`{"needle": "a b", "retrieval_question": "q", "arg2": "b", "language": "English"}`))
	f.Add([]byte(`{"derivations": ["a"], "question": "q", "answer": "b"}`))
	f.Add([]byte(`{"English": "Ann Lee,Bob", "Chinese": "王一，李二"}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		if _, n, err := decodeNeedle(raw); err == nil && (!strings.Contains(n.text, n.keyword) || n.ask == "") {
			t.Errorf("%q became %+v", raw, n)
		}
		if d, err := decodeDerivation(raw); err == nil && (len(d.statements) == 0 || d.answer == "") {
			t.Errorf("%q became %+v", raw, d)
		}
		names, err := parseNames(raw)
		for _, list := range names {
			for _, name := range list {
				if err != nil || name == "" || strings.ContainsAny(name, `,'"\~{}`) || !utf8.ValidString(name) {
					t.Errorf("%q: name %q, %v", raw, name, err)
				}
			}
		}
	})
}

func TestASaltedHaystackIsAnotherInEachCell(t *testing.T) {
	for _, salt := range []bool{false, true} {
		o := benchmarks.Options{Salt: salt, Tasks: []string{"single_en"}, Lengths: []int{2000, 4000}, Depths: []float64{40, 60, 80}, Shape: benchmarks.Shape{Repeats: 1}}
		samples, _ := made(t, o, nil)
		begin := map[string]bool{}
		for _, s := range samples {
			begin[s.Prompt.Context[:60]] = true
		}
		if want := map[bool]int{false: 1, true: len(samples)}[salt]; len(begin) != want || len(samples) != 6 {
			t.Errorf("salt %v: %d haystacks in %d cells, want %d", salt, len(begin), len(samples), want)
		}
	}
}
