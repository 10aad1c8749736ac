package leaderboard

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// lEvalTable is one of L-Eval's leaderboards: the columns of scores, then how
// the model was run. Source: OpenLMLab/LEval, Leaderboard/*.csv; the topics'
// column is called after a shorter name.
type lEvalTable struct {
	name    string
	columns []string
}

func lEvalTables() []lEvalTable {
	return []lEvalTable{
		{"exam", []string{"coursera", "gsm100", "quality", "topic_retrieval", "tpo", "Avg"}},
		{"f1", []string{"financial_qa", "legal_contract_qa", "multidoc_qa", "narrative_qa", "natural_question", "scientific_qa", "F1 avg"}},
		{"rouge", []string{"gov_report_summ", "news_summ", "paper_assistant", "patent_summ", "review_summ", "tv_show_summ", "meeting_summ", "ROUGE avg"}},
		{"llm", []string{
			"[gpt4] n_wins", "[gpt4] n_draws", "[gpt4] win % vs turbo16k",
			"[turbo3.5] n_wins", "[turbo3.5] n_draws", "[turbo3.5] win % vs turbo16k",
		}},
	}
}

// lEvalSetup are the columns behind the scores: how the model was run, which
// runs don't know but for the window.
func lEvalSetup() []string {
	return []string{"Chunking", "Retrieval", "In-domain data", "In-context examples", lEvalWindow}
}

const lEvalWindow = "Context length"

// lEvalLayout is L-Eval's four tables, which carry a byte order mark and end
// lines like DOS.
func lEvalLayout() layout {
	var names []string
	for _, t := range lEvalTables() {
		names = append(names, t.name)
	}
	return layout{
		name: "leval", tables: names,
		export: func(b *Board) ([]Table, error) {
			var out []Table
			for _, t := range lEvalTables() {
				if table := b.lEval(t); len(table.rows) > 0 {
					out = append(out, table)
				}
			}
			return out, nil
		},
		is: func(s *sheet) (string, bool) {
			for _, t := range lEvalTables() {
				if s.has(t.columns[:len(t.columns)-1]...) && s.has("Model") {
					return t.name, true
				}
			}
			return "", false
		},
		read: func(_ *Board, s *sheet, table string) ([]*Entry, error) {
			at := slices.IndexFunc(lEvalTables(), func(t lEvalTable) bool { return t.name == table })
			return s.readLEval(lEvalTables()[at])
		},
	}
}

// lEvalKeys are the figures of a column: one, or a triple of ROUGE.
func lEvalKeys(table, column string) []Key {
	switch table {
	case "exam":
		switch column {
		case "Avg": // of these five tasks, not of the paper's six
			return []Key{{Benchmark: "leval", Part: PartStratum, Name: "exam", Sub: "leaderboard"}}
		case "topic_retrieval":
			column = "topic_retrieval_longchat"
		}
	case "f1":
		if column == "F1 avg" {
			return []Key{{Benchmark: "leval", Part: PartAverage, Name: "f1"}}
		}
	case "rouge":
		var out []Key
		for _, part := range rougeParts() {
			k := Key{Benchmark: "leval", Part: PartTaskStratum, Name: column, Sub: part}
			if column == "ROUGE avg" {
				k.Part, k.Name = PartStratum, "rouge"
			}
			out = append(out, k)
		}
		return out
	}
	return []Key{{Benchmark: "leval", Part: PartTask, Name: column}}
}

func rougeParts() []string { return []string{"rouge1", "rouge2", "rougeL"} }

// lEval is one of the tables, over the entries that have anything in it.
func (b *Board) lEval(t lEvalTable) Table {
	out := Table{Name: t.name, header: texts(slices.Concat([]string{"Model"}, t.columns, lEvalSetup())...), style: style{bom: true, crlf: true}}
	for _, e := range b.Entries {
		row, lacking := []cell{text(b.name(e))}, []string(nil)
		for _, c := range t.columns {
			x := e.lEvalCell(t, c)
			if x.text == "" {
				lacking = append(lacking, c)
			}
			row = append(row, x)
		}
		if len(lacking) == len(t.columns) {
			continue
		}
		for _, c := range lEvalSetup() {
			name := "leval/" + c
			if c == lEvalWindow {
				row = append(row, text(e.window(name)))
				continue
			}
			row = append(row, text(e.extra[name]))
		}
		out.rows = append(out.rows, row)
		b.lacks(e, t.name, lacking)
	}
	return out
}

// lEvalCell writes a column of an entry: two decimals, a triple of ROUGE with
// slashes; empty where a figure isn't there.
func (e *Entry) lEvalCell(t lEvalTable, column string) cell {
	if t.name == "llm" {
		return e.verdictCell(column)
	}
	var texts []string
	for _, k := range lEvalKeys(t.name, column) {
		v := e.value(k)
		if v == nil && k.Sub == "leaderboard" {
			v = e.lEvalAverage(t)
		}
		if v == nil {
			return cell{}
		}
		texts = append(texts, strconv.FormatFloat(*v, 'f', 2, 64))
	}
	return cell{strings.Join(texts, "/"), true}
}

// lEvalAverage is the mean of a table's tasks; nil where one has no score.
func (e *Entry) lEvalAverage(t lEvalTable) *float64 {
	sum, tasks := 0.0, t.columns[:len(t.columns)-1]
	for _, c := range tasks {
		v := e.value(lEvalKeys(t.name, c)[0])
		if v == nil {
			return nil
		}
		sum += *v
	}
	return ptr(sum / float64(len(tasks)))
}

// lEvalVerdict takes a column of the judges' table apart.
func lEvalVerdict(column string) (judge, figure string) {
	judge, rest, _ := strings.Cut(strings.TrimPrefix(column, "["), "] ")
	switch rest {
	case "n_wins":
		return judge, judgeWins
	case "n_draws":
		return judge, judgeDraws
	}
	return judge, judgeRate
}

// verdictCell writes a column of the judges' table: of the judge that it names,
// against turbo-16k.
func (e *Entry) verdictCell(column string) cell {
	judge, figure := lEvalVerdict(column)
	for _, k := range e.sortedKeys() {
		if k.Benchmark != "leval" || k.Part != PartJudge || k.Sub != figure || !judgeIs(k.Name, judge) {
			continue
		}
		if v := e.value(k); v != nil && figure == judgeRate {
			return decimals(v, 2, cell{})
		} else if v != nil {
			return decimals(v, 0, cell{})
		}
	}
	return cell{}
}

// judgeIs says that the judge of a run, "MODEL vs OPPONENT", is the one that
// L-Eval's table calls gpt4 or turbo3.5.
func judgeIs(name, judge string) bool {
	model, opponent, _ := strings.Cut(strings.ToLower(name), " vs ")
	if !strings.Contains(opponent, "turbo") || !strings.Contains(opponent, "16k") {
		return false
	}
	if judge == "gpt4" {
		return strings.Contains(model, "gpt-4") || strings.Contains(model, "gpt4")
	}
	return strings.Contains(model, "gpt-3.5") || strings.Contains(model, "turbo3.5")
}

// sortedKeys are the entry's figures in a fixed order.
func (e *Entry) sortedKeys() []Key {
	out := make([]Key, 0, len(e.Figures))
	for k := range e.Figures {
		out = append(out, k)
	}
	slices.SortFunc(out, rank{}.compare)
	return out
}

// readLEval reads one of the tables.
func (s *sheet) readLEval(t lEvalTable) ([]*Entry, error) {
	if err := s.need("leval", append([]string{"Model"}, t.columns...)...); err != nil {
		return nil, err
	}
	var out []*Entry
	for _, r := range s.rows {
		e, err := s.imported(r, slices.Index(s.header.cells, "Model"))
		if err != nil {
			return nil, err
		}
		for _, c := range t.columns {
			if err := s.takeLEval(e, r, t, c); err != nil {
				return nil, err
			}
		}
		for _, c := range lEvalSetup() {
			e.keep("leval/"+c, s.get(r, c))
		}
		e.Window = parseLength(s.get(r, lEvalWindow))
		out = append(out, e)
	}
	return out, nil
}

func (s *sheet) takeLEval(e *Entry, r record, t lEvalTable, column string) error {
	at := slices.Index(s.header.cells, column)
	text := r.cells[at]
	if none(text) {
		return nil
	}
	keys := lEvalKeys(t.name, column)
	if t.name == "llm" {
		judge, figure := lEvalVerdict(column)
		keys = []Key{{Benchmark: "leval", Part: PartJudge, Name: judge + " vs turbo-16k-0613", Sub: figure}}
	}
	parts := strings.Split(text, "/")
	if len(parts) != len(keys) {
		return s.cellError(r, at, fmt.Errorf("%q: want %d numbers with slashes between, got %d", short(text), len(keys), len(parts)))
	}
	for i, k := range keys {
		v, err := parseNumber(parts[i])
		f := Figure{Key: k, Value: &v}
		if why := f.impossible(); err == nil && why != "" {
			err = fmt.Errorf("score %s: want percent, 0 to 100", why)
		}
		if err != nil {
			return s.cellError(r, at, err)
		}
		e.add(f)
	}
	return nil
}
