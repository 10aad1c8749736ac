package cpu

import "unsafe"

func plainFade(b *fadeArgs) {
	n := int(b.bytes / 4)
	run, back := unsafe.Slice(b.run, n), unsafe.Slice(b.back, n)
	beta, decay := unsafe.Slice(b.beta, int(b.rows)), make([]float32, n)
	for x := range run {
		run[x] = 1
	}
	for i := range b.rows {
		log, key, query := floatsAt(b.log, i*b.stride, n), floatsAt(b.key, i*b.stride, n), floatsAt(b.query, i*b.stride, n)
		at := i * b.bytes
		nearK, nearQ, past := floatsAt(b.nearKey, at, n), floatsAt(b.nearQuery, at, n), floatsAt(b.past, at, n)
		plainExp(&decay[0], &log[0], n)
		for x, e := range decay {
			run[x] *= e
			nearK[x], nearQ[x] = key[x]*run[x]*beta[i], query[x]*run[x]*b.scale
			past[x] = key[x] / run[x]
		}
	}
	for x, e := range run {
		back[x] = 1 / max(e, leastRun)
	}
}

// leastRun is what a run's decay counts as at the least where it is inverted.
const leastRun = 1e-37

func plainTriangle(t *triangleArgs) {
	const n = TriangleRows
	inverse := unsafe.Slice(t.inverse, n*n)
	for i := range n {
		a, row := floatsAt(t.a, uintptr(4*Panel*i), n), inverse[i*n:][:n]
		clear(row)
		row[i] = 1
		for j := range i {
			for x := range j + 1 {
				row[x] += a[j] * inverse[j*n+x]
			}
		}
		clear(floatsAt(t.p, uintptr(4*Panel*i), n)[i+1:])
	}
}
