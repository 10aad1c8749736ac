package instruments

import (
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lcbench/lcbench/localmodel/attention/goldentest"
)

func TestGoldenRetrievalScores(t *testing.T) {
	for _, c := range goldentest.Cases(t) {
		if c.Mechanism != "retrieval_score" {
			continue
		}
		attn, shape := c.Tensor(t, "attn")
		steps, heads, n := shape[0], shape[1], shape[2]
		produced, _ := c.Tensor(t, "produced")
		tokens, _ := c.Tensor(t, "prompt")
		var prompt []int32
		for _, v := range tokens {
			prompt = append(prompt, int32(v))
		}
		copying := NewCopying(heads, prompt, int(c.Number("start", 0)), int(c.Number("end", 0)))
		for s := range steps {
			var weights [][]float64
			for h := range heads {
				weights = append(weights, attn[(s*heads+h)*n:][:n])
			}
			copying.Step(int32(produced[s]), weights)
		}
		distinct, every := copying.Scores()
		for name, got := range map[string][]float64{"score": distinct, "score_every_step": every} {
			want, _ := c.Tensor(t, name)
			for h, w := range want {
				if math.Abs(got[h]-w) > c.AbsTol {
					t.Errorf("%s: %s of head %d: got %g, want %g", c.ID, name, h, got[h], w)
				}
			}
		}
	}
}

func TestMass(t *testing.T) {
	m := NewMass(2, [][2]int{{1, 3}, {4, 5}})
	m.Step([][]float64{{0.1, 0.2, 0.3, 0.2, 0.2}, {1, 0, 0, 0, 0}})
	m.Step([][]float64{{0, 0, 0, 0, 1, 0}, {0, 0.5, 0, 0.5, 0, 0}})
	got, even := m.Means(6)
	for i, v := range got {
		got[i] = math.Round(v*1e9) / 1e9
	}
	if diff := cmp.Diff([]float64{0.85, 0.25}, got); diff != "" || even != 0.5 {
		t.Errorf("mass (-want +got):\n%s evenly %g, want 0.5", diff, even)
	}
}
