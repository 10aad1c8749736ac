package results

import (
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"time"

	"github.com/lcbench/lcbench/benchmarks"
	"github.com/lcbench/lcbench/runners"
	"github.com/lcbench/lcbench/scorers"
)

// RowsFile is where a run folder's rows are: samples.jsonl, or, of a run that
// runs or was killed, the rows in the order in which they came (unsorted). The
// path is empty where there are none yet.
func RowsFile(dir string) (path string, unsorted bool) {
	for _, path := range []string{filepath.Join(dir, samplesFile), partPath(dir)} {
		if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() {
			return path, path == partPath(dir)
		}
	}
	return "", false
}

// PickRows streams the rows of a file of rows whose lines pick wants; lines
// count from 1, and nil wants all. Other lines aren't decoded. A last line
// without its end, of a run that was killed, is left out; a line that isn't a
// row is yielded as an error that names it, and the stream goes on.
func PickRows(path string, pick func(line int) bool) iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		f, err := os.Open(path)
		if err != nil {
			yield(Row{}, fmt.Errorf("results: %w", err))
			return
		}
		defer func() { _ = f.Close() }() // nothing was written
		stop := errors.New("stop")
		err = scanLines(f, 0, func(l line) error {
			if l.torn || pick != nil && !pick(l.number) {
				return nil
			}
			row, err := parseRow(l.data)
			if err != nil {
				err = fmt.Errorf("results: %s: %w", place(path, l.number), err)
			}
			if !yield(row, err) {
				return stop
			}
			return nil
		})
		if err != nil && !errors.Is(err, stop) {
			yield(Row{}, fmt.Errorf("results: %s: %w", path, err))
		}
	}
}

// ReadContexts opens a run folder's contexts for reading: nothing in it is
// changed, and a run that works there may go on. A folder without any is
// fs.ErrNotExist.
func ReadContexts(dir string) (*Contexts, error) {
	c := &Contexts{path: filepath.Join(dir, contextsFile), at: map[[32]byte]frame{}, closed: true}
	frames, err := os.Open(c.path)
	if err != nil {
		return nil, fmt.Errorf("results: read contexts: %w", err)
	}
	index, err := os.Open(filepath.Join(dir, contextIndexFile))
	if err != nil {
		return nil, errors.Join(fmt.Errorf("results: read contexts: %w", err), frames.Close())
	}
	defer func() { _ = index.Close() }() // nothing was written
	c.frames = frames
	if err := c.loadIndex(frames, index); err != nil {
		return nil, errors.Join(fmt.Errorf("results: read contexts: %w", err), frames.Close())
	}
	return c, nil
}

func (c *Contexts) loadIndex(frames, index *os.File) error {
	info, err := frames.Stat()
	if err != nil {
		return err
	}
	entries, _, warnings, err := readContextIndex(index, info.Size())
	if err != nil {
		return err
	}
	c.warnings = warnings
	for _, e := range entries {
		c.at[e.sum] = e.at
	}
	c.decoder, err = newContextDecoder()
	return err
}

// Bytes returns the size of a stored context.
func (c *Contexts) Bytes(ref string) (int, bool) {
	sum, err := parseSum(ref)
	if err != nil {
		return 0, false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	at, ok := c.at[sum]
	return at.bytes, ok
}

// Characters returns how many characters (code points) a stored context has; no
// number is known of one that an earlier lcbench stored.
func (c *Contexts) Characters(ref string) (int, bool) {
	sum, err := parseSum(ref)
	if err != nil {
		return 0, false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	at, ok := c.at[sum]
	return max(0, at.characters), ok && at.characters >= 0
}

// CloseReading ends what ReadContexts began.
func (c *Contexts) CloseReading() error {
	c.decoder.Close()
	if err := c.frames.Close(); err != nil && !errors.Is(err, fs.ErrClosed) {
		return fmt.Errorf("results: close contexts: %w", err)
	}
	return nil
}

// AddRow takes a row of an earlier start in, of a folder that has no summary:
// what a row doesn't hold (the benchmark's own rounding) is missing.
func (f *Facts) AddRow(row Row) {
	r := runners.Result{
		Sample: benchmarks.Sample{
			ID: row.ID, Task: row.Task, Index: row.Index, Group: row.Group, Weight: row.Weight, Strata: row.Strata, Depth: row.Depth,
		},
		Answer: runners.Answer{
			Status: runners.Status(row.Status), Retries: row.Retries, RateLimited: row.RateLimited, FromCache: row.FromCache,
			CutTokens: row.CutTokens, FirstToken: duration(row.FirstTokenSeconds), Total: duration(row.TotalSeconds),
		},
		Score:   scorers.Score{Parts: row.ScoreParts},
		Axes:    benchmarks.Axes{State: benchmarks.AxesState(row.Axes)},
		Resumed: row.Resumed,
	}
	if row.TargetLength != nil {
		r.Sample.TargetLength = *row.TargetLength
	}
	if row.Score != nil {
		r.Score.Value = *row.Score
	}
	if row.UsageKnown != nil {
		r.Answer.Usage = runners.Usage{
			Known: *row.UsageKnown, Prompt: orZero(row.PromptTokens), Cached: orZero(row.CachedTokens),
			Completion: orZero(row.CompletionTokens), Reasoning: orZero(row.ReasoningTokens),
		}
	}
	f.Add(r)
}

func duration(seconds *float64) time.Duration {
	if seconds == nil {
		return 0
	}
	return time.Duration(*seconds * float64(time.Second))
}

func orZero(n *int) int {
	if n == nil {
		return 0
	}
	return *n
}
