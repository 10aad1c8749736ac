// Package report turns run folders into one report: an HTML page that needs
// nothing but itself, the same figures as Markdown, and as JSON.
//
// Its opinion: a figure is shown with its interval and the number of samples
// behind it, or with the reason why there is none; runs of one benchmark stand
// beside each other; what a model or a data set wrote is text, whatever it
// looks like. Everything that the page shows is in Report, so that the three
// forms can't disagree.
package report

import (
	"time"

	"github.com/lcbench/lcbench/results"
	"github.com/lcbench/lcbench/runners"
	"github.com/lcbench/lcbench/scorers"
	"github.com/lcbench/lcbench/scorers/stats"
)

// Format is the version of report.json's layout: a field may be added within
// one, none changes its meaning.
const Format = 1

// Report is report.json. Scores are percent and lengths tokens; what is absent
// is null, with the reason beside it, never 0.
type Report struct {
	Format  int    `json:"format"`
	Version string `json:"lcbench_version"`
	Method  Method `json:"method"`
	// Benchmarks are in the order in which they were named first.
	Benchmarks []Benchmark `json:"benchmarks"`
	// Inside is what instruments found; nil: none was named.
	Inside *Inside `json:"inside,omitempty"`
}

// Method says how the figures of this report that aren't in a summary were made.
type Method struct {
	Resamples int    `json:"resamples"`
	Seed      uint64 `json:"seed"`
	// Axes says which samples the plane and the difficulty model are of, by where
	// their axes come from.
	Axes AxesFrom `json:"axes"`
}

// Benchmark are the runs of one benchmark, those of a floor last.
type Benchmark struct {
	Name    string `json:"benchmark"`
	Title   string `json:"title"`
	Builtin bool   `json:"builtin"`
	Runs    []Run  `json:"runs"`

	entries []entry
	// leftOut counts samples that the page doesn't show.
	leftOut int
}

// Run is one run.
type Run struct {
	// Label tells the run from the others of its benchmark.
	Label string `json:"label"`
	Dir   string `json:"dir"`
	// Floor is "baseline" or "no-context" where the run only says what needs no
	// model, or no context; else empty.
	Floor string            `json:"floor,omitempty"`
	Model results.ModelInfo `json:"model"`
	// State is the manifest's; Summarised says that the scores are those of
	// summary.json: else they were averaged from the rows that are there.
	State      results.State `json:"state"`
	Summarised bool          `json:"summarised"`
	Started    time.Time     `json:"started"`
	Finished   time.Time     `json:"finished,omitzero"`

	Settings  []results.Setting `json:"settings"`
	Data      []results.Origin  `json:"data,omitempty"`
	Tokenizer string            `json:"tokenizer,omitempty"`
	Truncate  string            `json:"truncate,omitempty"`
	Identity  string            `json:"identity"`
	Version   string            `json:"lcbench_version"`
	Interval  results.Method    `json:"interval_method"`

	// Findings say in sentences what the figures come to.
	Findings []string  `json:"findings"`
	Averages []Average `json:"averages"`
	// Groups are the benchmark's boards, its categories and its languages.
	Groups  []Group `json:"groups"`
	Context Context `json:"context"`
	Gap     Gap     `json:"short_versus_long"`
	Middle  Middle  `json:"lost_in_the_middle"`
	// Difficulty is which axis costs the model most.
	Difficulty Difficulty `json:"difficulty"`
	Tasks      []Task     `json:"tasks"`
	Plane      Plane      `json:"plane"`

	// Adaptive says how an adaptive run chose its samples; nil in others. Its
	// scores are means of cells, each counting once.
	Adaptive *results.AdaptiveFigures `json:"adaptive,omitempty"`

	Samples     results.SampleCounts `json:"samples"`
	Usage       runners.Usage        `json:"usage"`
	CachedShare *float64             `json:"cached_share"`
	Cost        *results.Cost        `json:"cost"`
	Speed       results.Speed        `json:"speed"`
	Warnings    []string             `json:"warnings,omitempty"`
}

// Average is a board's average, with the floors' beside it: Floor is the first
// of Floors.
type Average struct {
	Board   string          `json:"board"`
	Missing []string        `json:"missing,omitempty"`
	Floor   *results.Figure `json:"floor"`
	Floors  []FloorFigure   `json:"floors,omitempty"`
	results.Figure
}

// Task is a task's outcome.
type Task struct {
	Task         string `json:"task"`
	Category     string `json:"category,omitempty"`
	Language     string `json:"language,omitempty"`
	Metric       string `json:"metric"`
	MetricEquals string `json:"metric_equals,omitempty"`
	results.Figure
	// Floor is the first of Floors; AtFloor says that the score isn't above some
	// floor's interval.
	Floor   *results.Figure `json:"floor"`
	AtFloor bool            `json:"at_floor"`
	Floors  []FloorFigure   `json:"floors,omitempty"`
	// Contamination compares the task with the model's own run without contexts;
	// nil without such a run.
	Contamination *Contamination          `json:"contamination,omitempty"`
	ByStatus      map[runners.Status]int  `json:"by_status"`
	Measures      []results.MeasureFigure `json:"measures,omitempty"`
	Strata        []results.NamedFigure   `json:"strata,omitempty"`
	Cells         []results.CellFigure    `json:"cells,omitempty"`
	Context       Context                 `json:"context"`
	Gap           Gap                     `json:"short_versus_long"`
	// Contour is nil without several lengths at asked depths.
	Contour *Contour `json:"contour,omitempty"`
}

// Context is how far the model's context reaches.
type Context struct {
	// Lengths is "asked" where lengths were asked for, "own" where samples have
	// lengths of their own and fall into buckets up to powers of two, empty where
	// lengths aren't known.
	Lengths string `json:"lengths,omitempty"`
	// Curve goes from the shortest length up.
	Curve         []Point         `json:"curve"`
	SameQuestions bool            `json:"same_questions"`
	LeftOut       []string        `json:"left_out,omitempty"`
	OwnShare      EffectiveLength `json:"own_share"`
	Ruler         EffectiveLength `json:"ruler"`
	// Increasing and Decreasing are RULER's weighted averages.
	Increasing *float64 `json:"weighted_increasing"`
	Decreasing *float64 `json:"weighted_decreasing"`
}

// Point is the score at one length.
type Point struct {
	Length    int                   `json:"length"`
	Samples   int                   `json:"n"`
	Documents int                   `json:"documents"`
	Score     float64               `json:"score"`
	Low       *float64              `json:"ci_low"`
	High      *float64              `json:"ci_high"`
	Interval  scorers.IntervalState `json:"ci"`
}

// EffectiveLength is a length by one rule.
type EffectiveLength struct {
	Length
	Low         *Length               `json:"ci_low"`
	High        *Length               `json:"ci_high"`
	Interval    scorers.IntervalState `json:"ci"`
	NonMonotone bool                  `json:"non_monotone"`
}

// Length is where a length lies.
type Length struct {
	State  stats.LengthState `json:"state"`
	Tokens *float64          `json:"tokens"`
}

// Middle is how much worse evidence in the middle is answered, in points.
type Middle struct {
	EdgeSamples   int                   `json:"edge_n"`
	MiddleSamples int                   `json:"middle_n"`
	State         stats.State           `json:"state"`
	Points        *float64              `json:"points"`
	Low           *float64              `json:"ci_low"`
	High          *float64              `json:"ci_high"`
	Interval      scorers.IntervalState `json:"ci"`
}

// Difficulty is the fitted difficulty model.
type Difficulty struct {
	State     stats.State    `json:"state"`
	Weakness  stats.Weakness `json:"weakness"`
	Samples   int            `json:"n"`
	Documents int            `json:"documents"`
	Unplaced  int            `json:"unplaced"`
	// Uniform names benchmarks whose samples all score 0, or all 1.
	Uniform []string   `json:"uniform,omitempty"`
	Axes    []AxisCost `json:"axes"`
}

// AxisCost is what an axis costs, in log odds a standard deviation.
type AxisCost struct {
	Axis         stats.Axis      `json:"axis"`
	State        stats.AxisState `json:"state"`
	With         []stats.Axis    `json:"with,omitempty"`
	Standardised *float64        `json:"standardised"`
	Low          *float64        `json:"ci_low"`
	High         *float64        `json:"ci_high"`
	Direction    int             `json:"direction"`
	P            *float64        `json:"p"`
	Adjusted     *float64        `json:"p_holm"`
}

// Plane is how scores lie over diffusion and scope. Cells are by diffusion, then
// scope, each low, mid, high; Diffusion and Scope are its margins.
type Plane struct {
	State     string          `json:"state"`
	Cells     [3][3]PlaneCell `json:"cells"`
	Diffusion [3]PlaneCell    `json:"diffusion"`
	Scope     [3]PlaneCell    `json:"scope"`
	Unplaced  int             `json:"unplaced"`
}

// PlaneCell is one cell of the plane. Measured, Partial and Assigned are its
// samples by where their axes come from; MeasuredShare is the part, in percent,
// that counts as measured: a partial one does only where the report is of
// measured and partial ones.
type PlaneCell struct {
	Samples       int                   `json:"n"`
	Documents     int                   `json:"documents"`
	Measured      int                   `json:"measured"`
	Partial       int                   `json:"partial"`
	Assigned      int                   `json:"assigned"`
	MeasuredShare *float64              `json:"measured_share"`
	Score         *float64              `json:"score"`
	Low           *float64              `json:"ci_low"`
	High          *float64              `json:"ci_high"`
	Interval      scorers.IntervalState `json:"ci"`
	// Sparse: under 10 documents, too few to be coloured.
	Sparse bool `json:"sparse"`
}
