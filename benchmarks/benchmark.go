// Package benchmarks holds the nouns of an evaluation (Benchmark, Task,
// Sample) and what adapters share: prompts, truncation, and bringing a
// context to a length and a depth. One folder below it is one adapter.
package benchmarks

import (
	"context"
	"iter"
	"strings"

	"github.com/lcbench/lcbench/datasets"
	"github.com/lcbench/lcbench/scorers"
)

// Benchmark yields the samples of one data set.
type Benchmark interface {
	// Tasks lists the tasks in the paper's order.
	Tasks() []Task
	// Samples streams the samples that o selects. A bad row is yielded as a
	// *datasets.RowError with a zero Sample and the stream goes on; a broken
	// source or a cancelled context is yielded last.
	Samples(ctx context.Context, o Options) iter.Seq2[Sample, error]
}

// Adapter is a benchmark's entry in the list: what it is, where its files come
// from, and how to open it over a source of files.
type Adapter struct {
	Name  string // as given on the command line: longbench
	Title string
	Paper string // arXiv number
	// Pins are the official files, by repository, revision and sha256.
	Pins []datasets.Pin
	// Modes are the variants of the benchmark's own protocol that Options.Mode
	// may name, the default first; none: there is but one way to run it.
	Modes []string
	// NoContextMode is the one of Modes in which the benchmark's own protocol leaves
	// the document out; empty: it has none, and WithoutContext does.
	NoContextMode string
	// LengthInstructions are what Options.LengthInstruction may be, the default
	// first; none: prompts never name the reference's length.
	LengthInstructions []string
	// JudgeQueries are the sets of queries which the benchmark leaves to judges
	// alone that Options.JudgeQueries may name; none: it has no such queries.
	JudgeQueries []string
	// JudgeRule is how the benchmark counts a judge's verdicts on pairs; empty:
	// scorers.CountPairs.
	JudgeRule scorers.PairRule
	// Knobs are the fields of Options.Shape that the benchmark takes.
	Knobs []Knob
	// Generated says that contexts are made for the lengths asked for, so that
	// depths have a meaning without any, and that Options.Lengths select cells
	// of a grid rather than lengthen given documents.
	Generated bool
	// Metrics is the benchmark's namespace in scorers; empty: Name.
	Metrics string
	// Variant says that the benchmark is another cut of one that is listed by its
	// own name (LongBench-E), so that "all" leaves it out.
	Variant bool
	// Pooled says that the benchmark's own figure is the mean over its samples,
	// not over its categories.
	Pooled bool
	// Open returns the benchmark over src. It reads no data yet.
	Open func(src datasets.Source) Benchmark
	// Synonyms says that a metric looks up synonyms in WordNet, where the user has
	// it.
	Synonyms bool
	// Builtin returns the generated stand-in data, which needs no network.
	Builtin func(seed uint64) datasets.Source
	// SelfCheck scores a few fixed answers and returns an error if any metric
	// that the benchmark uses differs from the reference's value.
	SelfCheck func() error
}

// MetricNamespace is where scorers has the benchmark's metrics.
func (a Adapter) MetricNamespace() string {
	if a.Metrics != "" {
		return a.Metrics
	}
	return a.Name
}

// Task is one task of a benchmark.
type Task struct {
	Name     string
	Category string
	Language string // en, zh
	Metric   string // a name in scorers
	Rows     int    // published number of rows, 0 if unknown
	// AverageLength is the published mean length in words (en, code) or
	// characters (zh), 0 if unknown. It serves estimates only.
	AverageLength int
	MaxTokens     int // generation limit where the paper fixes it in code, else 0
	// Boards names the tables that the task counts in, "en" or "zh"; a code
	// task of LongBench counts in both.
	Boards []string
	// Share is what the task's category counts in its boards' averages, beside
	// the others' shares; 0: all count alike.
	Share float64
	// Strata names the groups of rows that the benchmark reports by (length
	// buckets, difficulty), in table order.
	Strata []string
	// Parts name the figures that the metric's score is made of, where the task
	// is reported by them too (rouge1, rouge2, rougeL).
	Parts []string
	// Headline says how the task's figure follows from its rows' scores; Decimals
	// is what the reference rounds its percent to, 0 for 2.
	Headline scorers.Headline
	Decimals int
	// Dilutes says that added distractor documents are part of what the task
	// asks about (a summary of everything), so that its references no longer
	// cover a lengthened context.
	Dilutes bool
	// Fixed says that the context cannot be lengthened without changing the
	// right answer (a count over the whole context).
	Fixed bool
}

// Options selects and shapes the samples of a run. The zero value is the
// reference's own set: all tasks, all rows, own lengths.
type Options struct {
	Tasks     []string // empty: all
	Languages []string // of tasks; empty: all
	// Limit is the number of rows of each task, in file order; 0 is all.
	Limit int
	// Fraction, if in (0,1), limits each task to that share of its published
	// rows, rounded up.
	Fraction float64
	// Lengths are context lengths in tokens of Tokenizer; empty: as they are.
	Lengths []int
	// Depths are percentages 0..100 at which the original document is placed
	// in a lengthened context; empty: 50.
	Depths []float64
	Seed   uint64
	// Tokenizer counts tokens; nil: no counting (Lengths must be empty then).
	Tokenizer Tokenizer
	// Truncate says how a context is shortened to one of Lengths.
	Truncate Policy
	// Mode selects one of Adapter.Modes (longbench-v2: plain, cot,
	// no-context); empty: the first.
	Mode string
	// LengthInstruction selects one of Adapter.LengthInstructions: how prompts
	// tell the reference's length; empty: the first.
	LengthInstruction string
	// JudgeQueries also selects queries that are left to judges: one of
	// Adapter.JudgeQueries; empty: none of them. Limit holds for them apart.
	JudgeQueries string
	// Shape is what generated and composed contexts can be told besides.
	Shape Shape
	// Unmade yields the samples of Lengths with their sizes only: contexts stay
	// the rows' own, ContextTokens says what they would come to. It serves
	// counting what a run has ahead of it, where making them would cost as much
	// as the run's own.
	Unmade bool
	// Only, if not nil, says by its ID whether a sample will be asked. The others
	// are yielded all the same, but may be left as Unmade leaves them, so that no
	// time goes into contexts that nobody sends; where one of them could not be
	// made, Index differs.
	Only func(id string) bool
	// Salt puts a different first line into each prompt, so that no server
	// can answer from a cached prefix.
	Salt bool
}

// Sample is one question to a model, with all that is needed to send and to
// score it.
type Sample struct {
	// ID is unique in a benchmark and stable across runs:
	// task/row id, with @length/depth behind it where a length was asked for.
	ID       string
	Task     string
	Category string
	Language string
	// Index is the sample's place in the stream's file order, from 0.
	Index int

	Prompt Prompt
	// Chat says whether the reference sends the prompt as a chat turn; false
	// is a plain completion.
	Chat bool
	// Generation limits, as the benchmark fixes them.
	MaxTokens   int
	Temperature float64
	Stop        []string
	// FollowUp, if not nil, is a second call that shows the first one's answer;
	// only the second answer is scored.
	FollowUp *FollowUp
	// Own is what TruncateOwn means for this sample.
	Own Policy

	// Metric scores the answer; empty: a judge alone does.
	Metric     string
	References []string
	Classes    []string
	// Judge is how the benchmark has the answer judged; empty: not at all.
	Judge JudgeProtocol
	// Weight is what the sample weighs in means; 0: 1.
	Weight float64
	// Avoid lists texts that added distractors must not hold; nil: References.
	Avoid []string
	// Cleanup names what is done to an answer before scoring ("" or
	// scorers.FirstLine's name "first_line").
	Cleanup string

	// Length is the benchmark's own length figure of the row (words or
	// characters), 0 if it has none.
	Length int
	// ContextTokens counts the context's tokens under the tokenizer named
	// Tokenizer.
	ContextTokens int
	Tokenizer     string
	// TargetLength is the context length asked for, in tokens; 0: as it is.
	TargetLength int
	// Depth is the percentage at which the original document (or needle) was
	// placed; nil where nothing was placed.
	Depth *float64
	// Group is shared by samples whose prompts begin with the same document.
	Group string
	// Strata are the groups of Task.Strata that this sample belongs to.
	Strata   []string
	Evidence Evidence
	// Hops is how many steps have to be taken one after the other, each from what
	// the one before found; 0 is 1.
	Hops int
	// Query is the question alone, for models that search instead of reading.
	Query string
}

// ForJudge says that no metric scores the answer, a judge alone does.
func (s Sample) ForJudge() bool { return s.Metric == "" && s.Judge != "" }

// JudgeProtocol is a way of asking a judge about an answer.
type JudgeProtocol string

// The protocols. They name the templates that a judge is asked by.
const (
	// JudgePairwise: which of two systems' answers is better (L-Eval).
	JudgePairwise JudgeProtocol = "pairwise"
	// JudgeRubric: a grade from 1 to 10.
	JudgeRubric JudgeProtocol = "rubric"
	// JudgeSameMeaning: whether the answer means what the reference does (LooGLE).
	JudgeSameMeaning JudgeProtocol = "same_meaning"
	// JudgeSummary: a grade from 0 to 100 beside the reference (LooGLE).
	JudgeSummary JudgeProtocol = "summary"
)

// Answered is a sample with an answer that was made elsewhere.
type Answered struct {
	Sample Sample
	Answer string
}

// AnswerFile is a file of answers that were made elsewhere, all of one task and
// variant.
type AnswerFile struct {
	Path    string
	System  string // who answered
	Task    string
	Mode    string // Options.Mode, "" for the default
	Stratum string // of all its samples
}

// FollowUp is a second request, of one of two kinds. Without After it is made
// of the first one's answer: Template, with Placeholder replaced by that answer,
// stripped; only the second answer is scored. With After it is a second
// question on the same context: After stands in the place of Prompt.After, and
// Join makes one answer of both, which is scored.
type FollowUp struct {
	Template    string
	Placeholder string
	After       string
	Join        string // with FirstMark and SecondMark
	MaxTokens   int
}

// The places of the two answers in FollowUp.Join.
const (
	FirstMark  = "{first}"
	SecondMark = "{second}"
)

// Joined makes one answer of two.
func (f FollowUp) Joined(first, second string) string {
	return strings.NewReplacer(FirstMark, first, SecondMark, second).Replace(f.Join)
}

// Evidence says which parts of the context the answer rests on.
type Evidence struct {
	State EvidenceState
	// Spans are byte ranges of Prompt.Context, in order, not overlapping.
	Spans []scorers.Span
	// Tokens are the same places as ranges of the context's tokens, of which there
	// are Sample.ContextTokens; nil where they weren't looked for.
	Tokens []scorers.Span
	// Sets says of each span which set it belongs to, where several sets are known
	// of which any one suffices (the same fact in k places): 0 to k−1. nil: all
	// spans are needed.
	Sets []int `json:",omitempty"`
	// Approximate says that some spans are anchors: they lie in or near a needed
	// place but aren't all of it, or not it alone.
	Approximate bool
	// Lost counts spans that truncation removed wholly or in part.
	Lost int
}

// EvidenceState says how much of the evidence is known.
type EvidenceState string

// The states of evidence. Unknown is not "none": it says nothing about where
// the answer stands.
const (
	EvidenceUnknown EvidenceState = "unknown"
	EvidencePartial EvidenceState = "partial" // some of the needed places
	EvidenceKnown   EvidenceState = "known"
	EvidenceLost    EvidenceState = "lost" // was known, truncation cut it
	// EvidenceNone: the sample is asked without a context.
	EvidenceNone EvidenceState = "not_applicable"
)

// Prompt is a rendered prompt in three parts, so that the context alone can
// be cut, moved and stored once.
type Prompt struct {
	System  string // "" for none
	Before  string // instructions ahead of the context
	Context string
	After   string // question behind the context
}

// Text is the whole user turn.
func (p Prompt) Text() string { return p.Before + p.Context + p.After }

// Tokenizer is what benchmarks need of a tokenizer.
type Tokenizer interface {
	// Name identifies the vocabulary: cl100k_base.
	Name() string
	// Ends returns for each token of text the byte offset at which it ends;
	// the last one is len(text). An empty text has no tokens. Special tokens
	// are read as plain text.
	Ends(text string) []int
}
