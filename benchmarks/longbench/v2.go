package longbench

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/lcbench/lcbench/benchmarks"
	"github.com/lcbench/lcbench/datasets"
	"github.com/lcbench/lcbench/datasets/builtin"
	"github.com/lcbench/lcbench/scorers"
)

// V2 is the adapter of LongBench v2.
func V2() benchmarks.Adapter {
	return benchmarks.Adapter{
		Name: "longbench-v2", Title: "LongBench v2", Paper: "2412.15204", Pins: pins(pinsV2), Modes: modeNames(),
		NoContextMode: modeNoContext, Metrics: "longbench", Variant: true, Pooled: true,
		Open:    func(src datasets.Source) benchmarks.Benchmark { return &v2{src: src} },
		Builtin: builtin.LongBench, SelfCheck: selfCheck,
	}
}

type v2 struct{ src datasets.Source }

// v2Domains are the six categories with their published sizes (arXiv
// 2412.15204 table 1); a task's name is the domain's.
var v2Domains = []struct {
	name string
	rows int
	mean int // median words, for estimates
}{
	{"Single-Document QA", 175, 51000},
	{"Multi-Document QA", 125, 34000},
	{"Long In-context Learning", 81, 71000},
	{"Long-dialogue History Understanding", 39, 25000},
	{"Code Repository Understanding", 50, 167000},
	{"Long Structured Data Understanding", 33, 49000},
}

// TaskName is a domain as a task name on the command line.
func taskName(domain string) string {
	return strings.ReplaceAll(strings.ToLower(domain), " ", "-")
}

// Tasks implements benchmarks.Benchmark: one task a domain.
func (b *v2) Tasks() []benchmarks.Task {
	var out []benchmarks.Task
	for _, d := range v2Domains {
		out = append(out, benchmarks.Task{
			Name: taskName(d.name), Category: d.name, Language: "en", Metric: "v2_choice",
			Rows: d.rows, AverageLength: d.mean, MaxTokens: 128, Boards: []string{"all"}, Strata: scorers.V2Columns(), Fixed: true,
		})
	}
	return out
}

// mode is a v2 protocol: which template, how many new tokens.
type mode struct {
	file      string
	maxTokens int
	noContext bool
	followUp  string
}

// modeNoContext asks without the document.
const modeNoContext = "no-context"

// modeNames lists the keys of modes, the default first.
func modeNames() []string { return []string{"plain", "cot", modeNoContext} }

// modes by name. Source: pred.py at the repository's top.
func modes() map[string]mode {
	return map[string]mode{
		"plain":       {file: "v2/0shot.txt", maxTokens: 128},
		"cot":         {file: "v2/0shot_cot.txt", maxTokens: 1024, followUp: "v2/0shot_cot_ans.txt"},
		modeNoContext: {file: "v2/0shot_no_context.txt", maxTokens: 128, noContext: true},
	}
}

// Samples implements benchmarks.Benchmark.
func (b *v2) Samples(ctx context.Context, o benchmarks.Options) iter.Seq2[benchmarks.Sample, error] {
	return func(yield func(benchmarks.Sample, error) bool) {
		m, template, answer, err := b.prepare(ctx, o)
		if err != nil {
			yield(benchmarks.Sample{}, err)
			return
		}
		index := 0
		seen := map[string]int{}
		for r, err := range datasets.Rows(ctx, b.src, "data.json", decodeV2) {
			if err != nil {
				if !yield(benchmarks.Sample{}, err) {
					return
				}
				continue
			}
			index++
			t := benchmarks.Task{Name: taskName(r["domain"]), Category: r["domain"], Language: "en", Metric: "v2_choice", Fixed: true}
			if !o.Selects(t) || seen[t.Name] >= o.Wanted(b.withRows(t)) {
				continue
			}
			seen[t.Name]++
			s := r.sample(m, template, answer, index-1, o)
			for v, err := range benchmarks.Vary(ctx, s, t, o, nil) {
				v.Index = (index - 1) * max(1, len(o.Lengths))
				if !yield(v, err) {
					return
				}
			}
		}
	}
}

func (b *v2) withRows(t benchmarks.Task) benchmarks.Task {
	for _, d := range v2Domains {
		if d.name == t.Category {
			t.Rows = d.rows
		}
	}
	return t
}

func (b *v2) prepare(ctx context.Context, o benchmarks.Options) (m mode, template, answer string, err error) {
	if err := benchmarks.CheckTasks("longbench-v2", b.Tasks(), o.Tasks); err != nil {
		return m, "", "", err
	}
	if err := V2().CheckMode(o.Mode); err != nil {
		return m, "", "", err
	}
	m = modes()[cmp.Or(o.Mode, modeNames()[0])]
	read := func(file string) string {
		raw, rerr := datasets.ReadFile(ctx, b.src, file, maxConfig)
		err = errors.Join(err, rerr)
		return string(raw)
	}
	template = read(m.file)
	if m.followUp != "" {
		answer = read(m.followUp)
	}
	return m, template, answer, err
}

// v2row is a row of data.json; all its fields are strings.
type v2row map[string]string

func v2Fields() []string {
	return []string{"_id", "domain", "difficulty", "length", "question", "choice_A", "choice_B", "choice_C", "choice_D", "answer", "context"}
}

func decodeV2(line []byte) (v2row, error) {
	r := v2row{}
	fields := v2Fields()
	err := datasets.ParseObject(line, func(key string, raw []byte) error {
		if !slices.Contains(fields, key) {
			return nil
		}
		text, err := datasets.String(raw)
		r[key] = text
		return err
	})
	if err != nil {
		return nil, err
	}
	for _, key := range fields {
		if _, ok := r[key]; !ok {
			return nil, datasets.MissingField(key)
		}
	}
	if !slices.Contains([]string{"A", "B", "C", "D"}, r["answer"]) {
		return nil, &datasets.FieldError{Field: "answer", Err: fmt.Errorf("want A, B, C or D, got %q", r["answer"])}
	}
	return r, nil
}

// fill replaces the placeholders in upstream's order, each value stripped; a
// value that itself holds a later placeholder gets replaced too, as upstream.
func (r v2row) fill(text string) string {
	for _, f := range []struct{ placeholder, field string }{
		{"$Q$", "question"}, {"$C_A$", "choice_A"}, {"$C_B$", "choice_B"}, {"$C_C$", "choice_C"}, {"$C_D$", "choice_D"},
	} {
		text = strings.ReplaceAll(text, f.placeholder, strings.TrimSpace(r[f.field]))
	}
	return text
}

func (r v2row) sample(m mode, template, answer string, index int, o benchmarks.Options) benchmarks.Sample {
	document := r.fill(strings.TrimSpace(r["context"]))
	before, after, found := strings.Cut(template, "$DOC$")
	if m.noContext || !found {
		document = ""
	}
	p := benchmarks.Prompt{Before: r.fill(before), Context: document, After: r.fill(after)}
	s := benchmarks.Sample{
		ID: taskName(r["domain"]) + "/" + r["_id"], Task: taskName(r["domain"]), Category: r["domain"], Language: "en",
		Index: index, Prompt: p, Chat: true, MaxTokens: m.maxTokens, Temperature: 0.1,
		Own: benchmarks.TruncatePromptAll, Metric: "v2_choice", References: []string{r["answer"]},
		Group: benchmarks.Group("v2", r["context"]), Strata: scorers.V2Strata(r["difficulty"], r["length"]),
		Evidence: benchmarks.Evidence{State: benchmarks.EvidenceUnknown},
		Query:    r.fill("$Q$\n(A) $C_A$\n(B) $C_B$\n(C) $C_C$\n(D) $C_D$"),
	}
	if m.noContext {
		s.Evidence.State = benchmarks.EvidenceNone
	}
	if m.followUp != "" {
		s.FollowUp = &benchmarks.FollowUp{Template: r.fill(answer), Placeholder: "$COT$", MaxTokens: 128}
	}
	if o.Tokenizer != nil {
		s.ContextTokens, s.Tokenizer = benchmarks.Count(o.Tokenizer, document), o.Tokenizer.Name()
	}
	if o.Salt {
		s.Prompt.Before = benchmarks.Salt(o.Seed, s.ID) + s.Prompt.Before
	}
	return s
}
