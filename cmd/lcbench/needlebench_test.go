package main

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/lcbench/lcbench/benchmarks"
	"github.com/lcbench/lcbench/benchmarks/all"
	"github.com/lcbench/lcbench/datasets"
	"github.com/lcbench/lcbench/localmodel/tokenizer"
	"github.com/lcbench/lcbench/scorers/goldentest"
)

// vocabulary returns a named tokenizer that is loaded and has seen no text.
func vocabulary(tb testing.TB, name string) benchmarks.Tokenizer {
	tb.Helper()
	tok, err := tokenizer.Named(name)
	if err != nil {
		tb.Fatal(err)
	}
	tok.Ends("a")
	return tok
}

// needleSamples streams NeedleBench's samples under a tokenizer.
func needleSamples(tb testing.TB, src datasets.Source, tok benchmarks.Tokenizer, o benchmarks.Options, each func(benchmarks.Sample)) {
	tb.Helper()
	a, err := all.Find("needlebench")
	if err != nil {
		tb.Fatal(err)
	}
	if src == nil {
		src = a.Builtin(o.Seed)
	}
	o.Tokenizer = tok
	for s, err := range a.Open(src).Samples(tb.Context(), o) {
		if _, notice := err.(*benchmarks.Notice); notice { //nolint:errorlint // it comes unwrapped
			continue
		}
		if err != nil {
			tb.Fatal(err)
		}
		each(s)
	}
}

// What a context is said to be is what the tokenizer says of it.
func TestHaystacksHaveTheirTokensUnderEachTokenizer(t *testing.T) {
	for _, name := range tokenizer.Names() {
		t.Run(name, func(t *testing.T) {
			o := benchmarks.Options{Seed: 3, Lengths: []int{400, 3000, 20000}, Depths: []float64{0, 37, 100}, Limit: 12, Shape: benchmarks.Shape{Needles: []int{2, 5}}}
			n := 0
			tok := vocabulary(t, name)
			needleSamples(t, nil, tok, o, func(s benchmarks.Sample) {
				if s.TargetLength > 0 {
					n++
					checkHaystack(t, s, tok)
				}
			})
			if n < 60 {
				t.Errorf("%d samples of a length", n)
			}
		})
	}
}

func TestGoldenEssaysMakeHaystacks(t *testing.T) {
	src := datasets.Folder(goldentest.Path(t, "data/needlebench"), nil)
	o := benchmarks.Options{Lengths: []int{2000, 30000}, Depths: []float64{10, 90}, Limit: 4, Languages: []string{"en"}, Shape: benchmarks.Shape{Needles: []int{3}}}
	tok := vocabulary(t, "cl100k_base")
	needleSamples(t, src, tok, o, func(s benchmarks.Sample) {
		if s.TargetLength > 0 {
			checkHaystack(t, s, tok)
		}
	})
}

func checkHaystack(t *testing.T, s benchmarks.Sample, tok benchmarks.Tokenizer) {
	t.Helper()
	n := len(tok.Ends(s.Prompt.Context))
	if n != s.ContextTokens || n > s.TargetLength || 100*n < 98*s.TargetLength {
		t.Errorf("%s: %d tokens, said to be %d, for a length of %d", s.ID, n, s.ContextTokens, s.TargetLength)
	}
	if !utf8.ValidString(s.Prompt.Context) {
		t.Errorf("%s: a character is cut", s.ID)
	}
	needles, hay, last := 0, 0, 0
	for _, e := range s.Evidence.Spans {
		if s.Prompt.Context[e.Start-1] != '\n' || s.Prompt.Context[e.End] != '\n' {
			t.Errorf("%s: a needle doesn't stand on its own line", s.ID)
		}
		needles += len(tok.Ends(s.Prompt.Context[e.Start-1 : e.End+1]))
		hay, last = hay+len(tok.Ends(s.Prompt.Context[last:e.Start-1])), e.End+1
	}
	if s.Depth != nil && len(s.Evidence.Spans) == 1 {
		want := int(*s.Depth / 100 * float64(n-needles))
		if d := hay - want; d < -8 || d > 8 {
			t.Errorf("%s: %d tokens before the needle, want %d", s.ID, hay, want)
		}
	}
	for _, answer := range s.References {
		if !strings.Contains(s.Prompt.Context, answer) {
			t.Errorf("%s: no %q in the context", s.ID, answer)
		}
	}
}

// The bytes of a grid, on any machine.
func TestAHaystackHasTheBytesOfItsSeed(t *testing.T) {
	const want = "48ee6cbe116ae4afe35b4f33f73582a9c4ad731a919f4179e61a6d4d9193310a"
	h := sha256.New()
	o := benchmarks.Options{Seed: 9, Lengths: []int{1500}, Depths: []float64{0, 60}, Limit: 2}
	needleSamples(t, nil, vocabulary(t, "cl100k_base"), o, func(s benchmarks.Sample) {
		fmt.Fprintf(h, "%s\x00%s\x00%q\x00%v\n", s.ID, s.Prompt.Text(), s.References, s.Evidence.Spans)
	})
	if got := hex.EncodeToString(h.Sum(nil)); got != want {
		t.Errorf("sha256 %s, want %s", got, want)
	}
}

// BenchmarkNeedleGrid makes single needles at eleven depths of a length, from
// the built-in texts, which are told once before, under a vocabulary that was
// loaded before and has seen no word.
func BenchmarkNeedleGrid(b *testing.B) {
	a, err := all.Find("needlebench")
	if err != nil {
		b.Fatal(err)
	}
	for _, length := range []int{128_000, 1_000_000} {
		b.Run("tokenizer=cl100k_base/length="+benchmarks.FormatTokens(length), func(b *testing.B) {
			src := a.Builtin(0)
			o := benchmarks.Options{
				Tasks: []string{"single_en"}, Lengths: []int{length}, Shape: benchmarks.Shape{Repeats: 1},
				Depths: []float64{0, 10, 20, 30, 40, 50, 60, 70, 80, 90, 100},
			}
			grid := func(tok benchmarks.Tokenizer) (n int) {
				needleSamples(b, src, tok, o, func(s benchmarks.Sample) { n += s.ContextTokens })
				return n
			}
			grid(vocabulary(b, "cl100k_base"))
			n := 0
			for b.Loop() {
				b.StopTimer()
				tok := vocabulary(b, "cl100k_base")
				b.StartTimer()
				n = grid(tok)
			}
			b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "tok/s")
		})
	}
}
