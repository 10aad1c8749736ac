package gpu

import (
	"fmt"

	"github.com/lcbench/lcbench/localmodel/quant"
)

// Matrix is a weight on the device, in its file's form. One that is larger
// than the device binds lies in several buffers of whole rows.
type Matrix struct {
	Type quant.Type
	Rows int
	Cols int

	rowBytes int
	pieces   []piece
}

// piece is a run of a matrix's rows in one buffer.
type piece struct {
	buf  *Buffer
	row0 int
	rows int
}

// checkTensor says what keeps a tensor from the device.
func checkTensor(t quant.Tensor) error {
	want, err := quant.Bytes(t.Type, t.Shape)
	switch {
	case err != nil:
		return fmt.Errorf("gpu: tensor %q: %w", t.Name, err)
	case want == 0:
		return fmt.Errorf("gpu: tensor %q: shape %v has no weights", t.Name, t.Shape)
	case want != len(t.Data):
		return fmt.Errorf("gpu: tensor %q: shape %v of %s needs %d bytes, there are %d", t.Name, t.Shape, t.Type, want, len(t.Data))
	}
	return nil
}

// NewMatrix uploads a tensor of rows of weights. Its columns must be a
// multiple of 4 (and of the type's block), and one row must fit into a binding.
func (d *Device) NewMatrix(t quant.Tensor) (*Matrix, error) {
	if err := checkTensor(t); err != nil {
		return nil, err
	}
	if t.Cols()%4 != 0 {
		return nil, fmt.Errorf("gpu: tensor %q: %d columns are no multiple of 4", t.Name, t.Cols())
	}
	m := &Matrix{Type: t.Type, Rows: t.Rows(), Cols: t.Cols(), rowBytes: t.Type.RowBytes(t.Cols())}
	const spare = 32 // the word that kernels may read beyond the end, and rounding
	per := 0
	if d.binding > spare {
		per = int((d.binding - spare) / uint64(m.rowBytes))
	}
	if per == 0 {
		return nil, fmt.Errorf("gpu: tensor %q: a row takes %d bytes, %s binds at most %d", t.Name, m.rowBytes, d.adapter, d.binding)
	}
	for row := 0; row < m.Rows; row += per {
		n := min(per, m.Rows-row)
		buf, err := d.newBuffer(t.Name, uint64(n*m.rowBytes)+4)
		if err != nil {
			m.Release()
			return nil, err
		}
		m.pieces = append(m.pieces, piece{buf, row, n})
		if err := buf.upload(t.Data[row*m.rowBytes : (row+n)*m.rowBytes]); err != nil {
			m.Release()
			return nil, err
		}
	}
	return m, nil
}

// Release gives the matrix's memory back.
func (m *Matrix) Release() {
	if m == nil {
		return
	}
	for _, p := range m.pieces {
		p.buf.Release()
	}
	m.pieces = nil
}

// unit is the number of consecutive weights that share a scale.
func unit(t quant.Type) int {
	if t == quant.Q6_K {
		return 16
	}
	return 32
}

// NewVector uploads a norm's weights or a bias, dequantised to float32.
func (d *Device) NewVector(t quant.Tensor) (*Buffer, error) {
	if err := checkTensor(t); err != nil {
		return nil, err
	}
	values, err := t.Float32()
	if err != nil {
		return nil, fmt.Errorf("gpu: %w", err)
	}
	b, err := d.NewBuffer(t.Name, len(values))
	if err != nil {
		return nil, err
	}
	return b, b.WriteFloats(0, values)
}
