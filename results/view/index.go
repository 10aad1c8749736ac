package view

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"slices"

	"github.com/lcbench/lcbench/results"
	"github.com/lcbench/lcbench/runners"
)

// rowIndex says where each row of a file lies, and what rows are chosen and
// sorted by: 32 bytes a row and its id. It grows as the file does.
type rowIndex struct {
	path string
	// file is the one that was read: another may have come in its place.
	file    os.FileInfo
	seen    stamp
	end     int64 // of the last whole line
	entries []entry
	ids     []byte // one behind the other
	tasks   []string
	broken  int // lines that aren't rows
	rows    int // counted also where the entries were forgotten
	// sum of the scores of scored rows, in 0..1; lost rows count as 0.
	sum          float64
	scored, lost int
}

// entry is one row.
type entry struct {
	offset int64
	length uint32
	id     uint32  // where it begins in rowIndex.ids
	index  int32   // in file order
	score  float32 // in 0..1; NaN: none
	task   uint16  // in rowIndex.tasks
	status uint8   // in runners.Statuses(); that many: another one
}

// maxTasks bounds the distinct tasks of a file.
const maxTasks = math.MaxUint16

// refresh reads what the file has more than before, or all of it where it is
// another one. Entries that were forgotten come back if they are needed.
func (x *rowIndex) refresh(path string, needed bool) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }() // nothing was written
	info, err := f.Stat()
	if err != nil {
		return err
	}
	now := stamp{info.Size(), info.ModTime()}
	same := x.path == path && x.file != nil && os.SameFile(x.file, info)
	forgotten := len(x.entries) < x.rows
	if same && x.seen == now && (!forgotten || !needed) {
		return nil
	}
	if !same || forgotten || info.Size() < x.end || !x.holds(f) {
		*x = rowIndex{path: path}
	}
	x.file, x.seen = info, now
	if _, err := f.Seek(x.end, io.SeekStart); err != nil {
		return err
	}
	for line, err := range results.RowLines(f, x.end) {
		if err != nil {
			return err
		}
		x.add(line)
		x.end = line.Offset + int64(line.Length) + 1
	}
	return nil
}

// holds says whether the last row is still where it was: a run that starts again
// writes the same file anew.
func (x *rowIndex) holds(f io.ReaderAt) bool {
	if len(x.entries) == 0 {
		return true
	}
	last := len(x.entries) - 1
	row, err := x.readAt(f, last)
	return err == nil && row.ID == x.id(last)
}

// light is what is kept of a row.
type light struct {
	ID     string   `json:"id"`
	Index  int      `json:"index"`
	Task   string   `json:"task"`
	Status string   `json:"status"`
	Metric string   `json:"metric"`
	Judge  string   `json:"judge"`
	Score  *float64 `json:"score"`
}

func (x *rowIndex) add(line results.RowLine) {
	var row light
	if line.Data == nil || json.Unmarshal(line.Data, &row) != nil || row.ID == "" || row.Task == "" || len(x.ids)+len(row.ID) > math.MaxUint32 {
		x.broken++
		return
	}
	task := slices.Index(x.tasks, row.Task)
	if task < 0 {
		if len(x.tasks) == maxTasks {
			x.broken++
			return
		}
		task = len(x.tasks)
		x.tasks = append(x.tasks, row.Task)
	}
	statuses := runners.Statuses()
	status := slices.Index(statuses, runners.Status(row.Status))
	if status < 0 {
		status = len(statuses)
	}
	e := entry{
		offset: line.Offset, length: uint32(line.Length), id: uint32(len(x.ids)), index: int32(min(max(row.Index, 0), math.MaxInt32)),
		task: uint16(task), status: uint8(status), score: float32(math.NaN()),
	}
	lost := runners.Status(row.Status).Lost()
	switch {
	case row.Score != nil && *row.Score >= 0 && *row.Score <= 1:
		e.score = float32(*row.Score)
		x.sum += *row.Score
		x.scored++
	case lost && (row.Metric != "" || row.Judge == ""):
		x.scored++
	}
	if lost {
		x.lost++
	}
	x.ids = append(x.ids, row.ID...)
	x.entries = append(x.entries, e)
	x.rows++
}

// forget gives up the entries, and keeps what they came to.
func (x *rowIndex) forget() { x.entries, x.ids = nil, nil }

// id of entry n.
func (x *rowIndex) id(n int) string {
	end := len(x.ids)
	if n+1 < len(x.entries) {
		end = int(x.entries[n+1].id)
	}
	return string(x.ids[x.entries[n].id:end])
}

// lookup is the place of an id's entry, -1 if there is none.
func (x *rowIndex) lookup(id string) int {
	for n := range x.entries {
		if x.has(n, id) {
			return n
		}
	}
	return -1
}

func (x *rowIndex) has(n int, id string) bool {
	from := int(x.entries[n].id)
	return bytes.HasPrefix(x.ids[from:], []byte(id)) && len(x.id(n)) == len(id)
}

// errMoved says that a row isn't where it was.
var errMoved = errors.New("the file was written anew meanwhile: load the page again")

// read calls use with the rows of entries, in their order.
func (x *rowIndex) read(wanted []int, use func(results.Row)) error {
	f, err := os.Open(x.path)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }() // nothing was written
	for _, n := range wanted {
		row, err := x.readAt(f, n)
		if err != nil || row.ID != x.id(n) {
			x.file = nil // all of it again next time
			return errMoved
		}
		use(row)
	}
	return nil
}

func (x *rowIndex) readAt(f io.ReaderAt, n int) (results.Row, error) {
	line := make([]byte, x.entries[n].length)
	if _, err := f.ReadAt(line, x.entries[n].offset); err != nil {
		return results.Row{}, fmt.Errorf("row %d: %w", n, err)
	}
	return results.ParseRow(line)
}
