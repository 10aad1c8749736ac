package generate

import (
	"container/list"

	"github.com/lcbench/lcbench/localmodel/model"
)

// kept holds the states of finished prompts in a radix tree over their ids, so
// that a new prompt starts from the longest beginning that any of them has.
// Finding it costs a walk along the prompt's own ids, however many are kept.
// There is a tree for each rotation (see model.Executor): the keys of one serve
// no prompt of another, though their ids be the same.
//
// A state serves every beginning of its prompt that its caches can still be
// forked at, in the middle of an edge too; so a prompt that another one begins
// with is kept only if the longer one's state can't stand in for it.
type kept struct {
	none   bool
	trees  map[int]*node // by rotation
	recent list.List     // of *prompt, the least recently used first
	memory *memory
	number int
}

// prompt is a kept one.
type prompt struct {
	node   *node
	state  model.State // has seen the ids from the root to node
	held   holding
	least  int // length of the shortest prompt that it stands in for
	sealed int // its fixed context, if that was prepared; 0: it was not
	number int // counts up
	place  *list.Element
}

// maxKept bounds the prompts where there is no budget.
const maxKept = 64

// tree returns the root of a rotation's tree.
func (k *kept) tree(rotation int) *node {
	if k.trees == nil {
		k.trees = map[int]*node{}
	}
	if k.trees[rotation] == nil {
		k.trees[rotation] = &node{}
	}
	return k.trees[rotation]
}

// find returns a state that has seen the longest beginning of ids that is at
// hand, and how long it is: nil and 0 if there is none. More than maxSameBits
// tokens are always left to compute, see chunkEnd.
//
// Of the prompts that share the most with ids the shortest is asked, since it
// has dropped the least of what they share; where that can't be forked there,
// the next ones up the tree are, which share less.
//
// limit is how much may be taken at the most; but a prepared context of exactly
// fixed tokens (0: none is wanted) is taken whole.
func (k *kept) find(rotation int, ids []int32, limit, fixed int) (model.State, int) {
	v, common := k.tree(rotation).descend(ids)
	for ; v != nil; v = v.parent {
		n := min(common, v.depth)
		if n <= 0 {
			break
		}
		if n = v.nearest.usable(n, limit, fixed); n <= 0 {
			continue
		}
		if state, ok := v.nearest.state.(stepped); ok {
			if n = state.ForkPoint(n); n == 0 {
				continue
			}
		}
		if state, ok := v.nearest.state.Fork(n); ok {
			k.touch(v.nearest)
			return state, n
		}
	}
	return nil, 0
}

// spare makes what find would ask first for ids the last to be dropped, and
// returns how much of ids it may have.
func (k *kept) spare(rotation int, ids []int32) int {
	v, common := k.tree(rotation).descend(ids)
	if common > 0 {
		k.touch(v.nearest)
	}
	return common
}

// stepped is a state that can be forked at some lengths only: ForkPoint is the
// largest up to n.
type stepped interface{ ForkPoint(n int) int }

// usable is how much of the n tokens that a prompt shares with another one can
// be taken from it. What it has prepared serves the same context alone; so does
// all of a context of so few tokens that the kernels of decoding computed them,
// which give other bits than a longer prompt's.
func (p *prompt) usable(n, limit, fixed int) int {
	switch {
	case p.sealed == 0:
		return min(n, limit)
	case p.sealed == fixed && n >= fixed:
		return fixed
	case p.sealed <= maxSameBits:
		return 0
	}
	return min(n, limit, p.sealed-1)
}

func (k *kept) touch(p *prompt) { k.recent.MoveToBack(p.place) }

// serves says whether a state is kept already that stands in for one of ids, of
// which sealed tokens are a prepared context.
func (k *kept) serves(rotation int, ids []int32, sealed int) bool {
	v, common := k.tree(rotation).descend(ids)
	if common < len(ids) || common == 0 || v.nearest.sealed != sealed {
		return false
	}
	if _, ok := v.nearest.state.Fork(len(ids)); !ok {
		return false
	}
	k.touch(v.nearest)
	v.nearest.least = min(v.nearest.least, len(ids))
	return true
}

// add keeps a prompt that serves has denied. Those that it begins with are
// dropped if its state stands in for theirs, and for what theirs stood in for;
// not those that have another context prepared.
func (k *kept) add(rotation int, ids []int32, state model.State, sealed int) {
	v := k.tree(rotation).insert(ids)
	if v.prompt != nil {
		k.drop(v.prompt)
		v = k.tree(rotation).insert(ids) // it may have gone with its prompt
	}
	k.number++
	p := &prompt{state: state, held: k.memory.hold(state, false), number: k.number, least: len(ids), sealed: sealed}
	p.place = k.recent.PushBack(p)
	v.set(p)
	for up := v.parent; up != nil; {
		next := up.parent
		if up.prompt != nil && (up.prompt.sealed == 0 || up.prompt.sealed == sealed) {
			if _, ok := state.Fork(up.prompt.least); ok {
				p.least = min(p.least, up.prompt.least)
				k.drop(up.prompt)
			}
		}
		up = next
	}
}

// evict drops the least recently used prompt; false: there is none.
func (k *kept) evict() bool {
	first := k.recent.Front()
	if first == nil {
		return false
	}
	k.drop(first.Value.(*prompt))
	return true
}

func (k *kept) drop(p *prompt) {
	k.recent.Remove(p.place)
	k.memory.release(p.held)
	p.node.unset()
}
