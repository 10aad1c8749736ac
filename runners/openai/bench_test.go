//go:build unix

package openai

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/lcbench/lcbench/runners"
)

// BenchmarkChat asks an instant server in this process; cpu is that of the
// whole process, the server included.
func BenchmarkChat(b *testing.B) {
	for _, pieces := range []int{1, 20, 200} {
		for _, noStream := range []bool{false, true} {
			if noStream && pieces > 1 {
				continue
			}
			b.Run(fmt.Sprintf("events=%d/stream=%v", pieces, !noStream), func(b *testing.B) { benchChat(b, pieces, noStream) })
		}
	}
}

func benchChat(b *testing.B, pieces int, noStream bool) {
	answer := strings.Repeat(delta("Bergen "), pieces) + finishStop + usageChunk + done
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		if noStream {
			answerJSON(w, 200, `{"choices":[{"index":0,"message":{"content":"Bergen"},"finish_reason":"stop"}],"usage":{"prompt_tokens":1,"completion_tokens":1}}`)
			return
		}
		stream(w, answer)
	}))
	defer s.Close()
	m, err := New(Options{Name: "m", BaseURL: s.URL + "/v1", Key: testKey, NoStream: noStream})
	if err != nil {
		b.Fatal(err)
	}
	prompt := strings.Repeat("The harbour master said \"no\" to the ferry.\n", 16<<10/44)
	b.ReportAllocs()
	jobs := make(chan struct{})
	var group sync.WaitGroup
	for range 32 {
		group.Go(func() {
			for range jobs {
				if _, err := m.Generate(context.Background(), runners.Request{Prompt: prompt, Chat: true, MaxTokens: 64}); err != nil {
					b.Error(err)
				}
			}
		})
	}
	before, start := cpuTime(), time.Now()
	for b.Loop() {
		jobs <- struct{}{}
	}
	close(jobs)
	group.Wait()
	b.ReportMetric(float64(b.N)/time.Since(start).Seconds(), "answers/s")
	b.ReportMetric(float64((cpuTime()-before).Microseconds())/float64(b.N), "cpu-µs/op")
}

func cpuTime() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkEncode is the way of one prompt into a body, beside encoding/json's.
func BenchmarkEncode(b *testing.B) {
	prompt := strings.Repeat("The harbour master said \"no\" to the ferry.\n", 1<<20/44)
	b.SetBytes(int64(len(prompt)))
	for b.Loop() {
		_ = appendQuoted(make([]byte, 0, quotedLen(prompt)), prompt)
	}
}
