package generate

import (
	"slices"
	"sync"
	"time"

	"github.com/lcbench/lcbench/localmodel/model"
)

// maxSameBits is the number of rows up to which kernels give each row the very
// bits that it gets alone: decoding more at once could change an answer.
const maxSameBits = model.SameBits

// Stats is what an engine has done.
type Stats struct {
	PromptTokens, CachedTokens, GeneratedTokens int
	// PeakKVBytes is the most that all caches held at once, kept prompts
	// included; AnswerKVBytes the most that one sequence held when its prompt was
	// done and its answer began.
	PeakKVBytes, AnswerKVBytes int64
	// Prefill and Decode are how long passes over prompts took, with what the
	// attention did at the ends of contexts and prompts, and steps of answers;
	// DecodedTokens are those that the steps computed: all of an answer's but the
	// first.
	Prefill, Decode time.Duration
	DecodedTokens   int
}

type stats struct {
	mu sync.Mutex
	Stats
}

// Stats returns the counts so far.
func (e *Engine) Stats() Stats {
	e.stats.mu.Lock()
	defer e.stats.mu.Unlock()
	return e.stats.Stats
}

// count changes the counts.
func (e *Engine) count(f func(s *Stats)) {
	e.stats.mu.Lock()
	defer e.stats.mu.Unlock()
	f(&e.stats.Stats)
}

// loop owns the executor. A pass computes a chunk of one prompt, then one step
// of every answer under way.
func (l *work) loop() {
	defer close(l.done)
	for l.receive() {
		l.admit()
		if l.prefilling != nil {
			l.prefill()
		}
		if len(l.active) > 0 {
			l.decode()
		}
	}
	for _, j := range slices.Concat(l.waiting, l.active, []*job{l.prefilling}) {
		if j != nil {
			j.end(ErrClosed)
		}
	}
}

// work is the loop's state.
type work struct {
	*Engine
	waiting    []*job
	prefilling *job
	active     []*job
	kept       kept
	memory     memory // of what is kept and what is under way
	growth     int64  // bytes that what is under way may come to hold besides
	full       bool   // the first that waits has no room until an answer is done
}

// receive takes what was submitted; it waits if there is nothing else to do.
// False: the engine is closed.
func (l *work) receive() bool {
	idle := len(l.waiting) == 0 && l.prefilling == nil && len(l.active) == 0
	for {
		if idle {
			select {
			case j := <-l.submit:
				l.waiting = append(l.waiting, j)
				idle = false
			case <-l.quit:
				return false
			}
			continue
		}
		select {
		case j := <-l.submit:
			l.waiting = append(l.waiting, j)
		case <-l.quit:
			return false
		default:
			return true
		}
	}
}

// admit starts the next prompt if the batch and the budget have room for it.
func (l *work) admit() {
	if l.prefilling != nil || len(l.waiting) == 0 || len(l.active) >= l.o.Batch {
		return
	}
	j := l.waiting[0]
	if j.ctx.Err() != nil {
		l.waiting = l.waiting[1:]
		j.end(j.ctx.Err())
		return
	}
	if l.full || !l.reserve(j) {
		l.full = true
		return
	}
	l.waiting = l.waiting[1:]
	l.prefilling = j
	j.started = time.Now()
	j.result.Waited = j.started.Sub(j.submitted)
	j.result.Cached = j.at
	l.count(func(s *Stats) { s.PromptTokens += len(j.Prompt); s.CachedTokens += j.at })
}

// prefill computes the next chunk of the prompt; behind its last one the first
// token is picked.
func (l *work) prefill() {
	j := l.prefilling
	if j.ctx.Err() != nil {
		l.finish(j, j.ctx.Err())
		return
	}
	began := time.Now()
	defer func() { l.count(func(s *Stats) { s.Prefill += time.Since(began) }) }()
	all := j.Prompt
	if len(j.Score) > 0 {
		all = slices.Concat(j.Prompt, j.Score[:len(j.Score)-1])
	}
	to := l.chunkEnd(j.at, l.nextStop(j, len(all)))
	chunk := model.Chunk{State: j.state, IDs: all[j.at:to], From: max(0, len(j.Prompt)-1-j.at), Prompt: len(all)}
	at := j.at
	err := l.exec.Forward([]model.Chunk{chunk}, func(_, row int, logits []float32) error {
		if j.Score != nil {
			j.result.LogProbs = append(j.result.LogProbs, logProb(logits, j.Score[at+row+1-len(j.Prompt)]))
			return nil
		}
		j.take(logits)
		return nil
	})
	j.at = to
	l.notePeak()
	switch {
	case err != nil:
		l.finish(j, err)
	case slices.Contains(j.stops, to):
		l.keep(j, to, l.toCome(j, to))
	case l.stages.Context && to == j.Fixed:
		l.staged.EndContext(j.state)
		j.sealed = true
		l.keep(j, to, l.rest(j, to))
	case to < len(all):
		if l.stages.Prompt && to == len(j.Prompt) {
			l.endPrompt(j)
		}
	case j.Score != nil:
		j.result.Finish = "stop"
		if !l.stages.Prompt {
			l.keepPrompt(j, 0)
		}
		l.finish(j, nil)
	default:
		j.result.Prefill = time.Since(j.started)
		j.result.FirstToken = j.result.Waited + j.result.Prefill
		if l.stages.Prompt {
			l.endPrompt(j)
		} else {
			l.keepPrompt(j, l.exec.Bytes(j.MaxTokens))
		}
		l.prefilling = nil
		l.active = append(l.active, j)
		l.noteAnswer(j)
		l.settle(j)
	}
}

// nextStop is where the prompt, or the prompt with what is scored behind it, n
// tokens, has to be cut next.
func (l *work) nextStop(j *job, n int) int {
	stops := [2]int{}
	if l.stages.Context {
		stops[0] = j.Fixed
	}
	if l.stages.Prompt {
		stops[1] = len(j.Prompt)
	}
	for _, stop := range slices.Concat(j.stops, stops[:]) {
		if j.at < stop {
			n = min(n, stop)
		}
	}
	return n
}

// endPrompt keeps a prompt as it is and lets the attention rearrange it for the
// answer. What it costs belongs to the prompt.
func (l *work) endPrompt(j *job) {
	growth := l.exec.Bytes(max(j.MaxTokens, len(j.Score)))
	l.keepPrompt(j, growth)
	l.staged.EndPrompt(j.state)
	l.giveBack(j)
	j.held, j.growth = l.memory.hold(j.state, true), growth
	l.growth += growth
	if j.Score == nil {
		j.result.Prefill = time.Since(j.started)
		j.result.FirstToken = j.result.Waited + j.result.Prefill
	}
}

// keepPrompt keeps all of a prompt, unless its attention starts from the fixed
// context each time, or its states come in steps.
func (l *work) keepPrompt(j *job, growth int64) {
	if !l.stages.Context && l.stages.Step == 0 {
		l.keep(j, len(j.Prompt), growth)
	}
}

// chunkEnd is where the chunk that starts at from ends, of a prompt of n tokens
// or up to where it parts from another one. No chunk but a whole prompt has so
// few rows that it would take the kernels of decoding, and none but the last one
// ends beside a step, so that rows have the same bits however much of the prompt
// was there before.
func (l *work) chunkEnd(from, n int) int {
	to := min(from+l.o.Chunk, n)
	if rest := n - to; rest > 0 && rest <= maxSameBits {
		to -= maxSameBits + 1 - rest
	}
	if step := l.stages.Step; step > 0 && to < n {
		to -= to % step
	}
	return to
}

// decode takes one step of every answer under way.
func (l *work) decode() {
	chunks := make([]model.Chunk, 0, len(l.active))
	jobs := slices.Clone(l.active)
	for _, j := range jobs {
		if j.ctx.Err() != nil {
			l.finish(j, j.ctx.Err())
			continue
		}
		chunks = append(chunks, model.Chunk{State: j.state, IDs: []int32{j.next}})
	}
	jobs = slices.Clone(l.active)
	began := time.Now()
	err := l.exec.Forward(chunks, func(chunk, _ int, logits []float32) error {
		jobs[chunk].take(logits)
		return nil
	})
	l.count(func(s *Stats) { s.Decode += time.Since(began); s.DecodedTokens += len(chunks) })
	l.notePeak()
	for _, j := range jobs {
		if err != nil {
			l.finish(j, err)
			continue
		}
		l.settle(j)
	}
}

// take picks the next token from its logits, or takes the one that is forced.
func (j *job) take(logits []float32) {
	if n := len(j.result.IDs); n < len(j.Forced) {
		j.next = j.Forced[n]
	} else {
		j.next = j.Sampling.pick(logits, j.draw)
	}
	if j.LogProbs {
		j.result.LogProbs = append(j.result.LogProbs, logProb(logits, j.next))
	}
}

// settle adds the token just picked to the answer, or ends it.
func (l *work) settle(j *job) {
	if !j.IgnoreEnd && slices.Contains(l.o.EndTokens, j.next) {
		j.result.Finish = "stop"
		if j.LogProbs {
			j.result.LogProbs = j.result.LogProbs[:len(j.result.IDs)]
		}
		l.finish(j, nil)
		return
	}
	j.result.IDs = append(j.result.IDs, j.next)
	switch {
	case j.Token != nil && !j.Token(j.next):
		j.result.Finish = "stop"
	case len(j.result.IDs) >= j.MaxTokens:
		j.result.Finish = "length"
	default:
		return
	}
	l.finish(j, nil)
}

// finish ends a job and gives its memory back.
func (l *work) finish(j *job, err error) {
	if l.prefilling == j {
		l.prefilling = nil
	}
	l.active = slices.DeleteFunc(l.active, func(other *job) bool { return other == j })
	l.giveBack(j)
	l.count(func(s *Stats) { s.GeneratedTokens += len(j.result.IDs) })
	j.end(err)
}
