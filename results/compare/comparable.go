package compare

import (
	"fmt"
	"slices"
	"strings"

	"github.com/lcbench/lcbench/results"
	"github.com/lcbench/lcbench/scorers"
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

// oldBaseline refuses a baseline that lacks what a task's figure is made of, and
// says what else an old one doesn't hold.
func (c *Comparison) oldBaseline(base, candidate Run, m matched) error {
	for _, side := range []struct {
		name string
		run  Run
	}{{"base", base}, {"candidate", candidate}} {
		if !side.run.Plain {
			continue
		}
		l, _ := c.layout(m)
		for _, t := range l.Tasks {
			parts := t.Headline.FromMeans() != nil || t.Headline == scorers.HeadlineStrata
			if parts && slices.ContainsFunc(m.pairs, func(p pair) bool { return p.base.Task == t.Name }) {
				return fmt.Errorf("%w: %s: the %s is a baseline of an older lcbench, without the parts that the figure of %s is made of: save it again with lcbench baseline save",
					ErrNotComparable, base.Benchmark, side.name, t.Name)
			}
		}
		c.note("%s: the %s is a baseline of an older lcbench: it knows no axes of difficulty; save it again to compare them", base.Benchmark, side.name)
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
