package builtin

import (
	"embed"
	"io/fs"
	"strings"

	"github.com/lcbench/lcbench/datasets"
)

// prompts are the configuration files that LongBench's adapter reads, worded
// by us: the official ones come with the official data. Generation limits are
// the paper's.
//
//go:embed prompts
var prompts embed.FS

// LongBench returns generated files in LongBench's own schema, under its file
// names: tasks of each of its six categories in either language (of the code
// tasks, lcc has English comments and repobench-p Chinese ones), LongBench-E's
// files of those tasks (NAME_e.jsonl), LongBench v2's data.json, and prompts
// worded by us. Files are made when they are first opened; what isn't there is
// an error that wraps fs.ErrNotExist.
func LongBench(seed uint64) datasets.Source {
	s := &longBench{world: New(seed)}
	return &generated{world: s.world, file: s.file}
}

type longBench struct{ world *World }

// file makes one file.
func (s *longBench) file(name string) ([]byte, error) {
	if name == "data.json" {
		return s.choices()
	}
	if base, ok := strings.CutSuffix(name, ".jsonl"); ok {
		base, even := strings.CutSuffix(base, "_e")
		for _, t := range longBenchTasks() {
			if t.name == base && (!even || len(t.even) > 0) {
				return s.rows(t, even), nil
			}
		}
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	raw, err := fs.ReadFile(prompts, "prompts/"+name)
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	return raw, nil
}

// LongBenchFiles lists the names that a LongBench source has.
func LongBenchFiles() []string {
	var names []string
	for _, t := range longBenchTasks() {
		names = append(names, t.name+".jsonl")
		if len(t.even) > 0 {
			names = append(names, t.name+"_e.jsonl")
		}
	}
	return append(names, "data.json", "config/dataset2maxlen.json", "config/dataset2prompt.json",
		"v2/0shot.txt", "v2/0shot_cot.txt", "v2/0shot_cot_ans.txt", "v2/0shot_no_context.txt", "v2/0shot_rag.txt")
}
