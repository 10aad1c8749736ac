package results

import (
	"encoding/hex"
	"strconv"
	"strings"

	"github.com/lcbench/lcbench/scorers"
)

// lmEvalResults is the object of results_<date>.json, from tasks whose samples
// are written.
func lmEvalResults(tasks []*lmEvalTask, in LMEvalInput) map[string]any {
	m := in.Manifest
	out := map[string]any{
		"config": lmEvalConfig(m), "git_hash": nullable(in.GitHash), "date": float64(m.Started.UnixMilli()) / 1000,
		"lm_eval_version": "lcbench " + m.Version, "lcbench_version": m.Version,
		"model_source": lmEvalSource(m.Model), "model_name": lmEvalModel(m.Model),
		"model_name_sanitized": lmEvalName(lmEvalModel(m.Model)),
		"system_instruction":   nil, "system_instruction_sha": nil, "fewshot_as_multiturn": nil,
		"chat_template": nil, "chat_template_sha": nil, "max_length": nil,
		"total_evaluation_time_seconds": strconv.FormatFloat(m.Seconds, 'f', -1, 64),
	}
	results, configs := map[string]any{}, map[string]any{}
	versions, shots, higher, samples, hashes := map[string]any{}, map[string]int{}, map[string]any{}, map[string]any{}, map[string]string{}
	for _, t := range tasks {
		metric := t.metric()
		entry := map[string]any{"alias": t.Task, "name": t.Task, "sample_len": t.n}
		if t.n > 0 {
			entry[metric+",none"] = t.sum / float64(t.n)
			entry[metric+"_stderr,none"] = t.stderr()
		}
		for _, m := range t.Measures {
			if m.Value != nil && m.Unit == scorers.UnitShare {
				entry[m.Name+",none"] = *m.Value / 100
			}
		}
		results[t.Task] = entry
		configs[t.Task] = t.config()
		versions[t.Task] = m.Version
		shots[t.Task] = 0
		higher[t.Task] = map[string]bool{metric: true}
		original := t.n
		if n := in.Original[t.Task]; n > 0 {
			original = n
		}
		samples[t.Task] = map[string]int{"original": original, "effective": t.n}
		hashes[t.Task] = hex.EncodeToString(t.hash.Sum(nil))
	}
	groups, members := lmEvalGroups(in.Summary)
	for name, g := range groups {
		results[name] = g
		versions[name] = m.Version
		higher[name] = map[string]bool{"score": true}
	}
	out["results"], out["groups"], out["group_subtasks"] = results, groups, members
	out["configs"], out["versions"], out["n-shot"] = configs, versions, shots
	out["higher_is_better"], out["n-samples"], out["task_hashes"] = higher, samples, hashes
	return out
}

// config is what there is to say of a task in the terms of a YAML task there.
func (t *lmEvalTask) config() map[string]any {
	return map[string]any{
		"task": t.Task, "tag": nullable(t.Category), "output_type": "generate_until", "num_fewshot": 0,
		"metric_list":       []any{map[string]any{"metric": t.metric(), "aggregation": "mean", "higher_is_better": true}},
		"generation_kwargs": map[string]any{"max_gen_toks": t.maxTokens},
		"metadata":          map[string]any{"metric_equals": nullable(t.MetricEquals), "language": nullable(t.Language), "chat": t.chat},
	}
}

// lmEvalGroups makes a group of each board and of each category on it.
func lmEvalGroups(s Summary) (groups map[string]any, members map[string][]string) {
	groups, members = map[string]any{}, map[string][]string{}
	add := func(name, alias string, f Figure, of []string) {
		g := map[string]any{"alias": alias, "name": name, "sample_len": f.Rows, "sample_count": map[string]int{"score,none": f.Rows}}
		if f.Score != nil {
			g["score,none"] = *f.Score / 100
			g["score_stderr,none"] = "N/A"
		}
		groups[name] = g
		members[name] = orEmpty(of)
	}
	for _, b := range s.Boards {
		board := strings.Trim(s.Benchmark+"_"+b.Board, "_")
		var names []string
		for _, c := range b.Categories {
			name := board + "_" + fileName(c.Category)
			names = append(names, name)
			add(name, c.Category, c.Figure, c.Tasks)
		}
		add(board, board, b.Average, names)
	}
	return groups, members
}

// lmEvalConfig is the run's configuration: the keys that are expected there,
// and our own settings beside them.
func lmEvalConfig(m Manifest) map[string]any {
	out := map[string]any{
		"model": lmEvalSource(m.Model), "model_args": map[string]any{"model": lmEvalModel(m.Model), "base_url": nullable(m.Model.Endpoint)},
		"batch_size": nil, "batch_sizes": []int{}, "device": nil, "use_cache": nil, "limit": nil,
		"bootstrap_iters": 0, "gen_kwargs": nil, "random_seed": m.Seed, "numpy_seed": m.Seed,
		"torch_seed": m.Seed, "fewshot_seed": m.Seed,
	}
	settings := map[string]string{}
	for _, s := range m.Config {
		settings[s.Name] = s.Value
	}
	out["lcbench"] = settings
	if limit, err := strconv.ParseFloat(settings["limit"], 64); err == nil && limit > 0 {
		out["limit"] = limit
	}
	return out
}

// lmEvalSource is the kind of model: openai, baseline, replay.
func lmEvalSource(m ModelInfo) string {
	kind, _, _ := strings.Cut(m.Spec, ":")
	return kind
}

func nullable(s string) any {
	if s == "" {
		return nil
	}
	return s
}
