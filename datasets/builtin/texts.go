package builtin

import (
	"fmt"
	"io/fs"

	"github.com/lcbench/lcbench/datasets"
)

// Texts is a source of the given files by name, for built-in data that needs
// no generator.
func Texts(seed uint64, files map[string]string) datasets.Source {
	return &generated{world: New(seed), file: func(name string) ([]byte, error) {
		text, ok := files[name]
		if !ok {
			return nil, fmt.Errorf("no file %q: %w", name, fs.ErrNotExist)
		}
		return []byte(text), nil
	}}
}
