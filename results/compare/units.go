package compare

import (
	"slices"

	"github.com/lcbench/lcbench/results"
	"github.com/lcbench/lcbench/scorers"
	"github.com/lcbench/lcbench/scorers/stats"
)

// addUnits adds the units of the benchmark: averages by board, categories,
// tasks, cells, bins of the axes, strata. It returns each board's average.
func (b *breakdown) addUnits() [][]stats.Term {
	out := b.addBoards()
	for _, c := range b.categories() {
		b.add(Unit{Level: Category, Name: withBoard(c.name, c.board), Part: c.name}, c.blend, func(side int) float64 {
			board := b.board(side, c.on)
			at := slices.IndexFunc(board.Categories, func(x scorers.CategoryMeans) bool { return x.Name == c.name })
			return board.Categories[at].All.Value
		})
	}
	for _, s := range b.specs {
		if len(b.byTask[s.Name]) == 0 {
			continue
		}
		b.add(Unit{Level: Task, Name: s.Name, Part: s.Name}, stats.Blend{Terms: b.task(s, "")}, func(side int) float64 {
			at := slices.IndexFunc(b.own[side].Tasks, func(x scorers.TaskMeans) bool { return x.Spec.Name == s.Name })
			return b.own[side].Tasks[at].All.Value
		})
	}
	for _, x := range b.bins {
		b.addAcross(Unit{Level: x.level, Name: x.name, Part: x.part}, x.label, x.label, &b.binned)
	}
	for _, name := range b.strata() {
		b.addAcross(Unit{Level: Stratum, Name: name, Part: name}, ofStratum+name, name, &b.own)
	}
	return out
}

func (b *breakdown) add(u Unit, blend stats.Blend, score func(side int) float64) {
	u.Benchmark = b.benchmark
	u.Base, u.Candidate = score(0), score(1)
	b.trial.units, b.trial.blends = append(b.trial.units, u), append(b.trial.blends, blend)
}

// addAcross adds a unit that cuts across tasks: the mean of the boards' averages
// over a bin.
func (b *breakdown) addAcross(u Unit, label, name string, of *[2]scorers.Aggregates) {
	var parts [][]stats.Term
	var blend stats.Blend
	for _, board := range b.boards() {
		if blend = b.blend(board, label); len(blend.Terms) > 0 {
			parts = append(parts, blend.Terms)
		}
	}
	if len(parts) == 0 {
		return
	}
	blend = stats.Blend{Terms: b.trial.together(parts), Pooled: len(parts) == 1 && b.rule == results.AverageSamples}
	b.add(u, blend, func(side int) float64 {
		var scores []float64
		for _, board := range of[side].Boards {
			at := slices.IndexFunc(board.Strata, func(s scorers.BoardStratum) bool { return s.Name == name })
			if at >= 0 && !b.pick(board.Strata[at].Macro, board.Strata[at].Micro).Absent() {
				scores = append(scores, b.pick(board.Strata[at].Macro, board.Strata[at].Micro).Value)
			}
		}
		return mean(scores)
	})
}

func (b *breakdown) pick(macro, micro scorers.Means) scorers.Estimate {
	if b.rule == results.AverageSamples {
		return micro.All
	}
	return macro.All
}

// boardScores are the boards' averages of one side, those of boards without any
// category left out.
func (b *breakdown) boardScores(side int) []float64 {
	var out []float64
	for _, board := range b.own[side].Boards {
		if e := b.pick(board.Macro, board.Micro); !e.Absent() {
			out = append(out, e.Value)
		}
	}
	return out
}

func (b *breakdown) board(side int, name string) scorers.BoardMeans {
	at := slices.IndexFunc(b.own[side].Boards, func(x scorers.BoardMeans) bool { return x.Name == name })
	return b.own[side].Boards[at]
}

// category are a category's tasks on a board; board is "" where they are the
// same on several.
type category struct {
	name, board, on string
	tasks           []string
	blend           stats.Blend
}

// categories lists those that aren't single tasks of the same name.
func (b *breakdown) categories() []category {
	var out []category
	for _, board := range b.boards() {
		inBoard := map[string]int{} // where in out
		first := len(out)
		for _, s := range b.on(board, "") {
			if s.Category == s.Name || s.Category == "" {
				continue
			}
			if _, seen := inBoard[s.Category]; !seen {
				inBoard[s.Category] = len(out)
				out = append(out, category{name: s.Category, board: board, on: board})
			}
			c := &out[inBoard[s.Category]]
			c.tasks = append(c.tasks, s.Name)
			c.blend.Terms = append(c.blend.Terms, b.task(s, "")...)
		}
		for i := first; i < len(out); i++ {
			out[i].blend.Terms = scaled(out[i].blend.Terms, 1/float64(len(out[i].tasks)))
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

// strata lists those that have pairs, in the tasks' order.
func (b *breakdown) strata() []string {
	var out []string
	for _, s := range b.specs {
		for _, name := range s.Strata {
			if !slices.Contains(out, name) && len(b.in(s.Name, ofStratum+name)) > 0 {
				out = append(out, name)
			}
		}
	}
	return out
}

func withBoard(name, board string) string {
	if board == "" {
		return name
	}
	return name + ", " + board
}
