package generate

// node is a place in a radix tree over token ids: where a kept prompt ends, or
// where several part. An edge is a run of ids. Every node but the root has a
// prompt or at least two children, so there are fewer than two a prompt.
type node struct {
	parent   *node
	edge     []int32         // ids from the parent to here; empty at the root only
	depth    int             // ids from the root to here
	children map[int32]*node // by the first id of their edge
	prompt   *prompt         // the one that ends here; nil: prompts only part here
	nearest  *prompt         // the shortest one at or below, of equals the oldest
}

// descend follows ids as far as the tree has them: common is how far. It ends
// at the node returned, or in the middle of the edge that leads to it.
func (v *node) descend(ids []int32) (end *node, common int) {
	for common < len(ids) {
		child := v.children[ids[common]]
		if child == nil {
			break
		}
		n := commonPrefix(child.edge, ids[common:])
		v, common = child, common+n
		if n < len(child.edge) {
			break
		}
	}
	return v, common
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

// insert returns the node at which ids end; it is made if need be, and must get
// a prompt then.
func (v *node) insert(ids []int32) *node {
	end, common := v.descend(ids)
	if common < end.depth {
		end = end.split(common)
	}
	if common == len(ids) {
		return end
	}
	leaf := &node{edge: append([]int32(nil), ids[common:]...), depth: len(ids)}
	end.adopt(leaf)
	return leaf
}

// split puts a node into the middle of the edge that leads to v, depth ids from
// the root.
func (v *node) split(depth int) *node {
	at := depth - v.parent.depth
	middle := &node{edge: v.edge[:at:at], depth: depth, nearest: v.nearest}
	v.parent.adopt(middle)
	v.edge = v.edge[at:]
	middle.adopt(v)
	return middle
}

func (v *node) adopt(child *node) {
	if v.children == nil {
		v.children = map[int32]*node{}
	}
	child.parent = v
	v.children[child.edge[0]] = child
}

// set puts a prompt at v.
func (v *node) set(p *prompt) {
	v.prompt, p.node = p, v
	for ; v != nil && p.nearer(v.nearest); v = v.parent {
		v.nearest = p
	}
}

// unset takes the prompt at v out, and the nodes that nothing needs without it.
func (v *node) unset() {
	gone := v.prompt
	v.prompt = nil
	up := v.parent
	switch {
	case up == nil:
	case len(v.children) == 0:
		delete(up.children, v.edge[0])
		v = up
		if up.parent != nil && up.prompt == nil && len(up.children) == 1 {
			v = up.join()
		}
	case len(v.children) == 1:
		v = v.join()
	}
	for ; v != nil && v.nearest == gone; v = v.parent {
		v.nearest = v.prompt
		for _, child := range v.children {
			if child.nearest.nearer(v.nearest) {
				v.nearest = child.nearest
			}
		}
	}
}

// join makes one edge of that to v and that to its only child, and returns v's
// parent.
func (v *node) join() *node {
	for _, child := range v.children {
		child.edge = append(v.edge[:len(v.edge):len(v.edge)], child.edge...)
		v.parent.adopt(child)
	}
	return v.parent
}

// nearer says whether p is shorter than q, or as long and older.
func (p *prompt) nearer(q *prompt) bool {
	if q == nil {
		return true
	}
	return p.node.depth < q.node.depth || p.node.depth == q.node.depth && p.number < q.number
}
