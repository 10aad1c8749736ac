package local

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lcbench/lcbench/datasets"
)

func TestFind(t *testing.T) {
	dir := t.TempDir()
	here := filepath.Join(dir, "smollm2-135m.gguf")
	if err := os.WriteFile(here, []byte("GGUF"), 0o600); err != nil {
		t.Fatal(err)
	}
	files := Files{Wheels: datasets.WheelOptions{Dir: dir, Offline: true}, Hub: datasets.HubOptions{Offline: true, Cache: filepath.Join(dir, "hub")}}
	for _, c := range []struct {
		name, find, path, fault string
		mistake                 bool // of the name, not of the download
	}{
		{"a name whose file is here", "smollm2-135m", here, "", false},
		{"a name whose file isn't", "gemma3-270m", "", filepath.Join(dir, "gemma3-270m.gguf"), false},
		{"a path", here, here, "", false},
		{"a folder", dir, dir, "", false},
		{"a near name", "smollm-135m", "", `no model "smollm-135m" (did you mean "smollm2-135m"?): there is induction, induction-landmark, induction-sinkkv, recall-kda, smollm2-135m, gemma3-270m, hf:owner/name/file.gguf, or the path`, true},
		{"no name", "llama9", "", `no model "llama9": there is induction,`, true},
		{"no file", filepath.Join(dir, "x.gguf"), "", "x.gguf: no such file", true},
		{"no file of the hub", "hf:owner/name", "", "model hf:owner/name: want hf:owner/name/file.gguf[@revision]", true},
		{"no weights of the hub", "hf:owner/name/readme.md", "", "want hf:owner/name/file.gguf", true},
		{"a file of the hub while offline", "hf:owner/name/a.gguf@v1", "", "a.gguf", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			path, err := files.Find(t.Context(), c.find)
			if c.fault == "" {
				if err != nil || path != c.path {
					t.Errorf("got %q (%v), want %q", path, err, c.path)
				}
				return
			}
			var mistake *NameError
			if err == nil || !strings.Contains(err.Error(), c.fault) || strings.Contains(err.Error(), "\n") || errors.As(err, &mistake) != c.mistake {
				t.Errorf("got %v, a mistake of the name: %v; want %q, %v", err, mistake != nil, c.fault, c.mistake)
			}
		})
	}
	stored := map[string]bool{}
	for _, s := range files.List() {
		stored[s.Name] = s.Here
	}
	if !stored["smollm2-135m"] || stored["gemma3-270m"] || len(stored) != len(files.Names()) {
		t.Errorf("the list says %v are here", stored)
	}
}
