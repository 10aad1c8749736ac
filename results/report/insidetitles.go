package report

// shorten gives each part the shortest title that tells it from the others of its
// kind.
func (p *insidePage) shorten() {
	var heads, likelihoods, gateaus []shortTitle
	for i := range p.Heads {
		v := &p.Heads[i]
		heads = append(heads, shortTitle{&v.Short, v.Model, v.Benchmark, v.Place})
	}
	for i := range p.Likelihoods {
		v := &p.Likelihoods[i]
		likelihoods = append(likelihoods, shortTitle{&v.Short, v.Named(), v.Benchmark, v.Place})
	}
	for i := range p.Gateaus {
		v := &p.Gateaus[i]
		gateaus = append(gateaus, shortTitle{&v.Short, v.Named(), v.Benchmark, v.Place})
	}
	shorten("Retrieval heads", heads)
	shorten("Likelihood", likelihoods)
	shorten("GATEAU", gateaus)
}

// shortTitle is what a part of a kind can be told by.
type shortTitle struct {
	of                     *string
	model, benchmark, file string
}

func shorten(kind string, parts []shortTitle) {
	for _, x := range parts {
		*x.of = kind
		if len(parts) == 1 {
			continue
		}
		*x.of += ": " + x.model
		var sameModel, same int // with itself
		for _, y := range parts {
			if y.model == x.model {
				sameModel++
				if y.benchmark == x.benchmark {
					same++
				}
			}
		}
		if sameModel > 1 {
			*x.of += " on " + x.benchmark
		}
		if same > 1 {
			*x.of += " (" + x.file + ")"
		}
	}
}
