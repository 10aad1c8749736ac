package scorers

import (
	"crypto/sha256"
	"encoding/binary"
	"math/rand/v2"
)

// Stream returns the random stream of one purpose under a run's seed; of a
// task's name it is the one that Aggregate draws the task's documents from.
func Stream(seed uint64, purpose string) *rand.ChaCha8 {
	h := sha256.New()
	h.Write(binary.LittleEndian.AppendUint64(nil, seed))
	h.Write([]byte("bootstrap\x00" + purpose))
	return rand.NewChaCha8([32]byte(h.Sum(nil)))
}

// Draws returns a function that draws from n documents with replacement: it
// fills picks with numbers below n, which is at least 1.
func Draws(n int, src *rand.ChaCha8) func(picks []uint32) {
	if n <= maxShortDraw {
		return shortDraw(n, src)
	}
	return longDraw(n, src)
}

// PercentileInterval is the 95 % percentile interval of resampled figures, with
// linear interpolation between order statistics; it reorders them.
func PercentileInterval(figures []float64) Interval {
	if len(figures) == 0 {
		return Interval{State: IntervalNotAsked}
	}
	return interval(figures, IntervalOK)
}
