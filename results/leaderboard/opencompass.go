package leaderboard

import (
	"fmt"
	"slices"
	"strings"
)

// The first columns of OpenCompass's summary; behind them stands a column a
// model. Source: open-compass/opencompass at 0946c4e, summarizers/default.py.
var openCompassHeader = []string{"dataset", "version", "metric", "mode"}

// openCompassAverage is the metric of a mean over data sets.
const openCompassAverage = "naive_average"

// openCompassLayout is OpenCompass's summary: a row a data set, two decimals, a
// dash where there is nothing.
func openCompassLayout() layout {
	return layout{
		name:   "opencompass",
		export: func(b *Board) ([]Table, error) { return b.openCompass(), nil },
		is:     func(s *sheet) (string, bool) { return "", s.has(openCompassHeader...) },
		read:   func(b *Board, s *sheet, _ string) ([]*Entry, error) { return b.readOpenCompass(s) },
	}
}

func (b *Board) openCompass() []Table {
	t := Table{header: texts(openCompassHeader...)}
	var entries []*Entry
	for _, e := range b.Entries {
		entries = append(entries, e)
		t.header = append(t.header, text(b.unique(e)))
	}
	for _, benchmark := range b.benchmarks() {
		for _, k := range b.keys(benchmark) {
			if k.Part != PartTask && k.Part != PartAverage {
				continue
			}
			row := []cell{text(b.dataset(k)), b.dataVersion(benchmark), orMissing(b.openCompassMetric(k)), {"gen", true}}
			for _, e := range entries {
				row = append(row, decimals(e.value(k), 2, missing))
			}
			t.rows = append(t.rows, row)
		}
		b.missingTasks(benchmark)
	}
	if len(t.rows) == 0 {
		return nil
	}
	return []Table{t}
}

// unique is an entry's name, with its number where an earlier one has the same:
// columns have to differ.
func (b *Board) unique(e *Entry) string {
	same := 1
	for _, other := range b.Entries {
		if other == e {
			break
		}
		if b.name(other) == b.name(e) {
			same++
		}
	}
	if same == 1 {
		return b.name(e)
	}
	return fmt.Sprintf("%s #%d", b.name(e), same)
}

// dataset names a row as OpenCompass does: LongBench_hotpotqa. Data sets of
// benchmarks that lcbench doesn't know keep their names.
func (b *Board) dataset(k Key) string {
	if k.Benchmark == openCompassUnknown {
		return k.Name
	}
	title := datasetTitle(b.knownAs(k.Benchmark))
	if k.Part == PartTask || k.Name != "" {
		return title + "_" + k.Name
	}
	return title
}

const openCompassUnknown = "opencompass"

func datasetTitle(k Known) string {
	return strings.NewReplacer(" ", "", "-", "").Replace(orElse(k.Title, k.Name))
}

// dataVersion is the beginning of the data's hash, a dash where rows were
// measured on different data: OpenCompass has its prompt's there.
func (b *Board) dataVersion(benchmark string) cell {
	sum := ""
	for _, e := range b.Entries {
		f, ran := e.Runs[benchmark]
		switch {
		case !ran:
		case f.DataSHA256 == "" || sum != "" && sum != f.DataSHA256:
			if sum != "" {
				b.note("rows of %s were measured on different data: their version is -", benchmark)
			}
			return missing
		default:
			sum = f.DataSHA256
		}
	}
	if sum == "" {
		sum = b.importedVersion(benchmark)
	}
	if sum == "" {
		return missing
	}
	return text(sum[:min(6, len(sum))])
}

// importedVersion is that of an imported table.
func (b *Board) importedVersion(benchmark string) string {
	for _, e := range b.Entries {
		if v := e.extra["opencompass/version/"+benchmark]; v != "" {
			return v
		}
	}
	return ""
}

func (b *Board) openCompassMetric(k Key) string {
	if k.Part == PartAverage {
		return openCompassAverage
	}
	for _, e := range b.Entries {
		if m := e.Figures[k].Metric; m != "" {
			return m
		}
	}
	return b.knownAs(k.Benchmark).metric(k.Name)
}

// readOpenCompass reads a summary: its columns are the entries.
func (b *Board) readOpenCompass(s *sheet) ([]*Entry, error) {
	if err := s.need(openCompassUnknown, openCompassHeader...); err != nil {
		return nil, err
	}
	var out []*Entry
	for i, name := range s.header.cells {
		if slices.Contains(openCompassHeader, name) {
			continue
		}
		if name == "" {
			return nil, s.headerError(i, fmt.Errorf("no model is named"))
		}
		e := newEntry(Identity{Model: name})
		e.Source = s.file
		for _, r := range s.rows {
			k := b.datasetKey(s.get(r, "dataset"), s.get(r, "metric"))
			v, err := s.score(r, name)
			if err != nil {
				return nil, err
			}
			if v != nil {
				f := Figure{Key: k, Value: v}
				if metric := s.get(r, "metric"); k.Part == PartTask && !none(metric) {
					f.Metric = metric
				}
				e.add(f)
			}
			if version := s.get(r, "version"); !none(version) {
				e.extra["opencompass/version/"+k.Benchmark] = version
			}
		}
		out = append(out, e)
	}
	return out, nil
}

// datasetKey is the inverse of dataset.
func (b *Board) datasetKey(name, metric string) Key {
	for _, k := range b.known {
		rest, ok := strings.CutPrefix(name, datasetTitle(k))
		task, below := strings.CutPrefix(rest, "_")
		switch {
		case !ok || rest != "" && !below:
		case metric == openCompassAverage:
			return Key{Benchmark: k.Name, Part: PartAverage, Name: task}
		case place(newRank(k).tasks, task) < len(k.Tasks):
			return Key{Benchmark: k.Name, Part: PartTask, Name: task}
		}
	}
	return Key{Benchmark: openCompassUnknown, Part: PartTask, Name: name}
}
