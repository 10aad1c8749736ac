package results

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/lcbench/lcbench/benchmarks"
)

func BenchmarkJournalAppend(b *testing.B) {
	for _, workers := range []int{1, 32, 256} {
		b.Run(fmt.Sprintf("workers=%d", workers), func(b *testing.B) {
			const appends = 600
			for b.Loop() {
				j, err := OpenJournal(filepath.Join(b.TempDir(), "journal.jsonl"))
				must(b, err)
				var wait sync.WaitGroup
				for w := range workers {
					wait.Go(func() {
						for i := w; i < appends; i += workers {
							if err := j.Append(answer(fmt.Sprintf("task/%d", i))); err != nil {
								b.Error(err)
							}
						}
					})
				}
				wait.Wait()
				must(b, j.Close())
			}
			b.ReportMetric(float64(b.Elapsed())/float64(b.N)/1e6, "ms/600")
		})
	}
}

func BenchmarkJournalOpen(b *testing.B) {
	path := filepath.Join(b.TempDir(), "journal.jsonl")
	j, err := OpenJournal(path)
	must(b, err)
	for i := range 600 {
		must(b, j.Append(answer(fmt.Sprintf("task/%d", i))))
	}
	must(b, j.Close())
	for b.Loop() {
		j, err := OpenJournal(path)
		must(b, err)
		must(b, j.Close())
	}
}

func BenchmarkContextsPut(b *testing.B) {
	random := rand.New(rand.NewPCG(3, 4))
	texts := make([]string, 600)
	total := 0
	for i := range texts {
		texts[i] = prose(random, 17<<10)
		total += len(texts[i])
	}
	b.SetBytes(int64(total))
	var stored int64
	for b.Loop() {
		c, err := OpenContexts(b.TempDir())
		must(b, err)
		for _, text := range texts {
			if _, err := c.Put(text); err != nil {
				b.Fatal(err)
			}
		}
		stored = c.framesEnd
		must(b, c.Close())
	}
	b.ReportMetric(100*float64(stored)/float64(total), "%size")
}

func BenchmarkCacheGet(b *testing.B) {
	c, err := OpenCache(b.TempDir(), "http://x/v1", "m")
	must(b, err)
	for i := range 600 {
		must(b, c.Put(fmt.Sprintf("%064x", i), response("an answer")))
	}
	i := 0
	for b.Loop() {
		if _, ok := c.Get(fmt.Sprintf("%064x", i%600)); !ok {
			b.Fatal("lost")
		}
		i++
	}
	must(b, c.Close())
}

func BenchmarkWriter600(b *testing.B) {
	rows := realisticResults(600)
	var adding, finishing time.Duration
	for b.Loop() {
		w, err := NewWriter(b.TempDir(), nil)
		must(b, err)
		began := time.Now()
		for _, r := range rows {
			must(b, w.Add(r))
		}
		added := time.Now()
		must(b, w.Finish())
		adding += added.Sub(began)
		finishing += time.Since(added)
	}
	b.ReportMetric(float64(adding)/float64(b.N)/1e6, "ms-adding")
	b.ReportMetric(float64(finishing)/float64(b.N)/1e6, "ms-finishing")
	b.ReportMetric(600/(b.Elapsed().Seconds()/float64(b.N)), "rows/s")
}

func BenchmarkSummarise600(b *testing.B) {
	f := NewFacts()
	for _, r := range realisticResults(600) {
		f.Add(r)
	}
	in := SummaryInput{Manifest: testManifest(), Tasks: []benchmarks.Task{
		{Name: "multi_news", Category: "summarisation", Metric: "rouge", Boards: []string{"en"}},
		{Name: "multifieldqa_zh", Category: "single-doc QA", Metric: "qa_f1_zh", Boards: []string{"zh"}},
		{Name: "passage_retrieval_zh", Category: "synthetic", Metric: "retrieval_zh", Boards: []string{"zh"}},
	}}
	for b.Loop() {
		f.Summarise(in)
	}
}
