package generate

import (
	"cmp"
	"fmt"
	"iter"
	"math/rand/v2"
	"slices"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/lcbench/lcbench/localmodel/model"
)

// ledger is a state that only keeps books: blocks of blockTokens ids, which
// forks share. With slack > 0 it can be forked no further back than that.
type ledger struct {
	ids    []int32
	blocks []*[blockTokens]int32
	slack  int
}

const blockTokens = 4

func (s *ledger) Len() int { return len(s.ids) }

func (s *ledger) Fork(n int) (model.State, bool) {
	if s.slack > 0 && n < len(s.ids)-s.slack {
		return nil, false
	}
	f := &ledger{ids: s.ids[:n:n], blocks: slices.Clone(s.blocks[:n/blockTokens]), slack: s.slack}
	if n%blockTokens > 0 {
		f.blocks = append(f.blocks, new([blockTokens]int32))
	}
	return f, true
}

func (s *ledger) Pieces() iter.Seq2[any, int64] {
	return func(yield func(any, int64) bool) {
		for _, b := range s.blocks {
			if !yield(b, blockTokens) {
				return
			}
		}
	}
}

// compute appends ids, as a prefill would.
func (s *ledger) compute(ids []int32) {
	s.ids = append(s.ids, ids...)
	for len(s.blocks)*blockTokens < len(s.ids) {
		s.blocks = append(s.blocks, new([blockTokens]int32))
	}
}

// naive is what kept is held against: a list of prompts, the least recently
// used first, compared one by one.
type naive struct {
	list   []naivePrompt
	number int
}

type naivePrompt struct {
	ids    []int32
	state  model.State
	number int
}

// best is the shortest of the prompts that share most with ids, of equals the
// oldest, and how much that is.
func (k *naive) best(ids []int32) (at, common int) {
	at = -1
	for i, p := range k.list {
		n := commonPrefix(p.ids, ids)
		if n > common || n == common && at >= 0 && cmp.Or(len(p.ids)-len(k.list[at].ids), p.number-k.list[at].number) < 0 {
			at, common = i, n
		}
	}
	return at, common
}

func (k *naive) touch(at int) {
	p := k.list[at]
	k.list = append(slices.Delete(k.list, at, at+1), p)
}

func (k *naive) find(ids []int32) int {
	at, common := k.best(ids)
	n := min(common, len(ids)-maxSameBits-1)
	if n <= 0 {
		return 0
	}
	k.touch(at)
	return n
}

func (k *naive) add(ids []int32, state model.State) {
	if at, common := k.best(ids); common == len(ids) {
		k.touch(at)
		return
	}
	k.list = slices.DeleteFunc(k.list, func(p naivePrompt) bool { return commonPrefix(p.ids, ids) == len(p.ids) })
	k.number++
	k.list = append(k.list, naivePrompt{ids, state, k.number})
}

func (k *naive) bytes() int64 {
	seen, total := map[any]bool{}, int64(0)
	for _, p := range k.list {
		for id, bytes := range p.state.Pieces() {
			if !seen[id] {
				total += bytes
			}
			seen[id] = true
		}
	}
	return total
}

// prompts returns what is kept, the least recently used first.
func (k *kept) prompts() [][]int32 {
	var out [][]int32
	for e := k.recent.Front(); e != nil; e = e.Next() {
		v := e.Value.(*prompt).node
		var ids []int32
		for ; v != nil; v = v.parent {
			ids = slices.Concat(v.edge, ids)
		}
		out = append(out, ids)
	}
	return out
}

// check compares what each node says of itself with what is below it.
func (v *node) check(t *rapid.T) (nearest *prompt) {
	if v.parent != nil && v.prompt == nil && len(v.children) < 2 {
		t.Fatalf("a node at %d has no prompt and %d children", v.depth, len(v.children))
	}
	if v.prompt != nil {
		nearest = v.prompt
		if v.prompt.node != v || v.prompt.state.Len() != v.depth {
			t.Fatalf("the prompt at %d has seen %d ids", v.depth, v.prompt.state.Len())
		}
	}
	for first, child := range v.children {
		if child.parent != v || child.edge[0] != first || child.depth != v.depth+len(child.edge) {
			t.Fatalf("a child of %d at %d by an edge of %d", v.depth, child.depth, len(child.edge))
		}
		if p := child.check(t); p.nearer(nearest) {
			nearest = p
		}
	}
	if nearest != v.nearest {
		t.Fatalf("the nearest prompt of a node at %d is another one", v.depth)
	}
	return nearest
}

// drawPrompt draws ids that often share a beginning with others.
func drawPrompt(t *rapid.T) []int32 {
	return rapid.SliceOfN(rapid.Int32Range(0, 1), 1, 40).Draw(t, "prompt")
}

// ask does what the engine does for a prompt, and returns how much of it was
// at hand.
func ask(t *rapid.T, k *kept, ids []int32, slack int) (state *ledger, n int) {
	found, n := k.find(0, ids, len(ids)-maxSameBits-1, 0)
	state = &ledger{slack: slack}
	if found != nil {
		state = found.(*ledger)
	}
	if n != state.Len() || !slices.Equal(state.ids, ids[:n]) {
		t.Fatalf("asked for %v, got %d of %v", ids, n, state.ids)
	}
	state.compute(ids[n:])
	return state, n
}

func againstANaiveList(t *rapid.T) {
	k, list := &kept{memory: &memory{}}, &naive{}
	budget := int64(rapid.IntRange(0, 400).Draw(t, "budget"))
	for range rapid.IntRange(1, 40).Draw(t, "prompts") {
		ids := drawPrompt(t)
		state, n := ask(t, k, ids, 0)
		if want := list.find(ids); n != want {
			t.Fatalf("%v: %d ids were at hand, want %d", ids, n, want)
		}
		if !k.serves(0, ids, 0) {
			k.add(0, ids, state, 0)
		}
		list.add(ids, state)
		for k.memory.total > budget {
			k.evict()
		}
		for list.bytes() > budget {
			list.list = list.list[1:]
		}
		k.tree(0).check(t)
		var want [][]int32
		for _, p := range list.list {
			want = append(want, p.ids)
		}
		if diff := gocmp.Diff(want, k.prompts()); diff != "" {
			t.Fatalf("kept, the least recently used first:\n%s", diff)
		}
		if k.memory.total != list.bytes() {
			t.Fatalf("%d bytes counted, want %d", k.memory.total, list.bytes())
		}
	}
	for k.evict() {
	}
	if k.memory.total != 0 || len(k.memory.pieces) != 0 || k.tree(0).nearest != nil || len(k.tree(0).children) != 0 {
		t.Fatalf("%d bytes and %d nodes are left of nothing", k.memory.total, len(k.tree(0).children))
	}
}

func TestTheTreeFindsAndDropsWhatANaiveListDoes(t *testing.T) { rapid.Check(t, againstANaiveList) }

func FuzzTree(f *testing.F) { f.Fuzz(rapid.MakeFuzz(againstANaiveList)) }

// A state that has dropped what a fork would need is a miss, or a shallower one
// serves: at least the longest prompt that is a beginning as a whole.
func TestWhatCanNotBeForkedIsPassedOver(t *testing.T) {
	hits, misses := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		k := &kept{memory: &memory{}}
		var all [][]int32
		for range rapid.IntRange(1, 20).Draw(t, "prompts") {
			ids := drawPrompt(t)
			least, most := 0, 0
			for _, p := range all {
				n := commonPrefix(p, ids)
				most = max(most, n)
				if n == len(p) && n < len(ids)-maxSameBits {
					least = max(least, n)
				}
			}
			state, n := ask(t, k, ids, 3)
			if n < least || n > most {
				t.Fatalf("%v: %d ids were at hand, want %d to %d", ids, n, least, most)
			}
			if n > 0 {
				hits++
			} else if most > 0 {
				misses++
			}
			if !k.serves(0, ids, 0) {
				k.add(0, ids, state, 0)
			}
			k.tree(0).check(t)
			all = append(all, ids)
		}
	})
	if hits == 0 || misses == 0 {
		t.Errorf("%d hits and %d misses, want both", hits, misses)
	}
}

func TestPromptsStartFromTheLongestBeginning(t *testing.T) {
	document := make([]int32, 500)
	for i := range document {
		document[i] = int32(i)
	}
	question := func(n int32) []int32 { return append([]int32{1000 + n}, document[1:30]...) }
	needle := func(at int) []int32 { return slices.Concat(document[:at], question(0), document[at:]) }
	k := &kept{memory: &memory{}}
	steps := []struct {
		name string
		ids  []int32
		want int
	}{
		{"the first question", slices.Concat(document, question(0)), 0},
		{"the second question", slices.Concat(document, question(1)), 500},
		{"the first again, but for what is always computed", slices.Concat(document, question(0)), 530 - maxSameBits - 1},
		{"a prompt that ends in the middle of an edge", document[:300], 300 - maxSameBits - 1},
		{"a haystack up to its needle, in the middle of an edge", needle(250), 250},
		{"another needle, further down", needle(400), 400},
		{"one between them", needle(333), 333},
		{"the last one's haystack with another end", slices.Concat(needle(333)[:451], question(5)), 451},
		{"another document", slices.Concat([]int32{7}, document), 0},
	}
	for _, s := range steps {
		state, n := k.find(0, s.ids, len(s.ids)-maxSameBits-1, 0)
		if n != s.want {
			t.Errorf("%s: %d ids were at hand, want %d", s.name, n, s.want)
		}
		computed := &ledger{}
		if state != nil {
			computed = state.(*ledger)
		}
		computed.compute(s.ids[n:])
		if !k.serves(0, s.ids, 0) {
			k.add(0, s.ids, computed, 0)
		}
	}
	// The document and two questions, what lies behind three needles and behind
	// the changed end, the other document; each to whole blocks.
	if got, most := k.memory.total, int64(560+30+280+130+200+30+501+8*blockTokens); got > most {
		t.Errorf("%d ids of memory, want at most %d", got, most)
	}
}

// BenchmarkFind looks up prompts of 8k tokens among a thousand such: questions
// of one document each, of ten documents, and needle grids.
func BenchmarkFind(b *testing.B) {
	const tokens, promptCount = 8192, 1000
	random := rand.New(rand.NewPCG(1, 2))
	document := func() []int32 {
		out := make([]int32, tokens)
		for i := range out {
			out[i] = random.Int32N(50000)
		}
		return out
	}
	for _, shape := range []struct {
		documents int
		needles   bool
	}{{1000, false}, {10, false}, {1, true}} {
		b.Run(fmt.Sprintf("documents=%d/needles=%v", shape.documents, shape.needles), func(b *testing.B) {
			k := &kept{memory: &memory{}}
			var documents [][]int32
			for range shape.documents {
				documents = append(documents, document())
			}
			var asked [][]int32
			for i := range promptCount {
				ids := slices.Clone(documents[i%len(documents)])
				if at := tokens - 30; shape.needles {
					ids[i*(tokens-40)/promptCount] = int32(60000 + i)
				} else {
					ids[at] = int32(60000 + i)
				}
				state := &ledger{}
				state.compute(ids)
				if !k.serves(0, ids, 0) {
					k.add(0, ids, state, 0)
				}
				asked = append(asked, ids)
			}
			i := 0
			for b.Loop() {
				if _, n := k.find(0, asked[i%len(asked)], len(asked[i%len(asked)])-maxSameBits-1, 0); n != tokens-maxSameBits-1 {
					b.Fatalf("%d ids were at hand", n)
				}
				i++
			}
		})
	}
}
