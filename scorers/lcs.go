package scorers

import "math/bits"

// The table of LCS lengths, t[i][j] for the first i words of x and j of y, is
// kept as one bit a cell: whether t[i][j] = t[i][j−1]. A row follows from the
// one above by one addition over all its bits (Hyyrö, "Bit-parallel LCS-length
// computation revisited", 2004), and the bits are all that the walk back
// needs. So 64 cells cost what one would, and a table takes 1/8 byte a cell.

// overlap says whether y has any word that the reference has at all: numbers
// below refWords were given to the reference's words.
func overlap(y []int32, refWords int) bool {
	for _, b := range y {
		if int(b) < refWords {
			return true
		}
	}
	return false
}

// index lists the places of each word of y: first[word] is one place + 1, and
// next[place] the place + 1 after it; 0 ends the list.
func (l *lcs) index(y []int32) {
	l.next = grown(l.next, len(y))
	for j, word := range y {
		l.next[j] = l.first[word]
		l.first[word] = int32(j + 1)
	}
}

// forget undoes index.
func (l *lcs) forget(y []int32) {
	for _, word := range y {
		l.first[word] = 0
	}
}

// fill works out the table's rows for the words of x, (len(y)+63)/64 numbers
// each. y must be indexed.
func (l *lcs) fill(x []int32, width int) {
	l.rows = grown(l.rows, (len(x)+1)*width)
	if cap(l.here) < width {
		l.here = make([]uint64, width)
	}
	here := l.here[:width]
	above := l.rows[:width]
	for w := range above {
		above[w] = ^uint64(0)
	}
	for i, word := range x {
		row := l.rows[(i+1)*width:][:width]
		if l.first[word] == 0 {
			copy(row, above)
			above = row
			continue
		}
		for p := l.first[word]; p > 0; p = l.next[p-1] {
			here[(p-1)/64] |= 1 << ((p - 1) % 64)
		}
		carry := uint64(0)
		for w, v := range above {
			u := v & here[w]
			here[w] = 0
			var sum uint64
			sum, carry = bits.Add64(v, u, carry)
			row[w] = sum | v&^u
		}
		above = row
	}
}

// walk adds the words of one LCS of x and y to the union and returns how many
// of them are new. Of several, it takes the one that the reference's walk
// from the end finds: equal words are taken, else up if that is longer, else
// left. Up is longer just where the cell differs from its left neighbour.
func (l *lcs) walk(x, y []int32) int {
	width := (len(y) + 63) / 64
	l.fill(x, width)
	fresh := 0
	for i, j := len(x), len(y); i > 0 && j > 0; {
		switch {
		case x[i-1] == y[j-1]:
			if !l.common[x[i-1]] {
				l.common[x[i-1]] = true
				fresh++
			}
			i, j = i-1, j-1
		case l.rows[i*width+(j-1)/64]>>((j-1)%64)&1 == 0:
			i--
		default:
			j--
		}
	}
	return fresh
}
