package results

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/lcbench/lcbench/scorers"
)

// judges prints what judges made of the answers, a table each.
func (t *tablePage) judges(s Summary) {
	for _, j := range s.Judges {
		t.out.WriteByte('\n')
		t.text("Judged by "+judgeTitle(j), "\x1b[1m")
		t.out.WriteByte('\n')
		t.judgeTable(j)
		for _, line := range judgeNotes(j) {
			t.text(line, "")
		}
		if slices.ContainsFunc(append(slices.Clone(j.Tasks), j.All), func(t JudgeTask) bool { return t.Interval == scorers.IntervalOneDocument }) {
			t.text("¹ No interval: fewer than two documents.", "")
		}
		for _, line := range judgeFaults(j) {
			t.text(line, "\x1b[33m")
		}
	}
	if len(s.JudgeAgreement) > 0 {
		t.out.WriteByte('\n')
	}
	for _, a := range s.JudgeAgreement {
		t.text(agreementLine(a), "")
	}
}

func judgeTitle(j JudgeReport) string {
	title := j.Model.Spec + ", " + j.Protocol
	switch {
	case j.Opponent != nil:
		title += " against " + j.Opponent.Name + ", both orders"
	case j.High == 1:
		title += ", percent judged right"
	case j.High > 1:
		title += fmt.Sprintf(", grades up to %d", j.High)
	}
	return title
}

func (t *tablePage) judgeTable(j JudgeReport) {
	header := []string{"Task", "N", "Score", "95% CI"}
	if j.Rule != "" {
		header = []string{"Task", "N", "Win", "Tie", "Lose", "Win rate", "95% CI", "Consistent"}
	}
	var rows [][]string
	for _, task := range j.Tasks {
		rows = append(rows, judgeRow(j, task))
	}
	if len(j.Tasks) != 1 {
		all := j.All
		all.Task = "All"
		rows = append(rows, judgeRow(j, all))
	}
	t.grid(header, rows, fitted(header, rows, t.o.Width, 26), 1)
}

func judgeRow(j JudgeReport, task JudgeTask) []string {
	row := []string{task.Task, strconv.Itoa(task.N)}
	interval := intervalText(Figure{Low: task.Low, High: task.High, Interval: task.Interval})
	if task.Pairs == nil {
		return append(row, score(task.Value), interval)
	}
	p := task.Pairs
	won, tied, lost := p.Won, p.Tied, p.Lost
	if j.Rule == scorers.CountVerdicts {
		won, tied, lost = p.Verdicts.Wins, p.Verdicts.Ties, p.Verdicts.Losses
	}
	var consistent *float64
	if p.Pairs > 0 {
		consistent = percent(float64(p.Consistent) / float64(p.Pairs))
	}
	return append(row, strconv.Itoa(won), strconv.Itoa(tied), strconv.Itoa(lost), score(task.Value), interval, score(consistent))
}

// judgeNotes say how the figures were made and what they cost.
func judgeNotes(j JudgeReport) []string {
	var lines []string
	const interval = "95% CI: bootstrap over documents."
	p := j.All.Pairs
	switch j.Rule {
	case scorers.CountVerdicts:
		lines = append(lines,
			"N, win, tie, lose: verdicts, two a pair, as L-Eval counts them. Win rate: (wins + ties/2) / verdicts, in percent. "+interval,
			fmt.Sprintf("Of %s, %d won in both orders, %d lost in both, %d neither.", plural(p.Pairs, "pair"), p.Won, p.Lost, p.Tied))
	case scorers.CountPairs:
		lines = append(lines, "Win, lose: pairs that both orders decide so; tie: the others. Win rate: (wins + ties/2) / pairs, in percent. "+interval)
	default:
		lines = append(lines, "Score: mean of the grades. "+interval)
	}
	if p != nil {
		line := "Consistent: percent of pairs whose verdict survives the swap."
		if others := p.Pairs - p.Consistent; others > 0 {
			line += fmt.Sprintf(" Of the %s, %d favour the answer shown first, %d the second.", plural(others, "other"), p.FirstFavoured, p.SecondFavoured)
		}
		lines = append(lines, line)
	}
	cost := fmt.Sprintf("Verdicts: %s tokens in, %s out", grouped(j.Usage.Prompt), grouped(j.Usage.Completion))
	if !j.Usage.Known {
		cost += " (partly estimated)"
	}
	if j.Cost != nil {
		cost += ", " + money(*j.Cost)
	}
	return append(lines, fmt.Sprintf("%s. Template: %s, sha256 %.12s.", cost, j.Template.Name, j.Template.SHA256))
}

// judgeFaults say what the figures lack.
func judgeFaults(j JudgeReport) []string {
	var lines []string
	if j.Nonsense > 0 {
		lines = append(lines, plural(j.Nonsense, "verdict")+" missing: the judge answered nonsense three times. Counted nowhere.")
	}
	if j.Lost > 0 {
		lines = append(lines, plural(j.Lost, "verdict")+" missing: the judge could not be asked. Counted nowhere; the same command asks again.")
	}
	if j.Open > 0 {
		lines = append(lines, plural(j.Open, "verdict")+" not asked for yet: stopped early.")
	}
	if j.Missing > 0 {
		lines = append(lines, fmt.Sprintf("%s of %d not judged: nothing to show the judge.", plural(j.Missing, "answer"), j.Items))
	}
	return lines
}

func agreementLine(a JudgeAgreement) string {
	if a.Items == 0 {
		return fmt.Sprintf("%s: %s have judged nothing in common.", a.Protocol, strings.Join(a.Judges[:], " and "))
	}
	line := fmt.Sprintf("%s: %s agree on %d of %d (%.2f%%)", a.Protocol, strings.Join(a.Judges[:], " and "), a.Same, a.Items, 100*float64(a.Same)/float64(a.Items))
	kappa := "Cohen's kappa"
	if a.Weighted {
		kappa += ", quadratic weights,"
	}
	if a.Kappa == nil {
		return line + "; " + kappa + " is undefined: chance alone makes them agree."
	}
	return fmt.Sprintf("%s; %s %.3f.", line, kappa, *a.Kappa)
}
