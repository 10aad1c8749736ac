package instruments

import (
	"math"
	"testing"

	"pgregory.net/rapid"
)

// near compares with figures of 15 decimals.
func near(t *testing.T, what string, got, want []float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s: %d figures, want %d", what, len(got), len(want))
	}
	for i, w := range want {
		if math.Abs(got[i]-w) > 1e-14 {
			t.Errorf("%s, number %d: got %.15f, want %.15f", what, i, got[i], w)
		}
	}
}

// The figures were computed once by Python's decimal module with 40 digits, as
// e^x / Σ e^x of e^nats (of −e^nats for segments), differences and cosines.
func TestGateauByHand(t *testing.T) {
	g := HomologousGuidance([]float64{1.5, 0.25, 2, 0.75}, []float64{0.5, 0.25, 1.75, 1})
	var short, long, score []float64
	for _, x := range g {
		short, long, score = append(short, x.Short), append(long, x.Long), append(score, x.Score)
	}
	near(t, "shares of the short window", short, []float64{0.051431425858643, 0.002101362050611, 0.941633762904998, 0.004833449185748})
	near(t, "shares of the long window", long, []float64{0.015312827574943, 0.010633347216120, 0.929430735190149, 0.044623090018788})
	near(t, "scores", score, []float64{0.036118598283700, -0.008531985165509, 0.012203027714849, -0.039789640833040})

	a := ContextualAwareness([]float64{2, 0.125, 1.5, 0.5, 3}, []float64{0.05, 0.3, 0.02, 0.2, 0.01})
	near(t, "importance", a.Importance, []float64{0.001174316433146, 0.611915294435262, 0.021500006723969, 0.365410378812005, 0.000000003595618})
	near(t, "attention paid", a.Paid, []float64{0.185974037731659, 0.238795391291495, 0.180477674272670, 0.216071005295083, 0.178681891409093})
	near(t, "cosines", []float64{a.Score, a.Sharp}, []float64{0.713714295031876, 0.988866981541382})
}

func TestGateauOfAnything(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 20).Draw(t, "n")
		nats := rapid.SliceOfN(rapid.Float64Range(0, 1000), n, n) // e^1000 is beyond a float64
		a, b := nats.Draw(t, "a"), nats.Draw(t, "b")
		ab, ba := HomologousGuidance(a, b), HomologousGuidance(b, a)
		var sums [3]float64
		for i := range ab {
			if ab[i].Score != -ba[i].Score || math.IsNaN(ab[i].Score) {
				t.Fatalf("sample %d: %g one way, %g the other", i, ab[i].Score, ba[i].Score)
			}
			sums[0] += ab[i].Short
			sums[1] += ab[i].Long
			sums[2] += ab[i].Score
		}
		if math.Abs(sums[0]-1) > 1e-12 || math.Abs(sums[1]-1) > 1e-12 || math.Abs(sums[2]) > 1e-12 {
			t.Fatalf("sums %v, want 1, 1 and 0", sums)
		}
		mass := rapid.SliceOfN(rapid.Float64Range(0, 1), n, n).Draw(t, "mass")
		w := ContextualAwareness(a, mass)
		for _, v := range []float64{w.Score, w.Sharp} {
			if !(v >= 0 && v <= 1) {
				t.Fatalf("a cosine of %g", v)
			}
		}
		u, v := 0.0, 0.0
		for i := range n {
			u += w.Importance[i]
			v += w.Paid[i]
		}
		if math.Abs(u-1) > 1e-12 || math.Abs(v-1) > 1e-12 {
			t.Fatalf("importance comes to %g, attention to %g; want 1", u, v)
		}
	})
	if got := ContextualAwareness(nil, nil); got.Score != 0 || got.Importance != nil {
		t.Errorf("no segments: %+v", got)
	}
	if got := ContextualAwareness([]float64{1, 2}, []float64{0, 0}); got.Sharp != 0 {
		t.Errorf("attention on nothing: a cosine of %g", got.Sharp)
	}
}
