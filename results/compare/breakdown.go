package compare

import (
	"math"
	"slices"
	"strconv"

	"github.com/lcbench/lcbench/benchmarks"
	"github.com/lcbench/lcbench/results"
)

// breakdown takes one benchmark's pairs apart.
type breakdown struct {
	benchmark, title string
	layout           Layout
	tasks            []string // that have pairs
	byTask           map[string][]pair
}

// taskOf describes a task; one that the layout doesn't know is a category of
// its own.
func (b *breakdown) taskOf(name string) benchmarks.Task {
	for _, t := range b.layout.Tasks {
		if t.Name == name {
			if t.Category == "" {
				t.Category = name
			}
			return t
		}
	}
	return benchmarks.Task{Name: name, Category: name}
}

// boardNames lists the boards in order of first mention.
func (b *breakdown) boardNames() []string {
	var names []string
	for _, name := range b.tasks {
		for _, board := range boardsOf(b.taskOf(name)) {
			if !slices.Contains(names, board) {
				names = append(names, board)
			}
		}
	}
	return names
}

func boardsOf(t benchmarks.Task) []string {
	if len(t.Boards) == 0 {
		return []string{""}
	}
	return t.Boards
}

// boards are the pairs of each board's average.
func (b *breakdown) boards() [][]weighted {
	var out [][]weighted
	for _, name := range b.boardNames() {
		out = append(out, b.average(b.on(name), nil))
	}
	return out
}

// on lists the tasks of a board.
func (b *breakdown) on(board string) []string {
	return slices.DeleteFunc(slices.Clone(b.tasks), func(name string) bool {
		return !slices.Contains(boardsOf(b.taskOf(name)), board)
	})
}

// average weighs the pairs of tasks (those that keep lets through, nil: all) as
// the benchmark's average does: every sample alike, or every category, in it
// every task, in that every sample.
func (b *breakdown) average(tasks []string, keep func(pair) bool) []weighted {
	parts := map[string][]weighted{}
	inCategory := map[string]int{}
	for _, name := range tasks {
		part := b.task(name, keep)
		if len(part) == 0 {
			continue
		}
		parts[name] = part
		inCategory[b.taskOf(name).Category]++
	}
	var out []weighted
	for _, name := range tasks {
		part := parts[name]
		if part == nil || b.layout.Average == results.AverageSamples {
			out = append(out, part...)
			continue
		}
		share := 1 / float64(inCategory[b.taskOf(name).Category]) / float64(len(inCategory))
		out = append(out, scaled(part, share/weightOf(part))...)
	}
	return out
}

// task is a task's pairs with their own weights.
func (b *breakdown) task(name string, keep func(pair) bool) []weighted {
	var out []weighted
	for _, p := range b.byTask[name] {
		if keep == nil || keep(p) {
			w := p.base.Weight
			if w <= 0 || math.IsInf(w, 0) {
				w = 1
			}
			out = append(out, weighted{p, b.benchmark + "/" + name, w})
		}
	}
	return out
}

func scaled(pairs []weighted, by float64) []weighted {
	out := slices.Clone(pairs)
	for i := range out {
		out[i].weight *= by
	}
	return out
}

func weightOf(pairs []weighted) float64 {
	sum := 0.0
	for _, p := range pairs {
		sum += p.weight
	}
	return sum
}

// drafts are the units of the benchmark: averages by board, categories, tasks,
// cells.
func (b *breakdown) drafts() []draft {
	var out []draft
	add := func(level Level, name, part string, pairs []weighted) {
		if len(pairs) > 0 {
			out = append(out, draft{Unit{Level: level, Benchmark: b.benchmark, Name: name, Part: part}, pairs})
		}
	}
	for _, board := range b.boardNames() {
		add(Benchmark, withBoard(b.title, board), board, b.average(b.on(board), nil))
	}
	for _, c := range b.categories() {
		add(Category, withBoard(c.name, c.board), c.name, b.average(c.tasks, nil))
	}
	for _, name := range b.ordered() {
		add(Task, name, name, b.task(name, nil))
	}
	for _, cell := range b.cells() {
		add(Cell, cellName(cell), cell.Label(), b.average(b.tasks, func(p pair) bool { return p.base.Cell.Label() == cell.Label() }))
	}
	return out
}

// category are a category's tasks on a board; board is "" where they are the
// same on several.
type category struct {
	name, board string
	tasks       []string
}

// categories lists those that aren't single tasks of the same name.
func (b *breakdown) categories() []category {
	var out []category
	for _, board := range b.boardNames() {
		inBoard := map[string]int{} // where in out
		first := len(out)
		for _, name := range b.on(board) {
			c := b.taskOf(name).Category
			if c == name {
				continue
			}
			if _, seen := inBoard[c]; !seen {
				inBoard[c] = len(out)
				out = append(out, category{name: c, board: board})
			}
			out[inBoard[c]].tasks = append(out[inBoard[c]].tasks, name)
		}
		// What an earlier board has alike is listed there.
		for i := len(out) - 1; i >= first; i-- {
			same := slices.IndexFunc(out[:first], func(c category) bool { return c.name == out[i].name && slices.Equal(c.tasks, out[i].tasks) })
			if same >= 0 {
				out[same].board = ""
				out = slices.Delete(out, i, i+1)
			}
		}
	}
	return out
}

// ordered lists tasks with pairs in the layout's order, then the others.
func (b *breakdown) ordered() []string {
	var out []string
	for _, t := range b.layout.Tasks {
		if b.byTask[t.Name] != nil && !slices.Contains(out, t.Name) {
			out = append(out, t.Name)
		}
	}
	for _, name := range b.tasks {
		if !slices.Contains(out, name) {
			out = append(out, name)
		}
	}
	return out
}

func (b *breakdown) cells() []results.Cell {
	var out []results.Cell
	seen := map[string]bool{}
	for _, name := range b.tasks {
		for _, p := range b.byTask[name] {
			if c := p.base.Cell; c.Length > 0 && !seen[c.Label()] {
				seen[c.Label()] = true
				out = append(out, c)
			}
		}
	}
	slices.SortFunc(out, compareCells)
	return out
}

func cellName(c results.Cell) string {
	if c.Depth == nil {
		return results.LengthName(c.Length)
	}
	return results.LengthName(c.Length) + " @ " + strconv.FormatFloat(*c.Depth, 'g', 4, 64) + "%"
}

func withBoard(name, board string) string {
	if board == "" {
		return name
	}
	return name + ", " + board
}
