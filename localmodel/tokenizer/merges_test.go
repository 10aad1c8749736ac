package tokenizer

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
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

// A run of one letter is one word to every pre-tokenizer: merging must not
// take quadratic time. Sixteen times the text may take forty times as long.
func TestOneLetterIsNotQuadratic(t *testing.T) {
	for _, m := range []*Model{toyBPE(t, nil), toySP(t, nil)} {
		m.Encode(strings.Repeat("a", 1<<12), false)
		took := func(n int) time.Duration {
			best := time.Hour
			for range 3 {
				start := time.Now()
				m.Encode(strings.Repeat("a", n), false)
				best = min(best, time.Since(start))
			}
			return best
		}
		small, large := took(1<<16), took(1<<20)
		if large > 40*small+50*time.Millisecond {
			t.Errorf("%s: 64k letters take %v, 1M letters %v", m.Name(), small, large)
		}
	}
}
