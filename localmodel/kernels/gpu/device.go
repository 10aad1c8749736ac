package gpu

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/gogpu/gputypes"
	"github.com/gogpu/wgpu"
	"github.com/gogpu/wgpu/hal"
)

// Options say which device to open. The zero value takes the best real GPU.
type Options struct {
	// Device is part of an adapter's name, in any case; empty takes the first
	// in the order discrete, virtual, integrated, other, software.
	Device string
	// AllowSoftware lets Open fall back to a driver that runs on the CPU
	// (Mesa's llvmpipe), which is slower than the CPU kernels: for tests.
	AllowSoftware bool

	maxBinding uint64                    // lowers the device's limit, for tests
	wrapQueue  func(hal.Queue) hal.Queue // stands between us and the driver, for tests
	rewrite    func(string) string       // changes a kernel's WGSL, for tests
}

// Device is an open GPU with its compiled kernels. It serves one goroutine at
// a time. After the driver lost the device every call returns ErrDeviceLost.
type Device struct {
	adapter Adapter
	inst    hal.Instance
	dev     *wgpu.Device
	align   uint64 // of a uniform's offset in its buffer
	binding uint64 // bytes that a kernel sees of one buffer, at most
	rewrite func(string) string
	kernels map[variant]*kernel
	groups  map[groupKey]*wgpu.BindGroup
	pages   []*wgpu.Buffer // parameters of a step's dispatches
	staging *wgpu.Buffer   // what the host reads passes through here
	live    map[*Buffer]struct{}
	pending int   // bytes written since the last submission
	err     error // why no further call is possible
	stats   Stats

	recording bool                     // a step was begun and is not submitted
	discarded []interface{ Release() } // in its time
}

// Stats counts what a device has done since it was opened.
type Stats struct {
	Pipelines  int           // kernels compiled
	Compile    time.Duration // spent on them
	Dispatches int
	Submits    int
}

// Open opens the device that Options ask for. It fails with ErrNoLoader,
// ErrNoAdapter or ErrOnlySoftware wrapped in a line that says what to do.
func Open(o Options) (*Device, error) {
	if !o.AllowSoftware && !mayHaveGPU() {
		return nil, fmt.Errorf("gpu: %w: the system has no GPU device", ErrNoAdapter)
	}
	all, destroy, err := enumerate(backends())
	if err != nil {
		return nil, err
	}
	f, err := choose(all, o)
	if err != nil {
		destroy(nil)
		return nil, err
	}
	destroy(f.instance)
	d, err := open(f, o)
	if err != nil {
		f.instance.Destroy()
		return nil, fmt.Errorf("gpu: open %s: %w", f.Adapter, err)
	}
	return d, nil
}

func open(f found, o Options) (*Device, error) {
	limits := f.exposed.Capabilities.Limits
	opened, err := f.exposed.Adapter.Open(0, limits)
	if err != nil {
		return nil, err
	}
	queue := opened.Queue
	if o.wrapQueue != nil {
		queue = o.wrapQueue(queue)
	}
	dev, err := wgpu.NewDeviceFromHAL(opened.Device, queue, 0, limits, "lcbench")
	if err != nil {
		return nil, err
	}
	d := &Device{
		adapter: f.Adapter,
		inst:    f.instance,
		dev:     dev,
		align:   max(256, uint64(limits.MinUniformBufferOffsetAlignment)),
		binding: bindingLimit(limits, o.maxBinding),
		rewrite: o.rewrite,
		kernels: map[variant]*kernel{},
		groups:  map[groupKey]*wgpu.BindGroup{},
		live:    map[*Buffer]struct{}{},
	}
	return d, nil
}

// bindingLimit is the largest buffer that a kernel may see whole: the
// device's word, less where a test asks, and never more than a u32 addresses.
func bindingLimit(l gputypes.Limits, lower uint64) uint64 {
	n := uint64(1<<32 - 4)
	for _, limit := range []uint64{l.MaxStorageBufferBindingSize, l.MaxBufferSize, lower} {
		if limit != 0 {
			n = min(n, limit)
		}
	}
	return n &^ 3
}

// Adapter describes what was opened.
func (d *Device) Adapter() Adapter { return d.adapter }

// Name returns the adapter's name as its driver gives it.
func (d *Device) Name() string { return d.adapter.Name }

// Kind says whether a real GPU runs the kernels or software stands in.
func (d *Device) Kind() Kind { return d.adapter.Kind }

// Stats returns the counts since Open.
func (d *Device) Stats() Stats { return d.stats }

// Close waits for the device and releases it with all its buffers. Further
// calls return ErrClosed.
func (d *Device) Close() error {
	if errors.Is(d.err, ErrClosed) {
		return nil
	}
	err := d.wait()
	d.recording = false
	d.dropGroups()
	d.releaseDiscarded()
	for b := range d.live {
		b.raw.Release()
	}
	d.live = nil
	for _, p := range d.pages {
		p.Release()
	}
	if d.staging != nil {
		d.staging.Release()
	}
	for _, k := range d.kernels {
		k.release()
	}
	d.dev.Release()
	d.inst.Destroy()
	d.err = ErrClosed
	return err
}

// wait blocks until the device has done all that was submitted.
func (d *Device) wait() error {
	if d.err != nil {
		return d.err
	}
	err := d.check("wait", d.dev.WaitIdle())
	if err == nil && !d.recording {
		d.releaseDiscarded()
	}
	return err
}

// check passes an error on with the operation's name. A lost device is
// remembered, since nothing works on it any more.
func (d *Device) check(op string, err error) error {
	if err == nil {
		return nil
	}
	if isLost(err) {
		d.err = fmt.Errorf("%w: %s on %s", ErrDeviceLost, op, d.adapter)
		return d.err
	}
	return fmt.Errorf("gpu: %s on %s: %w", op, d.adapter, err)
}

// isLost recognises a lost device. The Vulkan backend reports most results
// only as a number in the text; VK_ERROR_DEVICE_LOST is -4.
func isLost(err error) bool {
	return errors.Is(err, hal.ErrDeviceLost) || errors.Is(err, wgpu.ErrMapDeviceLost) ||
		strings.HasSuffix(err.Error(), "failed: -4")
}
