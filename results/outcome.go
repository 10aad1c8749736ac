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
	// AnswerKVBytes is the most that one sequence held when its prompt was done
	// and its answer began: what the attention keeps to decode by. 0: not counted.
	AnswerKVBytes int64 `json:"answer_kv_bytes,omitempty"`
	// PrefillSeconds and DecodeSeconds are how long the engine computed prompts
	// and answers; DecodedTokens are those of answers but for each one's first,
	// which its prompt's last pass gives.
	PrefillSeconds float64 `json:"prefill_seconds,omitempty"`
	DecodeSeconds  float64 `json:"decode_seconds,omitempty"`
	DecodedTokens  int     `json:"decoded_tokens,omitempty"`
}

// PrefillRate is prompt tokens computed a second, without those kept from
// before; nil where none was computed or no time was counted.
func (o *Outcome) PrefillRate() *float64 {
	if o == nil {
		return nil
	}
	return rate(o.PromptTokens-o.KeptTokens, o.PrefillSeconds)
}

// DecodeRate is answer tokens a second, over all that are decoded at once; nil
// where none was decoded or no time was counted.
func (o *Outcome) DecodeRate() *float64 {
	if o == nil {
		return nil
	}
	return rate(o.DecodedTokens, o.DecodeSeconds)
}

func rate(tokens int, seconds float64) *float64 {
	if tokens <= 0 || seconds <= 0 {
		return nil
	}
	v := float64(tokens) / seconds
	return &v
}

// And returns what earlier starts came to, nil for none, together with another
// one. HitRate is filled in.
func (o *Outcome) And(next Outcome) *Outcome {
	if o != nil {
		next.PromptTokens += o.PromptTokens
		next.KeptTokens += o.KeptTokens
		next.GeneratedTokens += o.GeneratedTokens
		next.PeakKVBytes = max(next.PeakKVBytes, o.PeakKVBytes)
		next.AnswerKVBytes = max(next.AnswerKVBytes, o.AnswerKVBytes)
		next.PrefillSeconds += o.PrefillSeconds
		next.DecodeSeconds += o.DecodeSeconds
		next.DecodedTokens += o.DecodedTokens
	}
	next.HitRate = nil
	if next.PromptTokens > 0 {
		rate := float64(next.KeptTokens) / float64(next.PromptTokens)
		next.HitRate = &rate
	}
	return &next
}
