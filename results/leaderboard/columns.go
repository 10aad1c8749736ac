package leaderboard

import (
	"maps"
	"slices"
	"strings"
)

// Kind is the type of a column's values.
type Kind string

// The kinds of columns. A float that is a score is percent.
const (
	Text  Kind = "text"
	Int   Kind = "int"
	Float Kind = "float"
	Bool  Kind = "bool"
)

// column is a column of the layouts lcbench and long.
type column[T any] struct {
	name string
	kind Kind
	// get returns a string, int, float64 or bool, or nil where it is unknown; set
	// is its inverse.
	get func(T) any
	set func(T, any)
}

// textOf is a column of text in a field.
func textOf[T any](name string, at func(T) *string) column[T] {
	return column[T]{name, Text, func(x T) any {
		if s := *at(x); s != "" {
			return s
		}
		return nil
	}, func(x T, v any) { *at(x) = v.(string) }}
}

// optional is a column of a field that may be nil.
func optional[T any, V any](name string, kind Kind, at func(T) **V) column[T] {
	return column[T]{name, kind, func(x T) any {
		if p := *at(x); p != nil {
			return *p
		}
		return nil
	}, func(x T, v any) { value := v.(V); *at(x) = &value }}
}

// computed is a column that follows from others: it is written, and not read.
func computed[T any](name string, kind Kind, get func(T) any) column[T] {
	return column[T]{name, kind, get, func(T, any) {}}
}

func formatColumn[T any]() column[T] {
	return computed("format", Int, func(T) any { return Format })
}

// modelColumns say whose the row is; more about the model stands in
// identityColumns.
func modelColumns() []column[*Entry] {
	return []column[*Entry]{
		textOf("model", func(e *Entry) *string { return &e.Model }),
		textOf("attention", func(e *Entry) *string { return &e.Attention }),
	}
}

func identityColumns() []column[*Entry] {
	return []column[*Entry]{
		textOf("rope", func(e *Entry) *string { return &e.Rope }),
		textOf("settings", func(e *Entry) *string { return &e.Settings }),
		textOf("mode", func(e *Entry) *string { return &e.Mode }),
		textOf("floor", func(e *Entry) *string { return &e.Floor }),
		textOf("revision", func(e *Entry) *string { return &e.Revision }),
		{"window", Int, func(e *Entry) any {
			if e.Window > 0 {
				return e.Window
			}
			return nil
		}, func(e *Entry, v any) { e.Window = v.(int) }},
		textOf("source", func(e *Entry) *string { return &e.Source }),
	}
}

// totalColumns sum up the runs of a row.
func totalColumns() []column[*Entry] {
	sum := func(name string, of func(Facts) *int) column[*Entry] {
		return computed(name, Int, func(e *Entry) any { return total(e, of) })
	}
	return []column[*Entry]{
		computed("lcbench_version", Text, func(e *Entry) any { return e.each(func(f Facts) string { return f.Version }) }),
		computed("state", Text, func(e *Entry) any { return e.each(func(f Facts) string { return f.State }) }),
		computed("builtin", Bool, func(e *Entry) any {
			if len(e.Runs) == 0 {
				return nil
			}
			return e.builtin()
		}),
		sum("tokens_in", func(f Facts) *int { return f.TokensIn }),
		sum("tokens_out", func(f Facts) *int { return f.TokensOut }),
		computed("cost", Float, cost),
		computed("currency", Text, func(e *Entry) any { return e.each(func(f Facts) string { return f.Currency }) }),
		sum("samples", func(f Facts) *int { return f.Samples }),
		sum("valid", func(f Facts) *int { return f.Valid }),
		sum("lost", func(f Facts) *int { return f.Lost }),
	}
}

// total sums a count over the runs; nil where one of them doesn't know it.
func total(e *Entry, of func(Facts) *int) any {
	sum := 0
	for _, f := range e.Runs {
		n := of(f)
		if n == nil {
			return nil
		}
		sum += *n
	}
	if len(e.Runs) == 0 {
		return nil
	}
	return sum
}

// cost sums money of one currency; nil where a run's is unknown.
func cost(e *Entry) any {
	sum, currency := 0.0, ""
	for _, name := range slices.Sorted(maps.Keys(e.Runs)) { // floats add up alike each time
		f := e.Runs[name]
		if f.Cost == nil || currency != "" && f.Currency != currency {
			return nil
		}
		sum, currency = sum+*f.Cost, f.Currency
	}
	if len(e.Runs) == 0 {
		return nil
	}
	return sum
}

// each lists the different texts of the runs; nil where there is none.
func (e *Entry) each(of func(Facts) string) any {
	var out []string
	for _, f := range e.Runs {
		if s := of(f); s != "" && !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	if len(out) == 0 {
		return nil
	}
	slices.Sort(out)
	return strings.Join(out, " ")
}

// runColumns are the facts of a benchmark's run, below its name.
func runColumns() []column[*Facts] {
	return []column[*Facts]{
		textOf("state", func(f *Facts) *string { return &f.State }),
		optional("unsummarised", Bool, func(f *Facts) **bool { return &f.Unsummarised }),
		optional("builtin", Bool, func(f *Facts) **bool { return &f.Builtin }),
		textOf("lcbench_version", func(f *Facts) *string { return &f.Version }),
		textOf("settings", func(f *Facts) *string { return &f.Settings }),
		textOf("lengths", func(f *Facts) *string { return &f.Lengths }),
		textOf("data", func(f *Facts) *string { return &f.Data }),
		textOf("data_sha256", func(f *Facts) *string { return &f.DataSHA256 }),
		textOf("finished", func(f *Facts) *string { return &f.Finished }),
		optional("tokens_in", Int, func(f *Facts) **int { return &f.TokensIn }),
		optional("tokens_out", Int, func(f *Facts) **int { return &f.TokensOut }),
		optional("cached_share", Float, func(f *Facts) **float64 { return &f.CachedShare }),
		optional("cost", Float, func(f *Facts) **float64 { return &f.Cost }),
		textOf("currency", func(f *Facts) *string { return &f.Currency }),
		optional("samples", Int, func(f *Facts) **int { return &f.Samples }),
		optional("valid", Int, func(f *Facts) **int { return &f.Valid }),
		optional("lost", Int, func(f *Facts) **int { return &f.Lost }),
		optional("seconds", Float, func(f *Facts) **float64 { return &f.Seconds }),
	}
}

// figureColumns are those of a figure: the value, whose name is empty, and what
// stands beside it.
func figureColumns() []column[*Figure] {
	return []column[*Figure]{
		optional("", Float, func(f *Figure) **float64 { return &f.Value }),
		textOf("state", func(f *Figure) *string { return &f.State }),
		optional("ci_low", Float, func(f *Figure) **float64 { return &f.Low }),
		textOf("ci_low_state", func(f *Figure) *string { return &f.LowState }),
		optional("ci_high", Float, func(f *Figure) **float64 { return &f.High }),
		textOf("ci_high_state", func(f *Figure) *string { return &f.HighState }),
		optional("n", Int, func(f *Figure) **int { return &f.N }),
	}
}

// figureColumn puts a column of a figure into an entry's row.
func figureColumn(k Key, c column[*Figure]) column[*Entry] {
	name := k.column()
	if c.name != "" {
		name += "/" + c.name
	}
	return column[*Entry]{name, c.kind, func(e *Entry) any {
		f, ok := e.Figures[k]
		if !ok {
			return nil
		}
		return c.get(&f)
	}, func(e *Entry, v any) {
		f, ok := e.Figures[k]
		if !ok {
			f.Key = k
		}
		c.set(&f, v)
		e.Figures[k] = f
	}}
}

// runColumn puts a fact of a run into an entry's row.
func runColumn(benchmark string, c column[*Facts]) column[*Entry] {
	return column[*Entry]{escape(benchmark) + "/run/" + c.name, c.kind, func(e *Entry) any {
		f, ok := e.Runs[benchmark]
		if !ok {
			return nil
		}
		return c.get(&f)
	}, func(e *Entry, v any) {
		f := e.Runs[benchmark]
		c.set(&f, v)
		e.Runs[benchmark] = f
	}}
}

// wide lists the columns of layout lcbench: who, the totals, then each
// benchmark's figures and the facts of its run.
func (b *Board) wide() []column[*Entry] {
	out := slices.Concat([]column[*Entry]{formatColumn[*Entry]()}, modelColumns(), identityColumns(), totalColumns())
	for _, benchmark := range b.benchmarks() {
		for _, k := range b.keys(benchmark) {
			if k.Part == PartCell { // too many for columns: layout long has them
				continue
			}
			kind, _ := k.Part.kind()
			for _, c := range figureColumns() {
				if c.name == "" || slices.Contains(kind.suffixes, c.name) {
					out = append(out, figureColumn(k, c))
				}
			}
		}
		for _, c := range runColumns() {
			out = append(out, runColumn(benchmark, c))
		}
	}
	return out
}
