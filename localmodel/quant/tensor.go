package quant

import (
	"fmt"
	"math"
)

// Tensor is a named array of weights in a model file.
type Tensor struct {
	Name string
	Type Type
	// Shape has the fastest extent first, as GGUF writes it: a matrix [in, out]
	// is out rows of in contiguous weights. Every reader gives it in this order.
	Shape []int
	// Data is the tensor's blocks, often a view of a mapped file: read-only, of
	// any alignment, and gone when the file is closed.
	Data []byte
}

// Cols returns the weights in a row: the fastest extent, 1 for a scalar.
func (t Tensor) Cols() int {
	if len(t.Shape) == 0 {
		return 1
	}
	return t.Shape[0]
}

// Rows returns the number of rows: the product of all extents but the fastest.
func (t Tensor) Rows() int {
	rows := 1
	for i := 1; i < len(t.Shape); i++ {
		rows *= t.Shape[i]
	}
	return rows
}

// Elements returns the number of weights.
func (t Tensor) Elements() int { return t.Rows() * t.Cols() }

// Row returns the blocks of row i, without copying. It panics when there is no
// such row, as a slice does.
func (t Tensor) Row(i int) []byte {
	n := t.Type.RowBytes(t.Cols())
	return t.Data[i*n : (i+1)*n : (i+1)*n]
}

// Float32 returns all weights, dequantised, in the order of the file.
func (t Tensor) Float32() ([]float32, error) {
	size, err := Bytes(t.Type, t.Shape)
	if err != nil {
		return nil, fmt.Errorf("quant: tensor %q: %w", t.Name, err)
	}
	if size != len(t.Data) {
		return nil, fmt.Errorf("quant: tensor %q: shape %v of %s needs %d bytes, there are %d", t.Name, t.Shape, t.Type, size, len(t.Data))
	}
	w := make([]float32, t.Elements())
	if err := Dequantise(w, t.Data, t.Type); err != nil {
		return nil, fmt.Errorf("tensor %q: %w", t.Name, err)
	}
	return w, nil
}

// Bytes returns the size in bytes of a tensor of the given type and shape
// (fastest extent first). It is an error if the type is unknown, an extent is
// negative, a row is not a whole number of blocks or the size does not fit an
// int: the shape may come from an untrusted file.
func Bytes(t Type, shape []int) (int, error) {
	s, ok := shapeOf(t)
	if !ok {
		return 0, fmt.Errorf("%s is not supported (supported: %s)", t, supported())
	}
	size := s.bytes
	for i, n := range shape {
		if n < 0 {
			return 0, fmt.Errorf("shape %v has a negative extent", shape)
		}
		if i == 0 {
			if n%s.weights != 0 {
				return 0, fmt.Errorf("rows of %d weights are not a whole number of %s blocks of %d", n, t, s.weights)
			}
			n /= s.weights
		}
		if n > 0 && size > math.MaxInt/s.weights/n {
			return 0, fmt.Errorf("shape %v is too large", shape)
		}
		size *= n
	}
	if len(shape) == 0 && s.weights != 1 {
		return 0, fmt.Errorf("a scalar cannot be of type %s", t)
	}
	return size, nil
}

// supported lists the names of the known types, for error messages.
func supported() string {
	list := ""
	for i, t := range Types() {
		if i > 0 {
			list += ", "
		}
		list += t.String()
	}
	return list
}
