package longins

import (
	"math/rand/v2"

	"github.com/lcbench/lcbench/benchmarks"
)

// spares and wrongSpares are how many further right and wrong items may fill
// what the exam leaves free; wrong ones only where right ones don't.
const spares, wrongSpares = 64, 8

// deck deals items in random order, all of them before any comes again.
type deck struct {
	rng   *rand.Rand
	items []item
	order []int
}

func (d *deck) next() item {
	if len(d.order) == 0 {
		d.order = d.rng.Perm(len(d.items))
	}
	at := d.order[0]
	d.order = d.order[1:]
	return d.items[at]
}

// paper is what an exam is composed of.
type paper struct {
	base  row    // gives the rate and the places of wrong items
	items []item // that may be taken
}

// deal returns items until enough says so, wrong ones at the base's rate and
// at least one of them, and further right ones.
func (p paper) deal(rng *rand.Rand, enough func(item) bool) (units, spare []item) {
	wrong, right := split(p.items)
	decks := [2]deck{{rng: rng, items: right}, {rng: rng, items: wrong}}
	rate := float64(p.base.wrong()) / float64(len(p.base.items))
	marked := 0
	for n := 0; ; n++ {
		from := &decks[0]
		if len(right) == 0 || n == 0 || float64(marked) < rate*float64(n+1)-0.5 {
			from = &decks[1]
			marked++
		}
		it := from.next()
		units = append(units, it)
		if enough(it) {
			break
		}
	}
	for range spares {
		if len(right) > 0 {
			spare = append(spare, decks[0].next())
		}
	}
	for range wrongSpares {
		spare = append(spare, decks[1].next())
	}
	return units, spare
}

// arrange puts chosen items in order: wrong ones at a depth, or where the base
// has them.
func (p paper) arrange(chosen []item, depth *float64) []item {
	if depth != nil {
		return atDepth(chosen, *depth)
	}
	return inPlaces(chosen, p.base.items)
}

// compose makes an exam of at most length tokens and at least 98% of that, and
// says whether items stand in it more than once.
func (p paper) compose(id string, length int, depth *float64, o benchmarks.Options) (s sheet, tokens int, repeats bool, err error) {
	known := map[item]int{}
	size := func(it item) int {
		n, ok := known[it]
		if !ok {
			n = max(1, benchmarks.Count(o.Tokenizer, it.text(10)+itemGap))
			known[it] = n
		}
		return n
	}
	sum := 0
	units, spare := p.deal(benchmarks.Rand(o.Seed, id, "items"), func(it item) bool {
		sum += size(it)
		return sum > length+length/4 // sizes are estimates: there has to be a choice
	})
	// The first one is wrong and stays.
	c, err := benchmarks.Compose(id, o.Tokenizer, length, 1, units, spare, size, func(chosen []item) string {
		return newSheet(p.arrange(chosen, depth)).text
	})
	if err != nil {
		return s, 0, false, err
	}
	seen := map[string]bool{}
	for _, it := range c.Units {
		repeats = repeats || seen[it.body]
		seen[it.body] = true
	}
	return newSheet(p.arrange(c.Units, depth)), c.Tokens, repeats, nil
}
