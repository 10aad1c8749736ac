package longins

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/lcbench/lcbench/benchmarks"
	"github.com/lcbench/lcbench/datasets"
)

// maxConfig bounds a configuration file, in bytes.
const maxConfig = 1 << 20

// prompts are the instructions around an exam, from config/<mode>.yaml.
type prompts struct {
	file    string
	mode    string
	opening string
	middle  string // GIST alone: behind the task's own instruction
	closing string
}

// The reference's loader (infer/data_loader.py at cf8c59b) puts a line break
// and so many blanks between the parts of a prompt.
var (
	gapGIST = "\n" + strings.Repeat(" ", 36)
	gapLIST = "\n" + strings.Repeat(" ", 24)
)

// readPrompts reads a mode's prompts. Upstream has none of LIMT any more; its
// items carry their instructions as those of LIST do, whose prompts are taken.
func readPrompts(ctx context.Context, src datasets.Source, mode string) (prompts, error) {
	name := "config/" + mode + ".yaml"
	raw, err := datasets.ReadFile(ctx, src, name, maxConfig)
	if mode == modeLIMT && errors.Is(err, fs.ErrNotExist) {
		name = "config/" + modeLIST + ".yaml"
		raw, err = datasets.ReadFile(ctx, src, name, maxConfig)
	}
	if err != nil {
		return prompts{}, fmt.Errorf("longins: %w", err)
	}
	return parsePrompts(name, mode, raw)
}

func parsePrompts(name, mode string, raw []byte) (prompts, error) {
	var texts map[string]string
	if err := yaml.Unmarshal(raw, &texts); err != nil {
		return prompts{}, fmt.Errorf("longins: %s: %w: want the official file, unchanged", name, oneLine(err))
	}
	p := prompts{file: name, mode: mode, opening: texts["Instruction_0"], closing: texts["Instruction_1"]}
	needed := []string{"Instruction_0", "Instruction_1"}
	if mode == modeGIST {
		p.middle, p.closing = texts["Instruction_1"], texts["Instruction_2"]
		needed = append(needed, "Instruction_2")
	}
	for _, key := range needed {
		if texts[key] == "" {
			return p, fmt.Errorf("longins: %s: no %s: want the official file, unchanged", name, key)
		}
	}
	return p, nil
}

// oneLine joins the lines of a YAML error.
func oneLine(err error) error {
	return errors.New(strings.Join(strings.Fields(err.Error()), " "))
}

// render puts an exam between its instructions. instruction is the task's own,
// for GIST.
func (p prompts) render(instruction, data string) benchmarks.Prompt {
	if p.mode == modeGIST {
		before := strings.Join([]string{p.opening, instruction, p.middle, ""}, gapGIST)
		return benchmarks.Prompt{Before: before, Context: data, After: gapGIST + p.closing}
	}
	return benchmarks.Prompt{Before: p.opening + gapLIST, Context: data, After: gapLIST + p.closing}
}
