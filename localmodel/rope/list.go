package rope

import "github.com/lcbench/lcbench/localmodel/choice"

// Entry is one way in the list.
type Entry = choice.Entry[Scaling]

// List returns the ways to stretch positions.
func List() []Entry {
	return []Entry{
		{Name: "none", Usage: "none", Summary: "plain: base^(-2i/d), without the model's own scaling", Read: readNone},
		{Name: "pi", Usage: "pi:factor=4", Summary: "position interpolation: every pair slower by the factor", Read: readPI},
		{Name: "abf", Usage: "abf:base=500000", Summary: "another base", Read: readABF},
		{Name: "ntk", Usage: "ntk:factor=4", Summary: "NTK-aware: a larger base, by which only the slowest pair slows by the factor", Read: readNTK},
		{Name: "dynamic-ntk", Usage: "dynamic-ntk:factor=2[,original=2048]", Summary: "NTK-aware by each sequence's length, plain up to the original one", Read: readDynamicNTK},
		{Name: "yarn", Usage: "yarn:factor=4[,original=2048,beta-fast=32,beta-slow=1,form=shipped|paper,amplitude=1.1]", Summary: "fast pairs kept, slow ones interpolated, scores sharpened", Read: readYaRN},
		{Name: "llama3", Usage: "llama3:factor=8,low=1,high=4,original=8192", Summary: "fast pairs kept, slow ones interpolated, by wavelength", Read: readLlama3},
		{Name: "e2llm", Usage: "e2llm:g=4", Summary: "position interpolation of a model tuned by E2-LLM", Read: readE2LLM},
	}
}

// Parse reads a scaling as "kind" or "kind:key=value,…".
func Parse(spec string) (Scaling, error) { return choice.Parse("rope", "kind", spec, List()) }

func readNone(choice.Parameters) (Scaling, error) { return None{}, nil }

func readPI(p choice.Parameters) (Scaling, error) {
	s, err := p.Needed("factor", 1, maxFactor)
	return PI{s}, err
}

func readE2LLM(p choice.Parameters) (Scaling, error) {
	g, err := p.Needed("g", 1, maxFactor)
	return E2LLM{g}, err
}

func readABF(p choice.Parameters) (Scaling, error) {
	base, err := p.Needed("base", minBase, maxBase)
	return ABF{base}, err
}

func readNTK(p choice.Parameters) (Scaling, error) {
	s, err := p.Needed("factor", 1, maxFactor)
	return NTK{s}, err
}

func readDynamicNTK(p choice.Parameters) (Scaling, error) {
	var t DynamicNTK
	var faults [2]error
	t.Factor, faults[0] = p.Needed("factor", 1, maxFactor)
	t.Original, faults[1] = p.Count("original", 0, 1)
	return checked(t, faults[:]...)
}

func readYaRN(p choice.Parameters) (Scaling, error) {
	var y YaRN
	var form string
	var faults [6]error
	y.Factor, faults[0] = p.Needed("factor", 1, maxFactor)
	y.Original, faults[1] = p.Count("original", 0, 1)
	y.BetaFast, faults[2] = p.Number("beta-fast", 32, 0, maxFactor)
	y.BetaSlow, faults[3] = p.Number("beta-slow", 1, 0, maxFactor)
	form, faults[4] = p.Word("form", "shipped", "paper")
	y.Amplitude, faults[5] = p.Number("amplitude", 0, 0.01, 100)
	y.Paper = form == "paper"
	if y.Amplitude == (YaRN{Factor: y.Factor}).amplitude() { // the usual one, written down
		y.Amplitude = 0
	}
	return checked(y, faults[:]...)
}

func readLlama3(p choice.Parameters) (Scaling, error) {
	var l Llama3
	var faults [4]error
	l.Factor, faults[0] = p.Number("factor", 8, 1, maxFactor)
	l.Original, faults[1] = p.Count("original", 8192, 1)
	l.Low, faults[2] = p.Number("low", 1, 0, maxFactor)
	l.High, faults[3] = p.Number("high", 4, 0, maxFactor)
	return checked(l, faults[:]...)
}

// checked returns the first of the faults, if there is one, else what Check
// says.
func checked(s Scaling, faults ...error) (Scaling, error) {
	for _, err := range faults {
		if err != nil {
			return nil, err
		}
	}
	return s, Check(s)
}
