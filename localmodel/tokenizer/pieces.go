package tokenizer

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// buildSentencePiece fills in the pieces, the byte tokens, the characters and
// the merge table.
func (v *vocabulary) buildSentencePiece(m *Model, ids map[string]int32) error {
	m.pieces = make([]string, len(v.names))
	for b := range m.bytes {
		m.bytes[b] = noToken
	}
	for i, name := range v.names {
		m.pieces[i] = strings.ReplaceAll(name, string(blank), " ")
		switch v.kinds[i] {
		case kindControl, kindUnknown:
			m.pieces[i] = name
		case kindByte:
			b, err := byteOf(name)
			if err != nil {
				return fmt.Errorf("%stokens: token %d: %w", prefix, i, err)
			}
			m.pieces[i], m.bytes[b] = string([]byte{b}), int32(i)
		}
	}
	if slices.Contains(m.bytes[:], noToken) && v.unk < 0 {
		return fmt.Errorf("%stokens: neither all 256 byte tokens nor an unknown token: some text couldn't be encoded", prefix)
	}
	m.sp = &sentencePieces{spacePrefix: v.spacePrefix}
	v.addChars(m.sp, ids)
	if v.merges != nil {
		return v.addMerges(m, ids)
	}
	return v.addPairs(m, ids)
}

// byteOf reads a byte token's name, <0x0A>.
func byteOf(name string) (byte, error) {
	if len(name) == 6 && strings.HasPrefix(name, "<0x") && name[5] == '>' {
		if b, err := strconv.ParseUint(name[3:5], 16, 8); err == nil {
			return byte(b), nil
		}
	}
	return 0, fmt.Errorf("byte token %q: want <0x00> to <0xFF>", name)
}

// mergeable says whether merging can give token id: control, unknown and byte
// tokens only have names, they aren't text.
func (v *vocabulary) mergeable(id int32) bool {
	k := v.kinds[id]
	return (k == kindNormal || k == kindUser || k == kindUnused) && id != v.unk && utf8.ValidString(v.names[id])
}

// addChars gives every rune of a piece an id and notes which runes are
// neighbours.
func (v *vocabulary) addChars(sp *sentencePieces, ids map[string]int32) {
	for i, name := range v.names {
		if !v.mergeable(int32(i)) {
			continue
		}
		last := rune(-1)
		for _, r := range name {
			if sp.char(r) == noToken {
				id, ok := ids[string(r)]
				if !ok || !v.mergeable(id) {
					id = int32(len(v.names) + len(sp.extra))
					sp.extra = append(sp.extra, r)
				}
				sp.setChar(r, id)
			}
			if last >= 0 {
				sp.bond(last, r)
			}
			last = r
		}
	}
}

// longestPiece bounds the work that a file's pieces can ask for; the longest
// of real vocabularies have about 100 bytes.
const longestPiece = 512

// addPairs notes each way in which two pieces join to a third. A higher score
// is a smaller rank; equal scores share one.
func (v *vocabulary) addPairs(m *Model, ids map[string]int32) error {
	ranks, err := v.ranks()
	if err != nil {
		return err
	}
	part := func(s string) (int32, bool) {
		if id, ok := ids[s]; ok && v.mergeable(id) {
			return id, true
		}
		if r, size := utf8.DecodeRuneInString(s); size == len(s) {
			id := m.sp.char(r)
			return id, id != noToken
		}
		return 0, false
	}
	type join struct{ left, right, to int32 }
	joins := make([]join, 0, 2*len(v.names))
	for i, name := range v.names {
		id := ids[name] // of equal names the last counts
		if int(id) != i || !v.mergeable(id) {
			continue
		}
		if len(name) > longestPiece {
			return fmt.Errorf("%stokens: token %d has %d bytes, at most %d are read", prefix, i, len(name), longestPiece)
		}
		for at := range name {
			if at == 0 {
				continue
			}
			left, ok := part(name[:at])
			if !ok {
				continue
			}
			if right, ok := part(name[at:]); ok {
				joins = append(joins, join{left, right, id})
			}
		}
	}
	m.table = newPairTable(len(joins))
	for _, j := range joins {
		m.table.add(j.left, j.right, ranks[j.to], j.to)
	}
	return nil
}

// ranks numbers the scores from the highest down.
func (v *vocabulary) ranks() ([]uint32, error) {
	order := make([]int32, len(v.scores))
	for i, s := range v.scores {
		if math.IsNaN(float64(s)) {
			return nil, fmt.Errorf("%sscores: token %d: not a number", prefix, i)
		}
		order[i] = int32(i)
	}
	slices.SortFunc(order, func(a, b int32) int { return cmp.Compare(v.scores[b], v.scores[a]) })
	ranks := make([]uint32, len(order))
	for i, id := range order {
		if i > 0 && v.scores[order[i-1]] == v.scores[id] {
			ranks[id] = ranks[order[i-1]]
		} else {
			ranks[id] = uint32(i)
		}
	}
	return ranks, nil
}
