package haystack

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"pgregory.net/rapid"

	"github.com/lcbench/lcbench/benchmarks"
	"github.com/lcbench/lcbench/benchmarks/benchmarktest"
	"github.com/lcbench/lcbench/datasets"
)

// runs is a tokenizer with cuts: two letters of a run, with what stands before
// the run, are a token; so is what no letter follows.
type runs struct{}

func (runs) Name() string { return "runs" }

func (runs) Ends(text string) []int {
	var ends []int
	letters := 0
	for i, r := range text {
		if unicode.IsLetter(r) {
			letters++
		}
		next, _ := utf8.DecodeRuneInString(text[i+utf8.RuneLen(r):])
		if letters == 2 || letters > 0 && !unicode.IsLetter(next) {
			ends, letters = append(ends, i+utf8.RuneLen(r)), 0
		}
	}
	if n := len(text); n > 0 && (len(ends) == 0 || ends[len(ends)-1] < n) {
		ends = append(ends, n)
	}
	return ends
}

func (runs) Cuts(text string, at int) bool {
	last, _ := utf8.DecodeLastRuneInString(text[:at])
	next, _ := utf8.DecodeRuneInString(text[at:])
	return unicode.IsLetter(last) && !unicode.IsLetter(next)
}

// folder writes texts into files and returns their source.
func folder(t testing.TB, files map[string]string) *datasets.FolderSource {
	dir := t.TempDir()
	for name, content := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return datasets.Folder(dir, nil)
}

func open(t testing.TB, tok benchmarks.Tokenizer, files map[string]string, places ...string) *Stock {
	s, faults, err := Open(t.Context(), folder(t, files), tok, places...)
	if err != nil || len(faults) > 0 {
		t.Fatal(err, faults)
	}
	return s
}

func TestContextsKeepWhatIsPromised(t *testing.T) {
	words := rapid.SampledFrom([]string{"a", "bee", "Ada's", "longest", "x.y", "42", "雾岭", "霜泽。", "—", "", "\n", "e\u0301"})
	for _, tok := range []benchmarks.Tokenizer{benchmarktest.Words{}, runs{}} {
		t.Run(tok.Name(), func(t *testing.T) {
			rapid.Check(t, func(r *rapid.T) {
				s := &Stock{tok: tok, place: "drawn"}
				for range rapid.IntRange(1, 12).Draw(r, "texts") {
					s.texts = append(s.texts, &text{content: tidy(strings.Join(rapid.SliceOfN(words, 1, 60).Draw(r, "words"), " "))})
				}
				h, err := s.Draw(context.Background(), rapid.Uint64().Draw(r, "seed"), "id", nil, 300)
				if err != nil {
					r.Fatal(err)
				}
				checkHay(r, h, tok)
				var needles []Needle
				depth := 0.0
				for range rapid.IntRange(1, 4).Draw(r, "needles") {
					depth += rapid.Float64Range(0, 100-depth).Draw(r, "depth")
					needles = append(needles, Needle{"the key of " + words.Draw(r, "needle") + " is here.", depth})
				}
				length := rapid.IntRange(1, 300).Draw(r, "length")
				c, err := h.Make(length, needles)
				if err != nil {
					short := (*ShortError)(nil)
					tooLong := strings.Contains(err.Error(), "the needles take")
					if !errors.Is(err, benchmarks.ErrSample) || length >= 100 && !errors.As(err, &short) && !tooLong {
						r.Fatal(err)
					}
					return
				}
				checkContext(r, h, c, length, needles)
			})
		})
	}
}

// checkHay compares the hay's tokens with what the tokenizer gives.
func checkHay(t *rapid.T, h *Hay, tok benchmarks.Tokenizer) {
	want := tok.Ends(h.text)
	if len(want) != len(h.ends) {
		t.Fatalf("%q has %d tokens, the hay says %d", h.text, len(want), len(h.ends))
	}
	for i, e := range want {
		if int(h.ends[i]) != e {
			t.Fatalf("token %d of %q ends at %d, the hay says %d", i, h.text, e, h.ends[i])
		}
	}
}

func checkContext(t *rapid.T, h *Hay, c Context, length int, needles []Needle) {
	if n := len(h.tok.Ends(c.Text)); n != c.Tokens || n > length || 100*n < 98*length {
		t.Fatalf("%d tokens, said to be %d, for a length of %d", n, c.Tokens, length)
	}
	hay, from := "", 0
	for i, span := range c.Spans {
		if c.Text[span.Start:span.End] != needles[i].Text || c.Text[span.Start-1] != '\n' || c.Text[span.End] != '\n' {
			t.Fatalf("needle %d: %q at its span", i, c.Text[span.Start-1:span.End+1])
		}
		hay += c.Text[from : span.Start-1]
		from = span.End + 1
		at := upTo(h.ends, len(hay))
		if at != c.Before[i] {
			t.Fatalf("needle %d stands behind %d tokens, said to be %d", i, at, c.Before[i])
		}
		// A character of this text has two tokens at the most.
		if want := int(float64(c.Kept) * needles[i].Depth / 100); at > want || at < want-2 {
			t.Fatalf("needle %d stands behind %d tokens, want %d of %d", i, at, want, c.Kept)
		}
	}
	if hay += c.Text[from:]; !strings.HasPrefix(h.text, hay) || upTo(h.ends, len(hay)) != c.Kept {
		t.Fatalf("without its needles the context is no beginning of the hay of %d tokens: %q", c.Kept, hay)
	}
}

func TestAnOrderIsOfItsSeedAndName(t *testing.T) {
	files := map[string]string{}
	for _, name := range strings.Fields("a b c d e f g h i j k l") {
		files["texts/"+name+".txt"] = strings.Repeat(name+name+" ", 40)
	}
	s := open(t, runs{}, files, "texts")
	draw := func(s *Stock, seed uint64, id string, tokens int) string {
		h, err := s.Draw(t.Context(), seed, id, nil, tokens)
		if err != nil {
			t.Fatal(err)
		}
		return h.text
	}
	first := draw(s, 1, "r0", 1000)
	if again := draw(open(t, runs{}, files, "texts"), 1, "r0", 1000); again != first {
		t.Error("the same seed and name give another order")
	}
	if draw(s, 2, "r0", 1000) == first || draw(s, 1, "r1", 1000) == first {
		t.Error("another seed or name gives the same order")
	}
	if short := draw(s, 1, "r0", 10); len(short) == len(first) || !strings.HasPrefix(first, short) {
		t.Error("fewer tokens are not the beginning of more")
	}
}

func TestTextsWithTheAnswerAreLeftOut(t *testing.T) {
	s := open(t, runs{}, map[string]string{"t.jsonl": `{"text": "the key is under the mat"}` + "\n" + `{"text": "nothing here"}` + "\n"}, "t.jsonl")
	h, err := s.Draw(t.Context(), 0, "x", []string{"", "the mat"}, 100)
	if err != nil || h.text != "nothing here" {
		t.Errorf("got %q, %v", h.text, err)
	}
	_, err = h.Make(50, []Needle{{"needle", 0}})
	var short *ShortError
	if !errors.As(err, &short) || short.Have != h.Tokens() || short.Need != 50-4 || !errors.Is(err, benchmarks.ErrSample) {
		t.Errorf("got %v, want how much is needed and how much there is", err)
	}
	if _, err := h.Make(5, []Needle{{"a needle that is too long", 0}}); !errors.Is(err, benchmarks.ErrSample) || !strings.Contains(err.Error(), "a context of 5") {
		t.Errorf("a needle longer than the length: %v", err)
	}
}

func TestPlacesOfTexts(t *testing.T) {
	files := map[string]string{"en/b.txt": "bee", "en/a.txt": " ay\n", "en/c.jsonl": `{"text": "sea"}`, "en/notes.md": "no", "empty/x.md": "no"}
	s := open(t, runs{}, files, "none.jsonl", "none", "en")
	h, err := s.Draw(t.Context(), 0, "x", nil, 100)
	if err != nil || len(s.texts) != 3 || len(h.text) != len("bee")+len("ay")+len("sea")+2*len(seam) {
		t.Errorf("got %d texts: %q, %v", len(s.texts), h.text, err)
	}
	if _, _, err := Open(t.Context(), folder(t, files), runs{}, "none.jsonl", "none"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no place: %v", err)
	}
	if _, _, err := Open(t.Context(), folder(t, files), runs{}, "empty"); err == nil || !strings.Contains(err.Error(), "no texts in it") {
		t.Errorf("a folder without texts: %v", err)
	}
	bad := map[string]string{"t.jsonl": "{\"text\": 1}\n{}\nno\n{\"text\": \"fine\"}\n"}
	s, faults, err := Open(t.Context(), folder(t, bad), runs{}, "t.jsonl")
	if err != nil || len(s.texts) != 1 || len(faults) != 3 || !strings.Contains(faults[0].Error(), `t.jsonl:1: field "text": want a string, got number`) {
		t.Errorf("%d texts, faults %v, %v", len(s.texts), faults, err)
	}
}

// lost is a source whose files can't be read.
type lost struct{ *datasets.FolderSource }

func (lost) Open(context.Context, string) (io.ReadCloser, error) { return nil, errors.New("lost") }

func TestATextThatCannotBeReadEndsTheHaystack(t *testing.T) {
	s, _, err := Open(t.Context(), lost{folder(t, map[string]string{"t/a.txt": "a"})}, runs{}, "t")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Draw(t.Context(), 0, "x", nil, 5); err == nil || !strings.Contains(err.Error(), "lost") {
		t.Errorf("got %v", err)
	}
}

func FuzzDecodeText(f *testing.F) {
	for _, line := range []string{`{"text": "a"}`, `{"text": null}`, `[]`, `{"text": "\ud800"}`, ``} {
		f.Add([]byte(line))
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		s, err := decodeText(line)
		if err == nil && (!utf8.ValidString(s) || s != strings.TrimSpace(s)) {
			t.Errorf("%q became %q", line, s)
		}
	})
}
