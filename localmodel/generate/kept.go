package generate

import (
	"slices"

	"github.com/lcbench/lcbench/localmodel/model"
)

// kept holds the states of finished prompts, the most recently used last.
// Prompts are compared one by one: a few dozen comparisons of ids take
// microseconds beside the seconds of a prefill.
type kept struct {
	none bool
	list []prompt
}

type prompt struct {
	ids   []int32
	state model.State
	bytes int64
}

// maxKept bounds the list where there is no budget.
const maxKept = 64

// find returns a state that has seen the longest beginning of ids that is at
// hand, and how long it is. More than maxSameBits tokens are always left to
// compute, see chunkEnd.
func (k *kept) find(ids []int32) (model.State, int) {
	best, common := -1, 0
	for i, p := range k.list {
		if n := min(commonPrefix(p.ids, ids), len(ids)-maxSameBits-1); n > common {
			best, common = i, n
		}
	}
	if best < 0 {
		return nil, 0
	}
	state, ok := k.list[best].state.Fork(common)
	if !ok {
		return nil, 0
	}
	p := k.list[best]
	k.list = append(slices.Delete(k.list, best, best+1), p)
	return state, common
}

func commonPrefix(a, b []int32) int {
	n := min(len(a), len(b))
	for i := range n {
		if a[i] != b[i] {
			return i
		}
	}
	return n
}

// add keeps a prompt. One that it begins with is dropped: the new one serves.
func (k *kept) add(ids []int32, state model.State) {
	k.list = slices.DeleteFunc(k.list, func(p prompt) bool {
		return len(p.ids) <= len(ids) && commonPrefix(p.ids, ids) == len(p.ids)
	})
	if len(k.list) >= maxKept {
		k.list = slices.Delete(k.list, 0, 1)
	}
	k.list = append(k.list, prompt{slices.Clone(ids), state, state.Bytes()})
}

func (k *kept) bytes() int64 {
	total := int64(0)
	for _, p := range k.list {
		total += p.bytes
	}
	return total
}

// shrink drops prompts, the least recently used first, until no more than
// limit bytes are held; the one that serves ids best goes last.
func (k *kept) shrink(limit int64, ids []int32) {
	if len(k.list) == 0 || k.bytes() <= limit {
		return
	}
	best := 0
	for i, p := range k.list {
		if commonPrefix(p.ids, ids) > commonPrefix(k.list[best].ids, ids) {
			best = i
		}
	}
	if ids != nil {
		p := k.list[best]
		k.list = append(slices.Delete(k.list, best, best+1), p)
	}
	for len(k.list) > 0 && k.bytes() > limit {
		k.list = slices.Delete(k.list, 0, 1)
	}
}
