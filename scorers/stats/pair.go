package stats

import "fmt"

// Pair is one sample as two runs scored it.
type Pair struct {
	// ID names the sample.
	ID string
	// Stratum and Group are the sample's task and document.
	Stratum, Group string
	// Base and Candidate are in 0..1.
	Base, Candidate float64
	// Weight is what the pair weighs in means; 0: 1.
	Weight float64
}

func (p Pair) weight() float64 { return Sample{Weight: p.Weight}.weight() }

func (p Pair) difference() float64 { return p.Candidate - p.Base }

// Matched are two runs' samples, paired by id.
type Matched struct {
	// Pairs follow the base's order.
	Pairs []Pair
	// OnlyBase and OnlyCandidate count samples without a partner.
	OnlyBase, OnlyCandidate int
}

// Match pairs samples by ID. An error names a sample that stands twice in a
// run, has no finite score, or belongs elsewhere in the other run: to another
// task or document.
func Match(base, candidate []Sample) (Matched, error) {
	if err := check(base); err != nil {
		return Matched{}, fmt.Errorf("base: %w", err)
	}
	if err := check(candidate); err != nil {
		return Matched{}, fmt.Errorf("candidate: %w", err)
	}
	if id, twice := repeated(base); twice {
		return Matched{}, fmt.Errorf("base: id %q stands twice: compare runs with one row a sample", id)
	}
	if id, twice := repeated(candidate); twice {
		return Matched{}, fmt.Errorf("candidate: id %q stands twice: compare runs with one row a sample", id)
	}
	byID := make(map[string]Sample, len(candidate))
	for _, s := range candidate {
		byID[s.ID] = s
	}
	var m Matched
	for _, b := range base {
		c, both := byID[b.ID]
		if !both {
			m.OnlyBase++
			continue
		}
		if b.stratum() != c.stratum() || b.Group != c.Group {
			return Matched{}, fmt.Errorf("id %q: base has it in task %s, document %q, candidate in task %s, document %q: compare runs on the same data",
				b.ID, b.stratum(), b.Group, c.stratum(), c.Group)
		}
		m.Pairs = append(m.Pairs, Pair{ID: b.ID, Stratum: b.stratum(), Group: b.Group, Base: b.Score, Candidate: c.Score, Weight: b.Weight})
	}
	m.OnlyCandidate = len(candidate) - len(m.Pairs)
	return m, nil
}

// repeated returns the first id that stands twice.
func repeated(samples []Sample) (string, bool) {
	seen := make(map[string]bool, len(samples))
	for _, s := range samples {
		if seen[s.ID] {
			return s.ID, true
		}
		seen[s.ID] = true
	}
	return "", false
}
