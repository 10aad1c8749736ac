package gpu

import (
	"encoding/binary"
	"fmt"
	"math"

	"github.com/gogpu/wgpu"
)

// Step records operations into one command buffer. The first error sticks and
// comes back from Submit or Run, after which the step is spent.
type Step struct {
	d       *Device
	encoder *wgpu.CommandEncoder
	pass    *wgpu.ComputePassEncoder
	params  []byte // one block a dispatch, d.align apart
	n       int
	reads   []read
	err     error
}

// read is a result that the host waits for.
type read struct {
	src    *Buffer
	offset uint64
	bytes  uint64
	at     uint64 // in the staging buffer
	take   func([]byte)
}

// Begin starts a step.
func (d *Device) Begin() *Step {
	s := &Step{d: d, err: d.err}
	if s.err != nil {
		return s
	}
	var err error
	if s.encoder, err = d.dev.CreateCommandEncoder(&wgpu.CommandEncoderDescriptor{Label: "step"}); err != nil {
		s.fail(d.check("begin", err))
		return s
	}
	d.recording = true
	if s.pass, err = s.encoder.BeginComputePass(&wgpu.ComputePassDescriptor{Label: "step"}); err != nil {
		s.fail(d.check("begin", err))
	}
	return s
}

func (s *Step) fail(err error) {
	if s.err == nil {
		s.err = err
	}
}

// Err returns the first error so far.
func (s *Step) Err() error { return s.err }

// words is a kernel's parameter block; floats enter through f.
type words []uint32

func f(v float64) uint32 { return math.Float32bits(float32(v)) }

// dispatch appends one kernel run over x*y*z workgroups.
func (s *Step) dispatch(v variant, p words, x, y, z int, buffers ...*Buffer) {
	if s.err != nil || x == 0 || y == 0 || z == 0 {
		return
	}
	if max(x, y, z) > maxGroups {
		s.fail(fmt.Errorf("gpu: %s wants %d x %d x %d workgroups, at most %d in each direction", v.file, x, y, z, maxGroups))
		return
	}
	k, err := s.d.kernel(v)
	if err != nil {
		s.fail(err)
		return
	}
	if err := s.d.reserve(s.n); err != nil {
		s.fail(err)
		return
	}
	g, err := s.d.group(k, s.n, buffers)
	if err != nil {
		s.fail(err)
		return
	}
	block := make([]byte, s.d.align)
	for i, w := range p {
		binary.LittleEndian.PutUint32(block[4*i:], w)
	}
	s.params = append(s.params, block...)
	s.n++
	s.pass.SetPipeline(k.pipeline)
	s.pass.SetBindGroup(0, g, nil)
	s.pass.Dispatch(uint32(x), uint32(y), uint32(z))
}

// maxGroups is the number of workgroups in one direction that WebGPU promises.
const maxGroups = 65535

// spread lays n workgroups out over x and z, since x alone may not hold them;
// kernels join the two again and skip what lies beyond n.
func spread(n int) (x, z int) {
	z = (n + maxGroups - 1) / maxGroups
	if z == 0 {
		return 0, 0
	}
	return (n + z - 1) / z, z
}

// reserve makes sure that parameter slot n exists.
func (d *Device) reserve(n int) error {
	page, _ := d.slot(n)
	if page < len(d.pages) {
		return nil
	}
	raw, err := d.dev.CreateBuffer(&wgpu.BufferDescriptor{
		Label: "parameters",
		Size:  pageSlots * d.align,
		Usage: wgpu.BufferUsageUniform | wgpu.BufferUsageCopyDst,
	})
	if err != nil {
		return d.check("allocate parameters", err)
	}
	d.pages = append(d.pages, raw)
	return nil
}

// ReadFloats asks for len(dst) float32 values of b from offset on (in
// values); they are there when Run returns.
func (s *Step) ReadFloats(b *Buffer, offset int, dst []float32) {
	s.read(b, offset, len(dst), func(raw []byte) {
		for i := range dst {
			dst[i] = math.Float32frombits(binary.LittleEndian.Uint32(raw[4*i:]))
		}
	})
}

// ReadInts is ReadFloats for ids.
func (s *Step) ReadInts(b *Buffer, offset int, dst []int32) {
	s.read(b, offset, len(dst), func(raw []byte) {
		for i := range dst {
			dst[i] = int32(binary.LittleEndian.Uint32(raw[4*i:]))
		}
	})
}

func (s *Step) read(b *Buffer, offset, n int, take func([]byte)) {
	at := uint64(0)
	if k := len(s.reads); k > 0 {
		at = (s.reads[k-1].at + s.reads[k-1].bytes + 7) &^ 7
	}
	s.reads = append(s.reads, read{b, 4 * uint64(offset), 4 * uint64(n), at, take})
}

// Submit hands the step to the device and does not wait; a step with reads
// needs Run.
func (s *Step) Submit() error {
	s.d.recording = false
	if s.err != nil {
		if s.encoder != nil {
			s.encoder.DiscardEncoding()
			s.encoder = nil
		}
		return s.err
	}
	if err := s.submit(); err != nil {
		s.err = err
		return err
	}
	s.err = fmt.Errorf("gpu: step was submitted already")
	return nil
}

func (s *Step) submit() error {
	d := s.d
	if err := d.check("end pass", s.pass.End()); err != nil {
		return err
	}
	if err := s.copyReads(); err != nil {
		return err
	}
	if err := s.writeParams(); err != nil {
		return err
	}
	commands, err := s.encoder.Finish()
	if err != nil {
		return d.check("record", err)
	}
	if _, err := d.dev.Queue().Submit(commands); err != nil {
		commands.Release()
		return d.check("submit", err)
	}
	d.pending = 0
	d.stats.Submits++
	d.stats.Dispatches += s.n
	return nil
}

// copyReads appends the copies of what the host wants.
func (s *Step) copyReads() error {
	k := len(s.reads)
	if k == 0 {
		return nil
	}
	dst, err := s.d.stage(s.reads[k-1].at + s.reads[k-1].bytes)
	if err != nil {
		return err
	}
	for _, r := range s.reads {
		s.encoder.CopyBufferToBuffer(r.src.raw, r.offset, dst, r.at, r.bytes)
	}
	return nil
}

// writeParams uploads all parameter blocks, a page at a time.
func (s *Step) writeParams() error {
	size := int(pageSlots * s.d.align)
	for page := 0; page*size < len(s.params); page++ {
		part := s.params[page*size : min((page+1)*size, len(s.params))]
		if err := s.d.write(s.d.pages[page], 0, part); err != nil {
			return err
		}
	}
	return nil
}

// Run submits the step, waits for the device and delivers the reads.
func (s *Step) Run() error {
	if err := s.Submit(); err != nil {
		return err
	}
	if err := s.d.wait(); err != nil {
		return err
	}
	k := len(s.reads)
	if k == 0 {
		return nil
	}
	return s.d.mapped(s.reads[k-1].at+s.reads[k-1].bytes, func(raw []byte) {
		for _, r := range s.reads {
			r.take(raw[r.at : r.at+r.bytes])
		}
	})
}
