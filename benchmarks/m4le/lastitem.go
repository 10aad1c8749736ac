package m4le

import "strings"

// tries is how many texts are tried for the last item.
const tries = 400

// pad is the item that fills the last tokens: of the texts that are left, the
// beginning that ends with a sentence and comes nearest to them; failing that
// one cut behind a word. nil: there is no room for any.
func (d *drawing) pad(room int) *piece {
	var best *piece
	for _, sentences := range []bool{true, false} {
		most := 0
		for _, i := range d.rest[:min(tries, len(d.rest))] {
			t := d.texts[i]
			if d.bars(t) {
				continue
			}
			p := piece{short: t, id: "FFFFFF", head: d.head(t, "FFFFFF")}
			if !d.hex {
				p.head = d.head(t, "100")
			}
			end, tokens := d.longest(p, room, sentences)
			if tokens > most {
				p.text, p.tokens = t.text[:end], tokens
				best, most = &p, tokens
			}
			if most == room {
				break
			}
		}
		if best != nil && float64(room-most) <= (1-least)*float64(d.length) {
			break
		}
	}
	if best != nil && d.hex {
		best.id = d.hexID()
		best.head = d.head(best.short, best.id)
	}
	return best
}

// longest is the end of the longest beginning of an item's text that takes at
// most room tokens, and how many it takes with its heading.
func (d *drawing) longest(p piece, room int, sentences bool) (end, tokens int) {
	ends := d.tok.Ends(p.body())
	at := 0
	for n, e := range ends {
		if n+2 > room { // one for what parts it from its neighbour
			break
		}
		for ; at < len(p.text) && len(p.head)+at < e; at++ {
			if stop := at + 1; stops(p.text, stop, sentences) {
				end, tokens = stop, n+2
			}
		}
	}
	return end, tokens
}

// stops says whether a sentence (else a word) ends before byte at of a text.
func stops(text string, at int, sentence bool) bool {
	before, after := text[:at], text[at:]
	if strings.HasSuffix(before, "。") || strings.HasSuffix(before, "！") || strings.HasSuffix(before, "？") {
		return true
	}
	if after != "" && after[0] != ' ' && after[0] != '\n' {
		return false
	}
	last := before[at-1]
	return last == '.' || last == '!' || last == '?' || !sentence && last > ' ' && last < 0x80
}
