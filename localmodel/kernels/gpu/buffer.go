package gpu

import (
	"context"
	"encoding/binary"
	"fmt"
	"math"

	"github.com/gogpu/wgpu"
)

// Buffer is memory on the device that kernels read and write: float32 values,
// token ids, or weights in their file's form.
type Buffer struct {
	d    *Device
	raw  *wgpu.Buffer
	size uint64 // bytes, a multiple of 16
}

// NewBuffer makes a buffer of at least n float32 or int32 values. What is in it
// may be what its memory held before, NaNs too: gogpu/wgpu zeroes nothing.
func (d *Device) NewBuffer(label string, n int) (*Buffer, error) {
	return d.newBuffer(label, 4*uint64(n))
}

// zeros makes a buffer of n zeros.
func (d *Device) zeros(label string, n int) (*Buffer, error) {
	b, err := d.NewBuffer(label, n)
	if err != nil {
		return nil, err
	}
	if err := b.WriteFloats(0, make([]float32, n)); err != nil {
		b.Release()
		return nil, err
	}
	return b, nil
}

func (d *Device) newBuffer(label string, bytes uint64) (*Buffer, error) {
	if d.err != nil {
		return nil, d.err
	}
	size := (max(bytes, 16) + 15) &^ 15
	if bytes > d.binding {
		return nil, fmt.Errorf("gpu: buffer %s takes %d bytes, %s binds at most %d", label, bytes, d.adapter, d.binding)
	}
	raw, err := d.dev.CreateBuffer(&wgpu.BufferDescriptor{
		Label: label,
		Size:  size,
		Usage: wgpu.BufferUsageStorage | wgpu.BufferUsageCopyDst | wgpu.BufferUsageCopySrc,
	})
	if err != nil {
		return nil, d.check("allocate "+label, err)
	}
	b := &Buffer{d: d, raw: raw, size: size}
	d.live[b] = struct{}{}
	return b, nil
}

// bytes is the memory of all buffers.
func (d *Device) bytes() int64 {
	total := int64(0)
	for b := range d.live {
		total += int64(b.size)
	}
	return total
}

// Release gives the memory back.
func (b *Buffer) Release() {
	if b == nil || b.d.live == nil {
		return
	}
	if _, ok := b.d.live[b]; !ok {
		return
	}
	b.d.dropGroups() // one of them may bind it
	delete(b.d.live, b)
	b.d.discard(b.raw)
}

// buffers makes buffers of so many values each, all or none.
func (d *Device) buffers(label string, sizes ...int) ([]*Buffer, error) {
	return several(sizes, func(n int) (*Buffer, error) { return d.NewBuffer(label, n) })
}

// several makes a buffer for each size, all or none.
func several(sizes []int, one func(n int) (*Buffer, error)) ([]*Buffer, error) {
	list := make([]*Buffer, len(sizes))
	for i, n := range sizes {
		var err error
		if list[i], err = one(n); err != nil {
			release(list[:i]...)
			return nil, err
		}
	}
	return list, nil
}

func release(list ...*Buffer) {
	for _, b := range list {
		b.Release()
	}
}

// WriteFloats stores values at offset, both counted in float32.
func (b *Buffer) WriteFloats(offset int, values []float32) error {
	raw := make([]byte, 4*len(values))
	for i, v := range values {
		binary.LittleEndian.PutUint32(raw[4*i:], math.Float32bits(v))
	}
	return b.d.write(b.raw, 4*uint64(offset), raw)
}

// WriteInts stores ids at offset, both counted in int32.
func (b *Buffer) WriteInts(offset int, values []int32) error {
	raw := make([]byte, 4*len(values))
	for i, v := range values {
		binary.LittleEndian.PutUint32(raw[4*i:], uint32(v))
	}
	return b.d.write(b.raw, 4*uint64(offset), raw)
}

// write hands bytes over; they reach the device with the next submission.
func (d *Device) write(dst *wgpu.Buffer, offset uint64, data []byte) error {
	if d.err != nil {
		return d.err
	}
	d.pending += len(data)
	return d.check("write", d.dev.Queue().WriteBuffer(dst, offset, data))
}

// upload fills a buffer from offset 0 in pieces, so that the driver's staging
// memory stays small beside a large weight.
func (b *Buffer) upload(data []byte) error {
	const piece = 16 << 20
	for off := 0; off < len(data); off += piece {
		part := data[off:min(off+piece, len(data))]
		if n := len(part) % 4; n != 0 {
			part = append(part[:len(part):len(part)], make([]byte, 4-n)...)
		}
		if err := b.d.write(b.raw, uint64(off), part); err != nil {
			return err
		}
		if b.d.pending < 2*piece {
			continue // small weights gather
		}
		if err := b.d.flush(); err != nil {
			return err
		}
	}
	return nil
}

// flush submits pending writes and waits, which frees their staging memory.
func (d *Device) flush() error {
	if d.err != nil {
		return d.err
	}
	d.pending = 0
	if _, err := d.dev.Queue().Submit(); err != nil {
		return d.check("upload", err)
	}
	return d.wait()
}

// stage returns the buffer that results pass through, of at least n bytes.
func (d *Device) stage(n uint64) (*wgpu.Buffer, error) {
	if d.staging != nil && d.staging.Size() >= n {
		return d.staging, nil
	}
	if d.staging != nil {
		d.staging.Release()
		d.staging = nil
	}
	raw, err := d.dev.CreateBuffer(&wgpu.BufferDescriptor{
		Label: "staging",
		Size:  (n + 255) &^ 255,
		Usage: wgpu.BufferUsageCopyDst | wgpu.BufferUsageMapRead,
	})
	if err != nil {
		return nil, d.check("allocate staging", err)
	}
	d.staging = raw
	return raw, nil
}

// mapped shows n bytes of the staging buffer to use, once the device is idle.
func (d *Device) mapped(n uint64, use func([]byte)) error {
	if err := d.check("map results", d.staging.Map(context.Background(), wgpu.MapModeRead, 0, n)); err != nil {
		return err
	}
	view, err := d.staging.MappedRange(0, n)
	if err == nil {
		use(view.Bytes())
	}
	if uerr := d.staging.Unmap(); err == nil {
		err = uerr
	}
	return d.check("read results", err)
}
