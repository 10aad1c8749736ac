package tokenizer

import "math/bits"

// noRank is the rank of two neighbours that don't merge.
const noRank = ^uint32(0)

// pair is what two neighbouring tokens become: the smaller rank merges first.
type pair struct {
	key  uint64 // left<<32 | right
	rank uint32
	id   int32
}

// pairTable finds the pair of two token ids: a hash table with open
// addressing, at most half full.
type pairTable struct {
	slots []pair
	shift uint8
	used  int
}

// emptyKey marks a free slot; ids stay below 1<<31, so no pair has it.
const emptyKey = ^uint64(0)

func newPairTable(n int) *pairTable {
	size := 1 << bits.Len(uint(2*n+1))
	t := &pairTable{slots: make([]pair, size), shift: uint8(64 - bits.TrailingZeros(uint(size)))}
	for i := range t.slots {
		t.slots[i].key = emptyKey
	}
	return t
}

func (t *pairTable) slot(key uint64) *pair {
	mask := len(t.slots) - 1
	for i := int(key * 0x9E3779B97F4A7C15 >> t.shift); ; i++ {
		s := &t.slots[i&mask]
		if s.key == key || s.key == emptyKey {
			return s
		}
	}
}

// add keeps the first of several entries for one pair. No more pairs than the
// table was made for may be added.
func (t *pairTable) add(left, right int32, rank uint32, id int32) {
	key := uint64(uint32(left))<<32 | uint64(uint32(right))
	if s := t.slot(key); s.key == emptyKey {
		*s = pair{key, rank, id}
		t.used++
	}
}

// get returns the rank and the merged id of left and right; noRank if they
// don't merge. Negative ids stand for what is in no token and never merge.
func (t *pairTable) get(left, right int32) (uint32, int32) {
	if left|right < 0 {
		return noRank, 0
	}
	s := t.slot(uint64(left)<<32 | uint64(right))
	if s.key == emptyKey {
		return noRank, 0
	}
	return s.rank, s.id
}

// shortWord is the most symbols that are merged by scanning for the smallest
// rank each time; longer runs use a heap, which is slower for few symbols but
// doesn't grow quadratically.
const shortWord = 48

// merger merges the symbols of one word; it keeps its buffers from word to
// word.
type merger struct {
	table  *pairTable
	ranks  []uint32
	merged []int32
	next   []int32
	prev   []int32
	heap   []uint64 // rank<<32 | position of the left symbol
}

// merge replaces neighbours in ids, smallest rank first and leftmost among
// equals, until none merge; it works in place and returns the shorter slice.
func (m *merger) merge(ids []int32) []int32 {
	n := len(ids)
	if n < 2 {
		return ids
	}
	if cap(m.ranks) < n {
		m.ranks, m.merged = make([]uint32, n), make([]int32, n)
	}
	m.ranks, m.merged = m.ranks[:n], m.merged[:n]
	m.ranks[n-1] = noRank
	for i := range n - 1 {
		m.ranks[i], m.merged[i] = m.table.get(ids[i], ids[i+1])
	}
	if n <= shortWord {
		return m.mergeShort(ids)
	}
	return m.mergeLong(ids)
}

func (m *merger) mergeShort(ids []int32) []int32 {
	ranks, merged := m.ranks, m.merged
	for {
		best, at := noRank, 0
		for i, r := range ranks {
			if r < best {
				best, at = r, i
			}
		}
		if best == noRank {
			return ids
		}
		ids[at] = merged[at]
		copy(ids[at+1:], ids[at+2:])
		copy(ranks[at+1:], ranks[at+2:])
		copy(merged[at+1:], merged[at+2:])
		n := len(ids) - 1
		ids, ranks, merged = ids[:n], ranks[:n], merged[:n]
		ranks[n-1] = noRank
		if at+1 < n {
			ranks[at], merged[at] = m.table.get(ids[at], ids[at+1])
		}
		if at > 0 {
			ranks[at-1], merged[at-1] = m.table.get(ids[at-1], ids[at])
		}
	}
}

// mergeLong keeps the symbols in a linked list and the candidates in a heap.
// A heap entry is stale when the rank at its position has changed since.
func (m *merger) mergeLong(ids []int32) []int32 {
	n := len(ids)
	if cap(m.next) < n {
		m.next, m.prev = make([]int32, n), make([]int32, n)
	}
	m.next, m.prev, m.heap = m.next[:n], m.prev[:n], m.heap[:0]
	for i := range n {
		m.next[i], m.prev[i] = int32(i+1), int32(i-1)
		if m.ranks[i] != noRank {
			m.heap = append(m.heap, uint64(m.ranks[i])<<32|uint64(i))
		}
	}
	for i := len(m.heap)/2 - 1; i >= 0; i-- {
		m.down(i)
	}
	for len(m.heap) > 0 {
		top := m.pop()
		if at := int32(uint32(top)); m.ranks[at] == uint32(top>>32) {
			m.join(ids, at)
		}
	}
	out := ids[:0]
	for i := int32(0); int(i) < n; i = m.next[i] {
		out = append(out, ids[i])
	}
	return out
}

// join merges the symbol at position at with the one after it.
func (m *merger) join(ids []int32, at int32) {
	gone := m.next[at]
	after := m.next[gone]
	ids[at], m.next[at] = m.merged[at], after
	m.ranks[gone] = noRank
	if int(after) < len(ids) {
		m.prev[after] = at
		m.look(ids, at, after)
	} else {
		m.ranks[at] = noRank
	}
	if before := m.prev[at]; before >= 0 {
		m.look(ids, before, at)
	}
}

// look finds the pair of two neighbours again, after one of them changed.
func (m *merger) look(ids []int32, left, right int32) {
	rank, id := m.table.get(ids[left], ids[right])
	m.ranks[left], m.merged[left] = rank, id
	if rank != noRank {
		m.push(uint64(rank)<<32 | uint64(left))
	}
}

func (m *merger) push(x uint64) {
	m.heap = append(m.heap, x)
	i := len(m.heap) - 1
	for i > 0 {
		up := (i - 1) / 2
		if m.heap[up] <= x {
			break
		}
		m.heap[i] = m.heap[up]
		i = up
	}
	m.heap[i] = x
}

func (m *merger) pop() uint64 {
	top, last := m.heap[0], len(m.heap)-1
	m.heap[0] = m.heap[last]
	m.heap = m.heap[:last]
	if last > 0 {
		m.down(0)
	}
	return top
}

func (m *merger) down(i int) {
	x := m.heap[i]
	for {
		k := 2*i + 1
		if k >= len(m.heap) {
			break
		}
		if k+1 < len(m.heap) && m.heap[k+1] < m.heap[k] {
			k++
		}
		if m.heap[k] >= x {
			break
		}
		m.heap[i] = m.heap[k]
		i = k
	}
	m.heap[i] = x
}
