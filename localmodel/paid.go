package localmodel

import (
	"context"
	"errors"

	"github.com/lcbench/lcbench/localmodel/generate"
	"github.com/lcbench/lcbench/localmodel/instruments"
)

// Paid is what a given answer looks at while it is written.
type Paid struct {
	PromptTokens int
	LogProbs     []float64 // natural, of the answer's tokens
	// Mass is the attention on each part of the prompt, in 0..1: the mean over the
	// answer's tokens, layers and heads.
	Mass []float64
}

// Paid lets model m, which was opened with w's options, write a given answer
// behind a prompt, and watches how much of the attention lies on each part of it.
// borders are bytes of p.Text, ascending: part i is from borders[i] to
// borders[i+1].
func (w *Watching) Paid(ctx context.Context, m *Model, p Prompt, answer string, borders []int) (Paid, error) {
	r, err := m.prepare(p)
	if err != nil {
		return Paid{}, err
	}
	forced, err := r.more(answer)
	if err != nil {
		return Paid{}, err
	}
	if len(forced) == 0 {
		return Paid{}, errors.New("the answer is empty")
	}
	parts, err := m.partsOf(p, r, borders)
	if err != nil {
		return Paid{}, err
	}
	o := paidObserver{w: w, sums: make([]float64, len(parts)), parts: parts}
	result, err := m.engine.Generate(ctx, generate.Request{
		Prompt: r.prompt, MaxTokens: len(forced), Forced: forced, IgnoreEnd: true, LogProbs: true,
		Token: func(int32) bool {
			o.see()
			return true
		},
	})
	if err != nil {
		return Paid{}, err
	}
	for i := range o.sums {
		o.sums[i] /= float64(len(forced))
	}
	return Paid{PromptTokens: len(r.prompt), LogProbs: result.LogProbs, Mass: o.sums}, nil
}

// partsOf turns borders in a prompt's text into ranges of its tokens, side by
// side.
func (m *Model) partsOf(p Prompt, r *reading, borders []int) ([][2]int, error) {
	var out [][2]int
	for i := 1; i < len(borders); i++ {
		part, err := m.tokensOf(p, r, [2]int{borders[i-1], borders[i]})
		if err != nil {
			return nil, err
		}
		out = append(out, part)
	}
	return out, nil
}

// paidObserver adds up what the newest rows pay to each part.
type paidObserver struct {
	w     *Watching
	parts [][2]int
	sums  []float64
}

// see takes the rows of all layers behind one token; each head counts alike.
func (o *paidObserver) see() {
	var rows [][]float64
	for _, row := range o.w.watch.Rows() {
		rows = append(rows, row.Weights...)
	}
	for i, part := range o.parts {
		mass := instruments.NewMass(len(rows), [][2]int{part})
		mass.Step(rows)
		byHead, _ := mass.Means(0)
		for _, v := range byHead {
			o.sums[i] += v / float64(len(rows))
		}
	}
}

// Distance returns how many tokens lie between byte at of a prompt's text and
// the prompt's end.
func (m *Model) Distance(p Prompt, at int) (int, error) {
	r, err := m.prepare(p)
	if err != nil {
		return 0, err
	}
	place, err := m.tokensOf(p, r, [2]int{at, at})
	return len(r.prompt) - place[0], err
}
