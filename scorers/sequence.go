package scorers

import (
	"sync"
	"unicode/utf8"
)

// sequenceRatio is SequenceMatcher(None, a, b).ratio() of Python 3's difflib,
// autojunk on: 2·M/T, with T the code points of both strings and M those in
// matching blocks. The order of the arguments matters. Two empty strings are
// alike: 1.
//
// The longest matching block is taken first (of several the earliest in a,
// then the earliest in b), then the same left and right of it.
func sequenceRatio(a, b string) float64 {
	m := sequences.Get().(*sequence)
	defer sequences.Put(m)
	m.load(a, b)
	total := len(m.a) + len(m.b)
	if total == 0 {
		return 1
	}
	return 2 * float64(m.matched(0, len(m.a), 0, len(m.b))) / float64(total)
}

var sequences = sync.Pool{New: func() any { return &sequence{others: map[rune]int32{}} }}

// sequence holds the buffers of one comparison. Characters are numbered in
// the order of their first place in b.
type sequence struct {
	ascii  [utf8.RuneSelf]int32 // number + 1, 0: not in b
	others map[rune]int32
	a, b   []int32 // numbers; in a absent for a character that b lacks
	count  []int32 // how often each number occurs in b; scratch later
	from   []int32 // the places of number c in b are places[from[c]:from[c+1]]
	places []int32 // rising for each number; popular characters have none
	runs   []run   // of the last row, by place + 1
	row    int64   // rises by one for each row of each search, and once between
}

// run is the length of the common run that ends in a row and at a place.
type run struct{ row, length int64 }

const absent = int32(-1)

// load numbers the characters and lists their places in b.
func (m *sequence) load(a, b string) {
	clear(m.ascii[:])
	clear(m.others)
	m.a, m.b, m.count = m.a[:0], m.b[:0], m.count[:0]
	for _, r := range b {
		c := m.number(r)
		if c == absent {
			c = int32(len(m.count))
			m.count = append(m.count, 0)
			if r < utf8.RuneSelf {
				m.ascii[r] = c + 1
			} else {
				m.others[r] = c
			}
		}
		m.b = append(m.b, c)
		m.count[c]++
	}
	for _, r := range a {
		m.a = append(m.a, m.number(r))
	}
	m.list()
	m.runs = grown(m.runs, len(m.b)+1)
	clear(m.runs)
	m.row = 0
}

func (m *sequence) number(r rune) int32 {
	if r < utf8.RuneSelf {
		return m.ascii[r] - 1
	}
	if c, ok := m.others[r]; ok {
		return c
	}
	return absent
}

// list writes down each character's places. difflib's autojunk: in 200
// characters or more, those that occur more than n/100 + 1 times start no
// match.
func (m *sequence) list() {
	most := int32(len(m.b))
	if len(m.b) >= 200 {
		most = int32(len(m.b)/100 + 1)
	}
	m.from = append(m.from[:0], 0)
	end := int32(0)
	for c, count := range m.count {
		if count <= most {
			end += count
		}
		m.from = append(m.from, end)
		m.count[c] = end
	}
	m.places = grown(m.places, int(end))
	for j := len(m.b) - 1; j >= 0; j-- {
		if c := m.b[j]; m.from[c] < m.from[c+1] {
			m.count[c]--
			m.places[m.count[c]] = int32(j)
		}
	}
}

// matched is the number of characters in the matching blocks of a[alo:ahi]
// and b[blo:bhi].
func (m *sequence) matched(alo, ahi, blo, bhi int) int {
	if alo >= ahi || blo >= bhi {
		return 0
	}
	i, j, n := m.longest(alo, ahi, blo, bhi)
	if n == 0 {
		return 0
	}
	return n + m.matched(alo, i, blo, j) + m.matched(i+n, ahi, j+n, bhi)
}

// longest finds the longest block, a[i:i+n] = b[j:j+n]. Popular characters
// only prolong it, and they do so at the window's start if nothing else is
// found.
func (m *sequence) longest(alo, ahi, blo, bhi int) (i, j, n int) {
	i, j, n = m.longestListed(alo, ahi, blo, bhi)
	for i > alo && j > blo && m.a[i-1] == m.b[j-1] {
		i, j, n = i-1, j-1, n+1
	}
	for i+n < ahi && j+n < bhi && m.a[i+n] == m.b[j+n] {
		n++
	}
	return i, j, n
}

// longestListed is the longest block of characters that have places. Places
// are taken from the last to the first, so that the row before can be
// overwritten: a run at place j needs the one at j−1.
func (m *sequence) longestListed(alo, ahi, blo, bhi int) (i, j, n int) {
	bestEnd, bestPlace, best := alo, blo, int64(0)
	m.row++
	for x := alo; x < ahi; x++ {
		m.row++
		c := m.a[x]
		if c == absent {
			continue
		}
		p := int(m.from[c+1]) - 1
		for p >= int(m.from[c]) && int(m.places[p]) >= bhi {
			p--
		}
		for ; p >= int(m.from[c]); p-- {
			y := int(m.places[p])
			if y < blo {
				break
			}
			length := int64(1)
			if r := m.runs[y]; r.row == m.row-1 {
				length += r.length
			}
			m.runs[y+1] = run{m.row, length}
			if length > best || length == best && bestEnd == x {
				bestEnd, bestPlace, best = x, y, length
			}
		}
	}
	if best == 0 {
		return alo, blo, 0
	}
	n = int(best)
	return bestEnd - n + 1, bestPlace - n + 1, n
}
