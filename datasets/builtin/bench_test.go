package builtin

import (
	"io"
	"strings"
	"testing"
)

// BenchmarkLongBench makes all files of LongBench v1 and v2 anew.
func BenchmarkLongBench(b *testing.B) {
	var plain []string
	for _, n := range LongBenchFiles() {
		if !strings.HasSuffix(n, "_e.jsonl") {
			plain = append(plain, n)
		}
	}
	size := 0
	for b.Loop() {
		s := LongBench(0)
		size = 0
		for _, n := range plain {
			f, err := s.Open(b.Context(), n)
			if err != nil {
				b.Fatal(err)
			}
			raw, err := io.ReadAll(f)
			if err != nil {
				b.Fatal(err)
			}
			size += len(raw)
		}
	}
	b.ReportMetric(float64(size)/1e6, "MB")
}

// BenchmarkChronicle tells a document of 100k words.
func BenchmarkChronicle(b *testing.B) {
	for b.Loop() {
		New(0).Chronicle(English, 0, 100_000, Shape{})
	}
}
