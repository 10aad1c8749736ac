package tokenizer

import (
	"bufio"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lcbench/lcbench/localmodel/gguf"
)

// needed skips a test for what this machine lacks, and fails it in CI.
func needed(tb testing.TB, err error, hint string) {
	tb.Helper()
	if os.Getenv("CI") != "" {
		tb.Fatalf("%v (%s)", err, hint)
	}
	tb.Skipf("%v (%s)", err, hint)
}

// modelFile is the path of a model in LCBENCH_MODELS or the user's cache.
func modelFile(tb testing.TB, name string) string {
	tb.Helper()
	dir := os.Getenv("LCBENCH_MODELS")
	if dir == "" {
		home, err := os.UserHomeDir()
		if err != nil {
			needed(tb, err, "set LCBENCH_MODELS")
		}
		dir = filepath.Join(home, ".cache", "lcbench", "models")
	}
	path := filepath.Join(dir, name)
	if _, err := os.Stat(path); err != nil {
		needed(tb, err, "set LCBENCH_MODELS to a folder that holds "+name)
	}
	return path
}

func loadModel(tb testing.TB, name string) *Model {
	tb.Helper()
	f, err := gguf.Open(modelFile(tb, name))
	if err != nil {
		tb.Fatal(err)
	}
	defer func() {
		if err := f.Close(); err != nil {
			tb.Error(err)
		}
	}()
	m, err := FromMetadata(f)
	if err != nil {
		tb.Fatal(err)
	}
	return m
}

func sharedFile(tb testing.TB, parts ...string) *os.File {
	tb.Helper()
	dir := os.Getenv("LCBENCH_SHARED")
	if dir == "" {
		dir = filepath.Join("..", "..", "..", "shared")
	}
	f, err := os.Open(filepath.Join(append([]string{dir}, parts...)...))
	if err != nil {
		needed(tb, err, "set LCBENCH_SHARED")
	}
	tb.Cleanup(func() { _ = f.Close() })
	return f
}

const (
	smolFile  = "smollm2-135m.gguf"
	gemmaFile = "gemma3-270m.gguf"
)

func TestGoldenTokens(t *testing.T) {
	for _, tc := range []struct{ model, golden string }{
		{smolFile, "smollm2-135m-instruct-q4_1.tokens.jsonl"},
		{gemmaFile, "gemma-3-270m-q4_k_m.tokens.jsonl"},
	} {
		t.Run(tc.model, func(t *testing.T) {
			m := loadModel(t, tc.model)
			lines := bufio.NewScanner(sharedFile(t, "golden", "models", tc.golden))
			lines.Buffer(nil, 1<<20)
			n := 0
			for ; lines.Scan(); n++ {
				var row struct {
					ID      int
					Text    string
					IDs     []int32
					BOS     []int32 `json:"ids_special_bos"`
					Decoded string
				}
				if err := json.Unmarshal(lines.Bytes(), &row); err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(row.IDs, m.Encode(row.Text, false)); diff != "" {
					t.Errorf("case %d %q (-want +got):\n%s", row.ID, row.Text, diff)
				}
				if diff := cmp.Diff(row.BOS, m.EncodePrompt(row.Text)); diff != "" {
					t.Errorf("case %d %q with special tokens (-want +got):\n%s", row.ID, row.Text, diff)
				}
				if got := m.Decode(row.IDs); got != row.Decoded {
					t.Errorf("case %d: decoded %q, want %q", row.ID, got, row.Decoded)
				}
				checkEncoding(t, m, row.Text)
			}
			if n == 0 {
				t.Error("the golden file has no cases")
			}
		})
	}
}

// checkEncoding checks what holds for any text: Ends, Count and the stream
// decoder agree with Encode and Decode.
func checkEncoding(t *testing.T, m *Model, text string) {
	t.Helper()
	ids := m.Encode(text, false)
	ends := m.Ends(text)
	if len(ends) != len(ids) || m.Count(text) != len(ids) {
		t.Fatalf("%q: %d ids, %d ends, count %d", text, len(ids), len(ends), m.Count(text))
	}
	if !slices.IsSorted(ends) || len(ends) > 0 && ends[len(ends)-1] > len(text) {
		t.Fatalf("%q: ends %v of %d bytes", text, ends, len(text))
	}
	d, streamed := m.NewDecoder(false), ""
	for _, id := range ids {
		streamed += d.Push(id)
	}
	streamed += d.Flush()
	if got := m.Decode(ids); got != streamed {
		t.Fatalf("%q: decoded %q at once, %q as a stream", text, got, streamed)
	}
}
