package jieba

import (
	_ "embed" // tables
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"sync"

	"github.com/klauspost/compress/zstd"

	"github.com/lcbench/lcbench/scorers/exactlog"
)

//go:generate go run ./gen

//go:embed tables.bin.zst
var packed []byte

// load unpacks the tables once, at first use.
var load = sync.OnceValue(func() *tables {
	t, err := unpack(packed)
	if err != nil {
		panic(fmt.Sprintf("jieba: embedded tables: %v", err))
	}
	return t
})

// The HMM's states, in the order in which ties are settled.
const (
	stateB = iota
	stateE
	stateM
	stateS
	stateCount
)

const (
	minProb  = -3.14e100 // MIN_FLOAT in finalseg/__init__.py
	hanFirst = 0x4E00
	hanLast  = 0x9FD5
)

// tables are the prefix tree of words, in breadth-first order, and the HMM.
type tables struct {
	letter map[rune]uint16 // beyond the dense range
	dense  []uint16        // letter id + 1 for runes below len(dense)
	root   []uint32        // node of each letter at a word's start, 0: none
	first  []uint32        // first child of each node; node 0 is the root
	labels []uint16
	freqID []uint16
	// logs are ln(max(freq,1)) − ln(total) for each frequency id.
	logs  []float64
	isTop []bool // frequency > 0

	start [stateCount]float64
	trans [stateCount][stateCount]float64 // from, to
	emit  [][stateCount]float64           // by rune − hanFirst
}

var errShort = errors.New("too short")

// reader takes little-endian values off a byte slice.
type reader struct {
	b   []byte
	err error
}

func (r *reader) take(n int) []byte {
	if r.err != nil || n < 0 || n > len(r.b) {
		r.err = errShort
		return nil
	}
	out := r.b[:n]
	r.b = r.b[n:]
	return out
}

func (r *reader) u32() uint32 {
	if b := r.take(4); b != nil {
		return binary.LittleEndian.Uint32(b)
	}
	return 0
}

func (r *reader) u32s(n int) []uint32 {
	b := r.take(4 * n)
	out := make([]uint32, len(b)/4)
	for i := range out {
		out[i] = binary.LittleEndian.Uint32(b[4*i:])
	}
	return out
}

func (r *reader) u16s(n int) []uint16 {
	b := r.take(2 * n)
	out := make([]uint16, len(b)/2)
	for i := range out {
		out[i] = binary.LittleEndian.Uint16(b[2*i:])
	}
	return out
}

func (r *reader) f64() float64 {
	if b := r.take(8); b != nil {
		return math.Float64frombits(binary.LittleEndian.Uint64(b))
	}
	return 0
}

func unpack(packed []byte) (*tables, error) {
	dec, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(1<<26))
	if err != nil {
		return nil, err
	}
	defer dec.Close()
	raw, err := dec.DecodeAll(packed, nil)
	if err != nil {
		return nil, err
	}
	r := &reader{b: raw}
	t := &tables{}
	total := uint64(r.u32()) | uint64(r.u32())<<32
	letters, freqs, nodes := int(r.u32()), int(r.u32()), int(r.u32())
	t.alphabet(r.u32s(letters))
	t.frequencies(r.u32s(freqs), total)
	t.nodes(r.u16s(nodes), r.u16s(nodes), r.u16s(nodes))
	t.model(r)
	return t, r.err
}

func (t *tables) alphabet(runes []uint32) {
	t.dense = make([]uint16, hanLast+1)
	t.letter = map[rune]uint16{}
	t.root = make([]uint32, len(runes))
	for id, r := range runes {
		if int(r) < len(t.dense) {
			t.dense[r] = uint16(id + 1)
			continue
		}
		t.letter[rune(r)] = uint16(id)
	}
}

func (t *tables) frequencies(freqs []uint32, total uint64) {
	ln := exactlog.New()
	logTotal := ln.Of(float64(total))
	t.logs = make([]float64, len(freqs))
	t.isTop = make([]bool, len(freqs))
	for i, f := range freqs {
		t.logs[i] = ln.Of(float64(max(f, 1))) - logTotal
		t.isTop[i] = f > 0
	}
}

func (t *tables) nodes(counts, labels, freqID []uint16) {
	t.labels, t.freqID = labels, freqID
	t.first = make([]uint32, len(counts)+1)
	next := uint32(1)
	for i, c := range counts {
		t.first[i] = next
		next += uint32(c)
	}
	t.first[len(counts)] = next
	if len(counts) > 0 && int(next) == len(labels) {
		for child := t.first[0]; child < t.first[1]; child++ {
			t.root[labels[child]] = child
		}
	}
}

func (t *tables) model(r *reader) {
	for s := range t.start {
		t.start[s] = r.f64()
	}
	for from := range t.trans {
		for to := range t.trans[from] {
			t.trans[from][to] = r.f64()
		}
	}
	t.emit = make([][stateCount]float64, hanLast-hanFirst+1)
	for i := range t.emit {
		t.emit[i] = [stateCount]float64{minProb, minProb, minProb, minProb}
	}
	for s := range stateCount {
		runes := r.u32s(int(r.u32()))
		for _, c := range runes {
			if p := r.f64(); c >= hanFirst && c <= hanLast {
				t.emit[c-hanFirst][s] = p
			}
		}
	}
}

// id returns a character's letter id, false if no word has it.
func (t *tables) id(r rune) (uint16, bool) {
	if int(r) < len(t.dense) {
		id := t.dense[r]
		return id - 1, id > 0
	}
	id, ok := t.letter[r]
	return id, ok
}

// child returns the node that a letter leads to, 0 if there is none.
func (t *tables) child(node uint32, id uint16) uint32 {
	lo, hi := t.first[node], t.first[node+1]
	for lo < hi {
		mid := (lo + hi) / 2
		switch l := t.labels[mid]; {
		case l == id:
			return mid
		case l < id:
			lo = mid + 1
		default:
			hi = mid
		}
	}
	return 0
}
