package openai

import (
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/lcbench/lcbench/runners"
)

// retryAfter is how long a refusal's head asks to wait, 0 if it doesn't:
// retry-after-ms, Retry-After in seconds or as a date, else the reset of what
// is used up.
func retryAfter(h http.Header) time.Duration {
	if ms, err := strconv.ParseFloat(strings.TrimSpace(h.Get("Retry-After-Ms")), 64); err == nil && ms > 0 {
		return seconds(ms / 1000)
	}
	if s := strings.TrimSpace(h.Get("Retry-After")); s != "" {
		if d := until(s, h); d > 0 {
			return d
		}
	}
	info, ok := rateInfo(h)
	if !ok {
		return 0
	}
	var wait time.Duration
	if info.RemainingRequests <= 0 {
		wait = info.ResetRequests
	}
	if info.RemainingTokens <= 0 {
		wait = max(wait, info.ResetTokens)
	}
	return wait
}

// longestWait is what a wait is cut to: beyond it, headers are nonsense.
const longestWait = 30 * 24 * time.Hour

// until reads seconds, a Go-like duration (6m0s), a date or a Unix time as a
// duration from now. A date is taken against the server's own clock.
func until(s string, h http.Header) time.Duration {
	return min(max(0, waitOf(s, h)), longestWait)
}

func waitOf(s string, h http.Header) time.Duration {
	now := time.Now()
	if date, err := http.ParseTime(h.Get("Date")); err == nil {
		now = date
	}
	if at, err := http.ParseTime(s); err == nil {
		return at.Sub(now)
	}
	if d, err := time.ParseDuration(s); err == nil {
		return d
	}
	n, err := strconv.ParseFloat(s, 64)
	switch {
	case err != nil || !(n > 0):
		return 0
	case n > 1e12: // Unix milliseconds
		return time.UnixMilli(int64(min(n, 1e15))).Sub(now)
	case n > 1e9: // Unix seconds
		return time.Unix(int64(n), 0).Sub(now)
	}
	return seconds(n)
}

func seconds(s float64) time.Duration {
	return time.Duration(min(s, longestWait.Seconds()) * float64(time.Second))
}

// rateInfo reads the x-ratelimit headers; ok is false if there are none.
func rateInfo(h http.Header) (info runners.RateInfo, ok bool) {
	remaining := func(names ...string) int {
		for _, name := range names {
			if n, err := strconv.Atoi(strings.TrimSpace(h.Get(name))); err == nil && n >= 0 {
				ok = true
				return n
			}
		}
		return -1
	}
	reset := func(names ...string) time.Duration {
		for _, name := range names {
			if s := strings.TrimSpace(h.Get(name)); s != "" {
				ok = true
				return until(s, h)
			}
		}
		return 0
	}
	info.RemainingRequests = remaining("X-Ratelimit-Remaining-Requests", "X-Ratelimit-Remaining")
	info.RemainingTokens = remaining("X-Ratelimit-Remaining-Tokens")
	info.ResetRequests = reset("X-Ratelimit-Reset-Requests", "X-Ratelimit-Reset")
	info.ResetTokens = reset("X-Ratelimit-Reset-Tokens")
	return info, ok
}

// waitInText finds "try again in 1m2.5s" in a refusal, 0 if it isn't there.
func waitInText(text string) time.Duration {
	m := tryAgain().FindStringSubmatch(strings.ToLower(text))
	if m == nil {
		return 0
	}
	if m[2] != "" {
		n, err := strconv.ParseFloat(m[1], 64)
		if err != nil {
			return 0
		}
		return seconds(n)
	}
	d, err := time.ParseDuration(m[1])
	if err != nil {
		return 0
	}
	return d
}

var tryAgain = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`try again in ([0-9][0-9.hms]*[0-9hms])( seconds?)?`)
})
