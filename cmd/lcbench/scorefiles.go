package main

import (
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/lcbench/lcbench/benchmarks"
)

// predictionSystem is the files of one system, at most one a task.
type predictionSystem struct {
	name  string // of the files' folder; "" at the top
	files []predictionFile
}

// predictionFile is a file with the task that it is named after.
type predictionFile struct {
	name string // below the folder that was given, with slashes
	task benchmarks.Task
}

// findPredictions lists the prediction files of a folder by system, in order of
// their names, or the one file. Files of no task are told of and left out.
func (s *scoring) findPredictions(at string) (dir string, systems []predictionSystem, err error) {
	dir, names, err := predictionFiles(at)
	if err != nil {
		return "", nil, err
	}
	strangers := map[string][]string{}
	var folders []string
	for _, name := range names {
		folder := path.Dir(name)
		task, ok := s.taskOfFile(path.Base(name))
		switch {
		case !ok:
			if strangers[folder] == nil {
				folders = append(folders, folder)
			}
			strangers[folder] = append(strangers[folder], name)
			continue
		case len(s.wanted) > 0 && !slices.Contains(s.wanted, task.Name):
			continue
		}
		if systems, err = join(systems, folder, predictionFile{name, task}); err != nil {
			return "", nil, err
		}
	}
	for _, folder := range folders {
		left := strangers[folder][0] + ": not a task"
		if n := len(strangers[folder]); n > 1 {
			left = fmt.Sprintf("%s: %d files not named after a task", folder, n)
		}
		fmt.Fprintf(s.c.App.ErrWriter, "lcbench: %s of %s, left out\n", plain(left), s.adapter.Name)
	}
	if len(systems) == 0 {
		return "", nil, fmt.Errorf("%s: no predictions for a task of %s", at, s.adapter.Name)
	}
	return dir, systems, nil
}

// join puts a file to its system.
func join(systems []predictionSystem, folder string, f predictionFile) ([]predictionSystem, error) {
	name := path.Base(folder)
	if folder == "." {
		name = ""
	}
	at := slices.IndexFunc(systems, func(s predictionSystem) bool { return s.name == name })
	if at < 0 {
		return append(systems, predictionSystem{name, []predictionFile{f}}), nil
	}
	files := &systems[at].files
	if i := slices.IndexFunc(*files, func(o predictionFile) bool { return o.task.Name == f.task.Name }); i >= 0 && f.task.Metric != "v2_choice" {
		return nil, fmt.Errorf("%s and %s: two files of task %s of one system; keep one", (*files)[i].name, f.name, f.task.Name)
	}
	*files = append(*files, f)
	return systems, nil
}

// predictionFiles lists the jsonl files below a folder, or the one file.
func predictionFiles(at string) (dir string, names []string, err error) {
	info, err := os.Stat(at)
	if err != nil {
		return "", nil, err
	}
	if !info.IsDir() {
		return filepath.Dir(at), []string{filepath.Base(at)}, nil
	}
	err = fs.WalkDir(os.DirFS(at), ".", func(name string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() && strings.HasSuffix(name, ".jsonl") {
			names = append(names, name)
		}
		return err
	})
	if err != nil {
		return "", nil, fmt.Errorf("%s: %w", at, err)
	}
	if len(names) == 0 {
		return "", nil, fmt.Errorf("%s: no .jsonl file", at)
	}
	return at, names, nil
}

// taskOfFile finds the task that a file is named after, by the names that the
// benchmark's own files have where these differ.
func (s *scoring) taskOfFile(name string) (benchmarks.Task, bool) {
	if own, ok := s.bench.(interface{ TaskName(string) string }); ok {
		name = own.TaskName(strings.TrimSuffix(name, ".jsonl"))
	}
	return taskOfFile(s.tasks, name)
}

// taskOfFile finds the task of a name. A benchmark whose predictions are one
// file for all tasks names the task in each row.
func taskOfFile(tasks []benchmarks.Task, name string) (benchmarks.Task, bool) {
	base := strings.TrimSuffix(strings.TrimSuffix(strings.TrimSuffix(name, ".jsonl"), ".pred"), "_e")
	for _, t := range tasks {
		if t.Name == base {
			return t, true
		}
	}
	if len(tasks) > 0 && tasks[0].Metric == "v2_choice" {
		return tasks[0], true
	}
	return benchmarks.Task{}, false
}
