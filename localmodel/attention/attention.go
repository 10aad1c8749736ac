// Package attention is the plug between a transformer and how it attends: the
// model computes raw queries, keys and values, a Mechanism rotates them, keeps
// what it wants of keys and values in a Cache of its own layout, and computes
// each row's result. One folder below is one mechanism; all/ lists them.
package attention

import (
	"iter"

	"github.com/lcbench/lcbench/localmodel/kernels/cpu"
)

// Layer is what a mechanism knows of the layer that it works for.
type Layer struct {
	Index int
	Heads int // query heads; query head h uses kv head h div (Heads/KV.Heads)
	KV    cpu.KVShape
	// Scale multiplies scores ahead of the softmax; SoftCap c > 0 makes them
	// c tanh(s/c) ahead of the mask.
	Scale, SoftCap float32
	// Window > 0 is the model's own sliding window; it counts the token itself.
	Window int
	// Landmark > 0: the weights were trained with a landmark token behind every so
	// many others.
	Landmark int
	// Angles rotate queries and keys by position; nil: the layer has none.
	Angles *cpu.Angles
}

// Mechanism is a way to attend, with its parameters. It keeps no state between
// calls; that is in caches.
type Mechanism interface {
	// String is the mechanism as one writes it behind --attention, with all of its
	// parameters in the order of all.Entry's Usage.
	String() string
	// New returns the empty cache of one sequence at one layer.
	New(l Layer) Cache
	// Bytes is what the cache of a sequence of n tokens holds at the most, or n
	// tokens behind a fork add at the most.
	Bytes(l Layer, n int) int64
	// Attend appends each work's new tokens to its cache and computes their
	// rows. Works are of different sequences. Q, K and V are raw (not rotated)
	// and may be overwritten. The result of a work does not depend on the
	// others, nor on how a sequence was cut into works, save where a ContextEnder
	// takes a work behind the fixed context as one question.
	Attend(k *cpu.Kernels, l Layer, works []Work)
}

// ContextEnder is a mechanism that prepares the fixed context of a prompt, the
// document that a question stands behind, once it is cached: every question on
// the document finds it prepared.
type ContextEnder interface {
	Mechanism
	// EndContext is called when the caches of all layers have seen the fixed
	// context and nothing behind it. A fork at that length or behind it is
	// prepared too, one ahead of it is not.
	EndContext(k *cpu.Kernels, layers []Layer, caches []Cache)
}

// PromptEnder is a mechanism that rearranges its caches once a prompt is
// computed, ahead of the first step of the answer.
type PromptEnder interface {
	Mechanism
	// EndPrompt is called when the caches of all layers have seen the prompt.
	EndPrompt(k *cpu.Kernels, layers []Layer, caches []Cache)
	// Observed is how many of a prompt's last tokens EndPrompt looks at: these
	// are computed for each prompt, never taken from one kept before.
	Observed() int
}

// Chooser is a mechanism that does not fit every model, or not every window.
type Chooser interface {
	Mechanism
	// Fits says what keeps the mechanism from running over layers in a window of
	// so many tokens; nil: nothing.
	Fits(layers []Layer, window int) error
}

// Answerer is a mechanism that can't answer under all of its parameters, whatever
// the model.
type Answerer interface {
	Mechanism
	// CanAnswer says what keeps it from answering; nil: nothing.
	CanAnswer() error
}

// Divider is a mechanism that chooses among pieces of a context.
type Divider interface {
	Mechanism
	// Divides says what leaves nothing to choose in a context of so many tokens;
	// nil: nothing.
	Divides(tokens int) error
}

// Filler is a mechanism whose caches can be filled without computing rows, so
// that what stands behind a long context can be measured in little time.
type Filler interface {
	Mechanism
	// Fill appends a work's tokens as Attend does, and leaves Out alone. The cache
	// must not have come to the end of its fixed context or prompt.
	Fill(k *cpu.Kernels, l Layer, w Work)
}

// Work is n new tokens of one sequence at one layer.
type Work struct {
	Cache Cache
	N     int
	// Prompt is the length of the prompt that the tokens are of, with what is
	// scored behind it; 0: they are of an answer.
	Prompt int
	Q      []float32 // [n, heads, keyDim]
	K      []float32 // [n, kvHeads, keyDim]
	V      []float32 // [n, kvHeads, valueDim]
	Out    []float32 // [n, heads, valueDim]
}

// Cache is what a mechanism keeps of one sequence at one layer.
type Cache interface {
	// Len is the number of tokens seen.
	Len() int
	// Fork returns a cache that has seen the first n tokens only, n ≤ Len, and
	// shares memory with this one; both may grow on. False: what n tokens would
	// need has been dropped already.
	Fork(n int) (Cache, bool)
	// Pieces yields the memory held, piece by piece: what identifies the piece
	// and its bytes. Forks yield the same identity for a piece that they share,
	// so that it can be counted once.
	Pieces() iter.Seq2[any, int64]
}

// Stepped is a cache that can be forked at some lengths only.
type Stepped interface {
	Cache
	// ForkPoint returns the largest length up to n at which Fork will do; 0 is
	// always one.
	ForkPoint(n int) int
}

// Positions returns from, from+1, … as a slice of n.
func Positions(from, n int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = from + i
	}
	return out
}
