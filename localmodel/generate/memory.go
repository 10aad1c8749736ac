package generate

import "github.com/lcbench/lcbench/localmodel/model"

// memory counts the bytes that sequences hold. What several of them share
// counts once, and goes when the last of them does.
type memory struct {
	pieces map[any]piece
	total  int64 // of all pieces
	inUse  int64 // of those that a sequence under way holds
}

// piece is something that sequences hold: how many that are under way, and how
// many that are kept.
type piece struct {
	bytes         int64
	running, kept int32
}

// holding is what a sequence held when it was counted.
type holding struct {
	ids     []any
	running bool
}

// hold counts a sequence's pieces as they are now.
func (m *memory) hold(s model.State, running bool) holding {
	if m.pieces == nil {
		m.pieces = map[any]piece{}
	}
	h := holding{running: running}
	for id, bytes := range s.Pieces() {
		p, known := m.pieces[id]
		if !known {
			p.bytes = bytes
			m.total += bytes
		}
		if running {
			if p.running++; p.running == 1 {
				m.inUse += p.bytes
			}
		} else {
			p.kept++
		}
		m.pieces[id] = p
		h.ids = append(h.ids, id)
	}
	return h
}

// release takes back what hold counted.
func (m *memory) release(h holding) {
	for _, id := range h.ids {
		p := m.pieces[id]
		if h.running {
			if p.running--; p.running == 0 {
				m.inUse -= p.bytes
			}
		} else {
			p.kept--
		}
		if p.running+p.kept > 0 {
			m.pieces[id] = p
			continue
		}
		m.total -= p.bytes
		delete(m.pieces, id)
	}
}

// uncounted is what a sequence has come to hold since it was counted.
func (m *memory) uncounted(s model.State) int64 {
	total := int64(0)
	for id, bytes := range s.Pieces() {
		if _, known := m.pieces[id]; !known {
			total += bytes
		}
	}
	return total
}
