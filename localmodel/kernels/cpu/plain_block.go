package cpu

import "unsafe"

func plainFade(b *blockArgs) {
	n := int(b.bytes / 4)
	run, before, beta := unsafe.Slice(b.run, n), unsafe.Slice(b.before, n), unsafe.Slice(b.beta, int(b.rows))
	for i := range b.rows {
		log, key, query := floatsAt(b.log, i*b.stride, n), floatsAt(b.key, i*b.stride, n), floatsAt(b.query, i*b.stride, n)
		at := i * b.bytes
		decay := floatsAt(b.decay, at, n)
		nearK, nearQ := floatsAt(b.nearKey, at, n), floatsAt(b.nearQuery, at, n)
		farK, farQ := floatsAt(b.farKey, at, n), floatsAt(b.farQuery, at, n)
		plainExp(&decay[0], &log[0], n)
		for x, e := range decay {
			run[x] *= e
			nearK[x], nearQ[x] = key[x]*run[x]*beta[i], query[x]*run[x]*b.scale
			farK[x], farQ[x] = nearK[x]*before[x], nearQ[x]*before[x]
		}
	}
}

func plainAmong(b *blockArgs) {
	n := int(b.bytes / 4)
	beta := unsafe.Slice(b.beta, int(b.rows))
	for i := range b.rows {
		key, query, decay := floatsAt(b.key, i*b.stride, n), floatsAt(b.query, i*b.stride, n), floatsAt(b.decay, i*b.bytes, n)
		p := floatsAt(b.p, i*b.strideAP, int(i)+1)
		for r := range i {
			past := floatsAt(b.past, r*b.bytes, n)
			for x, e := range decay {
				past[x] *= e
			}
			floatsAt(b.a, i*b.strideAP, int(i))[r] = dot(past, key) * beta[i]
			p[r] = dot(past, query) * b.scale
		}
		copy(floatsAt(b.past, i*b.bytes, n), key)
		p[i] = dot(key, query) * b.scale
	}
}
