package cpu

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// TestAssemblyIsWhatTheGeneratorWrites regenerates and compares. It is skipped
// where the generator can't be built (no go command, no module cache).
func TestAssemblyIsWhatTheGeneratorWrites(t *testing.T) {
	if testing.Short() {
		t.Skip("builds the generator")
	}
	dir := t.TempDir()
	program := filepath.Join(dir, "asm.exe")
	if out, err := exec.Command("go", "build", "-tags", "generator", "-o", program, "./asm").CombinedOutput(); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatalf("the generator does not build: %v\n%s", err, out)
		}
		t.Skipf("the generator doesn't build here: %v\n%s", err, out)
	}
	if out, err := exec.Command(program, "-dir", dir).CombinedOutput(); err != nil {
		t.Fatalf("the generator: %v\n%s", err, out)
	}
	names, err := filepath.Glob("*_*_amd64.s")
	if err != nil || len(names) == 0 {
		t.Fatalf("no assembly here: %v", err)
	}
	for _, name := range append(names, "stubs_amd64.go") {
		have, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		want, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(have, want) {
			t.Errorf("%s differs from what the generator writes: go generate", name)
		}
	}
}
