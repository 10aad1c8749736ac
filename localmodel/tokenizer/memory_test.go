package tokenizer

import (
	"runtime"
	"testing"
)

// withinMemory fails the test if do allocates more than a vocabulary of so many
// bytes may: its tables, and what each holds however small it is.
func withinMemory(t *testing.T, bytes int, do func()) {
	t.Helper()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	do()
	runtime.ReadMemStats(&after)
	used := after.TotalAlloc - before.TotalAlloc
	if bound := uint64(memoryFloor + memoryFactor*bytes); used > bound {
		t.Fatalf("%d bytes made a tokenizer allocate %d, want at most %d", bytes, used, bound)
	}
}

// The floor is the character classes and the tables of 256 bytes; the factor is
// that of a vocabulary of single letters, each of which takes places in several
// tables.
const (
	memoryFloor  = 1 << 20
	memoryFactor = 256
)
