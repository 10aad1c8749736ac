package runners

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
)

// ErrBudget says that the next request could cost more than what is left.
var ErrBudget = errors.New("budget reached")

// Limit is what a run may spend; 0 means no limit.
type Limit struct {
	Tokens int
	USD    float64
}

// ParseLimit reads "5usd", "$5" or "200000tok" (also 200k, 2M).
func ParseLimit(s string) (Limit, error) {
	bad := fmt.Errorf("budget %q: want money (5usd) or tokens (200000tok, 2Mtok)", s)
	low := strings.ToLower(strings.TrimSpace(s))
	if money, ok := cutEither(low, "$", "usd"); ok {
		usd, err := strconv.ParseFloat(strings.TrimSpace(money), 64)
		if err != nil || !(usd > 0) {
			return Limit{}, bad
		}
		return Limit{USD: usd}, nil
	}
	low, ok := strings.CutSuffix(strings.TrimSuffix(low, "ens"), "tok")
	if low = strings.TrimSpace(low); !ok || low == "" {
		return Limit{}, bad // a bare number could be either
	}
	scale := 1.0
	switch low[len(low)-1] {
	case 'k':
		scale = 1e3
	case 'm':
		scale = 1e6
	}
	if scale > 1 {
		low = low[:len(low)-1]
	}
	n, err := strconv.ParseFloat(strings.TrimSpace(low), 64)
	if err != nil || !(n > 0) || n*scale > 1e15 {
		return Limit{}, bad
	}
	return Limit{Tokens: int(n * scale)}, nil
}

func cutEither(s, prefix, suffix string) (string, bool) {
	if rest, ok := strings.CutPrefix(s, prefix); ok {
		return rest, true
	}
	return strings.CutSuffix(s, suffix)
}

// Budget holds a run's spending below its limit by reserving what a request
// could cost at the most before it is sent.
type Budget struct {
	limit Limit
	price Price

	mu       sync.Mutex
	changed  chan struct{} // closed and renewed whenever a reservation ends
	spent    Usage
	reserved Usage
	stopped  bool
}

// NewBudget returns a budget of which spent is already gone.
func NewBudget(limit Limit, price Price, spent Usage) *Budget {
	return &Budget{limit: limit, price: price, spent: spent, changed: make(chan struct{})}
}

// Reserve sets aside what a request of the given size could cost and returns
// how to settle it with what it did cost. While requests in flight may still
// free enough, it waits; ErrBudget means that it won't fit. Once it has been
// returned, every further call returns it: a cheap sample must not overtake
// the dear one that ended the run.
func (b *Budget) Reserve(ctx context.Context, prompt, completion int) (settle func(Usage), err error) {
	ask := Usage{Prompt: prompt, Completion: completion}
	for {
		b.mu.Lock()
		if b.stopped {
			b.mu.Unlock()
			return nil, ErrBudget
		}
		if b.fits(b.spent.Add(b.reserved).Add(ask)) {
			b.reserved = b.reserved.Add(ask)
			b.mu.Unlock()
			return func(u Usage) { b.settle(ask, u) }, nil
		}
		if b.reserved.Prompt == 0 && b.reserved.Completion == 0 {
			b.stopped = true
			b.mu.Unlock()
			return nil, ErrBudget
		}
		wait := b.changed
		b.mu.Unlock()
		select {
		case <-wait:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

func (b *Budget) fits(u Usage) bool {
	return (b.limit.Tokens == 0 || u.Prompt+u.Completion <= b.limit.Tokens) &&
		(b.limit.USD == 0 || b.price.Cost(u) <= b.limit.USD)
}

func (b *Budget) settle(ask, used Usage) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.reserved.Prompt -= ask.Prompt
	b.reserved.Completion -= ask.Completion
	b.spent = b.spent.Add(used)
	close(b.changed)
	b.changed = make(chan struct{})
}

// Spent returns what was used so far.
func (b *Budget) Spent() Usage {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.spent
}
