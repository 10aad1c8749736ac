package stats

// Gap is what questions lose between their shortest and their longest version.
type Gap struct {
	// Comparison has the longest version as its base and the shortest as its
	// candidate: Difference is what the length costs.
	Comparison
	// Single counts the questions with one version only, which say nothing.
	Single int
}

// versions are a question's samples of its shortest and its longest length.
type versions struct {
	first             Sample
	shortest, longest int // tokens
	short, long       weighted
}

// weighted adds up scores.
type weighted struct{ sum, weight float64 }

func (w *weighted) add(s Sample) {
	w.sum += s.weight() * s.Score
	w.weight += s.weight()
}

func (w weighted) mean() float64 { return w.sum / w.weight }

func (v *versions) add(s Sample) {
	if s.Tokens < v.shortest {
		v.shortest, v.short = s.Tokens, weighted{}
	}
	if s.Tokens > v.longest {
		v.longest, v.long = s.Tokens, weighted{}
	}
	if s.Tokens == v.shortest {
		v.short.add(s)
	}
	if s.Tokens == v.longest {
		v.long.add(s)
	}
}

// ShortVersusLong compares every question's shortest version with its longest,
// each the mean of its samples of that length. It reads what EffectiveLength
// reads. Source of the concern: arXiv 2502.13922 (LongPO).
func ShortVersusLong(samples []Sample, o Options) (Gap, error) {
	if err := check(samples); err != nil {
		return Gap{}, err
	}
	var order []*versions
	at := map[string]*versions{}
	for _, s := range samples {
		if s.Tokens <= 0 {
			continue
		}
		key := s.stratum() + "\x00" + s.question()
		v := at[key]
		if v == nil {
			v = &versions{first: s, shortest: s.Tokens, longest: s.Tokens}
			at[key] = v
			order = append(order, v)
		}
		v.add(s)
	}
	var out Gap
	var pairs []Pair
	for _, v := range order {
		if v.shortest == v.longest {
			out.Single++
			continue
		}
		pairs = append(pairs, Pair{
			ID: v.first.question(), Stratum: v.first.stratum(), Group: v.first.Group, Weight: v.first.Weight,
			Base: v.long.mean(), Candidate: v.short.mean(),
		})
	}
	out.Comparison = Compare(pairs, o)
	return out, nil
}
