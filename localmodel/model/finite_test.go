package model

import (
	"errors"
	"math"
	"testing"

	"github.com/lcbench/lcbench/localmodel/attention/full"
	"github.com/lcbench/lcbench/localmodel/induction"
	"github.com/lcbench/lcbench/localmodel/kernels/cpu"
	"github.com/lcbench/lcbench/localmodel/quant"
)

// spoiled is the built-in model with one float16 weight changed.
type spoiled struct {
	*induction.Weights
	name string
	at   int
	bits uint16
}

func (s spoiled) Tensor(name string) (quant.Tensor, bool) {
	t, ok := s.Weights.Tensor(name)
	if ok && name == s.name {
		t.Data = append([]byte(nil), t.Data...)
		t.Data[2*s.at], t.Data[2*s.at+1] = byte(s.bits), byte(s.bits>>8)
	}
	return t, ok
}

// A weight that is no number is noticed wherever it lies, that of a single
// token's output too, which no other token's logit shows.
func TestWeightsThatAreNoNumbersAreNoticed(t *testing.T) {
	const nan, inf = 0x7e00, 0x7c00
	k := cpu.New(cpu.Best(), 1)
	defer k.Close()
	for _, c := range []struct {
		name   string
		tensor string
		at     int
		bits   uint16
		want   error
	}{
		{"none", "output.weight", 0, 0, nil},
		{"one of a token's output", "output.weight", 99 * 512, nan, ErrNotFinite},
		{"an infinite one", "output.weight", 99 * 512, inf, ErrNotFinite},
		{"one of a projection", "blk.1.attn_output.weight", 5, nan, ErrNotFinite},
		{"one of a token that the prompt hasn't", "token_embd.weight", 99 * 512, nan, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := spoiled{induction.Small(), c.tensor, c.at, c.bits}
			m, err := FromGGUF(w, w)
			if err != nil {
				t.Fatal(err)
			}
			e := NewCPU(m, k, full.Full{}, cpu.F32)
			err = e.Forward([]Chunk{{State: e.New(0), IDs: []int32{0, 5, 6, 7}, From: 3}}, func(_, _ int, logits []float32) error {
				for _, z := range logits {
					if math.IsNaN(float64(z)) {
						t.Error("a logit that is no number was passed on")
					}
				}
				return nil
			})
			if !errors.Is(err, c.want) {
				t.Errorf("got %v, want %v", err, c.want)
			}
		})
	}
}
