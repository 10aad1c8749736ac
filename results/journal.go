package results

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"github.com/lcbench/lcbench/runners"
)

// Journal is the append-only record of a run's answers, one JSON object a line
// (runners.Answer). The last final answer to a sample counts; a failed one
// (status error) isn't final and is asked for again, an overflow is. Its
// methods are safe for concurrent use.
type Journal struct {
	path string
	log  *durable

	mu       sync.RWMutex
	final    map[string]extent
	order    []string // ids in the order of their first final answer
	spent    runners.Usage
	failed   int
	warnings []Warning
}

// extent is where a record lies.
type extent struct {
	offset int64
	length int
}

var _ runners.Journal = (*Journal)(nil)

// OpenJournal opens or creates a journal. A last line that was torn by a crash
// is cut off; a broken line elsewhere is skipped and becomes a warning. Only
// offsets are held in memory.
func OpenJournal(path string) (*Journal, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, fmt.Errorf("results: open journal: %w", err)
	}
	j := &Journal{path: path, final: map[string]extent{}, spent: runners.Usage{Known: true}}
	size, err := j.load(f)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("results: open journal: %w", err), f.Close())
	}
	j.log = newDurable(path, f, size)
	return j, nil
}

// load scans the file, repairs its end and returns its size.
func (j *Journal) load(f *os.File) (int64, error) {
	var size int64
	mend := false
	err := scanLines(f, 0, func(l line) error {
		a, err := parseAnswer(l.data)
		switch {
		case err == nil:
			j.index(a, extent{l.offset, l.length})
			mend = l.torn // whole but for the line feed: worth keeping
			size = l.end()
		case l.torn:
			j.warn(l.number, fmt.Sprintf("dropped a torn last line of %d bytes", l.length))
		default:
			j.warn(l.number, fmt.Sprintf("skipped a broken line: %v", err))
			size = l.end()
		}
		return nil
	})
	if err != nil {
		return 0, err
	}
	if err := f.Truncate(size); err != nil {
		return 0, err
	}
	if mend {
		if _, err := f.WriteAt([]byte{'\n'}, size); err != nil {
			return 0, err
		}
		size++
	}
	return size, nil
}

// parseAnswer reads one journal line.
func parseAnswer(data []byte) (runners.Answer, error) {
	var a runners.Answer
	if data == nil {
		return a, fmt.Errorf("longer than %d MiB", maxRecord>>20)
	}
	if err := json.Unmarshal(data, &a); err != nil {
		return a, err
	}
	if a.SampleID == "" {
		return a, errors.New(`no "id"`)
	}
	if !slices.Contains(runners.Statuses(), a.Status) {
		return a, fmt.Errorf(`unknown "status" %q`, a.Status)
	}
	return a, nil
}

func (j *Journal) warn(number int, text string) {
	j.warnings = append(j.warnings, Warning{filepath.Base(j.path), number, text})
}

func (j *Journal) index(a runners.Answer, at extent) {
	if !a.FromCache && a.Usage != (runners.Usage{}) { // a failed call counts nothing: no estimate either
		j.spent = j.spent.Add(a.Usage)
	}
	if a.Status == runners.Failed {
		j.failed++
		return
	}
	if _, seen := j.final[a.SampleID]; !seen {
		j.order = append(j.order, a.SampleID)
	}
	j.final[a.SampleID] = at
}

// Append implements runners.Journal: it returns once the answer is on disk.
// After an error it may or may not be found there later.
func (j *Journal) Append(a runners.Answer) error {
	record, err := marshalLine(a)
	if err != nil {
		return fmt.Errorf("results: journal: answer to %s: %w", a.SampleID, err)
	}
	if len(record) > maxRecord {
		return fmt.Errorf("results: journal: answer to %s: %d bytes are more than a line may have", a.SampleID, len(record))
	}
	offset, err := j.log.append(record)
	if err != nil {
		return fmt.Errorf("results: journal: answer to %s: %w", a.SampleID, err)
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	j.index(a, extent{offset, len(record) - 1})
	return nil
}

// Find implements runners.Journal.
func (j *Journal) Find(sampleID string) (runners.Answer, bool, error) {
	j.mu.RLock()
	at, ok := j.final[sampleID]
	j.mu.RUnlock()
	if !ok {
		return runners.Answer{}, false, nil
	}
	record := make([]byte, at.length)
	if _, err := j.log.file.ReadAt(record, at.offset); err != nil {
		return runners.Answer{}, false, fmt.Errorf("results: %s: answer to %s: %w", j.path, sampleID, err)
	}
	a, err := parseAnswer(record)
	if err == nil && a.SampleID != sampleID {
		err = fmt.Errorf("found the answer to %s in its place: the file was changed meanwhile", a.SampleID)
	}
	if err != nil {
		return runners.Answer{}, false, fmt.Errorf("results: %s: answer to %s: %w", j.path, sampleID, err)
	}
	return a, true, nil
}

// Len returns how many samples have a final answer.
func (j *Journal) Len() int {
	j.mu.RLock()
	defer j.mu.RUnlock()
	return len(j.final)
}

// Failed returns how many records are of failed attempts.
func (j *Journal) Failed() int {
	j.mu.RLock()
	defer j.mu.RUnlock()
	return j.failed
}

// Spent returns the tokens of all records that were paid for: failed and
// superseded ones too, answers from the response cache not.
func (j *Journal) Spent() runners.Usage {
	j.mu.RLock()
	defer j.mu.RUnlock()
	return j.spent
}

// Warnings returns what was wrong with the file when it was opened.
func (j *Journal) Warnings() []Warning { return slices.Clone(j.warnings) }

// All streams the final answers that there are now, in the order in which
// samples were first answered. An answer that can't be read is yielded as an
// error and the stream goes on.
func (j *Journal) All() iter.Seq2[runners.Answer, error] {
	return func(yield func(runners.Answer, error) bool) {
		j.mu.RLock()
		ids := j.order[:len(j.order):len(j.order)]
		j.mu.RUnlock()
		for _, id := range ids {
			a, _, err := j.Find(id)
			if !yield(a, err) {
				return
			}
		}
	}
}

// Close closes the file. Appends that are under way finish first.
func (j *Journal) Close() error {
	if err := j.log.close(); err != nil && !errors.Is(err, fs.ErrClosed) {
		return fmt.Errorf("results: %w", err)
	}
	return nil
}
