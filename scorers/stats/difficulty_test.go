package stats

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lcbench/lcbench/scorers"
)

func TestStudentAgreesWithScipy(t *testing.T) {
	// scipy 1.17.1: 2*stats.t.sf(t, df)
	for _, tt := range []struct{ t, df, want float64 }{
		{0.5, 3, 0.651447964848151}, {2, 10, 0.07338803477074037}, {1, 1, 0.5}, {3.5, 29, 0.0015244463146546023},
		{12, 7, 6.358310378185098e-06}, {1.96, 100_000, 0.04999856319430168}, {-2, 10, 0.07338803477074037},
		{0.01, 100_000, 0.9920213073188231}, {0.001, 3, 0.9992648949694609},
	} {
		if got := studentTwoSided(tt.t, tt.df); math.Abs(got/tt.want-1) > 1e-9 {
			t.Errorf("t %v, df %v: got %v, want %v", tt.t, tt.df, got, tt.want)
		}
	}
	// scipy 1.17.1: stats.t.ppf(.975, df)
	for df, want := range map[float64]float64{1: 12.706204736174694, 2: 4.302652729749462, 5: 2.5705818356363146, 30: 2.0422724563012378, 1000: 1.9623390808264083} {
		if got := studentQuantile975(df); math.Abs(got/want-1) > 1e-9 {
			t.Errorf("df %v: got %v, want %v", df, got, want)
		}
	}
}

func TestEigenvectorsTakeTheMatrixApart(t *testing.T) {
	m := matrix{{4, 1, 0.5, 0}, {1, 3, 0.2, 0.1}, {0.5, 0.2, 2, 0.7}, {0, 0.1, 0.7, 1}}
	values, vectors := m.eigen()
	inverse, definite := m.inverse()
	for i := range m {
		for j := range m {
			whole, back := 0.0, 0.0
			for k, v := range values {
				whole += vectors[i][k] * v * vectors[j][k]
				back += vectors[i][k] / v * vectors[j][k]
			}
			if math.Abs(whole-m[i][j]) > 1e-12 || !definite || math.Abs(back-inverse[i][j]) > 1e-12 {
				t.Errorf("%d, %d: got %v and %v, want %v and %v", i, j, whole, back, m[i][j], inverse[i][j])
			}
		}
	}
	if _, definite := (matrix{{1, 2}, {2, 4}}).inverse(); definite {
		t.Error("a singular matrix was inverted")
	}
}

// formula makes the 240 samples that statsmodels was given.
func formula() []Sample {
	var out []Sample
	for i := range 240 {
		depth := float64(i*13%11) * 10
		diffusion, scope := float64(i*29%37)/36, float64(i*17%23)/22
		score := (110 - 6*float64(i*7%6) - 30*diffusion - 10*scope + float64(i*31%41) + 5*float64(i%3) - 20) / 100
		out = append(out, Sample{
			ID: fmt.Sprint(i), Benchmark: fmt.Sprint("b", i%3), Group: fmt.Sprint(i / 4), Score: min(1, max(0, score)),
			Tokens: 4096 << (i * 7 % 6), Depth: &depth, Axes: &Axes{Diffusion: diffusion, Scope: scope},
		})
	}
	return out
}

func TestDifficultyAgreesWithStatsmodels(t *testing.T) {
	// statsmodels 0.15.0 on formula's samples, x = log2 tokens, |depth − 50|/50,
	// diffusion, scope and an indicator a benchmark: GLM(y, x, Binomial()).fit(
	// cov_type='cluster', cov_kwds=dict(groups=document in benchmark,
	// use_correction=False), tol=1e-14); errors times √(180/179).
	coefficients := []float64{-0.33693635911462233, 0.02001962492826906, -1.83629670734184, -0.5590370114968068}
	errors := []float64{0.03263686131046586, 0.14317228542970944, 0.1619520201101023, 0.1505685361582438}
	deviations := []float64{1.7113942540767833, 0.3215678120406114, 0.2973348413881238, 0.3030627320355553}
	got, err := FitDifficulty(formula())
	if err != nil || got.State != StateOK || got.Samples != 240 || got.Documents != 180 {
		t.Fatalf("%v %+v", err, got)
	}
	const t975 = 1.973305 // scipy 1.17.1: stats.t.ppf(.975, 179)
	for k, a := range got.Axes {
		if a.State != AxisOK || math.Abs(a.Coefficient/coefficients[k]-1) > 1e-7 || math.Abs(a.Error/errors[k]-1) > 1e-6 {
			t.Errorf("%s: got %+v, want %v ± %v", a.Axis, a, coefficients[k], errors[k])
		}
		standardised := coefficients[k] * deviations[k]
		half := t975 * errors[k] * deviations[k]
		if math.Abs(a.Standardised-standardised) > 1e-7 || math.Abs(a.Interval.Low-standardised+half) > 1e-5 || math.Abs(a.Interval.High-standardised-half) > 1e-5 {
			t.Errorf("%s: got %v in %+v, want %v ± %v", a.Axis, a.Standardised, a.Interval, standardised, half)
		}
	}
	if got.Weakness != WeaknessLength && got.Weakness != WeaknessDiffusion || got.Axes[1].Adjusted.Value < 0.05 {
		t.Errorf("got %s, depth %+v", got.Weakness, got.Axes[1].Adjusted)
	}
	// −0.577 a deviation of length, −0.546 of diffusion.
	if got.Weakness != WeaknessLength {
		t.Errorf("got %s, want length", got.Weakness)
	}
}

// planted makes a run of two benchmarks, two questions a document, in which the
// chance of a right answer is chance's.
func planted(seed uint64, documents int, chance func(s Sample) float64) []Sample {
	r := rand.New(rand.NewPCG(seed, 17))
	var out []Sample
	for g := range documents {
		easy := 0.05 * r.NormFloat64()
		tokens := 4096 << r.IntN(6)
		for q := range 2 {
			depth := 100 * r.Float64()
			evidence := min(30*math.Exp2(7*r.Float64()), float64(tokens))
			s := Sample{
				ID: fmt.Sprint(g, q), Benchmark: fmt.Sprint("b", g%2), Group: fmt.Sprint(g), Tokens: tokens, Depth: &depth,
				Axes: &Axes{Diffusion: r.Float64(), Scope: math.Log1p(evidence/32) / math.Log1p(float64(tokens)/32)},
			}
			if r.Float64() < chance(s)+easy {
				s.Score = 1
			}
			out = append(out, s)
		}
	}
	return out
}

func TestDifficultyNamesThePlantedWeakness(t *testing.T) {
	tests := []struct {
		want   Weakness
		chance func(s Sample) float64
	}{
		{WeaknessLength, func(s Sample) float64 {
			if s.Tokens > 16384 {
				return 0.4
			}
			return 0.85
		}},
		{WeaknessMiddle, func(s Sample) float64 { return 0.45 + 0.45*math.Abs(*s.Depth-50)/50 }},
		{WeaknessEnds, func(s Sample) float64 { return 0.9 - 0.45*math.Abs(*s.Depth-50)/50 }},
		{WeaknessDiffusion, func(s Sample) float64 { return 0.9 - 0.5*s.Axes.Diffusion }},
		{WeaknessScope, func(s Sample) float64 { return 0.95 - 0.8*s.Axes.Scope }},
		{WeaknessNone, func(Sample) float64 { return 0.7 }},
	}
	for _, tt := range tests {
		named := map[Weakness]int{}
		for seed := range 100 {
			d, err := FitDifficulty(planted(uint64(seed), 250, tt.chance))
			if err != nil {
				t.Fatal(err)
			}
			named[d.Weakness]++
		}
		t.Logf("planted %s: named %v", tt.want, named)
		if named[tt.want] < 95 {
			t.Errorf("planted %s: named %v, want it at least 95 times", tt.want, named)
		}
	}
}

func TestDifficultyIntervalsCoverTheTruth(t *testing.T) {
	covered := 0
	for seed := range 400 {
		samples := planted(uint64(seed), 120, func(Sample) float64 { return 0 })
		r := rand.New(rand.NewPCG(uint64(seed), 4))
		for i := range samples {
			s := &samples[i]
			eta := 4 - 0.3*math.Log2(float64(s.Tokens)) + 0.5*s.Axes.Diffusion + 0.8*s.Axes.Scope
			s.Score = 0
			if r.Float64() < sigmoid(eta) {
				s.Score = 1
			}
		}
		d, err := FitDifficulty(samples)
		if err != nil || d.Axes[0].State != AxisOK {
			t.Fatal(err, d)
		}
		a := d.Axes[0]
		scale := a.Standardised / a.Coefficient
		if a.Interval.Low <= -0.3*scale && -0.3*scale <= a.Interval.High {
			covered++
		}
	}
	t.Logf("covered %d of 400", covered)
	if covered < 372 || covered > 388 {
		t.Errorf("covered %d of 400, want 372 to 388", covered)
	}
}

func TestSeparatedAxisIsNamedNotFitted(t *testing.T) {
	fails := func(s Sample) float64 {
		if s.Tokens > 16384 {
			return -10
		}
		return 10
	}
	d, err := FitDifficulty(planted(1, 100, fails))
	if err != nil {
		t.Fatal(err)
	}
	length := d.Axes[0]
	if length.State != AxisSeparated || length.Direction != -1 || length.Adjusted.State != StateOK || length.Adjusted.Value > 1e-6 || d.Weakness != WeaknessLength {
		t.Errorf("got %+v, weakness %s", length, d.Weakness)
	}
	for _, a := range d.Axes {
		if a.Axis != AxisLength && (a.State != AxisNotFitted || a.P.State != StateNotFitted) || a.Coefficient != 0 || a.Interval.State == scorers.IntervalOK {
			t.Errorf("%s: got %+v, want no coefficient", a.Axis, a)
		}
	}
}

func TestFewFailuresAreNoEvidence(t *testing.T) {
	// One failure in sixty is told from the rest by many a plane.
	samples := planted(3, 30, func(Sample) float64 { return 10 })
	samples[0].Score, samples[2].Score = 0, 0
	d, err := FitDifficulty(samples)
	if err != nil || d.State != StateTooFewSamples || d.Weakness != WeaknessNone {
		t.Errorf("%v %+v", err, d)
	}
	// With as few as the model takes, none is named where none was planted.
	named, fitted := 0, 0
	for seed := range 400 {
		d, err := FitDifficulty(planted(uint64(seed)+7000, 100, func(Sample) float64 { return 0.89 }))
		if err != nil {
			t.Fatal(err)
		}
		if d.State == StateOK {
			fitted++
		}
		if d.Weakness != WeaknessNone {
			named++
		}
	}
	t.Logf("named %d of %d fitted", named, fitted)
	if named > 20 || fitted < 200 {
		t.Errorf("named %d of %d fitted, want at most 20 of at least 200", named, fitted)
	}
}

func TestAxesThatFollowFromOneAnotherAreNamed(t *testing.T) {
	samples := formula()
	for i := range samples {
		axes := *samples[i].Axes
		axes.Scope = 1 - 0.05*math.Log2(float64(samples[i].Tokens)) + 0.01*float64(i%3) // by length in every benchmark
		samples[i].Axes = &axes
	}
	d, err := FitDifficulty(samples)
	if err != nil {
		t.Fatal(err)
	}
	want := []AxisState{AxisCollinear, AxisOK, AxisOK, AxisCollinear}
	var got []AxisState
	for _, a := range d.Axes {
		got = append(got, a.State)
	}
	if diff := cmp.Diff(want, got); diff != "" || !cmp.Equal(d.Axes[0].With, []Axis{AxisScope}) || !cmp.Equal(d.Axes[3].With, []Axis{AxisLength}) {
		t.Errorf("%s with %v and %v", diff, d.Axes[0].With, d.Axes[3].With)
	}
	if d.Weakness != WeaknessDiffusion || d.Axes[0].P.State == StateOK {
		t.Errorf("weakness %s, length %+v", d.Weakness, d.Axes[0])
	}
}

func TestInflationIsThatOfARegressionOnTheOthers(t *testing.T) {
	// Two axes of correlation ρ within benchmarks: 1/(1 − ρ²).
	samples := planted(3, 400, func(Sample) float64 { return 0.6 })
	for i := range samples {
		samples[i].Depth, samples[i].Tokens = nil, 0
	}
	d, err := FitDifficulty(samples)
	if err != nil {
		t.Fatal(err)
	}
	var covariance, a, b float64
	for _, name := range []string{"b0", "b1"} {
		var x, y []float64
		for _, s := range samples {
			if s.Benchmark == name {
				x, y = append(x, s.Axes.Diffusion), append(y, s.Axes.Scope)
			}
		}
		for i := range x {
			dx, dy := x[i]-mean(x), y[i]-mean(y)
			covariance, a, b = covariance+dx*dy, a+dx*dx, b+dy*dy
		}
	}
	if want := 1 / (1 - covariance*covariance/(a*b)); math.Abs(d.Axes[2].Inflation-want) > 1e-9 {
		t.Errorf("got %v, want %v", d.Axes[2].Inflation, want)
	}
	if d.Axes[0].State != AxisUnknown || d.Axes[1].State != AxisUnknown {
		t.Errorf("got %s and %s, want unknown", d.Axes[0].State, d.Axes[1].State)
	}
}

func mean(v []float64) float64 {
	sum := 0.0
	for _, x := range v {
		sum += x / float64(len(v))
	}
	return sum
}

func TestWhatTheModelLeavesOutIsSaid(t *testing.T) {
	samples := formula()
	for i := range samples {
		axes := *samples[i].Axes
		axes.Diffusion = 0.5 + 0.1*float64(i%3) // a prior by benchmark
		samples[i].Axes = &axes
		if i%10 == 0 {
			samples[i].Depth = nil
		}
	}
	samples = append(samples, Sample{ID: "u", Benchmark: "always right", Score: 1, Tokens: 4096, Depth: samples[1].Depth, Axes: &Axes{}})
	d, err := FitDifficulty(samples)
	if err != nil || d.Unplaced != 24 || d.Samples != 216 || !slices.Equal(d.Uniform, []string{"always right"}) || d.Axes[2].State != AxisConstant || d.Axes[0].State != AxisOK {
		t.Errorf("%v %+v", err, d)
	}
	one := formula()[:12]
	for i := range one {
		one[i].Benchmark, one[i].Group = "b", "d"
	}
	tests := []struct {
		name    string
		samples []Sample
		want    State
	}{
		{"no samples", nil, StateNoSamples},
		{"all right", []Sample{samples[240], samples[240]}, StateNoSamples},
		{"one document", one, StateOneDocument},
		{"fewer documents than the model needs", formula()[:6], StateTooFewSamples},
	}
	for _, tt := range tests {
		d, err := FitDifficulty(tt.samples)
		if err != nil || d.State != tt.want || d.Weakness != WeaknessNone {
			t.Errorf("%s: %v %+v, want %s", tt.name, err, d, tt.want)
		}
		for _, a := range d.Axes {
			if a.State == AxisOK || a.P.State == StateOK {
				t.Errorf("%s: %+v", tt.name, a)
			}
		}
	}
	if _, err := FitDifficulty([]Sample{{ID: "x", Score: 85}}); err == nil || !strings.Contains(err.Error(), `sample 1 (id "x"): score is 85, want 0 to 1`) {
		t.Errorf("got %v", err)
	}
}
