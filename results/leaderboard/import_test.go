package leaderboard

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestBrokenTablesAreOneLineWithTheirPlace(t *testing.T) {
	v2 := "Model\tOverall\tEasy\tHard\tShort\tMedium\tLong\n"
	ruler := "Models,Claimed Length,Effective Length,4K,8K,16K,32K,64K,128K,Avg.,wAvg. (inc),wAvg. (dec)\n"
	longBench := "Model,Avg,Single-Doc QA,Multi-Doc QA,Summarization,Few-shot Learning,Code Completion,Synthetic Tasks\n"
	rouge := "Model,gov_report_summ,news_summ,paper_assistant,patent_summ,review_summ,tv_show_summ,meeting_summ,ROUGE avg\n"
	for _, c := range []struct{ name, text, as, want string }{
		{"nothing", "", "", `board.csv:1: empty: want a header`},
		{"no end of columns", strings.Repeat("x,", maxColumns) + "\n", "", `board.csv:1: 16385 columns: that is no leaderboard`},
		{"another table", "a,b\n1,2\n", "", `board.csv:1:1: the header is of no layout that lcbench reads (lcbench, longbench, longbench-e, leval, longbench-v2, longicl, ruler, opencompass, long)`},
		{"no such layout", v2, "longbech", `no layout "longbech" (did you mean "longbench"?); there are`},
		{"another layout than said", v2, "ruler", `board.csv:1:1: no column "Models", which layout ruler has`},
		{"a header of two tables", longBench, "", `board.csv:1:1: several tables of layout longbench have this header: say which, board.csv:longbench-en, board.csv:longbench-zh`},
		{"not the header of tables", v2, "longbench", `board.csv:1:1: not the header of layout longbench`},
		{"a word for a number", v2 + "a\t1\t2\t3\t4\t5\t6\nb\t1\t2\tx y\t4\t5\t6\n", "", `board.csv:3:7: column "Hard": "x y" is no number`},
		{"NaN", v2 + "a\tNaN\t2\t3\t4\t5\t6\n", "", `board.csv:2:3: column "Overall": "NaN" is no number`},
		{"infinity", v2 + "a\t1\t2\t3\t4\t5\tinf\n", "", `board.csv:2:13: column "Long": "inf" is no number`},
		{"more than all", v2 + "a\t101\t2\t3\t4\t5\t6\n", "", `board.csv:2:3: column "Overall": score 101: want percent, 0 to 100`},
		{"less than none", v2 + "a\t1\t-2\t3\t4\t5\t6\n", "", `board.csv:2:5: column "Easy": score -2: want percent, 0 to 100`},
		{"a short row", v2 + "a\t1\n", "", `board.csv:2: 2 cells, the header has 7`},
		{"an open quote", "Model,Avg\n\"a,1\n", "", `board.csv:2:6: extraneous or missing " in quoted-field`},
		{"a column twice", "Model\tOverall\tEasy\tHard\tShort\tMedium\tLong\tEasy\n", "", `board.csv:1:43: column "Easy" is there twice`},
		{"no model", v2 + "\t1\t2\t3\t4\t5\t6\n", "", `board.csv:2:1: column "Model": no model is named`},
		{"no length", ruler + "a,4K,long,1,2,3,4,5,6,7,8,9\n", "", `board.csv:2:6: column "Effective Length": "long" is no length: want 64K, >128K or <4K`},
		{"no triple", rouge + "a,1/2,,,,,,,\n", "", `board.csv:2:3: column "gov_report_summ": "1/2": want 3 numbers with slashes between, got 2`},
		{"a broken triple", rouge + "a,1/2/x,,,,,,,\n", "", `board.csv:2:3: column "gov_report_summ": "x" is no number`},
		{"a newer format", "format,model,attention,tokens_in\n2,a,,\n", "", `board.csv:2:1: column "format": written by a newer lcbench (format 2; this one reads 1)`},
		{"a column that isn't one", "format,model,attention,tokens_in,x/y\n", "", `board.csv:1:34: column "x/y": no part "y", in format 1`},
		{"a broken count", "format,model,attention,tokens_in,x/average/en,x/average/en/n\n1,a,,,50,1.5\n", "", `board.csv:2:10: column "x/average/en/n": "1.5" is no whole number`},
		{"a figure out of range", "format,model,attention,tokens_in,x/average/en\n1,a,,,500\n", "", `board.csv:2:7: column "x/average/en": 500 is out of range`},
		{"no such part", "format,model,benchmark,part,score,ci_low,ci_high\n1,a,x,some,1,,\n", "", `board.csv:2:7: column "part": no part "some"`},
		{"a figure twice", "format,model,benchmark,part,score,ci_low,ci_high\n1,a,x,average,1,,\n1,a,x,average,2,,\n", "", `board.csv:3: the figure x/average/overall of a is there twice`},
		{"an opencompass cell", "dataset,version,metric,mode,m\nLongBench_qasper,-,qa_f1,gen,abc\n", "", `board.csv:2:30: column "m": "abc" is no number`},
	} {
		b, err := imported(t, c.text, c.as)
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: got %v, want …%s", c.name, err, c.want)
		}
		if len(b.Entries) > 0 {
			t.Errorf("%s: %d rows were added", c.name, len(b.Entries))
		}
	}
}

func TestOthersTablesAreReadAsTheyAre(t *testing.T) {
	b, err := imported(t, "|                   | Avg  | Single-Doc QA | Multi-Doc QA | Summarization | Few-shot Learning | Code Completion | Synthetic Tasks |\n"+
		"| ----------------- | :--: | :-----------: | :----------: | :-----------: | :---------------: | :-------------: | :-------------: |\n"+
		"| GPT-3.5-Turbo-16k | 44.0 | 39.8 | 38.7 | 26.5 | 67.1 | 54.1 | 37.8 |\n", "longbench-en")
	must(t, err)
	if got := *b.Entries[0].value(Key{Benchmark: "longbench", Part: PartCategory, Name: "en", Sub: "Few-shot Learning"}); got != 67.1 {
		t.Errorf("few-shot learning of %s: %v, want 67.1", b.Entries[0].Model, got)
	}
	// Spaces behind commas, quotes behind spaces, as L-Eval's judges' table has.
	b, err = imported(t, "Model,[gpt4] n_wins,[gpt4] n_draws,[gpt4] win % vs turbo16k,[turbo3.5] n_wins,[turbo3.5] n_draws,[turbo3.5] win % vs turbo16k,Chunking,Retrieval,In-domain data,In-context examples,Context length\n"+
		`Claude-100k,"106","46","67.19","187","32","59.02","no","no","no","0", "100k"`+"\n", "")
	must(t, err)
	want := "\ufeffModel,[gpt4] n_wins,[gpt4] n_draws,[gpt4] win % vs turbo16k,[turbo3.5] n_wins,[turbo3.5] n_draws,[turbo3.5] win % vs turbo16k,Chunking,Retrieval,In-domain data,In-context examples,Context length\r\n" +
		"Claude-100k,106,46,67.19,187,32,59.02,no,no,no,0,100k\r\n"
	if diff := cmp.Diff(want, exported(t, b, "leval")["llm"]); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestGoldenLeaderboards reads L-Eval's own files of 2023 and writes them again.
func TestGoldenLeaderboards(t *testing.T) {
	shared := os.Getenv("LCBENCH_SHARED")
	if shared == "" {
		if os.Getenv("CI") != "" {
			t.Fatal("LCBENCH_SHARED is not set")
		}
		t.Skip("LCBENCH_SHARED is not set")
	}
	for _, name := range []string{"exam", "f1", "rouge"} {
		data, err := os.ReadFile(filepath.Join(shared, "data/leval/leaderboard-2023", name+"_LEval_leaderboard.csv"))
		must(t, err)
		b, err := imported(t, string(data), "")
		must(t, err)
		// What differs is the spaces behind commas, the last line's end, and that
		// scores always have two decimals here.
		want := strings.NewReplacer(", ", ",", ",85,", ",85.00,", ",29,", ",29.00,", ",25,", ",25.00,", ",10,", ",10.00,").Replace(string(data)) + "\r\n"
		if diff := cmp.Diff(want, exported(t, b, "leval")[name]); diff != "" {
			t.Errorf("%s (-upstream +ours):\n%s", name, diff)
		}
	}
}

func FuzzImport(f *testing.F) {
	for _, path := range []string{"lcbench.csv", "long.csv", "longbench-en.csv", "longbench-e.csv", "longbench-v2.tsv", "leval-rouge.csv", "longicl-banking77.csv", "ruler.csv", "opencompass.csv"} {
		data, err := os.ReadFile(filepath.Join(home, "testdata", path))
		must(f, err)
		f.Add(string(data), uint8(0))
	}
	f.Add(rulerMarkdown, uint8(7))
	f.Fuzz(func(t *testing.T, text string, as uint8) {
		if len(text) > 1<<16 {
			t.Skip()
		}
		layouts := append(Layouts(), "", "longbench-en", "longicl-tacred", "leval-llm")
		layout := layouts[int(as)%len(layouts)]
		b := New(options())
		err := b.Import(strings.NewReader(text), "f.csv", layout)
		if err != nil {
			if strings.ContainsAny(err.Error(), "\n\x1b") {
				t.Errorf("error of several lines, or one that steers a terminal: %q", err)
			}
			var broken *CellError
			if errors.As(err, &broken) && broken.Line == 0 {
				t.Errorf("error without a line: %v", err)
			}
			return
		}
		for _, again := range []string{"lcbench", "long", layout} {
			if again == "" || CheckLayout(again) != nil {
				continue
			}
			tables, err := b.Export(again)
			if err != nil {
				continue
			}
			for _, table := range tables {
				var out strings.Builder
				must(t, table.Write(&out))
				as := strings.TrimSuffix(again+"-"+table.Name, "-")
				if err := New(options()).Import(strings.NewReader(out.String()), "g.csv", as); err != nil {
					t.Errorf("what was written as %s can't be read: %v\n%s", again, err, out.String())
				}
			}
		}
	})
}
