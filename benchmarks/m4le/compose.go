package m4le

import (
	"fmt"
	"math/rand/v2"
	"slices"

	"github.com/lcbench/lcbench/benchmarks"
	"github.com/lcbench/lcbench/scorers"
)

// composer makes contexts for one recipe of the texts of its kind and language.
type composer struct {
	recipe
	texts []short
	seed  uint64
	tok   benchmarks.Tokenizer
}

// piece is a text among the items of a context.
type piece struct {
	short
	id     string
	head   string
	tokens int // of the whole item with what parts it from the next
	at     int // among the texts
}

func (p piece) body() string { return p.head + p.text }

// least is the share of the asked length that a context has at the least.
const least = 0.98

// composition is a context with its question.
type composition struct {
	context, question string
	answers           []string
	targets           []scorers.Span
	tokens            int
}

// compose fills length tokens with items: the targets of a draw, others that
// hold none of its answers, and last one cut at a sentence's end, so that at
// least 98% are used. place is the depth of a single target among the items,
// its index/(items − 1); NaN lets it walk over the indices 0, 4, 9, … by the
// draw's number, as upstream does. Of several targets the places are random.
//
// base names the draw: its targets are the same at every length that they fit
// in. Where no set of items fills a length beside them, the next ones are taken.
func (c composer) compose(draw int, base string, length int, place float64) (composition, error) {
	order := benchmarks.Rand(c.seed, base, "texts").Perm(len(c.texts))
	var first error
	for attempt := range max(1, min(targetTries, len(order))) {
		out, err := c.composeOf(slices.Concat(order[attempt:], order[:attempt]), draw, base, length, place)
		if err == nil {
			return out, nil
		}
		if first == nil {
			first = err
		}
	}
	return composition{}, first
}

// targetTries bounds for how many targets a set of items is looked for.
const targetTries = 8

// composeOf is compose with the first text of an order that is short enough as
// the target.
func (c composer) composeOf(order []int, draw int, base string, length int, place float64) (composition, error) {
	d := &drawing{composer: c, draw: draw, length: length, place: place, base: base, used: map[string]bool{}}
	d.names = benchmarks.Rand(c.seed, base, "ids")
	if err := d.aim(order); err != nil {
		return composition{}, err
	}
	d.fill()
	slack := 0 // what seams cost more than was thought
	wider := false
	for range 16 {
		d.left = length - d.assemble(nil).tokens
		switch {
		case d.left < 0:
			if !d.drop(-d.left) {
				return composition{}, d.fault("no set of items fits")
			}
			continue
		case d.fill():
			continue
		}
		out := d.assemble(d.pad(d.left - slack))
		switch {
		case out.tokens > length:
			slack += out.tokens - length
		case float64(out.tokens) >= least*float64(length):
			return out, nil
		case !wider: // or less
			wider = true
			slack -= length - out.tokens
		case len(d.rest) == 0 || !d.drop(1): // a longer last item may come nearer
			return composition{}, d.fault(fmt.Sprintf("too few texts (%d)", len(d.texts)))
		default:
			wider, slack = false, 0
		}
	}
	return composition{}, d.fault("no last item fits")
}

// drawing is a composition in the making.
type drawing struct {
	composer
	draw, length int
	place        float64
	base         string
	names        *rand.Rand
	used         map[string]bool // ids

	targets, others []piece
	rest            []int // texts that are not among the items, in random order
	bars            func(short) bool
	left            int  // tokens
	full            bool // items have been left out again
}

func (d *drawing) fault(reason string) error {
	size := benchmarks.FormatTokens(d.length)
	return &benchmarks.SampleError{SampleID: d.base, Reason: reason + " for a context of " + size,
		Err: fmt.Errorf("%w: %s for a context of %s", benchmarks.ErrSample, reason, size)}
}

// item makes a text an item. Numbers depend on places: at first each counts as
// one of three digits.
func (d *drawing) item(at int) piece {
	t, id := d.texts[at], "100"
	if d.hex {
		id = d.hexID()
	}
	p := piece{short: t, id: id, head: d.head(t, id), at: at}
	p.tokens = benchmarks.Count(d.tok, p.body()+d.separator)
	return p
}

// hexID draws six hexadecimal digits that no other item has.
func (d *drawing) hexID() string {
	for {
		id := fmt.Sprintf("%06X", d.names.Uint32N(1<<24))
		if !d.used[id] {
			d.used[id] = true
			return id
		}
	}
}

// aim chooses the targets: the first text of an order that leaves room for
// others, and where a class is asked about more of its class.
func (d *drawing) aim(order []int) error {
	d.left = d.length
	for at, i := range order {
		p := d.item(i)
		if p.tokens > d.length*2/3 {
			continue
		}
		d.take(&d.targets, p)
		d.rest = slices.Delete(order, at, at+1)
		d.bars = d.barred(p.short)
		d.more(p.label, p.tokens)
		if d.ask == askClass && len(d.targets) < 2 {
			return d.fault("no room for two texts of a class")
		}
		return nil
	}
	return d.fault("no text is short enough")
}

func (d *drawing) take(list *[]piece, p piece) {
	*list = append(*list, p)
	d.left -= p.tokens
}

// more adds targets of a class, which takes about one of so many tokens each. A
// count walks from 1 to 6, or to two less than there are items, as upstream's
// does; ids are asked of as many as the class has among all texts.
func (d *drawing) more(class string, tokens int) {
	if d.ask == askOne {
		return
	}
	items := d.length / max(1, tokens)
	want := 1 + d.draw%max(2, min(6, items-2))
	if d.ask == askClass {
		of := 0
		for _, t := range d.texts {
			if t.label == class {
				of++
			}
		}
		want = max(2, items*of/max(1, len(d.texts)))
	}
	d.rest = slices.DeleteFunc(d.rest, func(i int) bool {
		if len(d.targets) >= want || d.texts[i].label != class {
			return false
		}
		p := d.item(i)
		if p.tokens > d.left {
			return false
		}
		d.take(&d.targets, p)
		return true
	})
}

// barred says which texts must not stand beside a target: those of the class
// that is asked about, and where one item answers, those that hold an answer or
// go by the same title.
func (d *drawing) barred(target short) func(short) bool {
	switch {
	case d.ask != askOne:
		return func(t short) bool { return t.label == target.label }
	case d.answer == "{class}": // it is asked for by its id
		return func(t short) bool { return t.text == target.text }
	}
	var answers []string
	switch d.answer {
	case "":
		answers = target.answers
	case "{title}":
		answers = []string{target.title}
	}
	holds := benchmarks.AnswerIn(answers)
	return func(t short) bool {
		return t.text == target.text || t.title != "" && t.title == target.title || holds(t.text) || holds(t.title)
	}
}

// misses is how many texts may be too long before the rest is left to the last
// item.
const misses = 50

// fill takes texts as long as they fit, and says whether it took any.
func (d *drawing) fill() (took bool) {
	if d.full {
		return false
	}
	var left []int
	missed := 0
	for at, i := range d.rest {
		if missed == misses {
			left = append(left, d.rest[at:]...)
			break
		}
		if d.bars(d.texts[i]) {
			continue
		}
		p := d.item(i)
		if p.tokens > d.left {
			missed++
			left = append(left, i)
			continue
		}
		d.take(&d.others, p)
		took = true
	}
	d.rest = left
	return took
}

// drop leaves out items that aren't targets until so many tokens are free; false
// if there are none left.
func (d *drawing) drop(tokens int) bool {
	d.full = true
	for tokens > 0 {
		n := len(d.others)
		if n == 0 {
			return false
		}
		last := d.others[n-1]
		tokens -= last.tokens
		d.others, d.rest = d.others[:n-1], append(d.rest, last.at)
	}
	return true
}
