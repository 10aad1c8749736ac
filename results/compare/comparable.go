package compare

import (
	"fmt"
	"slices"
	"strings"

	"github.com/lcbench/lcbench/results"
)

// ofModel are the settings that two runs may differ in, since they are the
// model and how it computes: the point of a comparison.
func ofModel() []string {
	return []string{"model", "model-args", "attention", "rope", "kv-type", "activations"}
}

// ofSelection are the settings that say which samples there are: those of both
// runs are compared.
func ofSelection() []string {
	return []string{"tasks", "limit", "languages", "repeats", "needles", "rounds"}
}

// ofAsking are settings that change what a model does with the same prompt:
// told of, not refused.
func ofAsking() []string { return []string{"gen-kwargs", "reasoning-tokens", "window"} }

// comparable returns an error that lists every setting and file in which two
// runs of a benchmark measure different things.
func (c *Comparison) comparable(base, candidate Run) error {
	var refused []string
	if base.Builtin() != candidate.Builtin() {
		refused = append(refused, fmt.Sprintf("data: built-in samples in the %s, the benchmark's own in the other", map[bool]string{true: "base", false: "candidate"}[base.Builtin()]))
	}
	for _, d := range results.Differences(base.Manifest, candidate.Manifest) {
		switch {
		case slices.Contains(ofModel(), d.Setting), d.Setting == "data":
		case slices.Contains(ofSelection(), d.Setting):
			c.note("%s: %s: only samples of both are compared", base.Benchmark, inWords(d))
		case slices.Contains(ofAsking(), d.Setting):
			c.note("%s: %s: part of a difference may come from there", base.Benchmark, inWords(d))
		case d.Setting == "seed" && !base.Builtin() && !drawn(base) && !drawn(candidate):
		case d.Setting == "tokenizer" && ownTokenizers(base, candidate):
			c.note("%s: %s: tokens are counted by each model's own; no context was made by them", base.Benchmark, inWords(d))
		default:
			refused = append(refused, inWords(d))
		}
	}
	if len(refused) > 0 {
		return fmt.Errorf("%w: %s: %s", ErrNotComparable, base.Benchmark, strings.Join(refused, "; "))
	}
	if base.Version != candidate.Version {
		c.note("%s: the base is of lcbench %s, the candidate of %s", base.Benchmark, base.Version, candidate.Version)
	}
	return nil
}

// drawn says whether the seed shaped the contexts of a run.
func drawn(r Run) bool { return setting(r, "lengths") != "" || setting(r, "salt") == "true" }

// ownTokenizers says whether two tokenizers are but those that came with two
// local models, or with one of them, and made no context.
func ownTokenizers(base, candidate Run) bool {
	return setting(base, "model") != setting(candidate, "model") && (base.Model.Local() || candidate.Model.Local()) &&
		setting(base, "lengths") == "" && setting(candidate, "lengths") == ""
}

func setting(r Run, name string) string {
	for _, s := range r.Config {
		if s.Name == name {
			return s.Value
		}
	}
	return ""
}

func inWords(d results.Difference) string {
	return fmt.Sprintf("%s is %s in the base, %s in the candidate", d.Setting, d.Was, d.Now)
}
