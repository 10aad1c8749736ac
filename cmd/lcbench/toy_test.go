package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/lcbench/lcbench/benchmarks/benchmarktest"
	"github.com/lcbench/lcbench/cmd/lcbench/testdata/toyqa"
)

// A benchmark is one folder and one line: the program is built with ToyQA's
// folder and its line in the list laid over the sources, and runs it.
func TestABenchmarkIsOneFolderAndOneLine(t *testing.T) {
	root, err := filepath.Abs(filepath.Join("..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	list := filepath.Join(root, "benchmarks", "all", "all.go")
	raw, err := os.ReadFile(list)
	if err != nil {
		t.Fatal(err)
	}
	const last = "		longbench.V1(),\n"
	line := strings.Replace(string(raw), last, last+"		toyqa.Adapter(),\n", 1)
	line = strings.Replace(line, "import (", "import (\n	\"github.com/lcbench/lcbench/benchmarks/toyqa\"", 1)
	dir := t.TempDir()
	over := filepath.Join(dir, "all.go")
	if err := os.WriteFile(over, []byte(line), 0o600); err != nil {
		t.Fatal(err)
	}
	toy, err := filepath.Abs(filepath.Join("testdata", "toyqa", "toyqa.go"))
	if err != nil {
		t.Fatal(err)
	}
	overlay, err := json.Marshal(map[string]map[string]string{"Replace": {
		list: over, filepath.Join(root, "benchmarks", "toyqa", "toyqa.go"): toy,
	}})
	if err != nil {
		t.Fatal(err)
	}
	config := filepath.Join(dir, "overlay.json")
	if err := os.WriteFile(config, overlay, 0o600); err != nil {
		t.Fatal(err)
	}
	program := filepath.Join(dir, "lcbench")
	if runtime.GOOS == "windows" {
		program += ".exe"
	}
	build := exec.CommandContext(t.Context(), "go", "build", "-overlay", config, "-o", program, ".")
	if text, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	run := exec.CommandContext(t.Context(), program, "run", "toyqa", "--out", filepath.Join(dir, "run"))
	text, err := run.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	for _, want := range []string{"ToyQA (built-in samples", "bees", "qa_f1"} {
		if !strings.Contains(string(text), want) {
			t.Errorf("the table lacks %q:\n%s", want, text)
		}
	}
}

func TestToyQAPassesTheSuite(t *testing.T) { benchmarktest.Run(t, toyqa.Adapter()) }

// What CONTRIBUTING.md shows is what the tests above build.
func TestContributingShowsToyQA(t *testing.T) {
	shown, err := os.ReadFile(filepath.Join("..", "..", "CONTRIBUTING.md"))
	if err != nil {
		t.Fatal(err)
	}
	code, err := os.ReadFile(filepath.Join("testdata", "toyqa", "toyqa.go"))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(shown), "```go\n"+string(code)+"```") {
		t.Error("CONTRIBUTING.md doesn't show testdata/toyqa/toyqa.go as it is")
	}
}
