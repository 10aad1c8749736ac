package model

import (
	"iter"

	"github.com/lcbench/lcbench/localmodel/kernels/cpu"
)

// SameBits is the number of rows up to which a pass gives each row the very
// bits that it gets alone. More rows than that take other kernels, whose bits
// do not depend on how many they are.
const SameBits = cpu.SmallBatch

// Executor runs a model on some device. One goroutine may use it at a time.
type Executor interface {
	// New returns an empty sequence that will come to so many tokens at the
	// most. It rotates by that length for good, where rotation depends on it.
	New(tokens int) State
	// Rotation tells lengths apart whose sequences rotate differently: a state
	// of one can't be forked for a sequence of the other.
	Rotation(tokens int) int
	// Bytes is the memory of a sequence of so many tokens at the most, or what
	// so many tokens behind a fork add at the most.
	Bytes(tokens int) int64
	// Forward appends every chunk to its sequence and calls emit with the logits
	// [Vocab] of each row that wants them, in order; the slice is reused. A
	// chunk's result does not depend on which others share the call, but for
	// rounding. No two chunks may be of the same sequence. After an error the
	// sequences of the call must not be used again.
	Forward(chunks []Chunk, emit func(chunk, row int, logits []float32) error) error
}

// Stages are the points of a prompt at which an executor's attention wants to
// be told that they are reached.
type Stages struct {
	Context  bool // the end of its fixed context
	Prompt   bool // its own end
	Observed int  // last tokens that always have to be computed ahead of its end
	// Step > 0: states can be forked only where they have come to, and passes of
	// more than SameBits rows that end at multiples of Step give every row the
	// bits that it gets in any other such passes. States are worth keeping there.
	Step int
}

// Staged is an Executor whose attention may do something at points of a prompt.
type Staged interface {
	Executor
	Stages() Stages
	// EndContext and EndPrompt are called between passes, at the points that
	// Stages has set.
	EndContext(State)
	EndPrompt(State)
}

// State is what an executor keeps of one sequence.
type State interface {
	// Len is the number of tokens that the sequence has seen.
	Len() int
	// Fork returns a sequence that has seen the first n tokens and shares their
	// memory. False: some layer has dropped what it would need, or can't be
	// forked there.
	Fork(n int) (State, bool)
	// Pieces yields the memory held, piece by piece: what identifies the piece
	// and its bytes. Forks that share a piece yield the same identity.
	Pieces() iter.Seq2[any, int64]
}

// Chunk is the next tokens of one sequence. Logits are wanted for its rows
// from From on; len(IDs) wants none.
type Chunk struct {
	State State
	IDs   []int32
	From  int
	// Prompt is the length of the prompt that IDs are of, with what is scored
	// behind it; 0: they are of an answer.
	Prompt int
}
