package attention

import (
	"iter"
	"slices"

	"github.com/lcbench/lcbench/localmodel/kernels/cpu"
)

// Blocks is a run of cached tokens, up to the newest, in blocks that forks
// share: a block that is full is never written again.
type Blocks struct {
	shape  cpu.KVShape
	base   int  // position of the first row kept; a multiple of cpu.BlockTokens
	n      int  // tokens seen
	few    bool // its tokens fit into a short block
	folded bool // the last block is the first one too, see Keep
	list   []*cpu.KVBlock
}

// NewBlocks returns an empty run.
func NewBlocks(shape cpu.KVShape) *Blocks { return &Blocks{shape: shape} }

// NewFew returns an empty run that takes n tokens at the most: where they fit, in
// a short block.
func NewFew(shape cpu.KVShape, n int) *Blocks { return &Blocks{shape: shape, few: n <= cpu.HalfBlock} }

// FewBytes is the memory of a run of n tokens that NewFew was told to be for most.
func FewBytes(shape cpu.KVShape, n, most int) int64 {
	if n > 0 && most <= cpu.HalfBlock {
		return int64(shape.HalfBytes())
	}
	return RunBytes(shape, n)
}

// RunBytes is the memory of a run of n tokens.
func RunBytes(shape cpu.KVShape, n int) int64 {
	blocks := (n + cpu.BlockTokens - 1) / cpu.BlockTokens
	return int64(blocks) * int64(shape.BlockBytes())
}

// Rows returns n rows of their own: what kv head h has in row i is token
// of(h, i) of the run, bit for bit.
func (b *Blocks) Rows(k *cpu.Kernels, n int, of func(head, row int) int) *cpu.KVRows {
	const piece = 1024
	rows, pieces := cpu.NewKVRows(b.shape, n), (n+piece-1)/piece
	k.Parallel(pieces*b.shape.Heads, func(i int) {
		head := i / pieces
		for row := i % pieces * piece; row < min(n, (i%pieces+1)*piece); row++ {
			at := of(head, row) - b.base
			rows.Copy(row, head, b.list[at/cpu.BlockTokens], at%cpu.BlockTokens)
		}
	})
	return rows
}

// From returns a run of its own with the tokens from position p on, which is
// its position 0.
func (b *Blocks) From(p int) *Blocks {
	out := NewBlocks(b.shape)
	k, v := make([]float32, b.shape.Heads*b.shape.KeyDim), make([]float32, b.shape.Heads*b.shape.ValueDim)
	for ; p < b.n; p++ {
		for h := range b.shape.Heads {
			b.Read(p, h, k[h*b.shape.KeyDim:], v[h*b.shape.ValueDim:])
		}
		out.Append(1, k, v)
	}
	return out
}

// Shape is the shape that NewBlocks was given.
func (b *Blocks) Shape() cpu.KVShape { return b.shape }

// Len is the number of tokens seen, dropped ones included.
func (b *Blocks) Len() int { return b.n }

// Append adds n tokens: k [n, kvHeads, keyDim], v [n, kvHeads, valueDim].
func (b *Blocks) Append(n int, k, v []float32) {
	kd, vd := b.shape.Heads*b.shape.KeyDim, b.shape.Heads*b.shape.ValueDim
	if b.folded && n > 1 {
		b.unfold()
	}
	for i := 0; i < n; {
		row := (b.n - b.base) % cpu.BlockTokens
		if row == 0 {
			b.list = append(b.list, b.block())
		}
		take := min(n-i, cpu.BlockTokens-row)
		b.list[len(b.list)-1].StoreRows(row, take, k[i*kd:], v[i*vd:])
		i += take
		b.n += take
	}
}

func (b *Blocks) block() *cpu.KVBlock {
	if b.few {
		return cpu.NewHalfKVBlock(b.shape)
	}
	return cpu.NewKVBlock(b.shape)
}

// Job returns the attention of n query rows that end at the newest token.
func (b *Blocks) Job(n int, q, out []float32) cpu.AttendJob {
	return cpu.AttendJob{Out: out, Q: q, N: n, Pos: b.n - n, Blocks: b.list, Base: b.base, Len: b.n - b.base}
}

// Read writes the key and the value that a kv head has of position p, as
// stored.
func (b *Blocks) Read(p, head int, key, value []float32) {
	at := p - b.base
	b.list[at/cpu.BlockTokens].Key(at%cpu.BlockTokens, head, key)
	b.list[at/cpu.BlockTokens].Value(at%cpu.BlockTokens, head, value)
}

// Choose appends the blocks that hold positions from … to-1 to a choice, with
// these keys chosen; queries of turn meet them.
func (b *Blocks) Choose(out []cpu.ChosenBlock, from, to, turn int) []cpu.ChosenBlock {
	for from < to {
		block, first := (from-b.base)/cpu.BlockTokens, (from-b.base)%cpu.BlockTokens
		n := min(to-from, cpu.BlockTokens-first)
		keys := ^uint64(0) >> (cpu.BlockTokens - n) << first
		if last := len(out) - 1; last >= 0 && out[last].Block == b.list[block] && out[last].Turn == turn {
			out[last].Keys |= keys
		} else {
			out = append(out, cpu.ChosenBlock{Block: b.list[block], Keys: keys, Turn: turn})
		}
		from += n
	}
	return out
}

// Drop forgets tokens ahead of the last keep, as far as whole blocks go.
func (b *Blocks) Drop(keep int) {
	gone := max(0, b.n-keep-b.base) / cpu.BlockTokens
	if gone == 0 {
		return
	}
	// A fresh list, so that dropped blocks can be freed and forks keep theirs.
	b.list = slices.Clone(b.list[gone:])
	b.base += gone * cpu.BlockTokens
	b.folded = false
}

// Keep forgets tokens ahead of the last keep as a ring does: where the newest
// block has room for what is left of the oldest one, it takes it, and stands at
// both ends of the list. So keep tokens take no more blocks than they fill. Rows
// behind it must see no further back than keep. A run so kept may be forked at
// its end only.
func (b *Blocks) Keep(keep int) {
	b.Drop(keep)
	last, gone, used := len(b.list)-1, b.n-keep-b.base, b.used()
	if b.folded || last < 1 || used > gone {
		return
	}
	b.list[last].CopyRows(b.list[0], gone, cpu.BlockTokens)
	b.list = slices.Clone(b.list)
	b.list[0], b.folded = b.list[last], true
}

// used is how many rows of the last block are in use.
func (b *Blocks) used() int { return (b.n-b.base-1)%cpu.BlockTokens + 1 }

// unfold gives the last block memory of its own again. What the first one holds
// of the newest tokens stands for positions that were forgotten.
func (b *Blocks) unfold() {
	b.list = slices.Clone(b.list)
	last := len(b.list) - 1
	b.list[last], b.folded = b.list[last].Copy(b.used()), false
}

// Has says whether position p is kept.
func (b *Blocks) Has(p int) bool { return p >= b.base && p < b.n }

// Fork returns a run that has seen the first n tokens.
func (b *Blocks) Fork(n int) *Blocks {
	f := &Blocks{shape: b.shape, base: min(b.base, n/cpu.BlockTokens*cpu.BlockTokens), n: n, few: b.few}
	if b.folded && n == b.n {
		f.list, f.folded = slices.Clone(b.list), true
		both, last := b.list[0].Copy(cpu.BlockTokens), len(b.list)-1
		f.list[0], f.list[last] = both, both
		return f
	}
	rows := max(0, n-b.base)
	whole := rows / cpu.BlockTokens
	f.list = slices.Clone(b.list[:whole])
	if part := rows % cpu.BlockTokens; part > 0 {
		f.list = append(f.list, b.list[whole].Copy(part))
	}
	return f
}

// Pieces yields each block and its bytes, see Cache.
func (b *Blocks) Pieces() iter.Seq2[any, int64] {
	list := b.list
	if b.folded {
		list = list[1:]
	}
	return func(yield func(any, int64) bool) {
		for _, block := range list {
			if !yield(block, int64(block.Bytes())) {
				return
			}
		}
	}
}
