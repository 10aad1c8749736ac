package gguf

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"github.com/lcbench/lcbench/localmodel/quant"
)

// maxDims is the most dimensions that a tensor may have in the format.
const maxDims = 4

// info is a tensor record as it stands in the header, unchecked.
type info struct {
	name   span
	shape  [maxDims]uint64
	dims   int
	typ    quant.Type
	offset uint64 // from the start of the data section
}

// infos reads n tensor records; n was compared with the bytes that remain.
func (c *cursor) infos(n int) ([]info, error) {
	infos := make([]info, 0, n)
	for i := range n {
		t, err := c.info()
		if err != nil {
			return nil, fmt.Errorf("tensor %d of %d: %w", i+1, n, err)
		}
		infos = append(infos, t)
	}
	return infos, nil
}

func (c *cursor) info() (t info, err error) {
	if t.name, err = c.name(); err != nil {
		return t, err
	}
	dims, err := c.uint32()
	if err != nil {
		return t, err
	}
	if dims < 1 || dims > maxDims {
		return t, fmt.Errorf("%s: %d dimensions (allowed: 1 to %d)", quote(string(c.data[t.name.from:t.name.to])), dims, maxDims)
	}
	t.dims = int(dims)
	for i := range t.dims {
		if t.shape[i], err = c.uint64(); err != nil {
			return t, err
		}
	}
	typ, err := c.uint32()
	if err != nil {
		return t, err
	}
	t.typ = quant.Type(typ)
	t.offset, err = c.uint64()
	return t, err
}

// addTensors checks the records and adds the tensors. The data section starts
// at the first aligned byte from end on, the end of the header.
func (f *File) addTensors(data []byte, end int, text string, infos []info) error {
	start := end + (f.Alignment-end%f.Alignment)%f.Alignment
	section := data[min(start, len(data)):]
	f.tensors = make([]Tensor, len(infos))
	f.byName = make(map[string]int, len(infos))
	for i, info := range infos {
		name := info.name.of(text)
		if _, twice := f.byName[name]; twice {
			return fmt.Errorf("tensor %s: the name occurs twice", quote(name))
		}
		t, err := info.tensor(section, f.Alignment)
		if err != nil {
			return fmt.Errorf("tensor %s: %w", quote(name), err)
		}
		t.Name = name
		f.tensors[i] = t
		f.byName[name] = i
	}
	return overlap(infos, f.tensors)
}

// tensor checks a record and finds its data in the data section.
func (t info) tensor(section []byte, align int) (Tensor, error) {
	shape := make([]int, t.dims)
	for i, n := range t.shape[:t.dims] {
		if n == 0 {
			return Tensor{}, fmt.Errorf("shape %d has a zero extent", t.shape[:t.dims])
		}
		if n > math.MaxInt {
			return Tensor{}, fmt.Errorf("shape %d is too large", t.shape[:t.dims])
		}
		shape[i] = int(n)
	}
	size, err := quant.Bytes(t.typ, shape)
	if err != nil {
		return Tensor{}, err
	}
	if t.offset%uint64(align) != 0 {
		return Tensor{}, fmt.Errorf("offset %d is not a multiple of the alignment %d", t.offset, align)
	}
	room := uint64(len(section))
	if t.offset > room || uint64(size) > room-t.offset {
		return Tensor{}, fmt.Errorf("%d bytes at offset %d, but the data section has %d: is the download complete?", size, t.offset, room)
	}
	from, to := int(t.offset), int(t.offset)+size
	return Tensor{Type: t.typ, Shape: shape, Data: section[from:to:to]}, nil
}

// overlap refuses tensors that share bytes: no writer makes them, and a small
// file could claim any number of large tensors.
func overlap(infos []info, tensors []Tensor) error {
	order := make([]int, len(tensors))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Compare(infos[a].offset, infos[b].offset) })
	for k := 1; k < len(order); k++ {
		a, b := order[k-1], order[k]
		if infos[a].offset+uint64(len(tensors[a].Data)) > infos[b].offset {
			return fmt.Errorf("tensor %s: its data overlap those of tensor %s", quote(tensors[b].Name), quote(tensors[a].Name))
		}
	}
	return nil
}

// quote returns an untrusted name for an error message, cut if it is long.
func quote(name string) string {
	const most = 80
	if len(name) > most {
		return fmt.Sprintf("%q (cut)", name[:most])
	}
	return fmt.Sprintf("%q", name)
}
