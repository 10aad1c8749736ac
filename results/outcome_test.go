package results

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestAnOutcomeAddsUpOverStartsAndChangesNoIdentity(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "run")
	half, most := 0.5, 0.8
	starts := []struct {
		now  Outcome
		want Outcome
	}{
		{Outcome{PromptTokens: 400, KeptTokens: 200, GeneratedTokens: 30, PeakKVBytes: 1 << 20},
			Outcome{PromptTokens: 400, KeptTokens: 200, HitRate: &half, GeneratedTokens: 30, PeakKVBytes: 1 << 20}},
		{Outcome{PromptTokens: 600, KeptTokens: 600, GeneratedTokens: 5, PeakKVBytes: 1 << 10},
			Outcome{PromptTokens: 1000, KeptTokens: 800, HitRate: &most, GeneratedTokens: 35, PeakKVBytes: 1 << 20}},
		{Outcome{}, // everything was in the journal
			Outcome{PromptTokens: 1000, KeptTokens: 800, HitRate: &most, GeneratedTokens: 35, PeakKVBytes: 1 << 20}},
	}
	identity := ""
	for i, s := range starts {
		r := openRun(t, dir, testManifest())
		must(t, r.Update(func(m *Manifest) { m.Model.Outcome = m.Model.Outcome.And(s.now) }))
		must(t, r.Finish(Complete))
		must(t, r.Close())
		m, err := ReadManifest(dir)
		must(t, err)
		if diff := cmp.Diff(&s.want, m.Model.Outcome); diff != "" {
			t.Errorf("start %d: %s", i+1, diff)
		}
		if identity != "" && m.Identity != identity {
			t.Errorf("start %d: the identity was %s, is %s", i+1, identity, m.Identity)
		}
		identity = m.Identity
	}
	// A start that is killed loses its own count, not those before.
	must(t, openRun(t, dir, testManifest()).Close())
	m, err := ReadManifest(dir)
	must(t, err)
	if diff := cmp.Diff(&starts[2].want, m.Model.Outcome); diff != "" {
		t.Error(diff)
	}
}

func TestAnOutcomeOfNothingHasNoRate(t *testing.T) {
	var none *Outcome
	if diff := cmp.Diff(&Outcome{}, none.And(Outcome{})); diff != "" {
		t.Error(diff)
	}
}

func TestTheTableSaysWherePromptTokensCameFrom(t *testing.T) {
	for spec, want := range map[string]string{
		"local:induction":    "(25% from kept prefixes)",
		"openai:gpt-4o-mini": "(25% from the endpoint's prefix cache)",
	} {
		in := someInput()
		in.Manifest.Model = ModelInfo{Spec: spec}
		if in.Manifest.Model.Local() {
			in.Manifest.Model.Outcome = (&Outcome{}).And(Outcome{PeakKVBytes: 1500 << 20})
		}
		got := strings.Join(strings.Fields(table(t, someFacts().Summarise(in), TableOptions{})), " ")
		if !strings.Contains(got, want) {
			t.Errorf("%s: want %q in %s", spec, want, got)
		}
		if peak := strings.Contains(got, "KV caches: 1,500 MiB at the peak."); peak != in.Manifest.Model.Local() {
			t.Errorf("%s: the peak of KV caches is shown: %v", spec, peak)
		}
	}
}

// A local model's prompt tokens a second are those that its engine computed, by
// the same definition as the comparison of mechanisms; an endpoint's are what was
// sent over the run's time.
func TestPromptTokensASecondAreThoseComputed(t *testing.T) {
	in := someInput()
	if got := *someFacts().Summarise(in).Speed.PromptTokensPerSecond; got != 144000/12.5 {
		t.Errorf("an endpoint: %g tokens a second", got)
	}
	in.Manifest.Model.Outcome = &Outcome{PromptTokens: 9000, KeptTokens: 5000, PrefillSeconds: 4}
	s := someFacts().Summarise(in)
	if got := *s.Speed.PromptTokensPerSecond; got != 1000 || got != *s.Model.Outcome.PrefillRate() {
		t.Errorf("a local model that took 5000 of 9000 tokens from kept prompts, and 4 s: %g tokens a second, want 1000", got)
	}
	if text := table(t, s, TableOptions{}); !strings.Contains(text, "1,000 prompt tokens/s") {
		t.Errorf("the table says another figure:\n%s", text)
	}
	in.Manifest.Model.Outcome = &Outcome{PromptTokens: 9000, KeptTokens: 9000}
	if got := someFacts().Summarise(in).Speed.PromptTokensPerSecond; got != nil {
		t.Errorf("an engine that computed nothing: %g tokens a second", *got)
	}
}
