package tokenizer

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

func containsAll(text string, parts ...string) bool {
	for _, p := range parts {
		if !strings.Contains(text, p) {
			return false
		}
	}
	return true
}

// randomTable has merges of n symbols and of what they become; ranks repeat,
// as equal scores do.
func randomTable(r *rand.Rand, n int32, size int) *pairTable {
	t := newPairTable(size)
	for id := n; id < n+int32(size); id++ {
		t.add(r.Int32N(id), r.Int32N(id), r.Uint32N(uint32(size)), id)
	}
	return t
}

// mergeNaive is the definition: join the leftmost pair of the smallest rank
// until none is left.
func mergeNaive(t *pairTable, ids []int32) []int32 {
	ids = slices.Clone(ids)
	for {
		best, at, to := noRank, 0, int32(0)
		for i := range len(ids) - 1 {
			if rank, id := t.get(ids[i], ids[i+1]); rank < best {
				best, at, to = rank, i, id
			}
		}
		if best == noRank {
			return ids
		}
		ids[at] = to
		ids = slices.Delete(ids, at+1, at+2)
	}
}

func TestMergeEqualsItsDefinition(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for round := range 300 {
		n := int32(2 + round%5)
		m := merger{table: randomTable(r, n, 40)}
		for _, length := range []int{0, 1, 2, 3, shortWord - 1, shortWord, shortWord + 1, 63, 200, 1000} {
			ids := make([]int32, length)
			for i := range ids {
				ids[i] = r.Int32N(n+1) - 1 // -1: no token
			}
			want := mergeNaive(m.table, ids)
			if got := m.merge(slices.Clone(ids)); !slices.Equal(got, want) {
				t.Fatalf("round %d: %v merged to %v, want %v", round, ids, got, want)
			}
		}
	}
}

func TestPairTableKeepsTheFirstOfEqualPairs(t *testing.T) {
	table := newPairTable(2)
	table.add(0, 0, 5, 1)
	table.add(0, 0, 3, 2)
	if rank, id := table.get(0, 0); rank != 5 || id != 1 {
		t.Errorf("got rank %d, id %d; want 5, 1", rank, id)
	}
	if rank, _ := table.get(-1, 0); rank != noRank {
		t.Errorf("what is no token merges, rank %d", rank)
	}
}

// A run of one letter is one word to every pre-tokenizer: merging must not take
// quadratic time, which would outlast any test's here. BenchmarkOneLetter has
// the figures.
func TestOneLetterIsNotQuadratic(t *testing.T) {
	long := strings.Repeat("a", 1<<20)
	for _, m := range []*Model{toyBPE(t, nil), toySP(t, nil)} {
		ids := m.Encode(long, false)
		if got := m.Decode(ids); got != long {
			t.Errorf("%s: %d tokens of %d letters, decoded to %d", m.Name(), len(ids), len(long), len(got))
		}
	}
}
