package runners

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"strings"
	"sync/atomic"
	"time"

	"github.com/lcbench/lcbench/benchmarks"
)

// Asker shapes samples into requests that fit the model's window and turns
// responses into answers. Its zero value sends every sample as it is.
type Asker struct {
	// Tokenizer counts prompts; nil: nothing is cut before it is sent.
	Tokenizer benchmarks.Tokenizer
	// Exact says that Tokenizer is the model's own; if not, a tenth of the
	// window is kept free for the difference.
	Exact    bool
	Truncate benchmarks.Policy
	// Window is the context window in tokens, 0 if unknown. It may grow known
	// while the run goes on; share one among copies.
	Window *atomic.Int64
	// Overhead is the tokens that the chat template puts around a prompt.
	Overhead int
	// Chat overrides Sample.Chat: "always", "never", or "" for the benchmark's
	// own choice.
	Chat string
	// System, if not empty, goes ahead of every prompt as the system turn.
	System          string
	ReasoningTokens int
	// Temperature, TopP, Seed, MaxTokens and Stop override the sample's.
	Temperature *float64
	TopP        float64
	Seed        *int
	MaxTokens   int
	Stop        []string
	// Now is the clock; nil is time.Now.
	Now func() time.Time
}

// Cost returns the most tokens that asking the sample can take.
func (a *Asker) Cost(s benchmarks.Sample) (prompt, completion int) {
	most := a.maxTokens(s.MaxTokens) + a.ReasoningTokens
	prompt = a.promptTokens(s) + a.Overhead
	if !a.Exact {
		prompt += prompt / 5 // an estimate errs on either side
	}
	if f := s.FollowUp; f != nil {
		next := a.maxTokens(f.MaxTokens) + a.ReasoningTokens
		return 2*prompt + most, most + next
	}
	return prompt, most
}

func (a *Asker) maxTokens(own int) int {
	if a.MaxTokens > 0 {
		return a.MaxTokens
	}
	return own
}

// promptTokens sizes a prompt: the context as it was counted, the rest by its
// length.
func (a *Asker) promptTokens(s benchmarks.Sample) int {
	rest := len(a.System) + len(s.Prompt.System) + len(s.Prompt.Before) + len(s.Prompt.After)
	if s.Tokenizer == "" {
		return (rest + len(s.Prompt.Context)) / 3
	}
	return s.ContextTokens + rest/3
}

// Ask sends a sample, the follow-up included, and returns the answer to be
// journalled. A failed call is an Answer with Status Failed or
// ContextOverflow and the error besides. An Answer without SampleID means
// that there is nothing to keep: the context was cancelled.
func (a *Asker) Ask(ctx context.Context, m Model, s benchmarks.Sample) (Answer, error) {
	answer, err := a.first(ctx, m, s)
	if err != nil || s.FollowUp == nil || answer.Status.Lost() {
		return answer, err
	}
	f := s.FollowUp
	next := s
	next.FollowUp = nil
	next.MaxTokens = f.MaxTokens
	if f.After != "" {
		next.Prompt.After = f.After
	} else {
		next.Prompt = benchmarks.Prompt{
			System: s.Prompt.System,
			After:  strings.ReplaceAll(f.Template, f.Placeholder, strings.TrimSpace(answer.Text)),
		}
		next.ContextTokens, next.Tokenizer = 0, ""
	}
	second, err := a.first(ctx, m, next)
	if second.SampleID == "" {
		return second, err
	}
	second.First = answer.Text
	second.Reasoning = strings.TrimSpace(answer.Reasoning + "\n\n" + second.Reasoning)
	second.Usage = answer.Usage.Add(second.Usage)
	second.CutTokens += answer.CutTokens
	second.Room = answer.Room
	second.PromptSHA256 = answer.PromptSHA256
	second.FirstToken = answer.FirstToken
	second.Total += answer.Total
	second.Retries += answer.Retries
	second.RateLimited += answer.RateLimited
	second.FromCache = second.FromCache && answer.FromCache
	if f.After != "" && !second.Status.Lost() {
		second.Text = f.Joined(answer.Text, second.Text)
		second.Status = joinedStatus(answer.Status, second.Status)
	} else if second.Status == OK && answer.Status == TruncatedInput {
		second.Status = TruncatedInput
	}
	return second, err
}

// joinedStatus is the status of two answers that are scored as one: an answer
// to either question is an answer, a flaw of either is a flaw.
func joinedStatus(first, second Status) Status {
	switch {
	case second == NoAnswer:
		return first
	case first == NoAnswer, second != OK:
		return second
	}
	return first
}

// first makes one call, cut to the window; after an overflow that names the
// window it cuts once more and sends again.
func (a *Asker) first(ctx context.Context, m Model, s benchmarks.Sample) (Answer, error) {
	room := a.room(s)
	fitted, cut, err := a.fit(s, room)
	if err != nil {
		return a.failed(s, "", err), nil
	}
	resp, err := m.Generate(ctx, a.request(fitted))
	var call *CallError
	if errors.As(err, &call) && call.Kind == ErrOverflow {
		if less := a.learn(s, fitted, call); less > 0 {
			room = less
			var again benchmarks.Sample
			if again, cut, err = a.fit(s, room); err != nil {
				return a.failed(s, hashOf(a.request(fitted)), err), nil
			}
			fitted = again
			resp, err = m.Generate(ctx, a.request(fitted))
		}
	}
	hash := hashOf(a.request(fitted))
	if err != nil {
		if ctx.Err() != nil && resp.Text == "" {
			return Answer{}, ctx.Err()
		}
		return a.failed(s, hash, err), err
	}
	answer := a.answer(fitted, resp, cut, hash)
	if cut > 0 {
		answer.Room = room
	}
	return answer, nil
}

// Sent returns what of the sample the answer is to: the sample itself, or what
// was left of it when it was cut, made again; without evidence to be lost it is
// not. Where it can't be made (the journal is older than Answer.Room) its
// evidence is unknown.
func (a *Asker) Sent(s benchmarks.Sample, answer Answer) benchmarks.Sample {
	if answer.CutTokens == 0 || len(s.Evidence.Spans) == 0 {
		return s
	}
	sent, _, err := a.fit(s, answer.Room)
	if err == nil && hashOf(a.request(sent)) == answer.PromptSHA256 {
		return sent
	}
	s.Evidence = benchmarks.Evidence{State: benchmarks.EvidenceUnknown}
	return s
}

// room is the number of prompt tokens that the window leaves, 0 if unknown.
func (a *Asker) room(s benchmarks.Sample) int {
	if a.Window == nil || a.Tokenizer == nil {
		return 0
	}
	window := int(a.Window.Load())
	if window == 0 {
		return 0
	}
	room := a.RoomIn(window, s.MaxTokens)
	return max(room, 1)
}

// RoomIn returns the prompt tokens that fit a window beside an answer of the
// sample's maxTokens; it may be negative.
func (a *Asker) RoomIn(window, maxTokens int) int {
	room := window - a.maxTokens(maxTokens) - a.ReasoningTokens - a.Overhead - 1
	if !a.Exact {
		room -= room / 10
	}
	return room
}

func (a *Asker) fit(s benchmarks.Sample, room int) (benchmarks.Sample, int, error) {
	if room == 0 {
		return s, 0, nil
	}
	fitted, cut, err := benchmarks.Fit(s, room, a.Truncate, a.Tokenizer)
	fitted.ContextTokens = max(0, fitted.ContextTokens-cut) // what is sent is sized by it
	return fitted, cut, err
}

// learn takes the window from an endpoint's refusal and returns the room for
// a second try in tokens of our tokenizer, 0 if there can't be one.
func (a *Asker) learn(s, sent benchmarks.Sample, call *CallError) int {
	if call.Window <= 0 || a.Tokenizer == nil || a.Truncate == benchmarks.TruncateNone {
		return 0
	}
	if a.Window != nil {
		a.Window.CompareAndSwap(0, int64(call.Window))
	}
	room := a.RoomIn(call.Window, s.MaxTokens)
	if call.PromptTokens > 0 {
		// The endpoint counts otherwise than we do: scale by what it saw. What is
		// left of the prompt may be denser than the whole was (2% was seen on
		// Chinese text), and there is no third try.
		ours := benchmarks.Count(a.Tokenizer, sent.Prompt.Text())
		room = min(room, int(float64(call.Window-a.maxTokens(s.MaxTokens)-a.ReasoningTokens-a.Overhead)*float64(ours)/float64(call.PromptTokens)*0.96))
	} else if before := a.room(s); before > 0 {
		room = min(room, before*3/4)
	}
	return max(room, 0)
}

func (a *Asker) request(s benchmarks.Sample) Request {
	r := Request{
		SampleID:        s.ID,
		System:          join(a.System, s.Prompt.System),
		Prompt:          s.Prompt.Text(),
		Chat:            s.Chat,
		MaxTokens:       a.maxTokens(s.MaxTokens),
		ReasoningTokens: a.ReasoningTokens,
		Temperature:     s.Temperature,
		TopP:            a.TopP,
		Seed:            a.Seed,
		Stop:            s.Stop,
		PromptTokens:    a.promptTokens(s),
		Parts: Parts{
			Context: s.Prompt.Context, Query: s.Query, Category: s.Category,
			Task: s.Task, Language: s.Language, Classes: s.Classes,
		},
	}
	if s.Prompt.Context != "" {
		r.Parts.Fixed = len(s.Prompt.Before) + len(s.Prompt.Context)
	}
	switch a.Chat {
	case "always":
		r.Chat = true
	case "never":
		r.Chat = false
	}
	if a.Temperature != nil {
		r.Temperature = *a.Temperature
	}
	if len(a.Stop) > 0 {
		r.Stop = a.Stop
	}
	r.PromptSHA256 = hashOf(r)
	return r
}

func join(a, b string) string {
	if a == "" || b == "" {
		return a + b
	}
	return a + "\n\n" + b
}

func hashOf(r Request) string {
	if r.PromptSHA256 != "" {
		return r.PromptSHA256
	}
	h := sha256.New()
	h.Write([]byte(r.System))
	h.Write([]byte{0})
	h.Write([]byte(r.Prompt))
	return hex.EncodeToString(h.Sum(nil))
}

func (a *Asker) answer(s benchmarks.Sample, r Response, cut int, hash string) Answer {
	out := Answer{
		SampleID: s.ID, Status: OK, Text: r.Text, Reasoning: r.Reasoning,
		FinishReason: r.FinishReason, Model: r.Model, Usage: r.Usage, CutTokens: cut,
		PromptSHA256: hash, FirstToken: r.FirstToken, Total: r.Total,
		Retries: r.Retries, RateLimited: r.RateLimited, FromCache: r.FromCache, Time: a.now(),
	}
	if !r.Usage.Known && !r.FromCache {
		// What the endpoint didn't count is estimated: a budget must not take it
		// for free.
		if out.Usage.Prompt == 0 {
			out.Usage.Prompt = a.promptTokens(s)
		}
		if out.Usage.Completion == 0 {
			out.Usage.Completion = (len(r.Text) + len(r.Reasoning) + 2) / 3
		}
	}
	switch {
	case strings.TrimSpace(r.Text) == "":
		out.Status = NoAnswer
	case r.FinishReason == "length":
		out.Status = TruncatedOutput
	case cut > 0:
		out.Status = TruncatedInput
	}
	return out
}

func (a *Asker) failed(s benchmarks.Sample, hash string, err error) Answer {
	out := Answer{SampleID: s.ID, Status: Failed, Error: err.Error(), PromptSHA256: hash, Time: a.now()}
	var call *CallError
	if errors.Is(err, benchmarks.ErrContextOverflow) || errors.As(err, &call) && call.Kind == ErrOverflow {
		out.Status = ContextOverflow
	}
	return out
}

func (a *Asker) now() time.Time {
	if a.Now != nil {
		return a.Now()
	}
	return time.Now()
}
