package local

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lcbench/lcbench/localmodel"
	"github.com/lcbench/lcbench/runners"
)

// The engine computes one prompt at a time, so the times of answers that end
// with their first token can't overlap: what a sample waits for others in the
// queue is not its own.
func TestLatencyIsOfTheSampleAlone(t *testing.T) {
	m, err := localmodel.Induction(localmodel.Options{Device: "cpu"})
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	model := New(m)
	var mu sync.Mutex
	total, least := time.Duration(0), time.Hour
	began := time.Now()
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			prompt := fmt.Sprintf("Document %d. ", i) + strings.Repeat("red: blue; green: grey; ", 100)
			r, err := model.Generate(context.Background(), runners.Request{Prompt: prompt, MaxTokens: 1})
			if err != nil {
				t.Error(err)
				return
			}
			mu.Lock()
			defer mu.Unlock()
			total, least = total+r.Total, min(least, r.Total-r.FirstToken)
		})
	}
	wg.Wait()
	if wall := time.Since(began); total <= 0 || total > wall {
		t.Errorf("eight answers took %v together, the wall clock says %v", total, wall)
	}
	if least < 0 {
		t.Errorf("an answer ended %v before its first token", -least)
	}
}
