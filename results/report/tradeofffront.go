package report

// costKind is one of the costs that accuracy is set against.
type costKind struct {
	key   string // in report.json
	title string
	axis  string // what is counted
	less  bool   // less of it is better
	bytes bool
	of    func(*Mechanism) CostFigure
}

func costKinds() []costKind {
	return []costKind{
		{key: "decode", title: "decoding speed", axis: "answer tokens a second", of: func(m *Mechanism) CostFigure { return m.Decode }},
		{key: "prefill", title: "prefill speed", axis: "prompt tokens a second", of: func(m *Mechanism) CostFigure { return m.Prefill }},
		{key: "kv_answer", title: "KV memory", axis: "KV cache of an answer", less: true, bytes: true, of: func(m *Mechanism) CostFigure { return m.AnswerKV }},
	}
}

// atLeastAsGood compares costs.
func (k costKind) atLeastAsGood(a, b float64) bool {
	if k.less {
		return a <= b
	}
	return a >= b
}

// point is a mechanism in a scatter: its place in Mechanisms, score and cost.
type point struct {
	at          int
	score, cost float64
}

// points are the mechanisms of a board that have the cost, those that aren't of
// the same samples left out.
func (t *Tradeoff) points(board string, k costKind) []point {
	var out []point
	for i := range t.Mechanisms {
		m := &t.Mechanisms[i]
		s, v := m.score(board), k.of(m).Value
		if m.Unpaired == "" && s != nil && s.Score != nil && v != nil {
			out = append(out, point{i, *s.Score, *v})
		}
	}
	return out
}

// front are the points that no other one is better than in score or cost without
// being worse in the other.
func (k costKind) front(all []point) []point {
	var out []point
	for _, p := range all {
		beaten := false
		for _, q := range all {
			noWorse := q.score >= p.score && k.atLeastAsGood(q.cost, p.cost)
			beaten = beaten || noWorse && (q.score > p.score || q.cost != p.cost)
		}
		if !beaten {
			out = append(out, p)
		}
	}
	return out
}

// addFronts names, board by board, the mechanisms on each front. One run alone
// is none.
func (t *Tradeoff) addFronts() {
	for _, board := range t.boards() {
		for _, k := range costKinds() {
			all := t.points(board, k)
			if len(all) < 2 {
				continue
			}
			for _, p := range k.front(all) {
				s := t.Mechanisms[p.at].score(board)
				s.Front = append(s.Front, k.key)
			}
		}
	}
}

// boards are those of all mechanisms, in the order of the first.
func (t *Tradeoff) boards() []string {
	var out []string
	seen := map[string]bool{}
	for _, m := range t.Mechanisms {
		for _, s := range m.Scores {
			if !seen[s.Board] {
				seen[s.Board] = true
				out = append(out, s.Board)
			}
		}
	}
	return out
}

// score is the mechanism's average on a board; nil: it has none.
func (m *Mechanism) score(board string) *MechanismScore {
	for i := range m.Scores {
		if m.Scores[i].Board == board {
			return &m.Scores[i]
		}
	}
	return nil
}
