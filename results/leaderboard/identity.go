package leaderboard

import (
	"slices"
	"strconv"
	"strings"

	"github.com/lcbench/lcbench/results"
)

// ofBenchmark are the settings that shape a benchmark rather than its model,
// beside an adapter's own knobs. Runs of one model on several benchmarks differ
// in them and stay one row.
func ofBenchmark() []string {
	return []string{
		"benchmark", "data", "tasks", "limit", "lengths", "depths", "truncate", "tokenizer", "seed", "mode", "salt",
		"length-instruction", "languages", "judge-queries", "no-context",
	}
}

// elsewhere are settings of the model that have columns of their own.
func elsewhere() []string { return []string{"model", "attention", "revision"} }

// plain are the settings' values that say nothing.
func plain(name, value string) bool {
	usual := map[string]string{
		"chat-template": "own", "truncate": "own", "reasoning-tokens": "0", "seed": "0", "salt": "false", "kv-type": "f16",
	}
	return value == "" || value == usual[name]
}

// identify tells a run's model.
func (b *Board) identify(m results.Manifest) Identity {
	known := b.knownAs(m.Benchmark)
	id := Identity{
		Model: orElse(m.Model.Spec, orElse(m.Model.Name, "unnamed model")), Floor: floorOf(m),
		Attention: orElse(setting(m, "attention"), m.Model.Details["attention"]),
		Revision:  orElse(setting(m, "revision"), orElse(m.Model.Details["revision"], m.Model.Served)),
	}
	var rope, others []string
	for _, s := range m.Config {
		switch {
		case !s.Identity || plain(s.Name, s.Value) || b.shapesBenchmark(known, s.Name) || slices.Contains(elsewhere(), s.Name):
		case strings.HasPrefix(s.Name, "rope"):
			rope = append(rope, strings.TrimPrefix(strings.TrimPrefix(s.Name, "rope"), "-")+"="+s.Value)
		default:
			others = append(others, s.Name+"="+s.Value)
		}
	}
	id.Rope, id.Settings = strings.TrimPrefix(strings.Join(rope, " "), "="), strings.Join(others, " ")
	if own := m.Model.Details["rope"]; id.Rope == "" && own != "none" { // the file's own
		id.Rope = own
	}
	if mode := setting(m, "mode"); mode != "" && id.Floor != "no-context" && (len(known.Modes) == 0 || mode != known.Modes[0]) {
		id.Mode = mode
	}
	for _, text := range []*string{&id.Model, &id.Attention, &id.Rope, &id.Settings, &id.Mode, &id.Revision} {
		*text = results.Printable(*text)
	}
	return id
}

// shapesBenchmark says that a setting is the benchmark's.
func (b *Board) shapesBenchmark(known Known, name string) bool {
	return slices.Contains(ofBenchmark(), name) || slices.Contains(known.Knobs, name)
}

// benchmarkSettings are a run's settings that shape the benchmark and aren't the
// default.
func (b *Board) benchmarkSettings(m results.Manifest) string {
	var out []string
	known := b.knownAs(m.Benchmark)
	for _, s := range m.Config {
		if s.Identity && s.Name != "benchmark" && s.Name != "data" && !plain(s.Name, s.Value) && b.shapesBenchmark(known, s.Name) {
			out = append(out, s.Name+"="+s.Value)
		}
	}
	return results.Printable(strings.Join(out, " "))
}

// floorOf says what a run is the floor of, like report.Run.Floor.
func floorOf(m results.Manifest) string {
	switch {
	case strings.HasPrefix(m.Model.Spec, "baseline:"):
		return "baseline"
	case setting(m, "mode") == "no-context", setting(m, "no-context") == "true":
		return "no-context"
	}
	return ""
}

func setting(m results.Manifest, name string) string {
	for _, s := range m.Config {
		if s.Name == name {
			return s.Value
		}
	}
	return ""
}

// windowOf is the model's window in tokens, 0 if unknown.
func windowOf(m results.Manifest) int {
	for _, text := range []string{setting(m, "window"), m.Model.Details["window"]} {
		if n := parseLength(text); n > 0 {
			return n
		}
	}
	return 0
}

// parseLength reads 32768, 32k, 128K or 1M; a k is 1,024 tokens here, an M that
// squared. 0: none of these.
func parseLength(text string) int {
	text = strings.ToLower(strings.TrimSpace(text))
	factor := 1
	switch {
	case strings.HasSuffix(text, "k"):
		factor, text = 1<<10, text[:len(text)-1]
	case strings.HasSuffix(text, "m"):
		factor, text = 1<<20, text[:len(text)-1]
	}
	n, err := strconv.Atoi(text)
	if err != nil || n <= 0 || n > 1<<40/factor {
		return 0
	}
	return n * factor
}

// lengthText writes a window as tables do: 4K, 128K, 1M.
func lengthText(n int) string {
	switch {
	case n >= 1<<20 && n%(1<<20) == 0:
		return strconv.Itoa(n>>20) + "M"
	case n >= 1<<10 && n%(1<<10) == 0:
		return strconv.Itoa(n>>10) + "K"
	}
	return strconv.Itoa(n)
}
