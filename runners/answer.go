package runners

import "time"

// Status is what became of a sample: its entry in the validity ledger.
type Status string

// The statuses. A row counts as valid only if it is OK; rows without an
// answer score 0 in the mean over all.
const (
	OK              Status = "ok"
	TruncatedInput  Status = "truncated_input"  // prompt was cut to fit the window
	TruncatedOutput Status = "truncated_output" // answer ended at the token limit
	NoAnswer        Status = "no_answer"        // empty, or thinking without an end
	ContextOverflow Status = "context_overflow" // longer than the window, even after a cut
	Failed          Status = "error"
)

// Lost says whether the sample has no answer to score because it could not be
// asked: such samples make a run end with exit code 3.
func (s Status) Lost() bool { return s == ContextOverflow || s == Failed }

// Statuses lists all statuses in the ledger's order.
func Statuses() []Status {
	return []Status{OK, TruncatedInput, TruncatedOutput, NoAnswer, ContextOverflow, Failed}
}

// Answer is the journal's record of one sample: all that was paid for.
type Answer struct {
	SampleID string `json:"id"`
	Status   Status `json:"status"`
	Text     string `json:"text"`
	// First is the first call's answer where a follow-up was asked.
	First        string `json:"first,omitempty"`
	Reasoning    string `json:"reasoning,omitempty"`
	FinishReason string `json:"finish_reason,omitempty"`
	Model        string `json:"model,omitempty"`
	Usage        Usage  `json:"usage"`
	// CutTokens is how many prompt tokens truncation removed.
	CutTokens int `json:"cut_tokens,omitempty"`
	// Room is the tokens that the prompt was cut to fit, 0 where it was not cut:
	// with it what was sent can be made again.
	Room int `json:"room,omitempty"`
	// PromptSHA256 is the hash of the prompt as sent.
	PromptSHA256 string        `json:"prompt_sha256"`
	FirstToken   time.Duration `json:"first_token_ns,omitempty"`
	Total        time.Duration `json:"total_ns,omitempty"`
	Retries      int           `json:"retries,omitempty"`
	RateLimited  int           `json:"rate_limited,omitempty"`
	// FromCache says that the answer came from the response cache, unpaid.
	FromCache bool   `json:"from_cache,omitempty"`
	Error     string `json:"error,omitempty"`
	// Time is when the answer arrived.
	Time time.Time `json:"time"`
}

// Journal keeps answers. Append returns only when the answer is safe.
type Journal interface {
	Append(Answer) error
	// Find returns the final answer to a sample, if there is one.
	Find(sampleID string) (Answer, bool, error)
}
