package generate

import "slices"

// The budget holds what sequences were last counted to hold, shared pieces
// once, and what those under way may come to hold besides. A sequence is
// counted when it starts, from what is kept, and whenever its state is kept:
// when its prompt is done, and before that at its stops. The growth from one
// count to the next is reserved apart, each rounded up to whole blocks, so that
// no later count can raise the sum.

// reserve gives a job its state, from the longest beginning at hand, and room
// to grow. False: what is under way leaves too little room.
func (l *work) reserve(j *job) bool {
	j.stops = nil
	n := l.kept.spare(j.rotation, j.Prompt)
	if !l.fits(l.rest(j, n)) && len(l.active) > 0 {
		return false // nothing is dropped in vain
	}
	if n == 0 || l.room(l.exec.Bytes(1)) { // a fork copies the block it starts in
		fixed := 0
		if l.stages.Context {
			fixed = j.Fixed
		}
		j.state, j.at = l.kept.find(j.rotation, j.Prompt, l.limit(j), fixed)
		j.sealed = fixed > 0 && j.at == fixed
		j.stops = l.stopsAt(j, n)
	}
	if j.state != nil {
		if l.take(j) {
			return true
		}
		if len(l.active) > 0 {
			return false // what it can start from is worth waiting for
		}
	}
	j.state, j.at, j.sealed = l.exec.New(j.length()), 0, false
	if !l.take(j) && len(j.stops) > 0 {
		j.state, j.stops = l.exec.New(j.length()), nil // counts less, less is rounded up
		return l.take(j)
	}
	return j.state != nil
}

// stopsAt is where a job's state is kept on its way, which shares n tokens with
// a kept prompt: where it parts from that one, if it could not be forked there.
// States that come in steps are kept at the last one inside the fixed context
// that the shortest question on it can take, and at the last one that a prompt
// which begins with this one can take.
func (l *work) stopsAt(j *job, n int) []int {
	n, step := min(n, l.limit(j)), l.stages.Step
	switch {
	case l.kept.none:
		return nil
	case step == 0 && n-j.at > maxSameBits:
		return []int{n}
	case step == 0:
		return nil
	}
	var stops []int
	for _, at := range []int{n, j.Fixed - maxSameBits, l.limit(j)} {
		at = min(at, l.limit(j)) / step * step
		if at > j.at && !slices.Contains(stops, at) {
			stops = append(stops, at)
		}
	}
	slices.Sort(stops)
	return stops
}

// limit is how many of a job's tokens may come from what is kept: the rest is
// enough for the kernels of prefill (see chunkEnd), up to where the next stage
// is, and for what the attention observes.
func (l *work) limit(j *job) int {
	if l.stages.Context {
		return j.Fixed - maxSameBits - 1
	}
	return len(j.Prompt) - max(maxSameBits+1, l.stages.Observed)
}

// take counts a job's state and makes room for what it will compute.
func (l *work) take(j *job) bool {
	j.held = l.memory.hold(j.state, true)
	growth := l.toCome(j, j.at)
	if l.room(growth) {
		j.growth = growth
		l.growth += growth
		return true
	}
	l.memory.release(j.held)
	j.held, j.state = holding{}, nil
	return false
}

// toCome is what a job will come to hold behind n tokens of its prompt, from
// stop to stop.
func (l *work) toCome(j *job, n int) int64 {
	total := int64(0)
	for _, stop := range j.stops {
		if stop > n {
			total += l.exec.Bytes(stop - n)
			n = stop
		}
	}
	return total + l.rest(j, n)
}

// rest is toCome of a job without stops.
func (l *work) rest(j *job, n int) int64 {
	return l.alone(Request{Prompt: j.Prompt[n:], Fixed: j.Fixed - n, MaxTokens: j.MaxTokens, Score: j.Score})
}

// giveBack frees what a job held.
func (l *work) giveBack(j *job) {
	l.memory.release(j.held)
	l.growth -= j.growth
	j.held, j.growth = holding{}, 0
	l.full = false
}

// room drops kept prompts, the least recently used first, until so many bytes
// are free. False, and nothing is dropped, if even all of them are too few.
func (l *work) room(bytes int64) bool {
	if l.o.KVBudget <= 0 {
		for l.kept.recent.Len() > maxKept && l.kept.evict() {
		}
		return true
	}
	if !l.fits(bytes) {
		return false
	}
	for l.memory.total+l.growth+bytes > l.o.KVBudget && l.kept.evict() {
	}
	return true
}

// fits says whether so many bytes are free if nothing but what is under way is
// held.
func (l *work) fits(bytes int64) bool {
	return l.o.KVBudget <= 0 || l.memory.inUse+l.growth+bytes <= l.o.KVBudget
}

// keep counts a job once more, of which n tokens of the prompt are computed and
// so many bytes to come, and stores its state there for the next prompt that
// begins like it.
func (l *work) keep(j *job, n int, growth int64) {
	ids, sealed := j.Prompt[:n], 0
	if j.sealed {
		sealed = j.Fixed
	}
	if sealed == 0 && n <= maxSameBits {
		return // computed by the kernels of decoding, see usable
	}
	if l.kept.none || l.kept.serves(j.rotation, ids, sealed) {
		return
	}
	l.giveBack(j)
	j.held, j.growth = l.memory.hold(j.state, true), growth
	l.growth += j.growth
	if !l.room(l.exec.Bytes(1)) {
		return
	}
	if state, ok := j.state.Fork(n); ok {
		l.kept.add(j.rotation, ids, state, sealed)
		l.notePeak()
		l.room(0)
	}
}

// notePeak notes what is held in fact.
func (l *work) notePeak() {
	now := l.memory.total
	for _, j := range append(slices.Clone(l.active), l.prefilling) {
		if j != nil && j.state != nil {
			now += l.memory.uncounted(j.state)
		}
	}
	l.count(func(s *Stats) { s.PeakKVBytes = max(s.PeakKVBytes, now) })
}

// noteAnswer notes what a sequence holds as its answer begins.
func (l *work) noteAnswer(j *job) {
	held := int64(0)
	for _, bytes := range j.state.Pieces() {
		held += bytes
	}
	l.count(func(s *Stats) { s.AnswerKVBytes = max(s.AnswerKVBytes, held) })
}
