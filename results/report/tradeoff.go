package report

import (
	"slices"
	"strings"

	"github.com/lcbench/lcbench/results"
	"github.com/lcbench/lcbench/scorers"
)

// Tradeoff is what one local model gains and costs under several attentions,
// stretches of positions or formats of its KV cache, beside one of them.
type Tradeoff struct {
	Model string `json:"model"`
	// Varied says in what the runs differ: attention, rope, kv_type.
	Varied []string `json:"varied"`
	// Base is the label of the run that differences and ratios are to: that of
	// full attention, the model's own rope and f16, as far as there is one.
	Base       string      `json:"base"`
	Notes      []string    `json:"notes,omitempty"`
	Mechanisms []Mechanism `json:"mechanisms"`

	base int // in Mechanisms
}

// Mechanism is one run of a trade-off.
type Mechanism struct {
	// Run is the run's label; Name the mechanism, with what tells it from the
	// others.
	Run  string `json:"run"`
	Name string `json:"name"`
	// Attention and Rope have all their parameters, as the manifest has them.
	Attention string `json:"attention"`
	Rope      string `json:"rope"`
	KVType    string `json:"kv_type"`
	Device    string `json:"device"`
	// Scores are the run's averages, one a board.
	Scores []MechanismScore `json:"scores"`
	// Prompt tokens computed a second; answer tokens a second, over all that are
	// decoded at once; the most that all KV caches held, and that of one answer.
	Prefill  CostFigure `json:"prefill_tokens_per_second"`
	Decode   CostFigure `json:"decode_tokens_per_second"`
	PeakKV   CostFigure `json:"kv_peak_bytes"`
	AnswerKV CostFigure `json:"kv_answer_bytes"`
	// By are the differences to the base by length, depth, diffusion and scope;
	// of the base itself there are none.
	By []Shift `json:"by,omitempty"`
	// Unpaired says why the run can't be set beside the base: it is in no chart.
	Unpaired string `json:"unpaired,omitempty"`

	run int // its place among the benchmark's runs
}

// MechanismScore is a board's average.
type MechanismScore struct {
	Board string `json:"board"`
	Mean
	// Difference to the base, on the samples that both answered; nil of the base,
	// and of a run that can't be paired with it.
	Difference *Shift `json:"difference"`
	// Front names the costs at which no other run is better in one of score and
	// cost and no worse in the other: decode, prefill, kv_answer.
	Front []string `json:"front"`
}

// CostFigure is a cost, nil where it was not counted, and its ratio to the
// base's.
type CostFigure struct {
	Value  *float64 `json:"value"`
	OfBase *float64 `json:"of_base"`
}

// Shift is a paired difference to the base, in points, over all samples or over
// a part of an axis.
type Shift struct {
	Axis      string `json:"axis,omitempty"`
	Part      string `json:"part,omitempty"`
	Pairs     int    `json:"pairs"`
	Documents int    `json:"documents"`
	// Points is the mechanism's figure less the base's.
	Points   float64               `json:"points"`
	Low      *float64              `json:"ci_low"`
	High     *float64              `json:"ci_high"`
	Interval scorers.IntervalState `json:"ci"`
	// Sparse: under 10 documents, too few to judge by.
	Sparse bool `json:"sparse"`
}

// minShiftDocuments is how many documents a part needs to be judged by, as
// cells of the plane do.
const minShiftDocuments = 10

// variant is what the runs of a trade-off may differ in.
type variant struct{ attention, rope, kv string }

func (l *loaded) variant() variant {
	of := func(name, otherwise string) string {
		return orElse(l.manifest.Model.Details[name], orElse(setting(l, name), otherwise))
	}
	return variant{of("attention", ""), of("rope", "none"), of("kv-type", "")}
}

// tradeoffsOf finds the local models that ran under several variants; runs[i] is
// worked out of group[i].
func tradeoffsOf(group []*loaded, runs []Run, o Options) []Tradeoff {
	byModel := map[string][]int{}
	var models []string
	for i, l := range group {
		if !l.manifest.Model.Local() || runs[i].Floor != "" {
			continue
		}
		spec := l.manifest.Model.Spec
		if byModel[spec] == nil {
			models = append(models, spec)
		}
		byModel[spec] = append(byModel[spec], i)
	}
	var out []Tradeoff
	for _, spec := range models {
		if t := newTradeoff(spec, byModel[spec], group, runs); len(t.Varied) > 0 {
			t.pair(group, o)
			t.addFronts()
			out = append(out, t)
		}
	}
	return out
}

// newTradeoff is the runs at some places, not yet compared.
func newTradeoff(spec string, places []int, group []*loaded, runs []Run) Tradeoff {
	t := Tradeoff{Model: spec}
	var variants []variant
	for at, i := range places {
		v := group[i].variant()
		variants = append(variants, v)
		m := Mechanism{
			Run: runs[i].Label, Attention: v.attention, Rope: v.rope, KVType: v.kv, Device: group[i].manifest.Model.Details["device"], run: i,
		}
		for _, a := range runs[i].Averages {
			m.Scores = append(m.Scores, MechanismScore{Board: a.Board, Mean: meanOf(a.Figure), Front: []string{}})
		}
		m.addCosts(group[i].manifest.Model.Outcome)
		t.Mechanisms = append(t.Mechanisms, m)
		if plainness(group[i]) > plainness(group[places[t.base]]) {
			t.base = at
		}
	}
	for _, x := range []struct {
		name string
		of   func(variant) string
	}{
		{"attention", func(v variant) string { return v.attention }},
		{"rope", func(v variant) string { return v.rope }},
		{"kv_type", func(v variant) string { return v.kv }},
	} {
		if slices.ContainsFunc(variants, func(v variant) bool { return x.of(v) != x.of(variants[0]) }) {
			t.Varied = append(t.Varied, x.name)
		}
	}
	t.Base = t.Mechanisms[t.base].Run
	t.name(group)
	t.addRatios()
	t.addNotes(group)
	return t
}

// plainness ranks runs as a base: full attention, then the model's own rope,
// then half precision.
func plainness(l *loaded) int {
	rank := 0
	for i, plain := range []bool{l.variant().kv == "f16", setting(l, "rope") == "", l.variant().attention == "full"} {
		if plain {
			rank |= 1 << i
		}
	}
	return rank
}

func (m *Mechanism) addCosts(o *results.Outcome) {
	if o == nil {
		return
	}
	m.Prefill.Value, m.Decode.Value = o.PrefillRate(), o.DecodeRate()
	for _, x := range []struct {
		to    *CostFigure
		bytes int64
	}{{&m.PeakKV, o.PeakKVBytes}, {&m.AnswerKV, o.AnswerKVBytes}} {
		if v := float64(x.bytes); v > 0 {
			x.to.Value = &v
		}
	}
}

// addRatios divides costs by the base's.
func (t *Tradeoff) addRatios() {
	base := t.Mechanisms[t.base]
	for i := range t.Mechanisms {
		m := &t.Mechanisms[i]
		for _, x := range []struct {
			f  *CostFigure
			by *float64
		}{{&m.Prefill, base.Prefill.Value}, {&m.Decode, base.Decode.Value}, {&m.PeakKV, base.PeakKV.Value}, {&m.AnswerKV, base.AnswerKV.Value}} {
			if x.f.Value != nil && x.by != nil {
				v := *x.f.Value / *x.by
				x.f.OfBase = &v
			}
		}
	}
}

// addNotes says what else moves the costs.
func (t *Tradeoff) addNotes(group []*loaded) {
	differ := func(what string, of func(*loaded) string) {
		var seen []string
		for _, m := range t.Mechanisms {
			if v := of(group[m.run]); !slices.Contains(seen, v) {
				seen = append(seen, v)
			}
		}
		if len(seen) > 1 {
			t.Notes = append(t.Notes, "Not all runs had the same "+what+" ("+strings.Join(seen, "; ")+"): costs differ by it too.")
		}
	}
	differ("device", func(l *loaded) string { return orElse(l.manifest.Model.Details["device"], "unknown") })
	differ("activations", func(l *loaded) string { return orElse(l.manifest.Model.Details["activations"], "unknown") })
	differ("concurrency", func(l *loaded) string { return orElse(setting(l, "concurrency"), "unknown") })
	if slices.ContainsFunc(t.Mechanisms, func(m Mechanism) bool { return group[m.run].manifest.State != results.Complete }) {
		t.Notes = append(t.Notes, "Not all runs came to their end: costs are of what each has answered.")
	}
}
