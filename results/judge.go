package results

import (
	"math"
	"slices"

	"github.com/lcbench/lcbench/runners"
	"github.com/lcbench/lcbench/scorers"
)

// JudgeInfo says who judged answers, and how.
type JudgeInfo struct {
	Model ModelInfo `json:"model"`
	// Protocol is benchmarks.JudgeProtocol: pairwise, rubric, …
	Protocol string `json:"protocol"`
	// Template is the wording that the judge was asked in: "own" or a file.
	Template NamedHash `json:"template"`
	// Opponent is whose answers ours were compared with; nil: nobody's.
	Opponent *JudgeOpponent `json:"opponent,omitempty"`
	// Usage are the tokens that its verdicts took, in all starts.
	Usage runners.Usage `json:"usage"`
	Cost  *Cost         `json:"cost,omitempty"`
}

// JudgeOpponent is the other side of pairs.
type JudgeOpponent struct {
	Name   string `json:"name"`
	File   string `json:"file"`
	SHA256 string `json:"sha256"`
}

// same says that two judges are the same one, asked in the same way.
func (j JudgeInfo) same(o JudgeInfo) bool {
	opponent := func(p *JudgeOpponent) string {
		if p == nil {
			return ""
		}
		return p.SHA256
	}
	return j.Model.Spec == o.Model.Spec && j.Protocol == o.Protocol && j.Template.SHA256 == o.Template.SHA256 &&
		opponent(j.Opponent) == opponent(o.Opponent)
}

// AddJudge notes a judge in the manifest, in the place of the same one of an
// earlier start.
func (m *Manifest) AddJudge(j JudgeInfo) {
	j.Model = j.Model.clean()
	m.Judges = append(slices.DeleteFunc(slices.Clone(m.Judges), j.same), j)
}

// JudgeReport is what a judge made of a run's answers.
type JudgeReport struct {
	JudgeInfo
	// Rule is what the win rate of pairs counts; High the best grade. The other
	// one is zero.
	Rule scorers.PairRule `json:"rule,omitempty"`
	High int              `json:"high,omitempty"`
	// Items are the answers, or pairs, that it was to judge; Missing are those
	// that could not be put to it: no answer, or none of the opponent.
	Items   int `json:"items"`
	Missing int `json:"missing"`
	// Of its questions, two a pair, Nonsense had no verdict in three replies,
	// Lost no reply, Open were not asked yet.
	Nonsense int         `json:"nonsense"`
	Lost     int         `json:"lost"`
	Open     int         `json:"open"`
	Tasks    []JudgeTask `json:"tasks"`
	All      JudgeTask   `json:"all"`
}

// JudgeTask is a judge's figure of one task, or of all.
type JudgeTask struct {
	Task string `json:"task"`
	// Value is the win rate in percent, or the mean grade on the scale to
	// JudgeReport.High, in percent where that is 1; null without verdicts. N is
	// how many verdicts, pairs or grades it is over.
	N        int                   `json:"n"`
	Value    *float64              `json:"value"`
	Low      *float64              `json:"ci_low"`
	High     *float64              `json:"ci_high"`
	Interval scorers.IntervalState `json:"ci"`
	Pairs    *PairCounts           `json:"pairs,omitempty"`
}

// PairCounts count judged pairs.
type PairCounts struct {
	// Pairs have a verdict in both orders: won if both say so, lost likewise, else
	// tied.
	Pairs int `json:"n"`
	Won   int `json:"won"`
	Tied  int `json:"tied"`
	Lost  int `json:"lost"`
	// The verdicts of single orders.
	Verdicts VerdictCounts `json:"verdicts"`
	// Consistent pairs have the same verdict in both orders; the others favour
	// what was shown first or second.
	Consistent     int `json:"consistent"`
	FirstFavoured  int `json:"first_favoured"`
	SecondFavoured int `json:"second_favoured"`
}

// VerdictCounts count single verdicts.
type VerdictCounts struct {
	Wins   int `json:"wins"`
	Ties   int `json:"ties"`
	Losses int `json:"losses"`
	None   int `json:"none"`
}

// Pairs fills in the figures of pairs.
func (j *JudgeReport) Pairs(pairs []scorers.JudgedPair, rule scorers.PairRule, seed uint64) {
	j.Rule = rule
	tasks, all := scorers.SummarisePairs(pairs, rule, scorers.AggregateOptions{Seed: seed})
	for _, t := range tasks {
		j.Tasks = append(j.Tasks, pairTask(t.Task, t.PairFigures))
	}
	j.All = pairTask("all", all)
}

func pairTask(name string, f scorers.PairFigures) JudgeTask {
	t := judgeTask(name, f.WinRate, 100)
	t.Pairs = &PairCounts{
		Pairs: f.Pairs, Won: f.Won, Tied: f.Tied, Lost: f.Lost,
		Verdicts:   VerdictCounts{f.Tally.Wins, f.Tally.Draws, f.Tally.Losses, f.Tally.Errors},
		Consistent: f.Consistent, FirstFavoured: f.FirstFavoured, SecondFavoured: f.SecondFavoured,
	}
	return t
}

// Grades fills in the figures of grades up to high.
func (j *JudgeReport) Grades(answers []scorers.JudgedAnswer, high int, seed uint64) {
	j.High = high
	scale := 1.0
	if high == 1 {
		scale = 100
	}
	tasks, all := scorers.SummariseGrades(answers, high, scorers.AggregateOptions{Seed: seed})
	for _, t := range tasks {
		j.Tasks = append(j.Tasks, judgeTask(t.Task, t.Mean, scale))
	}
	j.All = judgeTask("all", all, scale)
}

func judgeTask(name string, e scorers.Estimate, scale float64) JudgeTask {
	t := JudgeTask{Task: name, N: e.Rows, Interval: e.Interval.State}
	if e.Absent() {
		t.Interval = scorers.IntervalNoRows
		return t
	}
	times := func(v float64) *float64 { v *= scale; return &v }
	t.Value = times(e.Value)
	if e.Interval.State == scorers.IntervalOK {
		t.Low, t.High = times(e.Interval.Low), times(e.Interval.High)
	}
	return t
}

// JudgeAgreement is how far two judges agree on what both have judged.
type JudgeAgreement struct {
	Judges   [2]string `json:"judges"`
	Protocol string    `json:"protocol"`
	// Items are pairs, by what both orders came to, or answers; of Same of them
	// both judges say the same.
	Items int `json:"items"`
	Same  int `json:"same"`
	// Kappa is Cohen's, of grades with quadratic weights (Weighted); null where
	// chance alone would make the judges agree always.
	Kappa    *float64 `json:"kappa"`
	Weighted bool     `json:"weighted,omitempty"`
}

// Agreed compares two judges' categories by item.
func Agreed(judges [2]string, protocol string, a, b map[string]int, weighted bool) JudgeAgreement {
	var first, second []int
	for id, x := range a {
		if y, both := b[id]; both {
			first, second = append(first, x), append(second, y)
		}
	}
	g := scorers.Agree(first, second, weighted)
	out := JudgeAgreement{Judges: judges, Protocol: protocol, Items: g.Items, Same: g.Same, Weighted: weighted}
	if !math.IsNaN(g.Kappa) {
		out.Kappa = &g.Kappa
	}
	return out
}

// AddJudge puts a report in the place of the same judge's earlier one.
func (s *Summary) AddJudge(j JudgeReport) {
	j.Model = j.Model.clean()
	s.Judges = append(slices.DeleteFunc(slices.Clone(s.Judges), func(o JudgeReport) bool { return o.same(j.JudgeInfo) }), j)
}
