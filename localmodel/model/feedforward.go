package model

import "github.com/lcbench/lcbench/localmodel/kernels/cpu"

// network is a gated feed-forward network: W_down (act(W_gate x) * W_up x).
type network struct {
	gate, up cpu.Matrix // [hidden, width]
	down     cpu.Matrix // [width, hidden]
}

// network takes a network's tensors, in the order of its fields.
func (l *loader) network(width, hidden int, gate, up, down string) network {
	return network{l.matrix(gate, width, hidden), l.matrix(up, width, hidden), l.matrix(down, hidden, width)}
}

// matrices are all of a layer's that rows are multiplied with, but for those
// of a mixer of its own.
func (l *layer) matrices() []cpu.Matrix {
	out := []cpu.Matrix{l.query, l.key, l.value, l.out, l.gate, l.up, l.down}
	if l.experts != nil {
		out = append(out, l.experts.router)
		for _, e := range l.experts.each {
			out = append(out, e.gate, e.up, e.down)
		}
	}
	return out
}

// hiddenWidth is the most rows that a network has which all tokens pass.
func (m *Model) hiddenWidth() int {
	n := 0
	for i := range m.layers {
		n = max(n, m.layers[i].gate.Rows)
	}
	return n
}

// feedForward computes b.o [n, width] of b.x: what the layer's network makes of
// all rows, and its experts of those that take them.
func (e *CPU) feedForward(l *layer, n int) {
	m, b, k := e.m, &e.b, e.k
	x, o := b.x[:n*m.Width], b.o[:n*m.Width]
	if hidden := l.gate.Rows; hidden > 0 {
		gate, up := b.gate[:n*hidden], b.up[:n*hidden]
		k.MatMuls(x, n, cpu.MatMulJob{Out: gate, W: l.gate}, cpu.MatMulJob{Out: up, W: l.up})
		if m.GELU {
			k.GELUMul(gate, up)
		} else {
			k.SiLUMul(gate, up)
		}
		k.MatMul(o, gate, n, l.down)
	} else {
		clear(o)
	}
	if l.experts != nil {
		l.experts.add(k, &e.chosen, o, x, n)
	}
}
