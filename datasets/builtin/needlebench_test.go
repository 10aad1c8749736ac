package builtin

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lcbench/lcbench/datasets"
)

// The bytes of some texts for seed 0, on any machine.
func TestNeedleBenchTextsOfSeed0AreAsRecorded(t *testing.T) {
	s := NeedleBench(0)
	var b strings.Builder
	for _, name := range []string{"haystack_en/0001.txt", "haystack_en/2400.txt", "haystack_zh/0001.txt", "haystack_zh/0777.txt"} {
		sum := sha256.Sum256(read(t, s, name))
		fmt.Fprintf(&b, "%s  %s\n", hex.EncodeToString(sum[:]), name)
	}
	golden := filepath.Join("testdata", "needlebench_seed0.sha256")
	if *update {
		if err := os.WriteFile(golden, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), b.String()); diff != "" {
		t.Errorf("generated texts changed (-want +got); if that is meant, run with -update:\n%s", diff)
	}
}

func TestNeedleBenchHaystacksHoldAMillionTokens(t *testing.T) {
	for folder, lang := range haystacks() {
		s := NeedleBench(3).(datasets.Lister)
		names, err := s.Names(t.Context(), folder)
		if err != nil {
			t.Fatal(err)
		}
		seen := map[string]bool{}
		size := 0
		for _, name := range names[:60] {
			text := string(read(t, s, name))
			if seen[text] {
				t.Errorf("%s: a text that was there before", name)
			}
			seen[text] = true
			size += Size(text, lang)
		}
		// 1.3 tokens a word and 0.8 a character are few.
		tokens := map[string]float64{English: 1.3, Chinese: 0.8}[lang] * float64(size) / 60 * float64(len(names))
		if tokens < 1.2e6 {
			t.Errorf("%s: about %.0f tokens, want 1.2 million", folder, tokens)
		}
	}
}

func TestNeedleBenchHasNothingElse(t *testing.T) {
	s := NeedleBench(0).(datasets.Lister)
	for _, name := range []string{"needles.jsonl", "haystack_en/1.txt", "haystack_en/0000.txt", "haystack_en/2401.txt", "haystack_fr/0001.txt"} {
		if _, err := s.Open(t.Context(), name); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: %v, want fs.ErrNotExist", name, err)
		}
	}
	if _, err := s.Names(t.Context(), "PaulGrahamEssays"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("another folder: %v, want fs.ErrNotExist", err)
	}
}

// BenchmarkNeedleBench tells a hundred texts of a haystack.
func BenchmarkNeedleBench(b *testing.B) {
	for folder := range haystacks() {
		b.Run("haystack="+folder, func(b *testing.B) {
			size := 0
			for b.Loop() {
				s := NeedleBench(0)
				size = 0
				for i := range 100 {
					f, err := s.Open(b.Context(), needleText(folder, i+1))
					if err != nil {
						b.Fatal(err)
					}
					n, err := f.Read(make([]byte, 1<<20))
					if err != nil {
						b.Fatal(err)
					}
					size += n
				}
			}
			b.SetBytes(int64(size))
		})
	}
}
