package leaderboard

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// published are rows of RULER's README at c3f5e3b, and what lcbench makes of the
// six scores alone.
var published = []struct {
	name   string
	scores []float64
	want   string
}{
	{"Jamba-1.5-large", []float64{96.7, 96.6, 96.4, 96.0, 95.4, 95.1}, ">128K,96.7,96.6,96.4,96.0,95.4,95.1,96.0,95.7,96.3"},
	{"GPT-4-1106-preview", []float64{96.6, 96.3, 95.2, 93.2, 87.0, 81.2}, "64K,96.6,96.3,95.2,93.2,87.0,81.2,91.6,89.0,94.1"},
	{"Qwen1.5", []float64{94.9, 93.8, 78.0, 67.8, 0, 0}, "8K,94.9,93.8,78.0,67.8,0.0,0.0,55.7,37.5,74.0"},
	{"LongChat", []float64{84.7, 79.9, 70.8, 59.3, 0, 0}, "<4K,84.7,79.9,70.8,59.3,0.0,0.0,49.1,33.1,65.2"},
	{"Llama3.1 (70B)", []float64{96.5, 95.8, 95.4, 94.8, 88.4, 66.6}, "64K,96.5,95.8,95.4,94.8,88.4,66.6,89.6,85.5,93.7"},
}

func TestPublishedRulerRowsFollowFromTheirScores(t *testing.T) {
	for _, thousand := range []int{1024, 1000} { // 4K as 4,096 tokens, and as 4,000
		for _, row := range published {
			b := New(options())
			e := newEntry(Identity{Model: row.name})
			e.Runs["needles"] = Facts{Lengths: "asked"}
			for i, score := range row.scores {
				e.add(Figure{Key: Key{Benchmark: "needles", Part: PartLength, Length: thousand * 4 << i}, Value: &score})
			}
			b.Entries = []*Entry{e}
			got := strings.Split(exported(t, b, "ruler")[""], "\n")[1]
			if want := row.name + ",-," + row.want; got != want {
				t.Errorf("%s, a K of %d tokens: got %s, want %s", row.name, thousand, got, want)
			}
		}
	}
}

const rulerMarkdown = `
|Models|Claimed Length|Effective Length|4K|8K|16K|32K|64K|128K|Avg.|wAvg. (inc)|wAvg. (dec)|
|:---:|:---:|:---:|:---:|:---:|:---:|:---:|:---:|:---:|:---:|:---:|:---:|
[Jamba*](https://example.invalid/a_(b)) (94B)|256k|>128k|<ins>96.7</ins>|<ins>96.6</ins>|<ins>96.4</ins>|<ins>96.0</ins>|<ins>95.4</ins>|<ins>95.1</ins>|96.0|95.7 **(1st)**|96.3 **(1st)**|
[Qwen3-14B*](https://example.invalid) (14B)|128K|>128K|98.0|97.8|96.4|96.1|94.0|85.1|94.6|TBD|TBD|
[EXAONE](https://example.invalid) (1.2B)|64K|32K|87.0|86.7|88.8|81.1|77.4|-|84.2|TBD|TBD|

Not a row|1|
`

func TestRulersReadmeIsReadAsItIs(t *testing.T) {
	b, err := imported(t, rulerMarkdown, "")
	must(t, err)
	want := "Models,Claimed Length,Effective Length,4K,8K,16K,32K,64K,128K,Avg.,wAvg. (inc),wAvg. (dec)\n" +
		"Jamba* (94B),256k,>128K,96.7,96.6,96.4,96.0,95.4,95.1,96.0,95.7,96.3\n" +
		// Its own rule would give 64K; the file's word is kept.
		"Qwen3-14B* (14B),128K,>128K,98.0,97.8,96.4,96.1,94.0,85.1,94.6,-,-\n" +
		"EXAONE (1.2B),64K,32K,87.0,86.7,88.8,81.1,77.4,-,84.2,-,-\n"
	if diff := cmp.Diff(want, exported(t, b, "ruler")[""]); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if len(b.Notes) > 0 {
		t.Errorf("notes on imported rows: %q", b.Notes)
	}
}

func TestRulerAsksWhichBenchmark(t *testing.T) {
	runs(t)
	fixture{dir: "two/a", benchmark: "needles", spec: "openai:x"}.write(t)
	b := board(t, "two")
	e := b.Entries[0]
	e.Runs["other"] = Facts{Lengths: "asked"}
	e.add(Figure{Key: Key{Benchmark: "other", Part: PartLength, Length: 8192}, Value: ptr(50.0)})
	if _, err := b.Export("ruler"); err == nil || !strings.Contains(err.Error(), "several benchmarks (needles, other): give --benchmark") {
		t.Errorf("got %v", err)
	}
	b = board(t, "r/api-leval")
	if _, err := b.Export("ruler"); err == nil || !strings.Contains(err.Error(), "no run was tested at any length from 4k to 128k") {
		t.Errorf("lengths of samples' own: got %v", err)
	}
}
