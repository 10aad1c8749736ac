package main

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"testing"

	"github.com/lcbench/lcbench/benchmarks"
	"github.com/lcbench/lcbench/benchmarks/all"
	"github.com/lcbench/lcbench/datasets"
	"github.com/lcbench/lcbench/localmodel/tokenizer"
	"github.com/lcbench/lcbench/scorers/goldentest"
)

// varied hashes (or, with h nil, only counts) the real samples at lengths that
// shorten and lengthen them, and returns how many there are and how many
// context tokens they hold.
func varied(tb testing.TB, dir, tokens, task string, h hash.Hash) (samples, contextTokens int) {
	tb.Helper()
	tok, err := tokenizer.Named(tokens)
	if err != nil {
		tb.Fatal(err)
	}
	a, err := all.Find("longbench")
	if err != nil {
		tb.Fatal(err)
	}
	o := benchmarks.Options{
		Tasks: []string{task}, Limit: 3, Seed: 5, Tokenizer: tok,
		Lengths: []int{300, 700, 3000, 10000}, Depths: []float64{0, 30, 50, 100},
	}
	for s, err := range a.Open(datasets.Folder(dir, a.Pins)).Samples(tb.Context(), o) {
		if _, notice := err.(*benchmarks.Notice); notice { //nolint:errorlint // it comes unwrapped
			continue
		}
		if err != nil {
			tb.Fatal(err)
		}
		samples++
		contextTokens += s.ContextTokens
		if h != nil {
			fmt.Fprintf(h, "%s\x00%s\x00%d\x00{%v %v %v}\n", s.ID, s.Prompt.Text(), s.ContextTokens, s.Evidence.State, s.Evidence.Spans, s.Evidence.Lost)
		}
	}
	return samples, contextTokens
}

// variedSums are of the samples that the first, plain form of benchmarks.Vary
// made, which tokenised every text anew.
func variedSums() map[string]string {
	return map[string]string{
		"approx":     "185020eb59d629df60f3d3adafaf0aa7611060e93533c6a1261d0d21c381d3b6",
		"o200k_base": "738d73dfa9a3d00d0485880de4d5be878b259bddea47832a3e32fd445089f5fd",
	}
}

func TestGoldenVariedSamplesKeepTheirBytes(t *testing.T) {
	dir := goldentest.Path(t, "data/longbench")
	for name, want := range variedSums() {
		t.Run(name, func(t *testing.T) {
			h := sha256.New()
			n := 0
			for _, task := range []string{"multifieldqa_zh", "multi_news", "passage_retrieval_zh"} {
				samples, _ := varied(t, dir, name, task, h)
				n += samples
			}
			if got := hex.EncodeToString(h.Sum(nil)); got != want {
				t.Errorf("%d samples have sha256 %s, want %s", n, got, want)
			}
		})
	}
}

// BenchmarkVary makes contexts of four lengths at four depths from the real
// LongBench.
func BenchmarkVary(b *testing.B) {
	dir := goldentest.Path(b, "data/longbench")
	for _, tokens := range []string{tokenizer.ApproxName, "o200k_base"} {
		for _, task := range []string{"multi_news", "multifieldqa_zh"} {
			b.Run("tokenizer="+tokens+"/task="+task, func(b *testing.B) {
				n := 0
				for b.Loop() {
					_, n = varied(b, dir, tokens, task, nil)
				}
				b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "tok/s")
			})
		}
	}
}
