package results

import (
	"math"
	"time"

	"github.com/lcbench/lcbench/benchmarks"
	"github.com/lcbench/lcbench/runners"
	"github.com/lcbench/lcbench/scorers"
)

// Row is one sample in samples.jsonl and samples.parquet, under the same
// names. What is unknown or doesn't apply is left out (null in parquet),
// never 0.
type Row struct {
	// ID is unique in a benchmark; Index is the place in file order, from 0.
	ID       string `json:"id" parquet:"id"`
	Index    int    `json:"index" parquet:"index"`
	Task     string `json:"task" parquet:"task,dict"`
	Category string `json:"category,omitempty" parquet:"category,optional,dict"`
	Language string `json:"language,omitempty" parquet:"language,optional,dict"`

	// Status is the sample's entry in the validity ledger, Valid whether it is
	// ok. Score is in 0..1 by Metric; there is none where the sample could not
	// be asked (it counts 0 in the mean over all).
	Status string   `json:"status" parquet:"status,dict"`
	Valid  bool     `json:"valid" parquet:"valid"`
	Score  *float64 `json:"score" parquet:"score"`
	Metric string   `json:"metric" parquet:"metric,dict"`
	// Measures are further figures of the answer; Weight is what the row weighs
	// in means, left out where that is 1.
	Measures []RowMeasure `json:"measures,omitempty" parquet:"measures,list"`
	Weight   float64      `json:"weight,omitempty" parquet:"weight,optional"`
	// ScoreParts are what Score is made of, where the metric has parts: rouge1,
	// rouge2 and rougeL of L-Eval's rouge, loyalty and fact of its exam_sci_fi.
	ScoreParts []float64 `json:"score_parts,omitempty" parquet:"score_parts,list"`

	// Answer is the model's text, Extracted what the metric took out of it,
	// FirstAnswer the first call's text where a second one was scored.
	Answer       string   `json:"answer" parquet:"answer"`
	Extracted    string   `json:"extracted,omitempty" parquet:"extracted,optional"`
	FirstAnswer  string   `json:"first_answer,omitempty" parquet:"first_answer,optional"`
	Reasoning    string   `json:"reasoning,omitempty" parquet:"reasoning,optional"`
	FinishReason string   `json:"finish_reason,omitempty" parquet:"finish_reason,optional,dict"`
	Error        string   `json:"error,omitempty" parquet:"error,optional"`
	References   []string `json:"references" parquet:"references,list"`
	// Query is the question alone, where the benchmark tells it from the rest of
	// the prompt. Judge is how the benchmark has the answer judged; where Metric
	// is empty, that alone scores it.
	Query   string   `json:"query,omitempty" parquet:"query,optional"`
	Judge   string   `json:"judge,omitempty" parquet:"judge,optional,dict"`
	Classes []string `json:"classes,omitempty" parquet:"classes,list"`

	// The prompt is system, before + context + after; the context lies in
	// contexts.zst under its sha256. PromptSHA256 is of the prompt as sent.
	Chat          bool   `json:"chat" parquet:"chat"`
	PromptSystem  string `json:"prompt_system,omitempty" parquet:"prompt_system,optional,dict"`
	PromptBefore  string `json:"prompt_before,omitempty" parquet:"prompt_before,optional,dict"`
	ContextSHA256 string `json:"context_sha256,omitempty" parquet:"context_sha256,optional"`
	PromptAfter   string `json:"prompt_after,omitempty" parquet:"prompt_after,optional"`
	PromptSHA256  string `json:"prompt_sha256,omitempty" parquet:"prompt_sha256,optional"`
	// The limits that the benchmark sets, and how many tokens were cut out of
	// the prompt.
	MaxTokens   *int     `json:"max_tokens,omitempty" parquet:"max_tokens"`
	Temperature float64  `json:"temperature" parquet:"temperature"`
	Stop        []string `json:"stop,omitempty" parquet:"stop,list"`
	CutTokens   int      `json:"cut_tokens" parquet:"cut_tokens"`

	// Draw is the place, from 1, of the row's document in the random order of an
	// adaptive run; left out in others.
	Draw int `json:"draw,omitempty" parquet:"draw,optional"`

	// Length is the benchmark's own figure (words or characters);
	// ContextTokens counts under Tokenizer. TargetLength and Depth are there
	// where a length was asked for.
	Length        *int     `json:"length,omitempty" parquet:"length"`
	ContextTokens *int     `json:"context_tokens,omitempty" parquet:"context_tokens"`
	Tokenizer     string   `json:"tokenizer,omitempty" parquet:"tokenizer,optional,dict"`
	TargetLength  *int     `json:"target_length,omitempty" parquet:"target_length"`
	Depth         *float64 `json:"depth,omitempty" parquet:"depth"`
	Strata        []string `json:"strata,omitempty" parquet:"strata,list"`
	Group         string   `json:"group,omitempty" parquet:"group,optional"`

	// EvidenceSpans are byte ranges of the context; EvidenceLost counts those
	// that truncation removed, or cut to fit the window.
	EvidenceState string    `json:"evidence_state,omitempty" parquet:"evidence_state,optional,dict"`
	EvidenceSpans []RowSpan `json:"evidence_spans,omitempty" parquet:"evidence_spans,list"`
	EvidenceLost  *int      `json:"evidence_lost,omitempty" parquet:"evidence_lost"`
	// EvidenceApproximate: some spans are anchors, not the whole place.
	EvidenceApproximate bool `json:"evidence_approximate,omitempty" parquet:"evidence_approximate,optional"`

	// Axes says where the sample's place on the axes of difficulty comes from:
	// measured, partial (from those places of its evidence that are known, so that
	// Scope is a lower bound), assigned (by its task), or why it has none. Diffusion
	// and Scope are in 0..1 and of the sample as sent; the parts of Diffusion are
	// there where it is measured, in part too.
	Axes       string   `json:"axes,omitempty" parquet:"axes,optional,dict"`
	Diffusion  *float64 `json:"diffusion,omitempty" parquet:"diffusion"`
	Scope      *float64 `json:"scope,omitempty" parquet:"scope"`
	Dispersion *float64 `json:"dispersion,omitempty" parquet:"dispersion"`
	Obscurity  *float64 `json:"obscurity,omitempty" parquet:"obscurity"`
	Chain      *float64 `json:"chain,omitempty" parquet:"chain"`
	// Figures beside the axes, of the same evidence, see scorers.Beside: Extent is
	// from its first token to its last by the context's tokens, Overlap the share of
	// the question's words in it, Distractor how high the best window without
	// evidence scores by BM25 beside the best with it (0..2, above 1: ahead of it),
	// Redundancy in how many sets of places it stands, any of which suffices.
	Extent     *float64 `json:"extent,omitempty" parquet:"extent"`
	Overlap    *float64 `json:"overlap,omitempty" parquet:"overlap"`
	Distractor *float64 `json:"distractor,omitempty" parquet:"distractor"`
	Redundancy *int     `json:"redundancy,omitempty" parquet:"redundancy"`

	// Tokens as the endpoint counted them; estimates if UsageKnown is false.
	UsageKnown       *bool `json:"usage_known,omitempty" parquet:"usage_known"`
	PromptTokens     *int  `json:"prompt_tokens,omitempty" parquet:"prompt_tokens"`
	CachedTokens     *int  `json:"cached_tokens,omitempty" parquet:"cached_tokens"`
	CompletionTokens *int  `json:"completion_tokens,omitempty" parquet:"completion_tokens"`
	ReasoningTokens  *int  `json:"reasoning_tokens,omitempty" parquet:"reasoning_tokens"`

	FirstTokenSeconds *float64 `json:"first_token_s,omitempty" parquet:"first_token_s"`
	TotalSeconds      *float64 `json:"total_s,omitempty" parquet:"total_s"`
	Retries           int      `json:"retries" parquet:"retries"`
	RateLimited       int      `json:"rate_limited" parquet:"rate_limited"`
	// FromCache: from the response cache; Resumed: from this run's journal.
	FromCache bool   `json:"from_cache" parquet:"from_cache"`
	Resumed   bool   `json:"resumed" parquet:"resumed"`
	Served    string `json:"served_model,omitempty" parquet:"served_model,optional,dict"`
	// AnsweredAt is RFC 3339.
	AnsweredAt string `json:"answered_at,omitempty" parquet:"answered_at,optional"`
}

// RowSpan is a half-open byte range [Start, End) of a context.
type RowSpan struct {
	Start int `json:"start" parquet:"start"`
	End   int `json:"end" parquet:"end"`
}

// newRow turns a result into a row; contextRef is the sha256 of its context,
// empty for none.
func newRow(r runners.Result, contextRef string) Row {
	s, a := r.Sample, r.Answer
	row := Row{
		ID: s.ID, Index: s.Index, Task: s.Task, Category: s.Category, Language: s.Language,
		Status: string(a.Status), Valid: a.Status == runners.OK, Metric: s.Metric, Measures: rowMeasures(r.Score.Measures), Weight: s.Weight,
		Answer: a.Text, Extracted: r.Score.Answer, FirstAnswer: a.First, Reasoning: a.Reasoning,
		FinishReason: a.FinishReason, Error: a.Error, References: s.References, Classes: s.Classes, Query: s.Query, Judge: string(s.Judge),
		Chat: s.Chat, PromptSystem: s.Prompt.System, PromptBefore: s.Prompt.Before,
		ContextSHA256: contextRef, PromptAfter: s.Prompt.After, PromptSHA256: a.PromptSHA256,
		MaxTokens: positive(s.MaxTokens), Temperature: s.Temperature, Stop: s.Stop, CutTokens: a.CutTokens,
		Length: positive(s.Length), TargetLength: positive(s.TargetLength), Depth: s.Depth,
		Tokenizer: s.Tokenizer, Strata: s.Strata, Group: s.Group,
		EvidenceState: string(s.Evidence.State), EvidenceApproximate: s.Evidence.Approximate,
		FirstTokenSeconds: seconds(a.FirstToken), TotalSeconds: seconds(a.Total),
		Retries: a.Retries, RateLimited: a.RateLimited,
		FromCache: a.FromCache, Resumed: r.Resumed, Draw: r.Draw, Served: a.Model,
	}
	for _, span := range s.Evidence.Spans {
		row.EvidenceSpans = append(row.EvidenceSpans, RowSpan(span))
	}
	if row.References == nil {
		row.References = []string{}
	}
	if score, ok := rowScore(r); ok {
		row.Score = &score
	}
	row.ScoreParts = rowParts(r)
	if s.Tokenizer != "" {
		row.ContextTokens = &s.ContextTokens
	}
	if s.Evidence.State != "" && len(s.Evidence.Spans)+s.Evidence.Lost > 0 {
		lost := max(s.Evidence.Lost, r.Axes.Lost)
		row.EvidenceLost = &lost
	}
	row.setAxes(r.Axes)
	row.setUsage(a.Usage)
	if !a.Time.IsZero() {
		row.AnsweredAt = a.Time.UTC().Format(time.RFC3339Nano)
	}
	return row
}

// rowScore returns the score of a result; there is none where the sample could
// not be asked, a judge alone scores it, or the metric gave no number. No answer scores 0, whatever a
// metric makes of an empty text.
func rowScore(r runners.Result) (float64, bool) {
	v := r.Score.Value
	switch {
	case r.Answer.Status.Lost(), r.Sample.ForJudge(), math.IsNaN(v), math.IsInf(v, 0):
		return 0, false
	case r.Answer.Status == runners.NoAnswer:
		return 0, true
	}
	return v, true
}

// rowParts returns the parts of a result's score, nil where rowScore takes no
// notice of the metric; counts stay, since a missing answer has its share in a
// figure of the whole set.
func rowParts(r runners.Result) []float64 {
	if _, ok := rowScore(r); r.Score.Counts && (ok || r.Answer.Status.Lost()) {
		return r.Score.Parts
	}
	if _, ok := rowScore(r); !ok || r.Answer.Status == runners.NoAnswer {
		return nil
	}
	return r.Score.Parts
}

// setAxes leaves out what is not known.
func (row *Row) setAxes(a benchmarks.Axes) {
	row.Axes = string(a.State)
	v := a.Values
	switch a.State {
	case benchmarks.AxesMeasured, benchmarks.AxesPartial:
		row.Dispersion, row.Obscurity, row.Chain = &v.Dispersion, &v.Obscurity, &v.Chain
		row.Diffusion, row.Scope = &v.Diffusion, &v.Scope
		b := a.Beside
		row.Extent, row.Overlap, row.Distractor = known(b.Extent), known(b.Overlap), known(b.Distractor)
		row.Redundancy = positive(b.Redundancy)
	case benchmarks.AxesAssigned:
		row.Diffusion, row.Scope = &v.Diffusion, &v.Scope
	}
}

func known(o scorers.Optional) *float64 {
	if !o.Known {
		return nil
	}
	return &o.Value
}

// setUsage leaves the counts out where there are none at all.
func (row *Row) setUsage(u runners.Usage) {
	if !u.Known && u.Prompt == 0 && u.Completion == 0 {
		return
	}
	row.UsageKnown = &u.Known
	row.PromptTokens, row.CompletionTokens = &u.Prompt, &u.Completion
	if u.Known {
		row.CachedTokens, row.ReasoningTokens = &u.Cached, &u.Reasoning
	}
}

func positive(n int) *int {
	if n <= 0 {
		return nil
	}
	return &n
}

func seconds(d time.Duration) *float64 {
	if d <= 0 {
		return nil
	}
	s := d.Seconds()
	return &s
}
