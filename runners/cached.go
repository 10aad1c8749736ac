package runners

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
)

// Cached answers a request from the cache where the same request was answered
// before, by any run.
type Cached struct {
	Next  Model
	Cache Cache
	// Scope is what identifies the model besides the request: endpoint, model
	// name, extra sampling parameters.
	Scope string
	// OnError is told of a cache that can't be written; the answer is kept all
	// the same, since the journal has it.
	OnError func(error)
}

var _ Model = (*Cached)(nil)

// Generate implements Model.
func (c *Cached) Generate(ctx context.Context, r Request) (Response, error) {
	key := c.key(r)
	if resp, ok := c.Cache.Get(key); ok {
		resp.FromCache, resp.Retries, resp.RateLimited = true, 0, 0
		return resp, nil
	}
	resp, err := c.Next.Generate(ctx, r)
	if err != nil {
		return resp, err
	}
	if err := c.Cache.Put(key, resp); err != nil && c.OnError != nil {
		c.OnError(fmt.Errorf("response cache: %w", err))
	}
	return resp, nil
}

// key hashes everything that shapes an answer.
func (c *Cached) key(r Request) string {
	seed := []int{}
	if r.Seed != nil {
		seed = append(seed, *r.Seed)
	}
	parts, err := json.Marshal([]any{
		"v1", c.Scope, r.PromptSHA256, r.Chat, r.MaxTokens, r.ReasoningTokens,
		r.Temperature, r.TopP, seed, slices.Clip(r.Stop),
	})
	if err != nil { // a NaN temperature: not a request anyone means to repeat
		parts = fmt.Appendf(nil, "%s %v", c.Scope, r)
	}
	sum := sha256.Sum256(parts)
	return hex.EncodeToString(sum[:])
}
