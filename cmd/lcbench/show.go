package main

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"sync"

	"golang.org/x/term"

	"github.com/lcbench/lcbench/results"
	"github.com/lcbench/lcbench/runners"
)

// terminal says whether w is one, and how wide.
func terminal(w io.Writer) (width int, ok bool) {
	f, isFile := w.(*os.File)
	if !isFile || !term.IsTerminal(int(f.Fd())) {
		return 80, false
	}
	width, _, err := term.GetSize(int(f.Fd()))
	if err != nil || width <= 0 {
		return 80, true
	}
	return width, true
}

func writeTable(w io.Writer, s results.Summary) error {
	width, is := terminal(w)
	return results.WriteTable(w, s, results.TableOptions{Width: width, Color: results.UseColor(is, os.Getenv)})
}

// showProgress keeps the progress line up to date until the returned function
// is called. Once the samples are counted, the manifest tells how many there are.
func (s *settings) showProgress(one session, e *runners.Engine, folder *results.Run) func() {
	c, m := one.c, one.model
	width, is := terminal(c.App.ErrWriter)
	p := results.NewProgress(c.App.ErrWriter, results.ProgressOptions{
		Terminal: is, Width: width, Color: results.UseColor(is, os.Getenv),
	})
	snapshot := func() results.Snapshot {
		n := e.Progress.Snapshot()
		out := results.Snapshot{
			Done: n.Done, Lost: n.Lost, Tokens: int64(n.Tokens), Reused: n.Resumed + n.FromCache,
			Retries: n.Retries, RateLimited: n.RateLimited, Score: n.MeanScore, Cost: s.cost(n.Paid),
			Total: int(s.total.Load()),
		}
		// What needed no request weighs nothing; until all of it has passed by,
		// the time left is overstated.
		if all := s.totalTokens.Load(); all > 0 {
			out.TotalTokens = max(all-int64(n.ReusedTokens), 1)
		}
		if m.limiter != nil {
			out.InFlight = m.limiter.State().InFlight
		}
		return out
	}
	ctx, cancel := context.WithCancel(one.ctx)
	var working sync.WaitGroup
	working.Go(func() { p.Watch(ctx, snapshot) })
	if s.adaptive == nil { // else nobody knows how much is left
		working.Go(func() {
			s.survey(ctx, e.Progress, surveyAfter)
			if n := int(s.total.Load()); n > 0 {
				// Only who looks on needs it: a disk that is full is told by others.
				_ = folder.Update(func(m *results.Manifest) { m.Total = n })
			}
		})
	}
	return func() {
		cancel()
		working.Wait()
		p.Close(snapshot())
	}
}

func writeLMEval(folder *results.Run, s results.Summary) error {
	_, err := results.WriteLMEval(filepath.Join(folder.Dir(), "lm-eval"), results.LMEvalInput{
		Manifest: folder.Manifest(), Summary: s,
		Rows: results.ReadRows(filepath.Join(folder.Dir(), "samples.jsonl")), Contexts: folder.Contexts(),
	})
	return err
}
