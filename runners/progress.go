package runners

import (
	"math"
	"sync/atomic"
)

// Progress counts what a run has done so far. Its methods are safe for
// concurrent use.
type Progress struct {
	done, lost, resumed, cached atomic.Int64 // done includes what was lost
	tokens                      atomic.Int64 // context tokens of samples asked now
	reusedTokens                atomic.Int64 // context tokens of the others
	retries, limited            atomic.Int64
	scored                      atomic.Int64
	scoreSum                    atomic.Uint64 // float64 bits

	promptTokens, cachedTokens, completionTokens atomic.Int64
}

// Snapshot is Progress at one moment.
type Snapshot struct {
	Done      int // samples with a result, lost ones included
	Lost      int
	Resumed   int // of Done, from the journal
	FromCache int // of Done, from the response cache
	// Tokens are the context tokens of the samples that were asked
	// now: the weight of the work done.
	Tokens int
	// ReusedTokens are those of the samples that needed no request.
	ReusedTokens int
	Retries      int
	RateLimited  int
	// MeanScore is over all results so far, in 0..1; NaN before the first.
	MeanScore float64
	// Paid is what the endpoint counted in this start and earlier ones, cache
	// hits left out.
	Paid Usage
}

// Snapshot returns the counts.
func (p *Progress) Snapshot() Snapshot {
	mean := math.NaN()
	if n := p.scored.Load(); n > 0 {
		mean = math.Float64frombits(p.scoreSum.Load()) / float64(n)
	}
	return Snapshot{
		Done: int(p.done.Load()), Lost: int(p.lost.Load()), Resumed: int(p.resumed.Load()),
		FromCache: int(p.cached.Load()), Tokens: int(p.tokens.Load()), ReusedTokens: int(p.reusedTokens.Load()),
		Retries: int(p.retries.Load()), RateLimited: int(p.limited.Load()), MeanScore: mean,
		Paid: Usage{
			Known: true, Prompt: int(p.promptTokens.Load()), Cached: int(p.cachedTokens.Load()),
			Completion: int(p.completionTokens.Load()),
		},
	}
}

func (p *Progress) add(r Result) {
	a := r.Answer
	p.retries.Add(int64(a.Retries))
	p.limited.Add(int64(a.RateLimited))
	switch {
	case r.Resumed:
		p.resumed.Add(1)
		p.reusedTokens.Add(int64(r.Sample.ContextTokens))
	case a.FromCache:
		p.cached.Add(1)
		p.reusedTokens.Add(int64(r.Sample.ContextTokens))
	default:
		p.tokens.Add(int64(r.Sample.ContextTokens))
	}
	if !a.FromCache {
		p.promptTokens.Add(int64(a.Usage.Prompt))
		p.cachedTokens.Add(int64(a.Usage.Cached))
		p.completionTokens.Add(int64(a.Usage.Completion))
	}
	defer p.done.Add(1)
	if r.Sample.ForJudge() {
		return
	}
	for {
		old := p.scoreSum.Load()
		sum := math.Float64frombits(old) + r.Score.Value
		if p.scoreSum.CompareAndSwap(old, math.Float64bits(sum)) {
			break
		}
	}
	p.scored.Add(1)
}
