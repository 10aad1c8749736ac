package attention

// Reader is a cache that tells how much of a sequence a step of decoding read.
type Reader interface {
	Cache
	// KeysRead is how many keys the query heads attended to in the last work of
	// one token, summed over heads: heads × n in full attention over n tokens. What
	// keys are chosen by (centroids, vectors of chunks) is not among them, sinks
	// that belong to no token are. 0: no such work yet, or none since the fork.
	KeysRead() int
}

// ReadCount is what a Reader counts, to be embedded. Forks begin with a new one.
type ReadCount struct{ keys int }

// KeysRead implements Reader.
func (r *ReadCount) KeysRead() int { return r.keys }

// Count notes what a work of so many tokens read; of more than one it is no step.
func (r *ReadCount) Count(tokens, keys int) {
	if tokens == 1 {
		r.keys = keys
	}
}
