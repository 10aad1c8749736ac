// Package safetensors reads weights in the safetensors format: one file, or a
// model folder whose weights are one file or several with an index. Files are
// mapped, not read, and tensor data are views of the mapping.
//
// Files are not trusted: the header is parsed as a stream, and lengths and
// offsets are compared with the bytes there are before they are used. Like the
// reference reader this one refuses gaps between tensors.
//
// Source: the format section of the README of huggingface/safetensors.
package safetensors

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/lcbench/lcbench/localmodel/quant"
	"github.com/lcbench/lcbench/localmodel/quant/mapped"
)

// ErrNoTensor says that a model has no tensor of the name asked for.
var ErrNoTensor = errors.New("no such tensor")

// File is the tensors of one safetensors file or of all parts of a model
// folder. It may be used by several goroutines at once, but Close must come
// after all of them.
type File struct {
	tensors  map[string]record
	metadata map[string]string
	mappings []*mapped.File
}

// Open maps and checks one file.
func Open(path string) (*File, error) {
	f := newFile()
	if err := f.add(path); err != nil {
		return nil, errors.Join(fmt.Errorf("safetensors: %w", err), f.Close())
	}
	return f, nil
}

// Parse reads a safetensors file that is in memory. Tensor data are views of
// data.
func Parse(data []byte) (*File, error) {
	f := newFile()
	if err := f.parse(data); err != nil {
		return nil, fmt.Errorf("safetensors: %w", err)
	}
	return f, nil
}

func newFile() *File {
	return &File{tensors: map[string]record{}, metadata: map[string]string{}}
}

// add maps a file and adds its tensors to those that are there.
func (f *File) add(path string) error {
	m, err := mapped.Open(path)
	if err != nil {
		return err
	}
	f.mappings = append(f.mappings, m)
	if err := f.parse(m.Data); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}

// Close unmaps the files: the Data of their tensors must not be used any more.
func (f *File) Close() error {
	clear(f.tensors)
	var errs []error
	for _, m := range f.mappings {
		errs = append(errs, m.Close())
	}
	return errors.Join(errs...)
}

// Names returns the names of all tensors, sorted, also of those whose dtype is
// not supported.
func (f *File) Names() []string { return slices.Sorted(maps.Keys(f.tensors)) }

// Has says whether there is a tensor of that name.
func (f *File) Has(name string) bool { _, ok := f.tensors[name]; return ok }

// Metadata returns a copy of the free-form strings of the header ("format":
// "pt" and such; those of all parts of a model together).
func (f *File) Metadata() map[string]string { return maps.Clone(f.metadata) }

// Tensor returns the tensor of that name. Its shape is turned around against
// the file's, so that the fastest extent is first as in every quant.Tensor; its
// Data is valid until Close and not to be written to. The error is ErrNoTensor,
// wrapped, if there is none, and another one if its dtype is not F32, F16 or
// BF16.
func (f *File) Tensor(name string) (quant.Tensor, error) {
	r, ok := f.tensors[name]
	if !ok {
		return quant.Tensor{}, fmt.Errorf("safetensors: tensor %s: %w", quote(name), ErrNoTensor)
	}
	t, ok := weightType(r.dtype)
	if !ok {
		return quant.Tensor{}, fmt.Errorf("safetensors: tensor %s: dtype %s is not supported (supported: F32, F16, BF16)", quote(name), quote(r.dtype))
	}
	shape := make([]int, len(r.shape))
	for i, n := range r.shape {
		shape[len(shape)-1-i] = n
	}
	return quant.Tensor{Name: name, Type: t, Shape: shape, Data: r.data}, nil
}

// weightType returns the type of a supported dtype.
func weightType(dtype string) (quant.Type, bool) {
	switch dtype {
	case "F32":
		return quant.F32, true
	case "F16":
		return quant.F16, true
	case "BF16":
		return quant.BF16, true
	}
	return 0, false
}

// quote returns an untrusted name for an error message, cut if it is long.
func quote(name string) string {
	const most = 80
	if len(name) > most {
		return fmt.Sprintf("%q (cut)", name[:most])
	}
	return fmt.Sprintf("%q", name)
}
