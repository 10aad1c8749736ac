// Package goldentest finds and reads the reference vectors that tests compare
// with: the folder named by LCBENCH_SHARED, or ../shared beside the repository.
package goldentest

import (
	"bytes"
	"iter"
	"os"
	"path/filepath"
	"testing"
)

// Path returns the path of a file below the shared folder. Where the folder
// is absent the test is skipped; under CI it fails.
func Path(tb testing.TB, name string) string {
	tb.Helper()
	dir := os.Getenv("LCBENCH_SHARED")
	if dir == "" {
		dir = filepath.Join(root(tb), "..", "shared")
	}
	path := filepath.Join(dir, filepath.FromSlash(name))
	if _, err := os.Stat(path); err != nil {
		if os.Getenv("CI") != "" {
			tb.Fatalf("reference data: %v", err)
		}
		tb.Skipf("no reference data (set LCBENCH_SHARED): %v", err)
	}
	return path
}

// root is the folder of go.mod, above the package under test.
func root(tb testing.TB) string {
	dir, err := os.Getwd()
	if err != nil {
		tb.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		up := filepath.Dir(dir)
		if up == dir {
			tb.Fatal("no go.mod above the test")
		}
		dir = up
	}
}

// Lines yields the non-empty lines of a file with their numbers from 1. Lines
// end at "\n" only: texts contain U+2028 and its like.
func Lines(tb testing.TB, name string) iter.Seq2[int, []byte] {
	tb.Helper()
	raw, err := os.ReadFile(Path(tb, name))
	if err != nil {
		tb.Fatal(err)
	}
	return func(yield func(int, []byte) bool) {
		n := 0
		for line := range bytes.SplitSeq(raw, []byte("\n")) {
			n++
			if len(line) > 0 && !yield(n, line) {
				return
			}
		}
	}
}
