// Package leaderboard puts the runs of many models into one table: a row a
// model, or the layouts in which benchmarks publish theirs, and reads such
// tables so that published rows stand beside one's own.
//
// Its opinion: a figure is summary.json's or the report's, never a third one;
// what is not known is an empty cell, never 0; what stands in a table of
// another's layout is written as they write it, and what that layout asks for
// and the runs don't have is said. What a model or a data set is called is text:
// it can't start a formula, steer a terminal or hide.
package leaderboard

import (
	"slices"
	"strings"

	"github.com/lcbench/lcbench/benchmarks"
	"github.com/lcbench/lcbench/results/report"
)

// Format is the version of the layouts lcbench and long: a column may be added
// within one, none changes its meaning or its place beside the others.
const Format = 1

// Known is a benchmark as its adapter describes it; a list of them gives the
// order of columns.
type Known struct {
	Name, Title string
	Tasks       []benchmarks.Task
	// Modes are the variants of its protocol, the default first; Knobs are the
	// settings that shape it.
	Modes, Knobs []string
}

// Options shape a board. The zero value takes all benchmarks, in alphabetical
// order.
type Options struct {
	Known []Known
	// Only names the benchmarks to be taken; none: all.
	Only []string
	// Report shapes the figures that aren't in a summary.
	Report report.Options
}

// Board is a leaderboard.
type Board struct {
	Entries []*Entry
	// Notes say what was left out, and what a reader has to know.
	Notes []string

	known  []Known
	only   []string
	report report.Options
}

// Entry is a model's row.
type Entry struct {
	Identity
	// Window is the model's context window in tokens, 0 if unknown.
	Window int
	// Source is the file that the row was imported from, "" of runs.
	Source string
	// Runs are the facts of its runs by benchmark, Figures its numbers.
	Runs    map[string]Facts
	Figures map[Key]Figure
	// extra are cells that only the layout they came from has.
	extra map[string]string
}

// Identity is what makes a model a row of its own. All of it is printable text.
type Identity struct {
	Model, Attention string
	// Rope is the change of positions, where the run names one.
	Rope string
	// Settings are the model's other settings that aren't the default, as
	// name=value; Mode is the variant of a benchmark's protocol, "" the default.
	Settings, Mode string
	// Floor is "baseline" or "no-context" where the row only says what needs no
	// model, or no context.
	Floor    string
	Revision string
}

// Facts are what is known of one run. What is nil is unknown.
type Facts struct {
	// State is the run's; Unsummarised says that it had no summary yet, so that
	// its scores are plain means of its rows.
	State        string
	Unsummarised *bool
	Builtin      *bool
	Version      string
	// Lengths says what length bins are: "asked" for, or "own": buckets, up to
	// powers of two, of the lengths that samples have.
	Lengths string
	// Data says where the samples came from, DataSHA256 is of the names and
	// hashes of its files; Settings are the benchmark's, as name=value.
	Data, DataSHA256, Settings string
	Finished                   string
	TokensIn, TokensOut        *int
	CachedShare                *float64
	Cost                       *float64
	Currency                   string
	Samples, Valid, Lost       *int
	Seconds                    *float64
	// Missing are tasks without rows, by board.
	Missing map[string][]string
}

func newEntry(id Identity) *Entry {
	return &Entry{Identity: id, Runs: map[string]Facts{}, Figures: map[Key]Figure{}, extra: map[string]string{}}
}

// name is how an entry is called where a layout has only a column for the model:
// with what tells it from others of that model, and what a reader must know.
func (b *Board) name(e *Entry) string {
	parts := b.apart(e)
	if e.Floor != "" {
		parts = append(parts, "floor: "+e.Floor)
	}
	if e.builtin() {
		parts = append(parts, "built-in samples")
	}
	if e.unfinished() {
		parts = append(parts, "unfinished")
	}
	if len(parts) == 0 {
		return e.Model
	}
	return e.Model + " (" + strings.Join(parts, "; ") + ")"
}

// apart are the parts of an entry's identity, but for its model, that other
// entries of the model don't share; an attention that isn't full is always said.
func (b *Board) apart(e *Entry) []string {
	var out []string
	add := func(label, always string, of func(*Entry) string) {
		v := of(e)
		differs := slices.ContainsFunc(b.Entries, func(o *Entry) bool { return o.Model == e.Model && o.Source == "" && of(o) != v })
		if v != "" && (differs && e.Source == "" || v != always) {
			out = append(out, label+v)
		}
	}
	add("attention ", "full", func(e *Entry) string { return e.Attention })
	add("rope ", "", func(e *Entry) string { return e.Rope })
	add("", e.Settings, func(e *Entry) string { return e.Settings })
	add("", "", func(e *Entry) string { return e.Mode })
	add("revision ", e.Revision, func(e *Entry) string { return e.Revision })
	return out
}

// builtin says that samples of some benchmark were lcbench's own.
func (e *Entry) builtin() bool {
	for _, r := range e.Runs {
		if r.Builtin != nil && *r.Builtin {
			return true
		}
	}
	return false
}

// unfinished says that some run was stopped before its end, or still runs.
func (e *Entry) unfinished() bool {
	for _, r := range e.Runs {
		if r.State != "" && r.State != "complete" {
			return true
		}
	}
	return false
}

func (e *Entry) add(f Figure) { e.Figures[f.Key] = f }

// value is a figure's value, nil where there is none.
func (e *Entry) value(k Key) *float64 { return e.Figures[k].Value }

// benchmarks lists those of the board in the order of columns.
func (b *Board) benchmarks() []string {
	seen := map[string]bool{}
	for _, e := range b.Entries {
		for name := range e.Runs {
			seen[name] = true
		}
		for k := range e.Figures {
			seen[k.Benchmark] = true
		}
	}
	var out []string
	for _, k := range b.known {
		if seen[k.Name] {
			out = append(out, k.Name)
			delete(seen, k.Name)
		}
	}
	var rest []string
	for name := range seen {
		rest = append(rest, name)
	}
	slices.Sort(rest)
	return append(out, rest...)
}

// knownAs describes a benchmark; one that isn't known has its name alone.
func (b *Board) knownAs(name string) Known {
	at := slices.IndexFunc(b.known, func(k Known) bool { return k.Name == name })
	if at < 0 {
		return Known{Name: name}
	}
	return b.known[at]
}

func ptr[T any](v T) *T { return &v }
