package gpu

import (
	"cmp"
	"fmt"
	"slices"
)

// Clusters are keys put into clusters by their direction, each kv head's apart.
type Clusters struct {
	Labels    []int32 // [n, heads]
	Centroids *Buffer // [clusters, heads, dim]: the means of the keys themselves, not of their directions; the caller's
}

// clusterRounds go to the device at a time; the host then looks whether the last
// of them changed a label.
const clusterRounds = 8

// Cluster runs K-means over the directions of keys [n, heads, dim], from the keys
// at seeds [heads][clusters] on, in at most rounds rounds or until none changes
// its cluster. Of equally near centres the first is taken; one that loses all its
// keys stays where it was. Seeds of a head are all different.
// Source: ../shared/spec/attention.md §6.
func (d *Device) Cluster(keys *Buffer, n, dim int, seeds [][]int, rounds int) (*Clusters, error) {
	heads := len(seeds)
	if dim%4 != 0 || min(n, dim, heads, rounds) <= 0 {
		return nil, fmt.Errorf("gpu: cluster: %d keys, %d heads of %d, %d rounds: want positive numbers, sizes a multiple of 4", n, heads, dim, rounds)
	}
	clusters, at := len(seeds[0]), slices.Repeat([]int32{-1}, n*heads) // labels by which each seed is the mean of its cluster
	for h, list := range seeds {
		for c, i := range list {
			if len(list) != clusters || i < 0 || i >= n || at[i*heads+h] >= 0 {
				return nil, fmt.Errorf("gpu: cluster: seeds %v of head %d: want %d different ones of %d keys", list, h, clusters, n)
			}
			at[i*heads+h] = int32(c)
		}
	}
	b, err := d.buffers("clusters", clusters*heads*dim, clusters*heads*dim, n*heads*dim, n*heads, n*heads, dim)
	if err != nil {
		return nil, err
	}
	centroids := b[0]
	defer release(b[1:]...)
	k := clustering{d: d, keys: keys, centres: b[1], x: b[2], labels: [2]*Buffer(b[3:5]), n: n, heads: heads, clusters: clusters, dim: dim}
	out := &Clusters{Centroids: centroids}
	if out.Labels, err = k.run(at, b[5], centroids, rounds); err != nil {
		centroids.Release()
		return nil, err
	}
	return out, nil
}

// clustering is a run of Cluster.
type clustering struct {
	d          *Device
	keys       *Buffer
	x, centres *Buffer    // keys of length 1 and their clusters' means
	labels     [2]*Buffer // of the last round and the one before, by turns
	n, heads   int
	clusters   int
	dim        int
}

// run leaves the means of the clusters in centroids and returns the labels. seeds
// are labels that make each seed a cluster; ones takes the weights of a norm.
func (k *clustering) run(seeds []int32, ones, centroids *Buffer, most int) ([]int32, error) {
	w := slices.Repeat([]float32{float32(invSqrt(k.dim))}, k.dim) // RMSNorm divides by the mean of squares
	none := make([]float32, k.clusters*k.heads*k.dim)             // a cluster that ends without a key has a zero for centroid
	if err := cmp.Or(ones.WriteFloats(0, w), k.labels[1].WriteInts(0, seeds), centroids.WriteFloats(0, none)); err != nil {
		return nil, err
	}
	s := k.d.Begin()
	if s.wants("cluster: keys", k.keys, k.n*k.heads*k.dim) {
		s.RMSNorm(k.x, k.keys, ones, 0, k.n*k.heads, k.dim, 1e-24) // a key of length 0 stays
		k.means(s, k.centres, k.x, k.labels[1])
	}
	if err := s.Submit(); err != nil {
		return nil, err
	}
	was, is := make([]int32, k.n*k.heads), make([]int32, k.n*k.heads)
	rounds, same := 0, false
	for !same && rounds < most {
		s = k.d.Begin()
		for range min(clusterRounds, most-rounds) {
			if rounds > 0 {
				k.means(s, k.centres, k.x, k.labels[(rounds+1)%2])
			}
			k.nearest(s, k.labels[rounds%2])
			rounds++
		}
		s.ReadInts(k.labels[rounds%2], 0, was)
		s.ReadInts(k.labels[(rounds+1)%2], 0, is)
		if err := s.Run(); err != nil {
			return nil, err
		}
		same = rounds > 1 && slices.Equal(was, is)
	}
	s = k.d.Begin()
	k.means(s, centroids, k.keys, k.labels[(rounds+1)%2])
	return is, s.Submit()
}

func (k *clustering) shape() words {
	return words{uint32(k.n), uint32(k.heads), uint32(k.clusters), uint32(k.dim / 4)}
}

func (k *clustering) nearest(s *Step, labels *Buffer) {
	s.elementwise(variant{file: "nearest", access: "rrw"}, k.shape(), k.n*k.heads, k.x, k.centres, labels)
}

func (k *clustering) means(s *Step, centres, x, labels *Buffer) {
	s.elementwise(variant{file: "centres", access: "rrw"}, k.shape(), k.clusters*k.heads*k.dim/4, x, labels, centres)
}
