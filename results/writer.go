package results

import (
	"bufio"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"sync"
	"time"

	"github.com/parquet-go/parquet-go"

	"github.com/lcbench/lcbench/runners"
)

// Writer takes results as they come and, once finished, leaves the rows in
// file order in samples.jsonl and samples.parquet. Only the place of each row
// and the facts that averages need are held in memory. It is for one goroutine
// at a time.
type Writer struct {
	dir      string
	contexts *Contexts
	facts    *Facts
	part     *os.File
	buffered *bufio.Writer
	size     int64
	rows     []rowPlace
	done     bool
	// shown is when rows were last handed to the system, for who looks on.
	shown time.Time
}

// showEvery is how old the newest row may be, while rows come, before others can
// read it.
const showEvery = time.Second

// rowPlace is where a row lies in the file of rows as they came.
type rowPlace struct {
	offset int64
	index  int
	length int32
}

// NewWriter starts the rows of a run folder. Contexts go into contexts, or are
// left out if it is nil.
func NewWriter(dir string, contexts *Contexts) (*Writer, error) {
	f, err := os.OpenFile(partPath(dir), os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o644)
	if err != nil {
		return nil, fmt.Errorf("results: start rows: %w", err)
	}
	return &Writer{dir: dir, contexts: contexts, facts: NewFacts(), part: f, buffered: bufio.NewWriterSize(f, 256<<10)}, nil
}

// partPath is where rows lie in the order in which they came.
func partPath(dir string) string { return filepath.Join(dir, "samples.unsorted.jsonl"+temporary) }

// Facts is what averages need of the rows so far.
func (w *Writer) Facts() *Facts { return w.facts }

// Len returns the number of rows so far.
func (w *Writer) Len() int { return len(w.rows) }

// Add stores the result's context and writes its row.
func (w *Writer) Add(r runners.Result) error {
	if w.done {
		return fmt.Errorf("results: row of %s: %w", r.Sample.ID, errClosed)
	}
	ref := ""
	if w.contexts != nil && r.Sample.Prompt.Context != "" {
		var err error
		if ref, err = w.contexts.Put(r.Sample.Prompt.Context); err != nil {
			return err
		}
	}
	record, err := marshalLine(newRow(r, ref))
	if err != nil {
		return fmt.Errorf("results: row of %s: %w", r.Sample.ID, err)
	}
	if len(record) > maxRecord {
		return fmt.Errorf("results: row of %s: %d bytes are more than a line may have", r.Sample.ID, len(record))
	}
	if _, err := w.buffered.Write(record); err != nil {
		return fmt.Errorf("results: row of %s: %w", r.Sample.ID, err)
	}
	w.rows = append(w.rows, rowPlace{w.size, r.Sample.Index, int32(len(record))})
	w.size += int64(len(record))
	w.facts.Add(r)
	if time.Since(w.shown) < showEvery {
		return nil
	}
	w.shown = time.Now()
	if err := w.buffered.Flush(); err != nil {
		return fmt.Errorf("results: row of %s: %w", r.Sample.ID, err)
	}
	return nil
}

// Finish writes samples.jsonl and samples.parquet in file order, whether or not
// the run came to its end, and removes the file of rows as they came. If it
// returns an error, files of an earlier start are still as they were.
func (w *Writer) Finish() error {
	if w.done {
		return fmt.Errorf("results: finish rows: %w", errClosed)
	}
	if err := w.buffered.Flush(); err != nil {
		return fmt.Errorf("results: finish rows: %w", err)
	}
	slices.SortStableFunc(w.rows, func(a, b rowPlace) int { return cmp.Compare(a.index, b.index) })
	paths := []string{filepath.Join(w.dir, samplesFile), filepath.Join(w.dir, parquetFile)}
	err := replaceFiles(paths, func(out []io.Writer) error { return w.copyRows(out[0], out[1]) })
	if err != nil {
		return fmt.Errorf("results: finish rows: %w", err)
	}
	return w.Close()
}

// Row groups are closed at this many bytes of rows, so that memory doesn't
// grow with their number.
const rowGroupBytes = 4 << 20

// Rows are handed to the parquet writer by so many, or so many bytes of them.
const (
	parquetBatch      = 64
	parquetBatchBytes = 256 << 10
)

// copyRows writes the rows in their present order.
func (w *Writer) copyRows(lines, columns io.Writer) error {
	// Snappy, since a zstd encoder takes 16 MiB for its window.
	pq := parquet.NewGenericWriter[Row](columns, parquet.Compression(&parquet.Snappy))
	batch := make([]Row, 0, parquetBatch)
	flush := func() error {
		_, err := pq.Write(batch)
		clear(batch)
		batch = batch[:0]
		return err
	}
	held, inBatch := 0, 0 // bytes in the row group, and of them in batch
	var record []byte
	for _, at := range w.rows {
		record = slices.Grow(record[:0], int(at.length))[:at.length]
		if _, err := w.part.ReadAt(record, at.offset); err != nil {
			return err
		}
		if _, err := lines.Write(record); err != nil {
			return err
		}
		batch = append(batch, Row{})
		if err := json.Unmarshal(record, &batch[len(batch)-1]); err != nil {
			return err
		}
		held += len(record)
		if inBatch += len(record); len(batch) < parquetBatch && inBatch < parquetBatchBytes {
			continue
		}
		inBatch = 0
		if err := flush(); err != nil {
			return err
		}
		if held >= rowGroupBytes {
			held = 0
			if err := pq.Flush(); err != nil {
				return err
			}
		}
	}
	return errors.Join(flush(), pq.Close())
}

// Close gives up rows that were not finished. After Finish, or a second time,
// it does nothing.
func (w *Writer) Close() error {
	if w.done {
		return nil
	}
	w.done = true
	if err := errors.Join(w.part.Close(), os.Remove(partPath(w.dir))); err != nil {
		return fmt.Errorf("results: close rows: %w", err)
	}
	return nil
}

// ReadRows streams the rows of a samples.jsonl. A line that isn't a row is
// yielded as an error that names it, and the stream goes on.
func ReadRows(path string) iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		f, err := os.Open(path)
		if err != nil {
			yield(Row{}, fmt.Errorf("results: %w", err))
			return
		}
		defer func() { _ = f.Close() }() // nothing was written
		stop := errors.New("stop")
		err = scanLines(f, 0, func(l line) error {
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

func parseRow(data []byte) (Row, error) {
	var row Row
	if data == nil {
		return row, fmt.Errorf("longer than %d MiB", maxRecord>>20)
	}
	if err := json.Unmarshal(data, &row); err != nil {
		if m := noNumber().FindSubmatch(data); m != nil {
			return Row{}, fmt.Errorf("%w: field %q is %s: want a number, or null where there is none", err, m[1], m[2])
		}
		return Row{}, err
	}
	if row.ID == "" || row.Task == "" {
		return Row{}, errors.New(`not a row: want "id" and "task"`)
	}
	return row, nil
}

// noNumber matches a field with what JSON has no number for, as other programs
// write it. Quotes within texts have a backslash before them.
var noNumber = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`"([a-z_0-9]+)":\s*(NaN|-?Infinity)`) })
