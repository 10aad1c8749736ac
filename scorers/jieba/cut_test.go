package jieba

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/lcbench/lcbench/scorers/goldentest"
)

func TestGoldenWords(t *testing.T) {
	n := 0
	for line, raw := range goldentest.Lines(t, "golden/longbench/jieba.jsonl") {
		var c struct {
			Prediction string
			Expected   []string
		}
		if err := json.Unmarshal(raw, &c); err != nil {
			t.Fatal(err)
		}
		n++
		if diff := cmp.Diff(c.Expected, Cut(c.Prediction)); diff != "" {
			t.Errorf("line %d: %q (-want +got):\n%s", line, c.Prediction, diff)
		}
	}
	if n == 0 {
		t.Fatal("no cases")
	}
}

func TestCutOfNothingIsNothing(t *testing.T) {
	if got := Cut(""); len(got) != 0 {
		t.Errorf("got %q", got)
	}
}

func FuzzCutLosesNothing(f *testing.F) {
	for _, s := range []string{"他来到了网易杭研大厦", "3.14% of A+B\r\n\t中文abc_1.5%。", "龘龘龘", "\u2028𠀀x"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > 1<<14 || !utf8.ValidString(text) {
			t.Skip("capped input")
		}
		if got := strings.Join(Cut(text), ""); got != text {
			t.Fatalf("%q became %q", text, got)
		}
	})
}

func chinese(tb testing.TB) []string {
	var texts []string
	for _, raw := range goldentest.Lines(tb, "data/longbench/multifieldqa_zh.jsonl") {
		var row struct{ Context string }
		if err := json.Unmarshal(raw, &row); err != nil {
			tb.Fatal(err)
		}
		texts = append(texts, row.Context)
		if len(texts) == 20 {
			break
		}
	}
	return texts
}

func BenchmarkCut(b *testing.B) {
	texts := chinese(b)
	runes, bytes := 0, 0
	for _, t := range texts {
		runes += utf8.RuneCountInString(t)
		bytes += len(t)
	}
	Cut("热")
	b.SetBytes(int64(bytes))
	b.ReportAllocs()
	for b.Loop() {
		for _, t := range texts {
			Cut(t)
		}
	}
	b.ReportMetric(float64(runes)*float64(b.N)/b.Elapsed().Seconds(), "chars/s")
}

func BenchmarkLoad(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := unpack(packed); err != nil {
			b.Fatal(err)
		}
	}
}
