package gpu

import (
	"errors"
	"fmt"
	"strings"

	"github.com/gogpu/gputypes"
	"github.com/gogpu/wgpu/hal"
)

// What Open can fail with; the error that wraps one says what was seen.
var (
	// ErrNoLoader: the system's graphics library (libvulkan on Linux) is missing.
	ErrNoLoader = errors.New("no graphics loader")
	// ErrNoAdapter: the loader is there, but no adapter that was asked for.
	ErrNoAdapter = errors.New("no adapter")
	// ErrOnlySoftware: only a software adapter, and Options does not allow it.
	ErrOnlySoftware = errors.New("only a software adapter")
	// ErrDeviceLost: the driver gave up the device; open a new one.
	ErrDeviceLost = errors.New("gpu: device lost")
	// ErrClosed: the device was closed.
	ErrClosed = errors.New("gpu: device closed")
)

// Kind tells what executes the kernels.
type Kind int

// The kinds of adapter, the preferred one first.
const (
	Discrete Kind = iota
	Virtual
	Integrated
	Other
	Software
)

// String returns the kind's name in words.
func (k Kind) String() string {
	switch k {
	case Discrete:
		return "discrete GPU"
	case Virtual:
		return "virtual GPU"
	case Integrated:
		return "integrated GPU"
	case Software:
		return "software"
	}
	return "unknown kind"
}

// Adapter describes one device that could be opened.
type Adapter struct {
	Name    string // as the driver gives it
	Backend string // "vulkan", "metal" or "dx12"
	Kind    Kind
}

// String returns one line such as "llvmpipe (vulkan, software)".
func (a Adapter) String() string { return fmt.Sprintf("%s (%s, %s)", a.Name, a.Backend, a.Kind) }

// found is an adapter together with what opens it.
type found struct {
	Adapter
	exposed  hal.ExposedAdapter
	instance hal.Instance
}

// Adapters lists what Open could choose from, preferred kinds first. The
// error is ErrNoLoader when no graphics library could be loaded, ErrNoAdapter
// when it knows no driver.
func Adapters() ([]Adapter, error) {
	all, destroy, err := enumerate(backends())
	if err != nil {
		return nil, err
	}
	defer destroy(nil)
	list := make([]Adapter, len(all))
	for i, f := range all {
		list[i] = f.Adapter
	}
	return list, nil
}

// enumerate asks every backend for its adapters. destroy releases all
// instances but the one to keep.
func enumerate(list []hal.Backend) (all []found, destroy func(keep hal.Instance), err error) {
	var instances []hal.Instance
	var causes []string
	loader := false
	for _, b := range list {
		inst, err := b.CreateInstance(&hal.InstanceDescriptor{Backends: gputypes.BackendsAll})
		if err != nil {
			// Vulkan's loader is there and knows no driver.
			loader = loader || strings.Contains(err.Error(), "vkCreateInstance failed")
			causes = append(causes, oneLine(err))
			continue
		}
		instances = append(instances, inst)
		for _, e := range inst.EnumerateAdapters(nil) {
			all = append(all, found{describe(e.Info), e, inst})
		}
	}
	if len(instances) == 0 {
		if causes == nil {
			causes = []string{"no backend is built for this system"}
		}
		kind := ErrNoLoader
		if loader {
			kind = ErrNoAdapter
		}
		return nil, nil, fmt.Errorf("gpu: %w: %s; install a GPU driver, or mesa-vulkan-drivers for a software device",
			kind, strings.Join(causes, "; "))
	}
	sortByKind(all)
	return all, func(keep hal.Instance) {
		for _, inst := range instances {
			if inst != keep {
				inst.Destroy()
			}
		}
	}, nil
}

// sortByKind orders by kind and keeps the drivers' order within a kind.
func sortByKind(all []found) {
	for i := 1; i < len(all); i++ {
		for j := i; j > 0 && all[j].Kind < all[j-1].Kind; j-- {
			all[j], all[j-1] = all[j-1], all[j]
		}
	}
}

func describe(info gputypes.AdapterInfo) Adapter {
	kinds := map[gputypes.DeviceType]Kind{
		gputypes.DeviceTypeDiscreteGPU:   Discrete,
		gputypes.DeviceTypeVirtualGPU:    Virtual,
		gputypes.DeviceTypeIntegratedGPU: Integrated,
		gputypes.DeviceTypeCPU:           Software,
	}
	kind, ok := kinds[info.DeviceType]
	if !ok {
		kind = Other
	}
	return Adapter{Name: info.Name, Backend: strings.ToLower(info.Backend.String()), Kind: kind}
}

// choose picks the first adapter that fits; all must be sorted by kind.
func choose(all []found, o Options) (found, error) {
	var seen []string
	software := false
	for _, f := range all {
		seen = append(seen, f.String())
		if !strings.Contains(strings.ToLower(f.Name), strings.ToLower(o.Device)) {
			continue
		}
		if f.Kind == Software && !o.AllowSoftware {
			software = true
			continue
		}
		return f, nil
	}
	switch {
	case len(all) == 0:
		return found{}, fmt.Errorf("gpu: %w: the loader knows no device; install a GPU driver", ErrNoAdapter)
	case software:
		return found{}, fmt.Errorf("gpu: %w (%s): allow software devices, or use the CPU kernels, which are faster",
			ErrOnlySoftware, strings.Join(seen, ", "))
	}
	return found{}, fmt.Errorf("gpu: %w named %q, there is %s", ErrNoAdapter, o.Device, strings.Join(seen, ", "))
}

func oneLine(err error) string { return strings.Join(strings.Fields(err.Error()), " ") }
