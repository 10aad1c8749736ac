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
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lcbench/lcbench/datasets"
)

// The bytes of every file for seed 0, on any machine.
func TestComposedBenchmarksFilesOfSeed0AreAsRecorded(t *testing.T) {
	for name, c := range map[string]struct {
		src   datasets.Source
		files []string
	}{
		"longins":    {LongIns(0), LongInsFiles()},
		"liconbench": {LIConBench(0), LIConBenchFiles()},
	} {
		var b strings.Builder
		for _, file := range c.files {
			sum := sha256.Sum256(read(t, c.src, file))
			fmt.Fprintf(&b, "%s  %s\n", hex.EncodeToString(sum[:]), file)
		}
		golden := filepath.Join("testdata", name+"_seed0.sha256")
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
			t.Errorf("%s: generated files changed (-want +got); if that is meant, run with -update:\n%s", name, diff)
		}
		if _, err := c.src.Open(t.Context(), "config/dataset2prompt.json"); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: another benchmark's file: %v, want fs.ErrNotExist", name, err)
		}
	}
}

// Each exam has right and wrong answers, and no answer is right and wrong.
func TestExamQuestionsHaveOneRightAnswer(t *testing.T) {
	for _, seed := range []uint64{0, 1, 7} {
		w := New(seed)
		for _, task := range examTasks() {
			d := w.dice("test/" + task.name)
			for range 40 {
				question, right, wrong := task.make(w, d)
				if question == "" || right == "" || wrong == "" || right == wrong {
					t.Errorf("seed %d, %s: %q: right %q, wrong %q", seed, task.name, question, right, wrong)
				}
			}
		}
	}
}

func TestExamsAreOfAboutTheirSizeAndSomeAnswersAreWrong(t *testing.T) {
	for _, size := range longInsSizes() {
		var file map[string]longInsRow
		if err := json.Unmarshal(read(t, LongIns(4), fmt.Sprintf("GIST/%d.json", size)), &file); err != nil {
			t.Fatal(err)
		}
		if len(file) != len(examTasks()) {
			t.Errorf("%d: %d tasks", size, len(file))
		}
		for name, r := range file {
			n := len(r.Error) + len(r.TrueList)
			if len(r.Error) == 0 || len(r.Error) > n/2 || strings.Count(r.Data, " Answer: ") != n {
				t.Errorf("%d, %s: %d of %d are wrong", size, name, len(r.Error), n)
			}
			if tokens := len(r.Data) / bytesAToken; tokens < size*9/10 || tokens > 2*size {
				t.Errorf("%d, %s: about %d tokens", size, name, tokens)
			}
		}
	}
}

// Training and test rows of a data set show the same labels, training rows each
// of them in every round, and no test row is a training row.
func TestShotFilesAreBalancedAndApart(t *testing.T) {
	files := shotFiles()
	for i := 0; i < len(files); i += 2 {
		train, test := files[i], files[i+1]
		seen := map[string]bool{}
		for _, f := range []shotFile{train, test} {
			text := strings.TrimSpace(string(read(t, LIConBench(5), f.name)))
			text = strings.TrimSuffix(strings.TrimPrefix(text, "[\n"), "\n]")
			lines := strings.Split(text, "\n")
			want := f.labels * f.rounds
			if f.limit > 0 {
				want = min(want, f.limit)
			}
			if len(lines) != want {
				t.Errorf("%s: %d rows, want %d", f.name, len(lines), want)
			}
			for _, line := range lines {
				line = strings.TrimSuffix(line, ",")
				if !json.Valid([]byte(line)) {
					t.Fatalf("%s: %s", f.name, line)
				}
				if f.limit > 0 && seen[line] {
					t.Errorf("%s: a test row is a training row: %s", f.name, line)
				}
				seen[line] = true
			}
		}
	}
	if names := LIConBenchFiles(); len(slices.Compact(slices.Sorted(slices.Values(names)))) != len(names) {
		t.Errorf("names %v", names)
	}
}
