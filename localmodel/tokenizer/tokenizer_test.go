package tokenizer

import (
	"bufio"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

// The ids are those of Python's tiktoken.
func TestNamedGivesTiktokensIDs(t *testing.T) {
	for _, tc := range []struct {
		name, text string
		want       []int
	}{
		{"cl100k_base", "hello world", []int{15339, 1917}},
		{"o200k_base", "hello world", []int{24912, 2375}},
		{"cl100k_base", "", []int{}},
	} {
		tok, err := Named(tc.name)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(tc.want, tok.(*bpe).IDs(tc.text)); diff != "" {
			t.Errorf("%s %q (-want +got):\n%s", tc.name, tc.text, diff)
		}
	}
}

func TestUnknownNameListsTheKnownOnes(t *testing.T) {
	_, err := Named("cl100k")
	if err == nil || !strings.Contains(err.Error(), "cl100k_base") {
		t.Fatalf("got %v, want an error that names cl100k_base", err)
	}
}

func checkEnds(t *testing.T, tok Tokenizer, text string) {
	t.Helper()
	ends := tok.Ends(text)
	if text == "" {
		if len(ends) != 0 {
			t.Fatalf("%s: %d tokens in an empty text", tok.Name(), len(ends))
		}
		return
	}
	if !slices.IsSorted(ends) || len(slices.Compact(slices.Clone(ends))) != len(ends) {
		t.Fatalf("%s: ends of %q don't rise: %v", tok.Name(), text, ends)
	}
	if ends[len(ends)-1] != len(text) {
		t.Fatalf("%s: last token of %q ends at %d, want %d", tok.Name(), text, ends[len(ends)-1], len(text))
	}
}

func TestTokensCoverTheText(t *testing.T) {
	texts := []string{"", "a", " ", "\n\n  x", "naïve café 1234567 -- ok?", "汉字和 English 混排，３个。", "🙂🙃 émoji", strings.Repeat("z", 50)}
	for _, name := range Names() {
		tok, err := Named(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, text := range texts {
			checkEnds(t, tok, text)
		}
	}
}

func FuzzApprox(f *testing.F) {
	f.Add("The cat, 12345 汉字 é")
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > 1<<16 || !utf8.ValidString(text) {
			t.Skip("capped input")
		}
		checkEnds(t, Approx{}, text)
		if got, want := (Approx{}).Count(text), len(Approx{}.Ends(text)); got != want {
			t.Fatalf("Count(%q) = %d, Ends has %d", text, got, want)
		}
	})
}

// contexts reads the first n contexts of a LongBench file.
func contexts(tb testing.TB, file string, n int) []string {
	tb.Helper()
	dir := os.Getenv("LCBENCH_SHARED")
	if dir == "" {
		dir = filepath.Join("..", "..", "..", "shared")
	}
	f, err := os.Open(filepath.Join(dir, "data", "longbench", file))
	if err != nil {
		if os.Getenv("CI") != "" {
			tb.Fatal(err)
		}
		tb.Skipf("no reference data: %v (set LCBENCH_SHARED)", err)
	}
	defer func() { _ = f.Close() }()
	var texts []string
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<24)
	for lines.Scan() && len(texts) < n {
		var row struct{ Context string }
		if err := json.Unmarshal(lines.Bytes(), &row); err != nil {
			tb.Fatal(err)
		}
		texts = append(texts, row.Context)
	}
	return texts
}

func TestApproxIsNearO200k(t *testing.T) {
	exact, err := Named("o200k_base")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range []string{"multi_news.jsonl", "multifieldqa_zh.jsonl", "passage_retrieval_zh.jsonl"} {
		want, got := 0, 0
		for _, text := range contexts(t, file, 10) {
			want += len(exact.Ends(text))
			got += Approx{}.Count(text)
		}
		ratio := float64(got) / float64(want)
		t.Logf("%s: approx/o200k_base = %.3f of %d tokens", file, ratio, want)
		if ratio < 0.9 || ratio > 1.1 {
			t.Errorf("%s: approx counts %d tokens, o200k_base %d", file, got, want)
		}
	}
}

func BenchmarkApprox(b *testing.B) {
	text := strings.Join(contexts(b, "multi_news.jsonl", 50), "\n")
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		Approx{}.Count(text)
	}
}

func BenchmarkNamed(b *testing.B) {
	text := strings.Join(contexts(b, "multi_news.jsonl", 20), "\n")
	for _, name := range []string{"cl100k_base", "o200k_base"} {
		tok, err := Named(name)
		if err != nil {
			b.Fatal(err)
		}
		tok.Ends("warm")
		b.Run("vocabulary="+name, func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				tok.Ends(text)
			}
		})
	}
}
