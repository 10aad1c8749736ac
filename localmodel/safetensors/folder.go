package safetensors

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/lcbench/lcbench/localmodel/quant/mapped"
)

const (
	singleName = "model.safetensors"
	indexName  = "model.safetensors.index.json"
)

// OpenFolder opens the weights of a model folder as Hugging Face tools write
// it: model.safetensors, or the parts that model.safetensors.index.json lists.
// Every tensor of the index must be in the part it names. Parts may be symbolic
// links, as in the Hugging Face cache, but only names without a folder are
// followed.
func OpenFolder(dir string) (*File, error) {
	single := filepath.Join(dir, singleName)
	if _, err := os.Stat(single); err == nil {
		return Open(single)
	} else if !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("safetensors: %w", err)
	}
	index := filepath.Join(dir, indexName)
	parts, err := readIndex(index)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("safetensors: %s: neither %s nor %s: %w", dir, singleName, indexName, fs.ErrNotExist)
	}
	if err != nil {
		return nil, fmt.Errorf("safetensors: %w", err)
	}
	f := newFile()
	if err := f.addParts(dir, parts); err != nil {
		return nil, errors.Join(fmt.Errorf("safetensors: %w", err), f.Close())
	}
	return f, nil
}

// addParts opens the parts in the order of their names. Each must bring the
// tensors that the index says it has.
func (f *File) addParts(dir string, parts map[string][]string) error {
	for _, part := range slices.Sorted(maps.Keys(parts)) {
		path := filepath.Join(dir, part)
		before := len(f.tensors)
		for _, name := range parts[part] {
			if f.Has(name) {
				return fmt.Errorf("%s: tensor %s: the index has it here, but an earlier part has it too", path, quote(name))
			}
		}
		if err := f.add(path); err != nil {
			return err
		}
		for _, name := range parts[part] {
			if !f.Has(name) {
				return fmt.Errorf("%s: tensor %s: the index has it here, but the file (%d tensors) hasn't", path, quote(name), len(f.tensors)-before)
			}
		}
	}
	return nil
}

// readIndex returns the names of the tensors by part.
func readIndex(path string) (map[string][]string, error) {
	m, err := mapped.Open(path)
	if err != nil {
		return nil, err
	}
	parts, err := parseIndex(m.Data)
	if err != nil {
		err = fmt.Errorf("%s: %w", path, err)
	}
	return parts, errors.Join(err, m.Close())
}

// parseIndex reads an index: {"metadata": …, "weight_map": {tensor: part}}.
func parseIndex(text []byte) (map[string][]string, error) {
	if len(text) > maxHeader {
		return nil, fmt.Errorf("an index of %d bytes (allowed: %d)", len(text), maxHeader)
	}
	var index struct {
		WeightMap map[string]string `json:"weight_map"`
	}
	if err := json.Unmarshal(text, &index); err != nil {
		return nil, err
	}
	if len(index.WeightMap) == 0 {
		return nil, errors.New("weight_map is missing or empty")
	}
	parts := map[string][]string{}
	for _, name := range slices.Sorted(maps.Keys(index.WeightMap)) {
		part := index.WeightMap[name]
		if part != filepath.Base(part) || !filepath.IsLocal(part) || part == "." {
			return nil, fmt.Errorf("weight_map: tensor %s: %s is not the name of a file in this folder", quote(name), quote(part))
		}
		parts[part] = append(parts[part], name)
	}
	return parts, nil
}
