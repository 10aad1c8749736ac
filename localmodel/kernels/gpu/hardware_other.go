//go:build !linux

package gpu

// mayHaveGPU says whether looking for a GPU is worth it.
func mayHaveGPU() bool { return true }
