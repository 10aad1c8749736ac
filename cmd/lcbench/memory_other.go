//go:build !linux

package main

// peakMemory is the largest resident size of the process so far, in bytes; 0
// where it can't be told.
func peakMemory() int64 { return 0 }
