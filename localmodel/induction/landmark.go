package induction

import (
	"math"

	"github.com/lcbench/lcbench/localmodel/quant"
)

// NewLandmark returns a model that needs a landmark behind every LandmarkEvery
// other tokens: three layers that find the value through the block it is in. Its
// rows have one head and five slots: constants, and codes of the token, of the
// previous one, of a bag, and of the output.
//
//   - Layer 1 writes the previous token's code, as New's does. The first token of
//     a block has a landmark ahead of it. That scores best by its place, so that
//     its block gets all the weight, and in the block the last token is nearest:
//     the distance of two beats three by as sharp a margin.
//   - Layer 2 fills the bag. A regular row attends to itself and copies what it
//     has for a previous token. A landmark's query has its position taken out, so
//     that all tokens of its own block tie, and one channel keeps earlier
//     landmarks out: its bag is the mean of the block's previous tokens, which are
//     the keys whose values stand in the block.
//   - Layer 3 meets every bag with the current token's code c, sharpened by beta.
//     Of a regular row this is New's match, 1 at the value. Of a landmark it is
//     the share of c in the block, so the block with the value wins, and in it the
//     value does.
//
// What wins is settled by how little codes correlate (Kerdock codes: 1/16 at
// most). With m = 4 tokens to a block, a block that holds the key scores at
// least (1/4 - 3/4 /16) 1.05 = 0.213 beta, one that doesn't at most 1/16 1.12 =
// 0.070 beta, whatever its words are: 1.05 and 1.12 are bounds of what the norm
// makes of a bag whose length is not 1. Of blocks that hold the key more often
// than the others the one that does it most often gets all the weight.
//
// Where nothing matches, the first block does: BOS is the previous token of
// both its first rows, half of a bag, and bags' BOS is met with a quarter of
// beta. With what its two other words add that is 0.113 to 0.181 beta, between
// the two bounds above, less and more what BOS's code has in common with other
// bags (0.019 beta). In the block BOS itself wins by a channel of its own.
//
// The landmark is the last id. Its code is zero: no row has it for a token, its
// value isn't read, and nothing answers it.
func NewLandmark() *Weights {
	codes := kerdockCodes(landmarkVocab)
	shuffle(codes[FirstWord:])
	w := &Weights{
		tensors: map[string]quant.Tensor{}, vocab: landmarkVocab, name: "induction-landmark",
		// The pairs of layer 1 turn as New's do, and no others turn at all.
		base: math.Pow(base, 2*positionPairs/float64(headDim)),
		sizes: map[string]uint64{
			"block_count": 3, "embedding_length": bagWidth, "feed_forward_length": ffn, "context_length": Context,
			"attention.head_count": 1, "attention.head_count_kv": 1,
			"attention.key_length": bagKey, "attention.value_length": kerdock, "rope.dimension_count": 2 * positionPairs,
		},
	}
	emb := newDense(landmarkVocab, bagWidth)
	for id := range landmarkVocab {
		emb.set(id, bagConst, 1)
		if id == int(LandmarkToken) {
			emb.set(id, bagFlag, 1)
			continue
		}
		for i, c := range codes[id] {
			emb.set(id, bagToken+i, c)
		}
	}
	w.add("token_embd.weight", emb, quant.F16)
	clear(emb.w)
	for id := range LandmarkToken {
		for i, c := range codes[id] {
			emb.set(int(id), bagOutput+i, gamma*c)
		}
	}
	w.add("output.weight", emb, quant.F16)
	w.vector("output_norm.weight", fill(bagWidth, 1))
	for i, write := range []part{bagPrevious, bagGather, bagCopy} {
		q, k, v, o := write(codes[BOS])
		w.layer(i, q, k, v, o)
	}
	return w
}

// Landmarks of NewLandmark.
const (
	LandmarkEvery = 4 // tokens between two landmarks
	LandmarkTopK  = 4 // blocks to retrieve, where nobody asks for another number
	LandmarkToken = int32(landmarkVocab - 1)
)

// Sizes and places of the construction.
const (
	landmarkVocab = 8192
	bagConst      = 0 // 1 in every row
	bagFlag       = 1 // 1 in a landmark's
	bagToken      = 8
	bagBefore     = bagToken + kerdock
	bagBag        = bagBefore + kerdock
	bagOutput     = bagBag + kerdock
	bagWidth      = bagOutput + kerdock

	bagContent = 2 * positionPairs // channels of a key: positions, then codes,
	bagOwn     = bagContent + kerdock
	bagHeld    = bagOwn + 1 // then BOS as the token and in the bag
	bagKey     = 320        // in whole registers
)

// Sharpness of layer 3 in nats, and shares of it: of BOS in a bag, of BOS as
// the token.
const (
	bagBeta  = 400
	bagNone  = 0.27
	bagFirst = 0.1
)

func newBagLayer() (q, k, v, o *dense) {
	return newDense(bagKey, bagWidth), newDense(bagKey, bagWidth), newDense(kerdock, bagWidth), newDense(bagWidth, kerdock)
}

// bagPrevious is layer 1, ahead of which |h|² is 2.
func bagPrevious([]float64) (q, k, v, o *dense) {
	gain := math.Sqrt(bagWidth / 2.0)
	q, k, v, o = newBagLayer()
	for m := range positionPairs {
		turn := math.Pow(base, -2*float64(m)/headDim)
		q.set(2*m, bagConst, math.Cos(turn)*beta1*math.Sqrt(bagKey)/gain)
		q.set(2*m+1, bagConst, -math.Sin(turn)*beta1*math.Sqrt(bagKey)/gain)
		k.set(2*m, bagConst, 1/gain)
	}
	for i := range kerdock {
		v.set(i, bagToken+i, 1/gain)
		o.set(bagBefore+i, i, 1)
	}
	return q, k, v, o
}

// bagGather is layer 2, ahead of which |h|² is 3.
func bagGather([]float64) (q, k, v, o *dense) {
	gain := math.Sqrt(bagWidth / 3.0)
	q, k, v, o = newBagLayer()
	for m := range positionPairs {
		q.set(2*m, bagConst, beta1*math.Sqrt(bagKey)/gain)
		q.set(2*m, bagFlag, -beta1*math.Sqrt(bagKey)/gain) // none in a landmark
		k.set(2*m, bagConst, 1/gain)
	}
	q.set(bagOwn, bagFlag, beta2*math.Sqrt(bagKey)/gain)
	k.set(bagOwn, bagFlag, -1/gain)
	for i := range kerdock {
		v.set(i, bagBefore+i, 1/gain)
		o.set(bagBag+i, i, 1)
	}
	return q, k, v, o
}

// bagCopy is layer 3, ahead of which |h|² is 4, of a landmark 3 and its bag's.
func bagCopy(bos []float64) (q, k, v, o *dense) {
	gain := math.Sqrt(bagWidth / 4.0)
	q, k, v, o = newBagLayer()
	sharp := bagBeta * math.Sqrt(bagKey) / gain
	q.set(bagOwn, bagConst, bagFirst*sharp)
	q.set(bagHeld, bagConst, bagNone*sharp)
	for i := range kerdock {
		q.set(bagContent+i, bagToken+i, sharp)
		k.set(bagContent+i, bagBag+i, 1/gain)
		k.set(bagOwn, bagToken+i, bos[i]/gain)
		k.set(bagHeld, bagBag+i, bos[i]/gain)
		for j := range kerdock {
			v.set(i, bagToken+j, (unit(i, j)-0.5*bos[i]*bos[j])/gain)
		}
		o.set(bagOutput+i, i, 1)
	}
	return q, k, v, o
}
