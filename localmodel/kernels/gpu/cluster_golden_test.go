package gpu

import "github.com/lcbench/lcbench/localmodel/attention/goldentest"

// kmeans clusters the keys of all kv heads at once. Labels have to be exact.
func (g *goldenRun) kmeans() {
	keys, shape := g.tokens("keys")
	heads, n, dim := shape[0], shape[1], shape[2]
	first, _ := g.Tensor(g.t, "init_idx")
	seeds := make([][]int, heads)
	for i, v := range first {
		h := i / (len(first) / heads)
		seeds[h] = append(seeds[h], int(v))
	}
	c, err := g.d.Cluster(input(g.t, g.d, keys), n, dim, seeds, g.number("iters"))
	if err != nil {
		g.t.Fatal(err)
	}
	for h := range heads {
		labels := make([]int, n)
		for i := range labels {
			labels[i] = int(c.Labels[i*heads+h])
		}
		g.sameChoice("labels", h*n, labels)
	}
	g.check("centroids", g.ran(g.d.Begin(), c.Centroids, len(first)*dim))
}

// retrieval takes each row's strongest key on the device; what it copied is
// counted here.
func (g *goldenRun) retrieval() {
	rows, shape := g.Tensor(g.t, "attn")
	produced, _ := g.Tensor(g.t, "produced")
	prompt, _ := g.Tensor(g.t, "prompt")
	steps, heads, n, start, end := shape[0], shape[1], shape[2], g.number("start"), g.number("end")
	best := make([]int32, steps*heads)
	s, scratch := g.d.Begin(), output(g.t, g.d, 2*ArgMaxGroups)
	for i := range best {
		b := output(g.t, g.d, 1)
		s.ArgMax(b, input(g.t, g.d, goldentest.Narrow(rows[i*n:(i+1)*n])), scratch, n)
		s.ReadInts(b, 0, best[i:i+1])
	}
	if err := s.Run(); err != nil {
		g.t.Fatal(err)
	}
	scores, every := make([]float32, heads), make([]float32, heads)
	copied := map[[2]int]bool{} // of head and key
	for i, key := range best {
		h, j := i%heads, int(key)
		if j < start || j >= end || prompt[j] != produced[i/heads] {
			continue
		}
		every[h] += 1 / float32(end-start)
		if at := [2]int{h, j}; !copied[at] {
			copied[at] = true
			scores[h] += 1 / float32(end-start)
		}
	}
	g.same("distinct keys", "score", scores)
	g.same("every step", "score_every_step", every)
}
