package tokenizer

import (
	"strings"
	"testing"
)

func BenchmarkModel(b *testing.B) {
	for _, file := range []string{smolFile, gemmaFile} {
		m := loadModel(b, file)
		for _, text := range []struct{ name, file string }{{"en", "multi_news.jsonl"}, {"zh", "multifieldqa_zh.jsonl"}} {
			long := strings.Join(contexts(b, text.file, 40), "\n")
			b.Run("vocabulary="+strings.TrimSuffix(file, ".gguf")+"/text="+text.name, func(b *testing.B) {
				b.SetBytes(int64(len(long)))
				for b.Loop() {
					m.Count(long)
				}
			})
		}
	}
}

// BenchmarkModelFirst counts with an empty word cache each time.
func BenchmarkModelFirst(b *testing.B) {
	for _, file := range []string{smolFile, gemmaFile} {
		m := loadModel(b, file)
		long := strings.Join(contexts(b, "multi_news.jsonl", 40), "\n")
		b.Run("vocabulary="+strings.TrimSuffix(file, ".gguf"), func(b *testing.B) {
			b.SetBytes(int64(len(long)))
			for b.Loop() {
				m.free = nil
				m.Count(long)
			}
		})
	}
}

// BenchmarkOneLetter merges a run that no pre-tokenizer cuts.
func BenchmarkOneLetter(b *testing.B) {
	for _, file := range []string{smolFile, gemmaFile} {
		m := loadModel(b, file)
		for _, size := range []int{1 << 14, 1 << 20} {
			long := strings.Repeat("a", size)
			b.Run("vocabulary="+strings.TrimSuffix(file, ".gguf")+"/bytes="+map[int]string{1 << 14: "16k", 1 << 20: "1M"}[size], func(b *testing.B) {
				b.SetBytes(int64(len(long)))
				for b.Loop() {
					m.Count(long)
				}
			})
		}
	}
}

func BenchmarkFromMetadata(b *testing.B) {
	for _, file := range []string{smolFile, gemmaFile} {
		b.Run("model="+strings.TrimSuffix(file, ".gguf"), func(b *testing.B) {
			for b.Loop() {
				loadModel(b, file)
			}
		})
	}
}
