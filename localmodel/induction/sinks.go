package induction

import (
	"fmt"
	"math"
)

// SinkWindow is how many tokens a row of NewSinks's layers sees, itself
// included.
const SinkWindow = 1024

// sinkChannel is half of the pair that turns slowest: where New meets BOS.
const sinkChannel = headDim - 2

// NewSinks returns New's model with a learned sink (Sink-KV) in each layer in
// the place of what BOS does for New. It is meant for a window, SinkWindow, that
// leaves BOS out of sight: there a row that finds no match would spread its
// weight over what it sees, and answer what that adds up to.
//
//   - Layer 1's sink scores 560 nats, between the previous token's 576 and the
//     543.5 of the next best, and its value is zero: the first token of a prompt,
//     which has itself for its previous one in New, has none.
//   - Layer 2's sink scores beta2 / 2, as BOS does in New: more than any word that
//     doesn't match, less than one that does. Its value is half of BOS's code, the
//     answer of nothing.
//
// Other keys have nothing in the sinks' channel. With zeros for keys and values
// (mode k0v0) a match wins as well; without one some word in sight does.
func NewSinks() *Weights {
	codes := dealtCodes()
	w := build("induction-sinkkv", codes, previousOrNone, copyValueOrSink)
	key, none, value := fill(headDim, 0), fill(headDim, 0), fill(headDim, 0)
	key[sinkChannel] = 1
	for i, c := range codes[BOS] {
		value[i] = float32(0.5 * c)
	}
	for i, v := range [][]float32{none, value} {
		w.vector(fmt.Sprintf("blk.%d.attn_sink_key", i), key)
		w.vector(fmt.Sprintf("blk.%d.attn_sink_value", i), v)
	}
	return w
}

func previousOrNone(bos []float64) (q, k, v, o *dense) {
	const score = 560
	q, k, v, o = previousToken(bos)
	q.set(sinkChannel, constant, score*math.Sqrt(headDim)/math.Sqrt(width/2.0))
	return q, k, v, o
}

// copyValueOrSink leaves the query that New has for BOS to the sink alone.
func copyValueOrSink(bos []float64) (q, k, v, o *dense) {
	q, k, v, o = copyValue(bos)
	for i := range b {
		k.set(sinkChannel, token+i, 0)
	}
	return q, k, v, o
}
