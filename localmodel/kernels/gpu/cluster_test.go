package gpu

import (
	"slices"
	"testing"
)

// Two heads of one channel pair: directions are the four axes and what lies
// between, lengths don't count.
func TestClustersAreOfDirections(t *testing.T) {
	d := openDevice(t, Options{})
	at := func(x, y float32) []float32 { return []float32{x, y, 0, 0} }
	var keys []float32
	for _, k := range [][2][]float32{ // one of each head
		{at(3, 0), at(0, 2)}, {at(0.1, 0), at(0, 5)}, {at(0, 7), at(-1, 0)},
		{at(0, 1), at(-9, 0)}, {at(0, 0), at(0, 0)}, {at(5, 1), at(1, 6)},
	} {
		keys = append(append(keys, k[0]...), k[1]...)
	}
	c, err := d.Cluster(input(t, d, keys), 6, 4, [][]int{{0, 2}, {3, 1}}, 50)
	if err != nil {
		t.Fatal(err)
	}
	// The zero key is as far from either centre but for rounding: its label is not compared.
	want := []int32{0, 1, 0, 1, 1, 0, 1, 0, c.Labels[8], c.Labels[9], 0, 1}
	if !slices.Equal(c.Labels, want) {
		t.Errorf("labels %v, want %v", c.Labels, want)
	}
	got, s := make([]float32, 16), d.Begin()
	s.ReadFloats(c.Centroids, 0, got)
	if err := s.Run(); err != nil {
		t.Fatal(err)
	}
	near(t, "centroids", got, centroids(keys, c.Labels, 2, 2, 4), 1)
}

// centroids are the means of the keys [n, heads, dim] of each cluster.
func centroids(keys []float32, labels []int32, clusters, heads, dim int) []float64 {
	out, count := make([]float64, clusters*heads*dim), make([]float64, clusters*heads)
	for i, l := range labels {
		count[int(l)*heads+i%heads]++
	}
	for i, v := range keys {
		c := int(labels[i/dim])*heads + i/dim%heads
		out[c*dim+i%dim] += float64(v) / count[c]
	}
	return out
}

// Of equally near centres the first is taken, and the other, which gets no key,
// ends as zeros.
func TestEqualCentresGiveAllKeysToTheFirst(t *testing.T) {
	d := openDevice(t, Options{})
	keys := []float32{1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0}
	for _, rounds := range []int{1, 2, 50} {
		c, err := d.Cluster(input(t, d, keys), 3, 4, [][]int{{2, 0}}, rounds)
		if err != nil {
			t.Fatal(err)
		}
		got := make([]float32, 8)
		s := d.Begin()
		s.ReadFloats(c.Centroids, 0, got)
		if err := s.Run(); err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(c.Labels, []int32{0, 0, 0}) || !slices.Equal(got, []float32{2, 0, 0, 0, 0, 0, 0, 0}) {
			t.Errorf("%d rounds: labels %v, centroids %v", rounds, c.Labels, got)
		}
	}
}

func TestSeedsThatAreNoKeysAreRefused(t *testing.T) {
	d := openDevice(t, Options{})
	keys := input(t, d, make([]float32, 12))
	for name, seeds := range map[string][][]int{
		"none": nil, "beyond the keys": {{0, 3}}, "twice the same": {{1, 1}}, "fewer of one head": {{0, 1}, {0}},
	} {
		before := len(d.live)
		if _, err := d.Cluster(keys, 3, 4, seeds, 5); err == nil {
			t.Errorf("%s: no error", name)
		}
		if len(d.live) != before {
			t.Errorf("%s: %d buffers leak", name, len(d.live)-before)
		}
	}
	if _, err := d.Cluster(keys, 4, 4, [][]int{{0}}, 5); err == nil {
		t.Error("more keys than the buffer has were taken")
	}
}
