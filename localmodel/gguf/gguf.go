// Package gguf reads model files in the GGUF format, versions 2 and 3, little
// endian: metadata by key and tensors by name. The file is mapped, not read:
// opening takes as long as walking the header, and tensor data are views of
// the mapping.
//
// Files are not trusted. Every count and length is compared with the bytes
// that remain before anything is allocated for it, and a file that contradicts
// itself is refused at Open with one line that names the place.
//
// Source: the format's description, docs/gguf.md in the ggml repository.
package gguf

import (
	"errors"
	"fmt"
	"slices"

	"github.com/lcbench/lcbench/localmodel/quant"
	"github.com/lcbench/lcbench/localmodel/quant/mapped"
)

// Tensor is a tensor of the file: its Data is a view of the mapping, valid
// until Close, not to be written to.
type Tensor = quant.Tensor

// File is an open GGUF file. It may be used by several goroutines at once, but
// Close must come after all of them.
type File struct {
	Metadata

	// Version is the format's version, 2 or 3.
	Version int
	// Alignment is the alignment of tensor data in bytes, from the key
	// general.alignment or 32.
	Alignment int

	tensors []Tensor
	byName  map[string]int
	mapping *mapped.File // nil if parsed from memory
}

// Open maps and checks the file path.
func Open(path string) (*File, error) {
	m, err := mapped.Open(path)
	if err != nil {
		return nil, fmt.Errorf("gguf: %w", err)
	}
	f, err := parse(m.Data)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("gguf: %s: %w", path, err), m.Close())
	}
	f.mapping = m
	return f, nil
}

// Parse reads a GGUF file that is in memory. Tensor data are views of data.
func Parse(data []byte) (*File, error) {
	f, err := parse(data)
	if err != nil {
		return nil, fmt.Errorf("gguf: %w", err)
	}
	return f, nil
}

// Close unmaps the file: the Data of its tensors must not be used any more.
// Metadata stay valid, and so does every string that came from them.
func (f *File) Close() error {
	f.tensors, f.byName = nil, nil
	if f.mapping == nil {
		return nil
	}
	return f.mapping.Close()
}

// Tensors returns all tensors in the order of the file.
func (f *File) Tensors() []Tensor { return slices.Clone(f.tensors) }

// Tensor returns the tensor of that name; ok is false if there is none.
func (f *File) Tensor(name string) (t Tensor, ok bool) {
	i, ok := f.byName[name]
	if !ok {
		return Tensor{}, false
	}
	return f.tensors[i], true
}
