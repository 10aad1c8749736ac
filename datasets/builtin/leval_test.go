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

func lEvalRows(t *testing.T, seed uint64, name string) []lEvalRow {
	t.Helper()
	var rows []lEvalRow
	for line := range strings.Lines(string(read(t, LEval(seed), name))) {
		var r lEvalRow
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		rows = append(rows, r)
	}
	return rows
}

// eachQuery runs a check on every query of a file, under some seeds.
func eachQuery(t *testing.T, name string, check func(t *testing.T, r lEvalRow, query, answer string)) {
	t.Helper()
	n := 0
	for seed := range uint64(4) {
		for _, r := range lEvalRows(t, seed, name) {
			for i := range r.Instructions {
				check(t, r, r.Instructions[i], r.Outputs[i])
				n++
			}
		}
	}
	if n == 0 {
		t.Error("no queries")
	}
}

func TestLEvalFilesOfSeed0AreAsRecorded(t *testing.T) {
	s := LEval(0)
	var b strings.Builder
	size := 0
	for _, name := range LEvalFiles() {
		raw := read(t, s, name)
		size += len(raw)
		sum := sha256.Sum256(raw)
		fmt.Fprintf(&b, "%s  %s\n", hex.EncodeToString(sum[:]), name)
	}
	if size > 500_000 {
		t.Errorf("%d bytes, want at most 0.5 MB", size)
	}
	golden := filepath.Join("testdata", "leval_seed0.sha256")
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
	if _, err := s.Open(t.Context(), "Closed-ended-tasks/tpo.jsonl"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a task that isn't generated: %v", err)
	}
}

func TestEveryLEvalRowHasItsQueries(t *testing.T) {
	for _, name := range LEvalFiles() {
		tags := map[string]int{}
		for _, r := range lEvalRows(t, 3, name) {
			tags[r.Evaluation]++
			if len(r.Instructions) == 0 || len(r.Instructions) != len(r.Outputs) || r.Input == "" || slices.Contains(r.Outputs, "") {
				t.Errorf("%s: %d queries, %q", name, len(r.Instructions), r.Outputs)
			}
			if len(slices.Compact(slices.Sorted(slices.Values(r.Instructions)))) != len(r.Instructions) && !strings.Contains(name, "coursera") {
				t.Errorf("%s: a query twice: %q", name, r.Instructions)
			}
		}
		if strings.Contains(name, "multidoc") != (tags["LLM"] == 1) || len(tags) > 2 {
			t.Errorf("%s: tags %v", name, tags)
		}
	}
}

// Options come in lines "(A) text".
func optionsOf(query string) map[string]string {
	out := map[string]string{}
	for _, m := range regexp.MustCompile(`(?m)^\(([A-D])\) (.+)$`).FindAllStringSubmatch(query, -1) {
		out[m[1]] = m[2]
	}
	return out
}

func TestOneOptionIsRightAndStandsInTheDocument(t *testing.T) {
	eachQuery(t, "Closed-ended-tasks/quality.jsonl", func(t *testing.T, r lEvalRow, query, answer string) {
		list := optionsOf(query)
		right := list[answer[1:2]]
		if len(list) != 4 || answer != "("+answer[1:2]+") "+right || !strings.Contains(r.Input, right) {
			t.Errorf("%q => %q", query, answer)
		}
	})
}

// Right options are wordings of what the document tells, but not its own; wrong
// ones are no wording of anything in it.
func TestSeveralOptionsAreRightAndTheOthersAreNotTold(t *testing.T) {
	counts := map[int]int{}
	for seed := range uint64(4) {
		w := New(seed)
		for row, r := range lEvalRows(t, seed, "Closed-ended-tasks/coursera.jsonl") {
			doc := w.Chronicle(English, 16*row, []int{900, 1500, 2600}[row], Shape{})
			wordings := map[string]bool{}
			for _, told := range doc.Told() {
				for v := range Variants {
					wordings[w.Sentence(told.Fact, English, v)] = true
				}
			}
			for i, query := range r.Instructions {
				right := ""
				list := optionsOf(query)
				for _, letter := range []string{"A", "B", "C", "D"} {
					if wordings[list[letter]] {
						right += letter
					}
				}
				if len(list) != 4 || right != r.Outputs[i] || doc.Text() != r.Input {
					t.Errorf("%q => %q, but %q are told", query, r.Outputs[i], right)
				}
				counts[len(right)]++
			}
		}
	}
	if counts[1] == 0 || counts[2] == 0 || counts[3] == 0 || len(counts) != 3 {
		t.Errorf("numbers of right options: %v", counts)
	}
}

func TestStoriesTellWhatHoldsInThem(t *testing.T) {
	answers := map[string]int{}
	eachQuery(t, "Closed-ended-tasks/sci_fi.jsonl", func(t *testing.T, r lEvalRow, query, answer string) {
		answers[answer]++
		_, rest, _ := strings.Cut(query, ".\t")
		statement, _, _ := strings.Cut(rest, ", True or False?")
		told := strings.Contains(r.Input, "knows that "+lowerFirst(statement)+".")
		real := slices.ContainsFunc(everyday(), func(p [2]string) bool { return upperFirst(p[0]) == statement })
		if answer != truthName(told)+" [fact: "+truthName(real)+"]" {
			t.Errorf("%q => %q, told %v, real %v", statement, answer, told, real)
		}
	})
	if len(answers) != 4 {
		t.Errorf("answers %v, want all four", answers)
	}
}

func TestProblemsAreWorkedOut(t *testing.T) {
	sum := regexp.MustCompile(`in (\d+) crates with (\d+) in each. On market day (\d+) of`)
	eachQuery(t, "Closed-ended-tasks/gsm100.jsonl", func(t *testing.T, r lEvalRow, query, answer string) {
		m := sum.FindStringSubmatch(query)
		if m == nil {
			t.Fatalf("%q", query)
		}
		var n [3]int
		for i := range n {
			n[i], _ = strconv.Atoi(m[i+1])
		}
		if strconv.Itoa(n[0]*n[1]-n[2]) != answer || strings.Count(r.Input, "The answer is ") != worked || strings.Contains(r.Input, query) {
			t.Errorf("%q => %q behind %d examples", query, answer, strings.Count(r.Input, "The answer is "))
		}
	})
}

// The program is run by an interpreter of its four kinds of function.
func TestProgramsPrintTheirReference(t *testing.T) {
	definition := regexp.MustCompile(`def (\w+)\(readings\):\n    """.*"""\n    # .*\n    return (.*)\n`)
	each := regexp.MustCompile(`^\[v ([+*]) (\d+) for v in readings\]$`)
	eachQuery(t, "Closed-ended-tasks/codeU.jsonl", func(t *testing.T, r lEvalRow, _, answer string) {
		bodies := map[string]string{}
		for _, m := range definition.FindAllStringSubmatch(r.Input, -1) {
			bodies[m[1]] = m[2]
		}
		var values []int
		for _, m := range regexp.MustCompile(`(?m)^readings = (\w+)\(readings\)$|^readings = (\[.*\])$`).FindAllStringSubmatch(r.Input, -1) {
			switch op := each.FindStringSubmatch(bodies[m[1]]); {
			case m[2] != "":
				if err := json.Unmarshal([]byte(m[2]), &values); err != nil {
					t.Fatal(err)
				}
			case op != nil:
				by, _ := strconv.Atoi(op[2])
				for i := range values {
					if op[1] == "+" {
						values[i] += by
					} else {
						values[i] *= by
					}
				}
			case bodies[m[1]] == "readings[::-1]":
				slices.Reverse(values)
			case bodies[m[1]] == "readings[1:] + readings[:1]":
				values = append(values[1:len(values):len(values)], values[0])
			default:
				t.Fatalf("%s: body %q", m[1], bodies[m[1]])
			}
		}
		if got := pythonList(values); got != answer || len(values) != 4 {
			t.Errorf("prints %s, want %s", got, answer)
		}
	})
}

func TestTopicsComeInTheOrderAskedFor(t *testing.T) {
	opened := regexp.MustCompile(`I would like to discuss the topic of (.+?)\. \n`)
	for seed := range uint64(4) {
		for _, r := range lEvalRows(t, seed, "Closed-ended-tasks/topic_retrieval_longchat.jsonl") {
			var topics []string
			for _, m := range opened.FindAllStringSubmatch(r.Input, -1) {
				topics = append(topics, m[1])
			}
			if len(topics) != 6 || cmp.Diff(topics[:3], r.Outputs) != "" {
				t.Errorf("topics %q, references %q", topics, r.Outputs)
			}
		}
	}
}

func TestFactsStandInTheirDocument(t *testing.T) {
	eachQuery(t, "Open-ended-tasks/multidoc_qa.jsonl", func(t *testing.T, r lEvalRow, query, answer string) {
		if !strings.Contains(r.Input, answer) {
			t.Errorf("%q => %q isn't in the document", query, answer)
		}
	})
}
