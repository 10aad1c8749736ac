package report

import (
	"cmp"
	"os"
	"path/filepath"
	"slices"

	"github.com/lcbench/lcbench/results"
)

// Inside is what instruments found in models, each as its own file has it, in
// the order in which they were named.
type Inside struct {
	Heads       []HeadsFound      `json:"heads"`
	Likelihoods []LikelihoodFound `json:"likelihoods"`
	Gateaus     []GateauFound     `json:"gateaus"`
}

// HeadsFound is what lcbench inspect heads wrote.
type HeadsFound struct {
	Place string `json:"place"`
	results.Heads
}

// LikelihoodFound is what lcbench inspect likelihood wrote, without its samples.
type LikelihoodFound struct {
	Place string `json:"place"`
	results.Likelihood
}

// GateauFound is what lcbench inspect gateau wrote, without its segments.
type GateauFound struct {
	Place string `json:"place"`
	results.Gateau
}

// readInside takes what instruments wrote out of the places named: what is left
// are runs. nil: there is none.
func readInside(places []string) (runs []string, in *Inside, err error) {
	var seen []string
	for _, place := range places {
		found, err := results.ReadInstruments(place)
		if err != nil {
			return nil, nil, err
		}
		if _, err := os.Stat(filepath.Join(place, "manifest.json")); err == nil || len(found) == 0 {
			runs = append(runs, place)
		}
		for _, f := range found {
			if f.Place = filepath.Clean(f.Place); slices.Contains(seen, f.Place) {
				return nil, nil, &RepeatedError{f.Place}
			}
			seen = append(seen, f.Place)
			if in == nil {
				in = &Inside{Heads: []HeadsFound{}, Likelihoods: []LikelihoodFound{}, Gateaus: []GateauFound{}}
			}
			in.add(f)
		}
	}
	return runs, in, nil
}

func (in *Inside) add(f results.Found) {
	switch {
	case f.Heads != nil:
		in.Heads = append(in.Heads, HeadsFound{f.Place, *f.Heads})
	case f.Likelihood != nil:
		f.Likelihood.List = nil
		in.Likelihoods = append(in.Likelihoods, LikelihoodFound{f.Place, *f.Likelihood})
	case f.Gateau != nil:
		for i := range f.Gateau.List {
			f.Gateau.List[i].Segments = nil
		}
		in.Gateaus = append(in.Gateaus, GateauFound{f.Place, *f.Gateau})
	}
}

// tasks are those of the cells, in their order.
func (l *LikelihoodFound) tasks() []string {
	var out []string
	for _, c := range l.Cells {
		if !slices.Contains(out, c.Task) {
			out = append(out, c.Task)
		}
	}
	return out
}

// gapsOf are what a task's lengths cost.
func (l *LikelihoodFound) gapsOf(task string) []results.LikelihoodGap {
	var out []results.LikelihoodGap
	for _, g := range l.Gaps {
		if g.Task == task {
			out = append(out, g)
		}
	}
	return out
}

// namedHeads is how many heads a table names.
const namedHeads = 10

// Best are the heads that copy most, and anything at all.
func (h HeadsFound) Best() []results.HeadScore {
	ranked := slices.Clone(h.List)
	slices.SortStableFunc(ranked, func(a, b results.HeadScore) int { return cmp.Compare(b.Copying, a.Copying) })
	ranked = ranked[:min(namedHeads, len(ranked))]
	return slices.DeleteFunc(ranked, func(s results.HeadScore) bool { return s.Copying <= 0 })
}

// Retrieving counts the heads that copy more than a tenth of the needle.
func (h HeadsFound) Retrieving() int {
	n := 0
	for _, s := range h.List {
		if s.Copying > results.RetrievalHead {
			n++
		}
	}
	return n
}

// namedSamples is how many samples a table names.
const namedSamples = 10

// Best are the samples that need the long context most.
func (g GateauFound) Best() []results.GateauSample {
	ranked := g.Ranked()
	return ranked[:min(namedSamples, len(ranked))]
}
