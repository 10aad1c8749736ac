package leaderboard

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/lcbench/lcbench/benchmarks"
)

// Part says what a figure is of.
type Part string

// The parts, in the order of columns. Behind each, what its Key's Name and Sub
// are.
const (
	PartAverage     Part = "average"             // board
	PartCategory    Part = "category"            // board, category
	PartStratum     Part = "stratum"             // board, stratum
	PartTask        Part = "task"                // task
	PartTaskStratum Part = "task_stratum"        // task, stratum
	PartCell        Part = "cell"                // task; Length and Depth
	PartLength      Part = "length"              // Length
	PartDiffusion   Part = "diffusion"           // bin
	PartScope       Part = "scope"               // bin
	PartPlane       Part = "plane"               // bin of diffusion, bin of scope
	PartEffective   Part = "effective_length"    // by the own-share rule
	PartRuler       Part = "ruler_length"        // by RULER's rule
	PartIncreasing  Part = "weighted_increasing" // RULER's weighted averages
	PartDecreasing  Part = "weighted_decreasing" //
	PartMiddle      Part = "lost_in_the_middle"  // points
	PartJudge       Part = "judge"               // judge, figure
)

// partKind is what columns a part has.
type partKind struct {
	part Part
	// names is how many of Name and Sub it has.
	names int
	// suffixes of its columns beside the value.
	suffixes []string
}

var (
	scoreColumns  = []string{"ci_low", "ci_high", "n"}
	lengthColumns = []string{"state", "ci_low", "ci_low_state", "ci_high", "ci_high_state"}
)

// parts lists the parts in the order of columns.
func parts() []partKind {
	return []partKind{
		{PartAverage, 1, scoreColumns}, {PartCategory, 2, scoreColumns}, {PartStratum, 2, scoreColumns},
		{PartTask, 1, scoreColumns}, {PartTaskStratum, 2, scoreColumns}, {PartCell, 1, scoreColumns},
		{PartLength, 0, scoreColumns}, {PartDiffusion, 1, scoreColumns}, {PartScope, 1, scoreColumns}, {PartPlane, 2, scoreColumns},
		{PartEffective, 0, lengthColumns}, {PartRuler, 0, lengthColumns}, {PartIncreasing, 0, nil}, {PartDecreasing, 0, nil},
		{PartMiddle, 0, scoreColumns}, {PartJudge, 2, nil},
	}
}

func (p Part) kind() (partKind, int) {
	all := parts()
	at := slices.IndexFunc(all, func(k partKind) bool { return k.part == p })
	if at < 0 {
		return partKind{}, at
	}
	return all[at], at
}

// length says that the figure is a length in tokens.
func (p Part) length() bool { return p == PartEffective || p == PartRuler }

// Key names a figure of a model.
type Key struct {
	Benchmark string
	Part      Part
	Name, Sub string
	Length    int
	Depth     string // percent, "" where none was asked for
}

// Figure is one number of a model: a score in percent, a length in tokens, or
// points. What is nil is unknown.
type Figure struct {
	Key
	// Metric is of a task's figures.
	Metric           string
	N                *int
	Value, Low, High *float64
	// State says where a length lies, see stats.LengthState; LowState and
	// HighState where the ends of its interval do.
	State, LowState, HighState string
}

// overall is the written name of a board that has none.
const overall = "overall"

// column names the column of the figure's value; a suffix may follow behind
// another slash.
func (k Key) column() string {
	kind, _ := k.Part.kind()
	parts := []string{escape(k.Benchmark), string(k.Part)}
	for _, n := range []string{k.Name, k.Sub}[:kind.names] {
		parts = append(parts, escape(orElse(n, overall)))
	}
	if k.Part == PartLength || k.Part == PartCell {
		parts = append(parts, strconv.Itoa(k.Length))
	}
	return strings.Join(parts, "/")
}

// keyOf is the inverse of column; rest is the suffix, "" for the value.
func keyOf(column string) (k Key, rest string, err error) {
	segments := strings.Split(column, "/")
	if len(segments) < 2 {
		return k, "", fmt.Errorf("want benchmark/part/…")
	}
	k.Benchmark, k.Part = unescape(segments[0]), Part(segments[1])
	kind, at := k.Part.kind()
	if at < 0 || k.Part == PartCell {
		return k, "", fmt.Errorf("no part %q", segments[1])
	}
	segments = segments[2:]
	want := kind.names
	if k.Part == PartLength {
		want++
	}
	if len(segments) < want {
		return k, "", fmt.Errorf("want %d names behind %s", want, k.Part)
	}
	for i, to := range []*string{&k.Name, &k.Sub}[:kind.names] {
		if *to = unescape(segments[i]); *to == overall {
			*to = ""
		}
	}
	if k.Part == PartLength {
		if k.Length, err = strconv.Atoi(segments[0]); err != nil || k.Length <= 0 {
			return k, "", fmt.Errorf("%q is no length in tokens", segments[0])
		}
	}
	rest = strings.Join(segments[want:], "/")
	if rest != "" && !slices.Contains(kind.suffixes, rest) {
		return k, "", fmt.Errorf("%s has no %q", k.Part, rest)
	}
	return k, rest, nil
}

// escape keeps a name from being taken for several, and column names from
// characters that Parquet can't have in them.
func escape(s string) string {
	return strings.NewReplacer("%", "%25", "/", "%2F", ",", "%2C", `"`, "%22").Replace(s)
}

func unescape(s string) string {
	return strings.NewReplacer("%2F", "/", "%2C", ",", "%22", `"`, "%25", "%").Replace(s)
}

// keys lists the figures that any entry has of a benchmark, in the order of
// columns: it is the same whatever other benchmarks and models are there.
func (b *Board) keys(benchmark string) []Key {
	seen := map[Key]bool{}
	var out []Key
	for _, e := range b.Entries {
		for k := range e.Figures {
			if k.Benchmark == benchmark && !seen[k] {
				seen[k] = true
				out = append(out, k)
			}
		}
	}
	rank := newRank(b.knownAs(benchmark))
	slices.SortFunc(out, rank.compare)
	return out
}

// rank is the order of names within a benchmark.
type rank struct{ boards, categories, tasks, strata []string }

func newRank(k Known) rank {
	var r rank
	add := func(to *[]string, names ...string) {
		for _, n := range names {
			if !slices.Contains(*to, n) {
				*to = append(*to, n)
			}
		}
	}
	for _, t := range k.Tasks {
		add(&r.boards, t.Boards...)
		add(&r.categories, t.Category)
		add(&r.tasks, t.Name)
		add(&r.strata, t.Strata...)
		add(&r.strata, t.Parts...)
	}
	return r
}

func (r rank) compare(a, b Key) int {
	_, i := a.Part.kind()
	_, j := b.Part.kind()
	if c := cmp.Compare(i, j); c != 0 {
		return c
	}
	names, subs := r.boards, r.strata
	switch a.Part {
	case PartCategory:
		subs = r.categories
	case PartTask, PartTaskStratum, PartCell:
		names = r.tasks
	case PartDiffusion, PartScope, PartPlane:
		names, subs = bins(), bins()
	}
	return cmp.Or(
		cmp.Compare(place(names, a.Name), place(names, b.Name)), strings.Compare(a.Name, b.Name),
		cmp.Compare(place(subs, a.Sub), place(subs, b.Sub)), strings.Compare(a.Sub, b.Sub),
		cmp.Compare(a.Length, b.Length), cmp.Compare(depthOf(a), depthOf(b)),
	)
}

// place is where a name stands in a list; names that don't come last.
func place(names []string, name string) int {
	if at := slices.Index(names, name); at >= 0 {
		return at
	}
	return len(names)
}

func depthOf(k Key) float64 {
	d, err := strconv.ParseFloat(k.Depth, 64)
	if err != nil {
		return -1
	}
	return d
}

// bins are those of an axis.
func bins() []string { return []string{"low", "mid", "high"} }

// metric is that of a known task.
func (k Known) metric(task string) string {
	at := slices.IndexFunc(k.Tasks, func(t benchmarks.Task) bool { return t.Name == task })
	if at < 0 {
		return ""
	}
	return k.Tasks[at].Metric
}

func orElse(a, b string) string {
	if a == "" {
		return b
	}
	return a
}
