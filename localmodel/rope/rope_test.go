package rope_test

import (
	"math"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/lcbench/lcbench/localmodel/rope"
)

// drawKinds draws one of each kind, YaRN in both forms, with the given factor.
// Bases grow by it.
func drawKinds(t *rapid.T, s, base float64) []rope.Scaling {
	original := rapid.IntRange(1, 1<<17).Draw(t, "original")
	slow := rapid.Float64Range(0.1, 8).Draw(t, "slow")
	fast := slow + rapid.Float64Range(0.01, 64).Draw(t, "fast beyond slow")
	return []rope.Scaling{
		rope.None{}, rope.PI{Factor: s}, rope.ABF{Base: base * s}, rope.NTK{Factor: s}, rope.DynamicNTK{Factor: s, Original: original},
		rope.YaRN{Factor: s, Original: original, BetaFast: fast, BetaSlow: slow},
		rope.YaRN{Factor: s, Original: original, BetaFast: fast, BetaSlow: slow, Paper: true},
		rope.Llama3{Factor: s, Original: original, Low: slow, High: fast}, rope.E2LLM{G: s},
	}
}

// drawScaling draws any kind with the given factor.
func drawScaling(t *rapid.T, s, base float64) rope.Scaling {
	return rapid.SampledFrom(drawKinds(t, s, base)).Draw(t, "kind")
}

func drawModel(t *rapid.T) (base float64, d int) {
	return math.Exp(rapid.Float64Range(math.Log(2), math.Log(1e9)).Draw(t, "ln base")), 2 * rapid.IntRange(1, 128).Draw(t, "pairs")
}

// Every kind in the list is plain with a factor of 1; dynamic NTK, which stretches
// by the length alone, up to its original one.
func TestAFactorOfOneIsPlain(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		base, d := drawModel(t)
		want, _ := rope.None{}.Frequencies(base, d, 0)
		tried := map[string]bool{}
		for _, s := range drawKinds(t, 1, base) {
			name, _, _ := strings.Cut(s.String(), ":")
			tried[name] = true
			n := 1 << 18
			if dynamic, ok := s.(rope.DynamicNTK); ok {
				n = rapid.IntRange(1, dynamic.Original).Draw(t, "n")
			}
			got, amplitude := s.Frequencies(base, d, s.Step(n))
			if amplitude != 1 {
				t.Fatalf("%s: amplitude %g, want 1", s, amplitude)
			}
			for i, w := range want {
				if !(math.Abs(got[i]-w) <= tableTolerance*w) {
					t.Fatalf("%s, base %g, pair %d of %d: %g, want %g", s, base, i, d/2, got[i], w)
				}
			}
		}
		for _, e := range rope.List() {
			if !tried[e.Name] {
				t.Fatalf("%s was not tried", e.Name)
			}
		}
	})
}

// Dynamic NTK's factor says how the stretch grows: with 1 it is the length over
// the original one, and up to that it is plain whatever the factor.
func TestDynamicNTKIsNTKByTheLength(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		base, d := drawModel(t)
		s := rope.DynamicNTK{Factor: rapid.Float64Range(1, 16).Draw(t, "factor"), Original: rapid.IntRange(4, 1<<16).Draw(t, "original")}
		n := rapid.IntRange(1, 8*s.Original).Draw(t, "n")
		step := s.Step(n)
		var want rope.Scaling = rope.None{}
		if n > s.Original {
			want = rope.NTK{Factor: s.Factor*float64(step)/float64(s.Original) - (s.Factor - 1)}
			if step < n || step >= n+s.Original/4 {
				t.Fatalf("%d tokens of %d count as %d, want less than a quarter more", n, s.Original, step)
			}
		} else if step != 0 {
			t.Fatalf("%d tokens of %d count as %d, want 0", n, s.Original, step)
		}
		plain, _ := want.Frequencies(base, d, 0)
		got, amplitude := s.Frequencies(base, d, step)
		for i, w := range plain {
			if !(math.Abs(got[i]-w) <= tableTolerance*w) || amplitude != 1 {
				t.Fatalf("pair %d: %g times %g, want %g", i, got[i], amplitude, w)
			}
		}
	})
}

// A stretch slows pairs down, none by more than its factor, and YaRN's two
// forms agree outside of the band between fast and slow pairs.
func TestNoPairSlowsByMoreThanTheFactor(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		base, d := drawModel(t)
		factor := rapid.Float64Range(1, 64).Draw(t, "factor")
		s := drawScaling(t, factor, base)
		plain, _ := rope.None{}.Frequencies(base, d, 0)
		f, _ := s.Frequencies(base, d, 0)
		for i, p := range plain {
			if !(f[i] <= p*(1+tableTolerance) && f[i]*factor >= p*(1-tableTolerance)) {
				t.Fatalf("%s: pair %d turns by %g, %g before", s, i, f[i], p)
			}
		}
	})
}

func TestYaRNKeepsFastPairsAndInterpolatesSlowOnes(t *testing.T) {
	const base, d, s, original = 1e4, 128, 16.0, 4096
	plain, _ := rope.None{}.Frequencies(base, d, 0)
	for _, paper := range []bool{false, true} {
		y := rope.YaRN{Factor: s, Original: original, BetaFast: 32, BetaSlow: 1, Paper: paper}
		f, _ := y.Frequencies(base, d, 0)
		between := 0
		for i, p := range plain {
			switch turns := original * p / (2 * math.Pi); {
			case turns >= 40 && f[i] != p:
				t.Errorf("%s: pair %d makes %.0f turns and is not kept", y, i, turns)
			case turns <= 0.8 && math.Abs(f[i]-p/s) > 1e-12*p:
				t.Errorf("%s: pair %d makes %.1f turns and is not interpolated", y, i, turns)
			case turns < 32 && turns > 1 && f[i] < p && f[i] > p/s:
				between++
			}
		}
		if between < 10 {
			t.Errorf("%s: %d pairs lie between, want a ramp", y, between)
		}
	}
}

// Scores are those of any common shift, and a rotation changes a pair's length
// by the amplitude alone.
func TestShiftsAndLengths(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		base, d := drawModel(t)
		s := drawScaling(t, rapid.Float64Range(1, 64).Draw(t, "factor"), base)
		f, amplitude := s.Frequencies(base, d, s.Step(rapid.IntRange(1, 1<<18).Draw(t, "n")))
		q, k := float64(rapid.IntRange(0, 4096).Draw(t, "q")), float64(rapid.IntRange(0, 4096).Draw(t, "k"))
		shift := float64(rapid.IntRange(0, 4096).Draw(t, "shift"))
		x := make([]float64, d)
		for i := range x {
			x[i] = rapid.Float64Range(-2, 2).Draw(t, "x")
		}
		here, there := dot(rotate(x, q, f, amplitude), rotate(x, k, f, amplitude)), dot(rotate(x, q+shift, f, amplitude), rotate(x, k+shift, f, amplitude))
		norm := dot(x, x)
		if math.Abs(here-there) > 1e-9*(1+norm)*amplitude*amplitude {
			t.Fatalf("%s: score %g, %g when shifted by %g", s, here, there, shift)
		}
		turned := rotate(x, q, f, amplitude)
		if got := dot(turned, turned); math.Abs(got-norm*amplitude*amplitude) > 1e-9*(1+got) {
			t.Fatalf("%s: square length %g, want %g times %g squared", s, got, norm, amplitude)
		}
	})
}

func rotate(x []float64, at float64, f []float64, amplitude float64) []float64 {
	y := make([]float64, len(x))
	for i, turn := range f {
		sin, cos := math.Sincos(at * turn)
		y[2*i], y[2*i+1] = amplitude*(x[2*i]*cos-x[2*i+1]*sin), amplitude*(x[2*i+1]*cos+x[2*i]*sin)
	}
	return y
}

func dot(x, y []float64) float64 {
	sum := 0.0
	for i, v := range x {
		sum += v * y[i]
	}
	return sum
}

func TestReach(t *testing.T) {
	for _, c := range []struct {
		s    rope.Scaling
		want float64
	}{
		{rope.None{}, 8192},
		{rope.PI{Factor: 2.5}, 20480},
		{rope.E2LLM{G: 4}, 32768},
		{rope.NTK{Factor: 4}, 32768},
		{rope.DynamicNTK{Factor: 2}, 16384},
		{rope.DynamicNTK{Factor: 2, Original: 2048}, 4096},
		{rope.YaRN{Factor: 4, BetaFast: 32, BetaSlow: 1}, 32768},
		{rope.YaRN{Factor: 4, Original: 2048, BetaFast: 32, BetaSlow: 1}, 8192},
		{rope.Llama3{Factor: 8, Original: 8192, Low: 1, High: 4}, 65536},
		{rope.ABF{Base: 1e4}, 8192},
		{rope.ABF{Base: 5e3}, 8192}, // a smaller base stretches nothing
	} {
		if got := c.s.Reach(1e4, 64, 8192); got != c.want {
			t.Errorf("%s reaches %g, want %g", c.s, got, c.want)
		}
	}
	f, _ := rope.NTK{Factor: 4}.Frequencies(1e4, 64, 0)
	base := math.Pow(f[1], -32)
	if got := (rope.ABF{Base: base}).Reach(1e4, 64, 8192); math.Abs(got-4*8192) > 1e-6 {
		t.Errorf("the base of NTK by 4 reaches %g, want four times 8192", got)
	}
}

func TestWhatIsLeftOpenIsTheModels(t *testing.T) {
	for spec, want := range map[string]string{
		"yarn:factor=4":                     "yarn:factor=4,original=8192,beta-fast=32,beta-slow=1,form=shipped,amplitude=1.138629436111989",
		"yarn:factor=4,original=2048":       "yarn:factor=4,original=2048,beta-fast=32,beta-slow=1,form=shipped,amplitude=1.138629436111989",
		"dynamic-ntk:factor=2":              "dynamic-ntk:factor=2,original=8192",
		"dynamic-ntk:factor=2,original=100": "dynamic-ntk:factor=2,original=100",
		"llama3":                            "llama3:factor=8,low=1,high=4,original=8192",
		"pi:factor=4":                       "pi:factor=4",
		"abf:base=500000":                   "abf:base=500000",
		"ntk:factor=1.5":                    "ntk:factor=1.5",
		"e2llm:g=4":                         "e2llm:g=4",
		"none":                              "none",
	} {
		s, err := rope.Parse(spec)
		if err != nil {
			t.Fatal(err)
		}
		if got := s.For(8192).String(); got != want {
			t.Errorf("%s is %s for a model of 8192 tokens, want %s", spec, got, want)
		}
	}
	if l := (rope.Llama3{Factor: 2, Low: 1, High: 4}).For(100).(rope.Llama3); l.Original != 100 {
		t.Errorf("original %d, want 100", l.Original)
	}
}

func TestParse(t *testing.T) {
	const (
		wantPI   = "; want pi:factor=4"
		wantYaRN = "; want yarn:factor=4[,original=2048,beta-fast=32,beta-slow=1,form=shipped|paper,amplitude=1.1]"
		wantL3   = "; want llama3:factor=8,low=1,high=4,original=8192"
	)
	for _, c := range []struct{ spec, want, err string }{
		{"none", "none", ""},
		{"pi:factor=4", "pi:factor=4", ""},
		{"yarn:factor=4", "yarn:factor=4,beta-fast=32,beta-slow=1,form=shipped,amplitude=1.138629436111989", ""},
		{"yarn:form=paper,factor=2,amplitude=1.25", "yarn:factor=2,beta-fast=32,beta-slow=1,form=paper,amplitude=1.25", ""},
		{"llama3:factor=32", "llama3:factor=32,low=1,high=4,original=8192", ""},
		{"abf:base=1e6", "abf:base=1000000", ""},
		{"", "", `rope "" names no kind: want one of none, pi, abf, ntk, dynamic-ntk, yarn, llama3, e2llm, or leave it out`},
		{"yarm:factor=4", "", `rope "yarm:factor=4": no kind "yarm"; there is none, pi, abf, ntk, dynamic-ntk, yarn, llama3, e2llm`},
		{"pi", "", `rope "pi": factor is missing` + wantPI},
		{"pi:factor=0.5", "", `rope "pi:factor=0.5": factor=0.5: want a number from 1 to 1e+06` + wantPI},
		{"pi:factor=NaN", "", `rope "pi:factor=NaN": factor=NaN: want a number from 1 to 1e+06` + wantPI},
		{"pi:factor=four", "", `rope "pi:factor=four": factor=four: want a number from 1 to 1e+06` + wantPI},
		{"pi:factor=4,original=2048", "", `rope "pi:factor=4,original=2048": no parameter original` + wantPI},
		{"pi:4", "", `rope "pi:4": "4" is not key=value` + wantPI},
		{"none:factor=2", "", `rope "none:factor=2": no parameter factor; want none`},
		{"abf:base=1", "", `rope "abf:base=1": base=1: want a number from 2 to 1e+18; want abf:base=500000`},
		{"abf", "", `rope "abf": base is missing; want abf:base=500000`},
		{"ntk:s=2", "", `rope "ntk:s=2": no parameter s; want ntk:factor=4`},
		{"dynamic-ntk:original=-1,factor=2", "", `rope "dynamic-ntk:original=-1,factor=2": original=-1: want a whole number of at least 1; want dynamic-ntk:factor=2[,original=2048]`},
		{"yarn:factor=4,original=0", "", `rope "yarn:factor=4,original=0": original=0: want a whole number of at least 1` + wantYaRN},
		{"yarn:factor=4,original=99999999", "", `rope "yarn:factor=4,original=99999999": original=99999999: want 1 to 67108864 tokens` + wantYaRN},
		{"yarn:factor=4,beta-fast=1", "", `rope "yarn:factor=4,beta-fast=1": beta-fast=1, beta-slow=1: want numbers of turns above 0, the fast one above the slow one` + wantYaRN},
		{"yarn:factor=4,form=new", "", `rope "yarn:factor=4,form=new": form=new: want shipped or paper` + wantYaRN},
		{"yarn:factor=4,amplitude=0", "", `rope "yarn:factor=4,amplitude=0": amplitude=0: want a number from 0.01 to 100` + wantYaRN},
		{"yarn:factor=0,original=0", "", `rope "yarn:factor=0,original=0": factor=0: want a number from 1 to 1e+06` + wantYaRN},
		{"llama3:low=4,high=1", "", `rope "llama3:low=4,high=1": low=4, high=1: want numbers from 0 on, high no smaller than low` + wantL3},
		{"e2llm", "", `rope "e2llm": g is missing; want e2llm:g=4`},
	} {
		s, err := rope.Parse(c.spec)
		got, said := "", ""
		if err != nil {
			said = err.Error()
		} else {
			got = s.String()
		}
		if got != c.want || said != c.err {
			t.Errorf("%q:\n got %q, %s\nwant %q, %s", c.spec, got, said, c.want, c.err)
		}
	}
}

// What a scaling calls itself can be typed.
func TestEveryScalingReadsItsOwnName(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		base, _ := drawModel(t)
		s := drawScaling(t, rapid.Float64Range(1, 1e4).Draw(t, "factor"), base)
		again, err := rope.Parse(s.String())
		if err != nil || again != s {
			t.Fatalf("%s: read again it is %v (%v)", s, again, err)
		}
		if err := rope.Check(s); err != nil {
			t.Fatalf("%s: %v", s, err)
		}
	})
}
