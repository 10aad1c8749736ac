package needlebench

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/lcbench/lcbench/benchmarks"
	"github.com/lcbench/lcbench/benchmarks/haystack"
	"github.com/lcbench/lcbench/datasets"
)

// stream is the state of one Samples.
type stream struct {
	b     needleBench
	o     benchmarks.Options
	yield func(benchmarks.Sample, error) bool
	index int // of the next sample

	stocks  map[string]*stock // by language
	needles map[string][]needle
	names   map[string][]string
	faults  []error // rows of small files that could not be read
}

// stock is the haystack of a language, or why there is none.
type stock struct {
	texts       *haystack.Stock
	derivations map[int][]derivation
	err         error
	told        bool // that tasks are left out
}

// prepare checks the options and reads needles and names.
func (s *stream) prepare(ctx context.Context) (err error) {
	if err := errors.Join(benchmarks.CheckTasks("needlebench", s.b.Tasks(), s.o.Tasks),
		benchmarks.CheckLanguages("needlebench", s.b.Tasks(), s.o.Languages), check(s.o)); err != nil {
		return err
	}
	if s.unread() {
		return ctx.Err()
	}
	if s.needles, s.faults, err = readNeedles(ctx, s.b.src); err != nil {
		return err
	}
	s.names, err = readNames(ctx, s.b.src)
	return err
}

// unread says that sizes are wanted of files that may not be on this machine: the
// grid tells them.
func (s *stream) unread() bool { return s.o.Unmade && remote(s.b.src) }

// places are where a language's haystack is looked for: the hub's file, a folder
// of the same name, and the built-in texts.
func places(lang string) []string {
	if lang == "zh" {
		return []string{"zh_finance.jsonl", "zh_finance", "haystack_zh"}
	}
	return []string{"PaulGrahamEssays.jsonl", "PaulGrahamEssays", "haystack_en"}
}

// stock opens the haystack of a language once.
func (s *stream) stock(ctx context.Context, lang string) *stock {
	if k := s.stocks[lang]; k != nil {
		return k
	}
	k := &stock{}
	s.stocks[lang] = k
	src, where := s.b.src, places(lang)
	if dir := s.o.Shape.Haystack; dir != "" {
		src, where = datasets.Folder(dir, nil), []string{"."}
	}
	var faults []error
	k.texts, faults, k.err = haystack.Open(ctx, src, s.o.Tokenizer, where...)
	s.faults = append(s.faults, faults...)
	if k.err == nil && s.o.Mode == modeV1 {
		k.derivations, faults, k.err = readDerivations(ctx, s.b.src, lang)
		s.faults = append(s.faults, faults...)
	}
	return k
}

// task streams one task; it returns whether to go on.
func (s *stream) task(ctx context.Context, t task) bool {
	var k *stock
	if t.kind != ancestry && !s.unread() {
		k = s.stock(ctx, t.Language)
	}
	for _, fault := range s.faults {
		if !s.yield(benchmarks.Sample{}, fault) {
			return false
		}
	}
	s.faults = nil
	if k != nil && k.err != nil {
		return s.without(t, k)
	}
	g := gridOf(t, s.o, s.b.builtin())
	rows := t.Task
	rows.Rows = g.size()
	m := maker{stream: s, task: t, w: wordingOf(t.Language), stock: k, longest: slices.Max(g.lengths)}
	for _, i := range pick(g.size(), s.o.Wanted(rows)) {
		if err := ctx.Err(); err != nil {
			return s.yield(benchmarks.Sample{}, err) && false
		}
		sample, err := m.sample(ctx, g.at(i))
		if err != nil && !errors.Is(err, benchmarks.ErrSample) {
			return s.yield(benchmarks.Sample{}, err) && false
		}
		sample.Index = s.index
		s.index++
		if !s.yield(sample, err) {
			return false
		}
	}
	return true
}

// without leaves out a task whose haystack is missing, and tells so once a
// language. One that was asked for by name ends the stream.
func (s *stream) without(t task, k *stock) bool {
	named := slices.Contains(s.o.Tasks, t.Name) && !s.o.Unmade
	if !errors.Is(k.err, fs.ErrNotExist) || remote(s.b.src) || named {
		return s.yield(benchmarks.Sample{}, fmt.Errorf("%s: %w; --haystack takes a folder of your own texts", t.Name, k.err)) && false
	}
	if k.told {
		return true
	}
	k.told = true
	var names []string
	for _, other := range tasks() {
		if other.Language == t.Language && other.kind != ancestry && s.o.Selects(other.Task) {
			names = append(names, other.Name)
		}
	}
	return s.yield(benchmarks.Sample{}, &benchmarks.Notice{Text: fmt.Sprintf(
		"left out for want of a haystack: %s (looked for %s in the data; --haystack takes a folder of your own texts)",
		strings.Join(names, ", "), strings.Join(places(t.Language), ", "))})
}
