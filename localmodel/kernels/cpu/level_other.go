//go:build !amd64

package cpu

func simdLevels() []Level { return nil }

// opsFor has one answer here: there is no assembly for this architecture.
func opsFor(Level) *ops { return plainOps() }

// spinPause keeps a waiting thread busy for some tens of cycles.
func spinPause() {}

func halves(dst []uint16, src []float32) { plainHalves(dst, src) }

// prefetch is a hint only.
func prefetch(*byte, int) {}
