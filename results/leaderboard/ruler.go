package leaderboard

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/lcbench/lcbench/scorers/stats"
)

// rulerLengths are the lengths of RULER's table. Source: NVIDIA/RULER, README.
func rulerLengths() []string { return []string{"4K", "8K", "16K", "32K", "64K", "128K"} }

// The other columns of RULER's table.
const (
	rulerModel, rulerClaimed, rulerEffective       = "Models", "Claimed Length", "Effective Length"
	rulerAverage, rulerIncreasing, rulerDecreasing = "Avg.", "wAvg. (inc)", "wAvg. (dec)"
)

func rulerHeader() []string {
	return slices.Concat([]string{rulerModel, rulerClaimed, rulerEffective}, rulerLengths(), []string{rulerAverage, rulerIncreasing, rulerDecreasing})
}

// rulerBenchmark is whose figures an imported table's are.
const rulerBenchmark = "ruler"

// rulerLayout is RULER's table, of the one benchmark of each row that was tested
// at its lengths.
func rulerLayout() layout {
	return layout{
		name:   "ruler",
		export: func(b *Board) ([]Table, error) { return b.ruler() },
		is: func(s *sheet) (string, bool) {
			return "", s.has(append([]string{rulerModel, rulerEffective}, rulerLengths()...)...)
		},
		read: func(_ *Board, s *sheet, _ string) ([]*Entry, error) { return readRuler(s) },
	}
}

// rulerScores are an entry's scores at the table's lengths, nil where there is
// none. A length of 4K was asked for as 4,096 tokens, or as 4,000.
func (e *Entry) rulerScores(benchmark string) (scores []*float64, any bool) {
	for _, name := range rulerLengths() {
		n := parseLength(name)
		v := e.value(Key{Benchmark: benchmark, Part: PartLength, Length: n})
		if v == nil {
			v = e.value(Key{Benchmark: benchmark, Part: PartLength, Length: n / 1024 * 1000})
		}
		scores = append(scores, v)
		any = any || v != nil
	}
	return scores, any
}

func (b *Board) ruler() ([]Table, error) {
	t := Table{header: texts(rulerHeader()...)}
	var of []string
	for _, e := range b.Entries {
		var found []string
		for _, benchmark := range b.benchmarks() {
			if _, any := e.rulerScores(benchmark); any && e.asked(benchmark) {
				found = append(found, benchmark)
			}
		}
		if len(found) > 1 {
			return nil, fmt.Errorf("%s was tested at these lengths on several benchmarks (%s): give --benchmark with one of them", b.name(e), strings.Join(found, ", "))
		}
		if len(found) == 0 {
			continue
		}
		if !slices.Contains(of, found[0]) {
			of = append(of, found[0])
		}
		t.rows = append(t.rows, b.rulerRow(e, found[0]))
	}
	if len(t.rows) == 0 {
		return nil, errNoLengths
	}
	if len(of) > 1 {
		b.note("rows are of different benchmarks (%s): they don't compare", strings.Join(of, ", "))
	}
	return []Table{t}, nil
}

// rulerRow works an entry's row out from its scores; of an imported row the
// figures that its file gave are kept.
func (b *Board) rulerRow(e *Entry, benchmark string) []cell {
	scores, _ := e.rulerScores(benchmark)
	var curve []stats.LengthScore
	var lacking []string
	sum := 0.0
	for i, v := range scores {
		name := rulerLengths()[i]
		if v == nil {
			lacking = append(lacking, name)
			continue
		}
		sum += *v
		curve = append(curve, stats.LengthScore{Tokens: parseLength(name), Score: *v / 100})
	}
	b.lacks(e, "", lacking)
	average := ptr(sum / float64(len(curve)))
	up, down := stats.WeightedAverages(curve)
	increasing, decreasing := ptr(100*up.Value), ptr(100*down.Value)
	length, _ := stats.RulerLength(curve)
	effective := cell{rulerText(length), true}
	if e.Source != "" {
		average = e.value(Key{Benchmark: benchmark, Part: PartAverage})
		increasing, decreasing = e.value(Key{Benchmark: benchmark, Part: PartIncreasing}), e.value(Key{Benchmark: benchmark, Part: PartDecreasing})
		effective = missing
		if f := e.Figures[Key{Benchmark: benchmark, Part: PartRuler}]; f.Value != nil {
			effective = cell{rulerText(stats.Length{State: stats.LengthState(f.State), Tokens: *f.Value}), true}
		}
	}
	row := []cell{text(b.name(e)), orMissing(e.window("ruler/" + rulerClaimed)), effective}
	for _, v := range scores {
		row = append(row, halfDown(v))
	}
	return append(row, halfDown(average), halfDown(increasing), halfDown(decreasing))
}

func orMissing(s string) cell {
	if s == "" {
		return missing
	}
	return text(s)
}

// halfDown writes one decimal and cuts a half, as the published table does
// (55.75 is 55.7 there).
func halfDown(v *float64) cell {
	if v == nil {
		return missing
	}
	return cell{strconv.FormatFloat(max(0, math.Ceil(*v*10-0.5-1e-9)/10), 'f', 1, 64), true}
}

// rulerText writes an effective length: 64K, >128K, <4K.
func rulerText(l stats.Length) string {
	mark := map[stats.LengthState]string{stats.LengthBelow: "<", stats.LengthAbove: ">", stats.LengthAt: ""}
	m, ok := mark[l.State]
	if !ok {
		return missing.text
	}
	return m + lengthText(int(l.Tokens))
}

// readRuler reads a table of RULER's layout, its Markdown included.
func readRuler(s *sheet) ([]*Entry, error) {
	if err := s.need(rulerBenchmark, append([]string{rulerModel}, rulerLengths()...)...); err != nil {
		return nil, err
	}
	spelled := map[Part][]string{
		PartAverage: {rulerAverage}, PartIncreasing: {rulerIncreasing, "wAvg.(inc)"}, PartDecreasing: {rulerDecreasing, "wAvg.(dec)"},
	}
	var out []*Entry
	for _, r := range s.rows {
		e, err := s.imported(r, slices.Index(s.header.cells, rulerModel))
		if err != nil {
			return nil, err
		}
		for _, name := range rulerLengths() {
			if err := s.take(e, r, name, Key{Benchmark: rulerBenchmark, Part: PartLength, Length: parseLength(name)}); err != nil {
				return nil, err
			}
		}
		for part, names := range spelled {
			for _, name := range names {
				if err := s.take(e, r, name, Key{Benchmark: rulerBenchmark, Part: part}); err != nil {
					return nil, err
				}
			}
		}
		if err := s.takeEffective(e, r); err != nil {
			return nil, err
		}
		if claimed := s.get(r, rulerClaimed); !none(claimed) {
			e.readWindow("ruler/"+rulerClaimed, claimed)
		}
		out = append(out, e)
	}
	return out, nil
}

func (s *sheet) takeEffective(e *Entry, r record) error {
	at := slices.Index(s.header.cells, rulerEffective)
	if at < 0 || none(r.cells[at]) {
		return nil
	}
	text, state := r.cells[at], stats.LengthAt
	if rest, ok := strings.CutPrefix(text, ">"); ok {
		text, state = rest, stats.LengthAbove
	} else if rest, ok := strings.CutPrefix(text, "<"); ok {
		text, state = rest, stats.LengthBelow
	}
	n := parseLength(text)
	if n == 0 {
		return s.cellError(r, at, fmt.Errorf("%q is no length: want 64K, >128K or <4K", short(r.cells[at])))
	}
	e.add(Figure{Key: Key{Benchmark: rulerBenchmark, Part: PartRuler}, Value: ptr(float64(n)), State: string(state)})
	return nil
}
