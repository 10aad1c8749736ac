// Package jieba cuts Chinese text into words exactly as the Python package
// jieba 0.42.1 does with cut(text, cut_all=False, HMM=True): a prefix tree of
// known words, the most probable path through them, and a hidden Markov model
// for runs of characters that are no known words.
//
// The tables are jieba's own (MIT licence, see LICENSE-jieba), packed by
// go generate; they take about 5 MB in memory and are unpacked at first use.
package jieba

import (
	"math"
	"sync"
	"unicode/utf8"
)

// Cut returns the words of text in order; joined they give text back. The
// words share text's memory. It is safe for concurrent use.
func Cut(text string) []string {
	c := cutters.Get().(*cutter)
	defer cutters.Put(c)
	c.tables, c.text = load(), text
	c.out = make([]string, 0, len(text)/4+1)
	c.cut()
	out := c.out
	c.text, c.out = "", nil
	return out
}

var cutters = sync.Pool{New: func() any { return &cutter{} }}

// cutter is one call's state; its buffers are used again.
type cutter struct {
	*tables
	text string
	out  []string

	runes []rune
	at    []int // byte offset of each rune of the run, and of its end
	score []float64
	next  []int32
	back  [][stateCount]uint8
}

// cut splits into blocks: runs that may hold words, and the rest.
func (c *cutter) cut() {
	for i := 0; i < len(c.text); {
		r, size := utf8.DecodeRuneInString(c.text[i:])
		switch {
		case inBlock(r):
			i = c.block(i)
		case r == '\r' && i+1 < len(c.text) && c.text[i+1] == '\n':
			c.emitWord(i, i+2)
			i += 2
		default:
			c.emitWord(i, i+size)
			i += size
		}
	}
}

func (c *cutter) emitWord(start, end int) { c.out = append(c.out, c.text[start:end]) }

func isHan(r rune) bool { return r >= hanFirst && r <= hanLast }

// inBlock is re_han_default's class.
func inBlock(r rune) bool {
	switch {
	case isHan(r), r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9':
		return true
	}
	switch r {
	case '+', '#', '&', '.', '_', '%', '-':
		return true
	}
	return false
}

// block cuts the run that starts at byte i and returns its end.
func (c *cutter) block(i int) int {
	c.runes, c.at = c.runes[:0], c.at[:0]
	for i < len(c.text) {
		r, size := utf8.DecodeRuneInString(c.text[i:])
		if !inBlock(r) {
			break
		}
		c.runes = append(c.runes, r)
		c.at = append(c.at, i)
		i += size
	}
	c.at = append(c.at, i)
	c.route()
	c.follow()
	return i
}

// route finds for each place the end of the word with which the best path
// goes on. Equal scores go to the longer word.
func (c *cutter) route() {
	n := len(c.runes)
	c.score = grow(c.score, n+1)
	c.next = grow(c.next, n+1)
	c.score[n] = 0
	for k := n - 1; k >= 0; k-- {
		best, end := math.Inf(-1), -1
		var node uint32
		for x := k; x < n; x++ {
			id, ok := c.id(c.runes[x])
			if !ok {
				break
			}
			if x == k {
				node = c.root[id]
			} else {
				node = c.child(node, id)
			}
			if node == 0 {
				break
			}
			f := c.freqID[node]
			if !c.isTop[f] {
				continue
			}
			if p := c.logs[f] + c.score[x+1]; p >= best {
				best, end = p, x
			}
		}
		if end < 0 {
			// No word starts here: the character alone, at frequency 1.
			best, end = c.logs[0]+c.score[k+1], k
		}
		c.score[k], c.next[k] = best, int32(end)
	}
}

func grow[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n+n/2)
	}
	return s[:n]
}

// follow walks the best path. Neighbouring single characters are collected and
// looked at together.
func (c *cutter) follow() {
	n := len(c.runes)
	single := 0 // start of the group of single characters that ends at k
	k := 0
	for k < n {
		end := int(c.next[k]) + 1
		if end-k == 1 {
			k = end
			continue
		}
		c.group(single, k)
		c.emitWord(c.at[k], c.at[end])
		k, single = end, end
	}
	c.group(single, n)
}

// group puts out the single characters [from, to) of the run.
func (c *cutter) group(from, to int) {
	switch {
	case from == to:
	case to-from == 1 || c.known(from, to):
		for i := from; i < to; i++ {
			c.emitWord(c.at[i], c.at[i+1])
		}
	default:
		c.unknown(from, to)
	}
}

// known says whether the characters are a word of the list.
func (c *cutter) known(from, to int) bool {
	var node uint32
	for i := from; i < to; i++ {
		id, ok := c.id(c.runes[i])
		if !ok {
			return false
		}
		if i == from {
			node = c.root[id]
		} else {
			node = c.child(node, id)
		}
		if node == 0 {
			return false
		}
	}
	return c.isTop[c.freqID[node]]
}

// unknown splits a group into Han runs for the model, and the rest.
func (c *cutter) unknown(from, to int) {
	for i := from; i < to; {
		j := i
		for j < to && isHan(c.runes[j]) == isHan(c.runes[i]) {
			j++
		}
		if isHan(c.runes[i]) {
			c.viterbi(i, j)
		} else {
			c.latin(i, j)
		}
		i = j
	}
}

// latin splits by [a-zA-Z0-9]+(\.\d+)?%? and puts out both the matches and
// what lies between.
func (c *cutter) latin(from, to int) {
	for i := from; i < to; {
		j := i
		if !alnum(c.runes[i]) {
			for j < to && !alnum(c.runes[j]) {
				j++
			}
		} else {
			for j < to && alnum(c.runes[j]) {
				j++
			}
			if j+1 < to && c.runes[j] == '.' && digit(c.runes[j+1]) {
				for j++; j < to && digit(c.runes[j]); {
					j++
				}
			}
			if j < to && c.runes[j] == '%' {
				j++
			}
		}
		c.emitWord(c.at[i], c.at[j])
		i = j
	}
}

func digit(r rune) bool { return r >= '0' && r <= '9' }

func alnum(r rune) bool { return digit(r) || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' }

// viterbi tags the Han characters [from, to) with B, M, E, S and puts out the
// words that the tags make.
func (c *cutter) viterbi(from, to int) {
	n := to - from
	c.back = grow(c.back, n)
	var v [stateCount]float64
	e := &c.emit[c.runes[from]-hanFirst]
	for s := range v {
		v[s] = c.start[s] + e[s]
	}
	// What may stand ahead of a state, the larger letter last.
	ahead := [stateCount][2]uint8{stateB: {stateE, stateS}, stateM: {stateB, stateM}, stateS: {stateE, stateS}, stateE: {stateB, stateM}}
	for i := 1; i < n; i++ {
		e := &c.emit[c.runes[from+i]-hanFirst]
		var w [stateCount]float64
		for s := range w {
			a, b := ahead[s][0], ahead[s][1]
			pa := v[a] + c.trans[a][s] + e[s]
			pb := v[b] + c.trans[b][s] + e[s]
			if pb >= pa {
				w[s], c.back[i][s] = pb, b
			} else {
				w[s], c.back[i][s] = pa, a
			}
		}
		v = w
	}
	state := uint8(stateE)
	if v[stateS] >= v[stateE] {
		state = stateS
	}
	c.words(from, n, state)
}

// words reads the tags back to front and puts the words out.
func (c *cutter) words(from, n int, state uint8) {
	tags := c.next[from : from+n] // the path is done with these places
	for i := n - 1; i >= 0; i-- {
		tags[i] = int32(state)
		state = c.back[i][state]
	}
	begin, next := 0, 0
	for i, tag := range tags {
		switch tag {
		case stateB:
			begin = i
		case stateE:
			c.emitWord(c.at[from+begin], c.at[from+i+1])
			next = i + 1
		case stateS:
			c.emitWord(c.at[from+i], c.at[from+i+1])
			next = i + 1
		}
	}
	if next < n {
		c.emitWord(c.at[from+next], c.at[from+n])
	}
}
