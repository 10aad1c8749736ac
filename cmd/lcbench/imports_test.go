package main

import (
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// allowed says which of our folders each folder may import: the table in
// ARCHITECTURE.md. cmd does the wiring and may import everything.
func allowed() map[string][]string {
	return map[string][]string{
		"scorers":    {"scorers"},
		"datasets":   {"datasets"},
		"localmodel": {"localmodel"},
		"benchmarks": {"benchmarks", "datasets", "scorers"},
		"runners":    {"runners", "benchmarks", "datasets", "scorers", "localmodel"},
		"results":    {"results", "runners", "benchmarks", "scorers"},
	}
}

func TestImportsFlowFromLeftToRight(t *testing.T) {
	const module = "github.com/lcbench/lcbench/"
	root := filepath.Join("..", "..")
	read := 0
	for folder, may := range allowed() {
		err := filepath.WalkDir(filepath.Join(root, folder), func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") {
				return err
			}
			f, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
			if err != nil {
				return err
			}
			read++
			for _, i := range f.Imports {
				target, _ := strconv.Unquote(i.Path.Value)
				ours, ok := strings.CutPrefix(target, module)
				if !ok {
					continue
				}
				if why := forbidden(folder, path, ours, may); why != "" {
					t.Errorf("%s imports %s: %s", path, ours, why)
				}
			}
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	}
	if read == 0 {
		t.Fatal("no file was read")
	}
}

// sharedPart says whether benchmarks share the target: the suite, and the maker
// of haystacks, which itself imports neither.
func sharedPart(path, target string) bool {
	return (target == "benchmarks/benchmarktest" || target == "benchmarks/haystack") &&
		(!strings.Contains(filepath.ToSlash(path), "/benchmarks/haystack/") || strings.HasSuffix(path, "_test.go"))
}

// forbidden says why a file may not import one of our packages, "" if it may.
func forbidden(folder, path, target string, may []string) string {
	top, _, _ := strings.Cut(target, "/")
	ok := false
	for _, m := range may {
		ok = ok || m == top
	}
	switch {
	case !ok:
		return folder + " may import only " + strings.Join(may, ", ")
	case folder == "results" && strings.HasPrefix(target, "runners/"):
		return "results know the root of runners only"
	case folder == "benchmarks" && strings.HasPrefix(target, "benchmarks/") && !sharedPart(path, target) && !strings.Contains(filepath.ToSlash(path), "/benchmarks/all/"):
		return "an adapter imports no other one; only benchmarks/all lists them"
	case folder == "runners" && top == "localmodel" && !strings.Contains(filepath.ToSlash(path), "/runners/local/"):
		return "only runners/local knows the models in this process"
	case folder == "runners" && strings.HasPrefix(target, "runners/"):
		return "a model imports no other one"
	}
	return ""
}
