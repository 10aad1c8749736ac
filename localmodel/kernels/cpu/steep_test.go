package cpu

import (
	"fmt"
	"math"
	"testing"
)

// steepTolerance is that of the golden cases whose scale is 40, at scores of up to
// a thousand.
const steepTolerance = 2e-4

func TestSteepScoresKeepTheirDigits(t *testing.T) {
	eachLevel(t, func(t *testing.T, k *Kernels) {
		for _, shape := range []AttendShape{
			{Heads: 8, KV: KVShape{2, 128, 64, F32}, Scale: 20},
			{Heads: 6, KV: KVShape{3, 100, 20, F16}, Scale: 20, Window: 70},
			{Heads: 4, KV: KVShape{1, 64, 128, Q8}, Scale: 20, NonCausal: true},
			{Heads: 2, KV: KVShape{2, 7, 64, F32}, Scale: 100, SoftCap: 500},
		} {
			for _, n := range []int{1, 40} {
				c := newCall(seeded(n), shape, n, 200)
				j := c.job(0, n)
				k.Attend(shape, j)
				out, lse := c.reference()
				for name, rows := range map[string]struct {
					got  []float32
					want []float64
				}{"out": {j.Out, out}, "lse": {j.LSE, lse}} {
					within(t, fmt.Sprintf("%+v n=%d %s", shape, n, name), rows.got, rows.want, steepTolerance)
					intact(t, rows.got)
				}
				steep := 0.0
				for _, l := range lse {
					steep = max(steep, math.Abs(l))
				}
				if steep < 300 {
					t.Errorf("%+v: no score beyond %g", shape, steep)
				}
			}
		}
	})
}
