package results

// Outcome is what the engine of a local model counted while the run asked it,
// over all starts; that of a start that was killed is missing.
type Outcome struct {
	// PromptTokens are those of all prompts sent, KeptTokens the part of them
	// that was not computed, since a kept prompt began the same.
	PromptTokens int `json:"prompt_tokens"`
	KeptTokens   int `json:"kept_tokens"`
	// HitRate is KeptTokens / PromptTokens, in 0..1; null without a prompt.
	HitRate         *float64 `json:"prefix_hit_rate"`
	GeneratedTokens int      `json:"generated_tokens"`
	// PeakKVBytes is the most that KV caches held at once, kept prompts
	// included; the largest of all starts.
	PeakKVBytes int64 `json:"peak_kv_bytes"`
}

// And returns what earlier starts came to, nil for none, together with another
// one. HitRate is filled in.
func (o *Outcome) And(next Outcome) *Outcome {
	if o != nil {
		next.PromptTokens += o.PromptTokens
		next.KeptTokens += o.KeptTokens
		next.GeneratedTokens += o.GeneratedTokens
		next.PeakKVBytes = max(next.PeakKVBytes, o.PeakKVBytes)
	}
	next.HitRate = nil
	if next.PromptTokens > 0 {
		rate := float64(next.KeptTokens) / float64(next.PromptTokens)
		next.HitRate = &rate
	}
	return &next
}
