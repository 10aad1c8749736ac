package generate

import (
	"os"
	"slices"
	"testing"
)

// BenchmarkSecondQuestion asks two questions of one document of 6,000 tokens
// and reports the second one's prefill in percent of the first one's. It takes
// SmolLM2 where its file is here, else the built-in model.
func BenchmarkSecondQuestion(b *testing.B) {
	name, file := "SmolLM2", "smollm2-135m.gguf"
	if _, err := os.Stat(weightsPath(b, file)); err != nil {
		name, file = "induction", ""
	}
	b.Run("model="+name+"/ctx=6000", func(b *testing.B) {
		exec := executor(b, file)
		document := prompts(6000)[0][:6000]
		question := func(n int32) []int32 { // 30 tokens
			return slices.Concat(document, []int32{40 + n}, document[100:129])
		}
		first, second := 0.0, 0.0
		for b.Loop() {
			e := New(exec, Options{})
			for n, sum := range []*float64{&first, &second} {
				r, err := e.Generate(b.Context(), Request{Prompt: question(int32(n)), MaxTokens: 1})
				if err != nil {
					b.Fatal(err)
				}
				if want := n * len(document); r.Cached != want {
					b.Fatalf("question %d: %d tokens from before, want %d", n+1, r.Cached, want)
				}
				*sum += r.Prefill.Seconds()
			}
			e.Close()
		}
		b.ReportMetric(first/float64(b.N), "s/first")
		b.ReportMetric(second/float64(b.N), "s/second")
		b.ReportMetric(100*second/first, "%second")
	})
}
