package tokenizer

import (
	"strings"
	"unicode/utf8"
)

// Decode returns the text of ids: the bytes of their pieces, joined. Control
// and unknown tokens and ids out of range are left out, and so is the one
// space that a SentencePiece vocabulary puts before a text. The result is
// valid UTF-8 if the tokens are those of a valid text.
func (m *Model) Decode(ids []int32) string {
	var b strings.Builder
	lead := m.stripsLead()
	for _, id := range ids {
		if m.IsControl(id) {
			continue
		}
		piece := m.pieces[id]
		if lead {
			piece, lead = strings.TrimPrefix(piece, " "), false
		}
		b.WriteString(piece)
	}
	return b.String()
}

func (m *Model) stripsLead() bool { return m.sp != nil && m.sp.spacePrefix }

// Decoder turns tokens into text as they come. It holds back the bytes of an
// unfinished character, so that what Push returns can be shown at once; all
// that Push and Flush return, joined, is what Decode gives. One goroutine at a
// time may use it.
type Decoder struct {
	model *Model
	held  []byte
	lead  bool
}

// NewDecoder returns a Decoder at the start of a text. continued says that the
// text goes on after a prompt, so that a leading space is kept.
func (m *Model) NewDecoder(continued bool) *Decoder {
	return &Decoder{model: m, lead: !continued && m.stripsLead()}
}

// Push returns the text that token id completes: "" for a control token or in
// the midst of a character.
func (d *Decoder) Push(id int32) string {
	if d.model.IsControl(id) {
		return ""
	}
	piece := d.model.pieces[id]
	if d.lead {
		piece, d.lead = strings.TrimPrefix(piece, " "), false
	}
	d.held = append(d.held, piece...)
	n := wholeRunes(d.held)
	text := string(d.held[:n])
	d.held = append(d.held[:0], d.held[n:]...)
	return text
}

// Flush returns the bytes still held back, as they are.
func (d *Decoder) Flush() string {
	text := string(d.held)
	d.held = d.held[:0]
	return text
}

// wholeRunes returns how many bytes of b come before a character that is cut
// short at its end.
func wholeRunes(b []byte) int {
	for n := 1; n <= min(utf8.UTFMax-1, len(b)); n++ {
		if at := len(b) - n; utf8.RuneStart(b[at]) {
			if utf8.FullRune(b[at:]) {
				break
			}
			return at
		}
	}
	return len(b)
}
