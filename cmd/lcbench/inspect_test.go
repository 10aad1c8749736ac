package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lcbench/lcbench/results"
)

// inspected runs an instrument and returns what it found.
func inspected(t *testing.T, args ...string) results.Found {
	t.Helper()
	out := t.TempDir()
	var errs bytes.Buffer
	if code := Run(t.Context(), append([]string{"lcbench", "inspect"}, append(args, "--out", out)...), strings.NewReader(""), &bytes.Buffer{}, &errs); code != 0 {
		t.Fatalf("exit code %d: %s", code, errs.String())
	}
	found, err := results.ReadInstruments(out)
	if err != nil || len(found) != 1 {
		t.Fatalf("%d instruments: %v", len(found), err)
	}
	return found[0]
}

// The value stands behind its key, one token from where the evidence begins, so
// that it is d−2 tokens before the question's last one. The induction model
// thinks it likely exactly where a window of 512 with 4 sinks shows it, over the
// whole map of lengths and depths, and closely around the window's edge; with the
// evidence alone everywhere.
// Source of the rule: ../shared/spec/induction-model.md.
func TestTheRightValueIsLikelyWhereItIsSeen(t *testing.T) {
	seen, hidden, edge := 0, 0, 0
	for _, grid := range [][]string{{"512,1k,2k", "0..100/10"}, {"1k", "48..54/0.2"}} {
		l := inspected(t, "likelihood", "--model", "local:induction", "--device", "cpu", "--benchmark", "needle-threading", "--tasks", "single_needle",
			"--lengths", grid[0], "--depths", grid[1], "--repeats", "1", "--attention", "sliding:window=512,sinks=4").Likelihood
		for _, s := range l.List {
			if s.Distance == nil || s.Short == nil || s.AnswerTokens != 1 {
				t.Fatalf("%s: %+v", s.ID, s)
			}
			d := *s.Distance
			want := d-2 < 512 || s.PromptTokens-d+1 < 4
			if got := s.LogLikelihood > -0.01; got != want || !got && s.LogLikelihood > -5 {
				t.Errorf("%s, the evidence %d of %d tokens from the end: %.3f nats, want it likely: %t", s.ID, d, s.PromptTokens, s.LogLikelihood, want)
			}
			if *s.Short < -0.01 {
				t.Errorf("%s: %.3f nats with the evidence alone", s.ID, *s.Short)
			}
			if want {
				seen++
			} else {
				hidden++
			}
			if d-2 > 505 && d-2 < 519 {
				edge++
			}
		}
	}
	if seen < 20 || hidden < 20 || edge < 4 {
		t.Errorf("%d cells are seen, %d hidden, %d at the edge: the map says too little", seen, hidden, edge)
	}
}

// Setting two models against each other the other way round turns every gap and
// every score of guidance around.
func TestGateauTurnsAround(t *testing.T) {
	common := []string{"gateau", "--model", "local:induction", "--device", "cpu", "--benchmark", "needle-threading", "--tasks", "single_needle", "--lengths", "512,1k", "--depths", "0..100/50", "--repeats", "1"}
	one := inspected(t, append(common, "--against-attention", "sliding:window=300,sinks=4")...).Gateau
	other := inspected(t, append(common, "--attention", "sliding:window=300,sinks=4", "--against", "local:induction")...).Gateau
	if other.NoAwareness == "" || other.Awareness.N != 0 || one.Awareness.N != len(one.List) || len(one.List) != len(other.List) || len(one.List) != 6 {
		t.Fatalf("%+v and %+v", one, other)
	}
	apart, sum := 0, 0.0
	for i, s := range one.List {
		o := other.List[i]
		if d := *s.Gap + *o.Gap; d > 1e-3 || d < -1e-3 {
			t.Errorf("%s: gaps %g and %g", s.ID, *s.Gap, *o.Gap)
		}
		if d := *s.Guidance + *o.Guidance; d > 1e-3 || d < -1e-3 {
			t.Errorf("%s: guidance %g and %g", s.ID, *s.Guidance, *o.Guidance)
		}
		if *s.Gap > 5 {
			apart++
		}
		if sum += *s.Guidance; *s.Awareness < 0 || *s.Awareness > 1 || len(s.Segments) != (s.PromptTokens-14)/128 && len(s.Segments) != (s.PromptTokens+120)/128 {
			t.Errorf("%s: awareness %g over %d segments of %d tokens", s.ID, *s.Awareness, len(s.Segments), s.PromptTokens)
		}
	}
	if apart == 0 || sum > 1e-9 || sum < -1e-9 {
		t.Errorf("%d samples tell the models apart, guidance comes to %g", apart, sum)
	}
}

// A short window is a prompt that is cut as a run would cut it.
func TestGateauUnderAShortWindow(t *testing.T) {
	g := inspected(t, "gateau", "--model", "local:induction", "--device", "cpu", "--benchmark", "needle-threading", "--tasks", "single_needle", "--lengths", "1k",
		"--depths", "0,50,100", "--repeats", "1", "--against-window", "512", "--segment", "1000000").Gateau
	for i, likely := range []bool{true, false, true} { // the middle is cut
		s := g.List[i]
		if got := *s.AgainstNLL < 0.01; got != likely || s.AgainstCut < 400 || s.NLL > 0.01 {
			t.Errorf("%s: %.3f nats without %d tokens, %.3f with them; want it likely: %t", s.ID, *s.AgainstNLL, s.AgainstCut, s.NLL, likely)
		}
		if s.Awareness != nil {
			t.Errorf("%s: an awareness of %g over one segment", s.ID, *s.Awareness)
		}
	}
}

// Prompts that a window doesn't hold are cut as a run would cut them; a needle that
// went with the rest is no needle.
func TestHeadsUnderAShortWindow(t *testing.T) {
	h := inspected(t, "heads", "--model", "local:induction", "--benchmark", "needle-threading", "--tasks", "single_needle", "--lengths", "1k",
		"--depths", "0,50,100", "--repeats", "1", "--window", "512", "--truncate", "middle").Heads
	if h.Asked != 2 || h.Right != 2 || h.Left != 1 { // the middle is cut
		t.Errorf("%d asked, %d right, %d left out; want 2, 2 and 1", h.Asked, h.Right, h.Left)
	}
}

func TestSegmentsCutNoLetter(t *testing.T) {
	text := "aéb€c" // 1, 2, 1, 3 and 1 bytes
	ends := []int{1, 2, 3, 4, 5, 6, 7, 8}
	for tokens, want := range map[int]string{1: "a|é|b|€|c", 2: "aé|b|€|c", 3: "aé|b€|c", 4: "aéb|€c", 100: "aéb€c"} {
		var got []string
		borders := segments(text, ends, tokens)
		for i := 1; i < len(borders); i++ {
			got = append(got, text[borders[i-1]:borders[i]])
		}
		if strings.Join(got, "|") != want {
			t.Errorf("segments of %d: got %q, want %s", tokens, got, want)
		}
	}
	if got := segments("", nil, 5); len(got) != 1 {
		t.Errorf("of nothing: %v", got)
	}
}

// The default folder is one for each setting, and report takes it.
func TestInstrumentsFindTheirFolder(t *testing.T) {
	t.Chdir(t.TempDir())
	run := func(args ...string) string {
		var out, errs bytes.Buffer
		if code := Run(t.Context(), append([]string{"lcbench"}, args...), strings.NewReader(""), &out, &errs); code != 0 {
			t.Fatalf("%q: exit code %d: %s", args, code, errs.String())
		}
		return out.String()
	}
	base := []string{"inspect", "likelihood", "--model", "local:induction", "--device", "cpu", "--tasks", "single_en", "--lengths", "512", "--depths", "50", "--repeats", "1"}
	var asked struct{ Instrument string }
	if err := json.Unmarshal([]byte(run(append(base, "--json", "-")...)), &asked); err != nil || asked.Instrument != "likelihood" {
		t.Errorf("standard output holds %q (%v)", asked.Instrument, err)
	}
	run(base...)
	run(append(base, "--attention", "sliding:window=64")...)
	dirs, err := filepath.Glob("results/inspect-likelihood-needlebench-local-induction-*")
	if err != nil || len(dirs) != 2 {
		t.Fatalf("folders %q (%v), want two", dirs, err)
	}
	if md := run(append([]string{"report"}, dirs...)...); !strings.Contains(md, "# Inside the model") || strings.Count(md, "Likelihood of the right answer") != 2 {
		t.Errorf("the report:\n%s", md)
	}
	if info, err := os.Stat(filepath.Join(dirs[0], "likelihood.parquet")); err != nil || info.Size() == 0 {
		t.Errorf("%v", err)
	}
}
