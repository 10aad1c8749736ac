package sinkkv

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/lcbench/lcbench/localmodel/attention"
	"github.com/lcbench/lcbench/localmodel/attention/attentiontest"
	"github.com/lcbench/lcbench/localmodel/attention/full"
	"github.com/lcbench/lcbench/localmodel/attention/goldentest"
	"github.com/lcbench/lcbench/localmodel/kernels/cpu"
)

func TestGolden(t *testing.T) {
	for _, c := range goldentest.Cases(t) {
		if c.Mechanism != "sink_kv" {
			continue
		}
		for _, kv := range []cpu.KVType{cpu.F32, cpu.F16} {
			g := attentiontest.Golden(t, c, kv)
			g.Layer.Window = int(c.Number("window", 0))
			keys, _ := c.Tensor(t, "sink_k")
			values, _ := c.Tensor(t, "sink_v")
			m := SinkKV{
				Mode: Mode(strings.ToLower(c.Params["mode"].(string))), Sinks: int(c.Number("sinks", 0)),
				Learned: &[]Layer{{goldentest.Narrow(keys), goldentest.Narrow(values)}},
			}
			if err := m.Fits([]attention.Layer{g.Layer}, 0); err != nil {
				t.Fatal(err)
			}
			attentiontest.EachLevel(t, c.ID+"/"+kv.String(), func(t *testing.T, k *cpu.Kernels) {
				for _, step := range []int{g.N, 1, 48} {
					g.Near(t, fmt.Sprintf("steps of %d", step), g.Feed(k, m, m.New(g.Layer), step), "o")
				}
			})
		}
	}
}

// One sink of zeros is the softmax with a one in its sum: full attention times
// the sigmoid of its log-sum-exp.
func TestASinkOfZerosIsSoftmaxOne(t *testing.T) {
	k := cpu.New(cpu.Best(), 2)
	defer k.Close()
	for _, shape := range attentiontest.Shapes() {
		l := shape.Layer(cpu.F32)
		x := shape.Random(130, 1)
		m := SinkKV{Mode: K0V0, Sinks: 1}
		c := m.New(l)
		got := attentiontest.Feed(k, m, l, c, x)
		w := attention.Work{Cache: full.Full{}.New(l), N: x.N, Q: x.Q, K: x.K, V: x.V, Out: make([]float32, len(got))}
		lse := full.AttendLSE(k, l, []attention.Work{w})[0]
		for i, v := range w.Out {
			want := float64(v) / (1 + math.Exp(-float64(lse[i/l.KV.ValueDim])))
			if math.Abs(float64(got[i])-want) > 2e-6 {
				t.Fatalf("%v: number %d: got %g, want %g", shape, i, got[i], want)
			}
		}
		if said, held := m.Bytes(l, 130), attentiontest.Held(c); held > said {
			t.Errorf("%d bytes are held, said to be %d at the most", held, said)
		}
	}
}

// Forks go on as the sequence would have.
func TestForks(t *testing.T) {
	k := cpu.New(cpu.Best(), 2)
	defer k.Close()
	shape := attentiontest.Shapes()[1]
	l := shape.Layer(cpu.F32)
	x := shape.Random(200, 1)
	sinks := shape.Random(2, 9)
	m := SinkKV{Mode: KV, Sinks: 2, Learned: &[]Layer{{sinks.K, sinks.V}}}
	c := m.New(l)
	want := attentiontest.Feed(k, m, l, c, x)
	f, ok := c.Fork(100)
	if !ok {
		t.Fatal("not forked")
	}
	got := attentiontest.Feed(k, m, l, f, shape.Cut(x, 100, 200))
	for i, w := range want[100*l.Heads*l.KV.ValueDim:] {
		if math.Abs(float64(got[i]-w)) > 2e-6 {
			t.Fatalf("number %d: got %g, want %g", i, got[i], w)
		}
	}
}

func TestFits(t *testing.T) {
	layers := []attention.Layer{{KV: cpu.KVShape{Heads: 2, KeyDim: 4, ValueDim: 3}}}
	for _, c := range []struct {
		m    SinkKV
		want string
	}{
		{SinkKV{Mode: K0V0, Sinks: 1}, "<nil>"},
		{SinkKV{Mode: KV, Sinks: 1}, "its sinks are learned, and these weights have none; mode=k0v0 runs without"},
		{SinkKV{Mode: KV, Sinks: 1, Learned: &[]Layer{}}, "sinks of 0 layers for a model of 1"},
		{SinkKV{Mode: KV, Sinks: 1, Learned: &[]Layer{{make([]float32, 7), nil}}}, "layer 0: 7 numbers of sink keys, want 2 kv heads × 1 sinks × 4"},
		{SinkKV{Mode: KV, Sinks: 1, Learned: &[]Layer{{make([]float32, 8), nil}}}, "layer 0: 0 numbers of sink values, want 2 kv heads × 1 sinks × 3"},
		{SinkKV{Mode: KV0, Sinks: 1, Learned: &[]Layer{{make([]float32, 8), nil}}}, "<nil>"},
	} {
		if err := c.m.Fits(layers, 0); fmt.Sprint(err) != c.want {
			t.Errorf("%v: %v, want %s", c.m, err, c.want)
		}
	}
}
