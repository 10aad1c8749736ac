package all

import (
	"github.com/lcbench/lcbench/localmodel/attention"
	"github.com/lcbench/lcbench/localmodel/attention/evict"
	"github.com/lcbench/lcbench/localmodel/attention/full"
	"github.com/lcbench/lcbench/localmodel/attention/landmark"
	"github.com/lcbench/lcbench/localmodel/attention/longheads"
	"github.com/lcbench/lcbench/localmodel/attention/longmem"
	"github.com/lcbench/lcbench/localmodel/attention/s2"
	"github.com/lcbench/lcbench/localmodel/attention/sinkkv"
	"github.com/lcbench/lcbench/localmodel/attention/sliding"
	"github.com/lcbench/lcbench/localmodel/attention/squeezed"
	"github.com/lcbench/lcbench/localmodel/kernels/cpu"
)

// Cost is what a mechanism takes at one layer behind n tokens, by formula.
type Cost struct {
	PrefillFLOP float64 `json:"prefill_flop"` // of a prompt of n tokens; a multiply-add is 2
	PrepareFLOP float64 `json:"prepare_flop"` // once, at the end of the document or prompt
	DecodeFLOP  float64 `json:"decode_flop"`  // of one token more
	// DecodeBytes are read of caches for one token more. Heads that share keys
	// share reads, where they see the same tokens.
	DecodeBytes float64 `json:"decode_bytes"`
	KVBytes     float64 `json:"kv_bytes"` // held behind the prompt
}

// sizes are what formulas are made of.
type sizes struct {
	n        float64 // tokens
	hq, hkv  float64 // heads
	d        float64 // channels of a head
	token    float64 // bytes of a token's keys and values over all kv heads
	headByte float64 // bytes of one head's key and value of a token
}

// CostOf computes the cost. Layers have no window of their own. False: there is
// no formula. Source: ../shared/spec/attention.md, "Cost" and "State" of each
// section.
func CostOf(m attention.Mechanism, l attention.Layer, n int) (Cost, bool) {
	token := float64(l.KV.BlockBytes()) / cpu.BlockTokens
	s := sizes{float64(n), float64(l.Heads), float64(l.KV.Heads), float64(l.KV.KeyDim), token, token / float64(l.KV.Heads)}
	switch m := m.(type) {
	case full.Full:
		return s.full(s.n), true
	case sinkkv.SinkKV:
		c := s.full(s.n + float64(m.Sinks))
		c.PrefillFLOP = s.full(s.n).PrefillFLOP + 4*s.hq*s.d*s.n*float64(m.Sinks)
		return c, true
	case sliding.Sliding:
		return s.bounded(float64(m.Window + m.Sinks)), true
	case longheads.LongHeads:
		return s.longHeads(float64(m.Chunk), float64(m.TopK), s.choosing(m.Group)), true
	case squeezed.Squeezed:
		return s.squeezed(m), true
	case landmark.Landmark:
		return s.landmark(float64(m.Block+1), float64(m.TopK)), true
	case longmem.LongMem:
		return s.longMem(m), true
	case s2.S2:
		c := s.full(s.n)
		c.PrefillFLOP = 2 * s.hq * s.d * s.n * min(s.n, float64(m.Group))
		return c, true
	case evict.Evict:
		return s.evict(m, float64(l.Heads)), true
	case evict.Online:
		c := s.bounded(float64(m.Heavy + m.Recent))
		c.KVBytes = min(s.n, float64(m.Heavy+m.Recent)) * s.hq * (8*s.d + 16) // float32, a total and a position
		c.DecodeBytes = c.KVBytes
		return c, true
	}
	return Cost{}, false
}

// full is §1, over a cache of so many tokens.
func (s sizes) full(tokens float64) Cost {
	return Cost{
		PrefillFLOP: 2 * s.hq * s.d * s.n * s.n, DecodeFLOP: 4 * s.hq * s.d * tokens,
		DecodeBytes: s.token * tokens, KVBytes: s.token * tokens,
	}
}

// bounded is §2a: no row sees, and no cache holds, more than so many tokens.
func (s sizes) bounded(most float64) Cost {
	t := min(s.n, most)
	return Cost{
		PrefillFLOP: 4 * s.hq * s.d * (s.n*t - t*t/2), DecodeFLOP: 4 * s.hq * s.d * t,
		DecodeBytes: s.token * t, KVBytes: s.token * t,
	}
}

// choosing is how many heads read keys of their own.
func (s sizes) choosing(together bool) float64 {
	if together {
		return s.hkv
	}
	return s.hq
}

// longHeads is §4, of which so many heads choose; vectors of chunks are float32.
func (s sizes) longHeads(chunk, topK, choosers float64) Cost {
	vectors := s.n / chunk * s.hq * s.d
	if s.n <= chunk*topK {
		c := s.full(s.n)
		c.PrefillFLOP += 4 * s.hq * s.d * chunk * s.n
		c.KVBytes += 4 * vectors
		return c
	}
	c := s.bounded(chunk * topK)
	c.PrefillFLOP += s.hq*s.d*s.n*s.n/chunk + 4*s.hq*s.d*chunk*s.n
	c.DecodeFLOP += 2 * vectors
	c.DecodeBytes = chunk*topK*choosers*s.headByte + 4*vectors
	c.KVBytes = s.token*s.n + 4*vectors
	return c
}

// squeezed is §6. Centroids are float32, a label is 4 bytes, a count 12 in its
// two forms.
func (s sizes) squeezed(m squeezed.Squeezed) Cost {
	fixed := max(0, s.n-squeezed.Observed)
	clusters, coarse := m.Clusters*fixed, 0.0
	if m.Levels == 2 {
		coarse = m.Coarse * fixed
	}
	kept := m.Keep*fixed + s.n - fixed
	centroids := (clusters + coarse) * s.hkv * s.d
	c := s.full(s.n)
	c.PrepareFLOP = 2 * s.hkv * fixed * clusters * s.d * float64(m.Rounds)
	c.DecodeFLOP = 2*s.hq*s.d*(clusters+coarse) + 4*s.hq*s.d*kept
	c.DecodeBytes = 4*centroids + kept*s.choosing(m.Group)*s.headByte
	c.KVBytes += 4*centroids + s.hkv*(4*fixed+12*(clusters+coarse))
	return c
}

// landmark is §3, with blocks of every tokens, landmark included. Landmarks'
// keys are held once more, in float32.
func (s sizes) landmark(every, topK float64) Cost {
	blocks := s.n / every
	seen := min(s.n, (topK+1)*every)
	return Cost{
		PrefillFLOP: s.hq*s.d*s.n*blocks + 4*s.hq*s.d*(s.n*seen-seen*seen/2),
		DecodeFLOP:  2*s.hq*s.d*blocks + 4*s.hq*s.d*seen,
		DecodeBytes: 4*blocks*s.hkv*s.d + seen*s.hq*s.headByte,
		KVBytes:     s.token*s.n + 4*blocks*s.hkv*s.d,
	}
}

// longMem is §10. Mean keys are float32.
func (s sizes) longMem(m longmem.LongMem) Cost {
	segment := float64(m.Segment)
	memory := min(float64(m.Memory), max(0, float64(int(s.n)/m.Segment*m.Segment)))
	local := s.n - float64(int(s.n)/m.Segment*m.Segment)
	recalled := min(memory, float64(m.Tokens))
	means := memory / float64(m.Chunk) * s.hkv * s.d
	return Cost{
		PrefillFLOP: 4*s.hq*s.d*s.n*(min(s.n, segment)/2+recalled) + s.hq*s.d*s.n*memory/float64(m.Chunk),
		DecodeFLOP:  2*s.hq*s.d*memory/float64(m.Chunk) + 4*s.hq*s.d*(recalled+local),
		DecodeBytes: 4*means + s.token*local + recalled*s.hq*s.headByte,
		KVBytes:     s.token*(memory+local) + 4*means,
	}
}

// evict is §12: the prompt is full attention, and what scores it besides.
func (s sizes) evict(m evict.Evict, choices float64) Cost {
	c := s.full(s.n)
	switch m.Method {
	case evict.H2O:
		c.PrefillFLOP += s.hq * s.d * s.n * s.n
	case evict.SnapKV, evict.PyramidKV:
		c.PrepareFLOP = 2 * 2 * s.hq * s.d * s.n * float64(m.Recent)
	}
	if s.n < float64(m.Capacity) {
		return c
	}
	if m.PerKV {
		choices = s.hkv
	}
	held := float64(m.Capacity)
	c.DecodeFLOP = 4 * s.hq * s.d * held
	c.KVBytes = held * choices * s.headByte
	c.DecodeBytes = c.KVBytes
	return c
}
