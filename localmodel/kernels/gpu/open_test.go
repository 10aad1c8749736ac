package gpu

import (
	"errors"
	"strings"
	"testing"

	"github.com/gogpu/gputypes"
	"github.com/gogpu/wgpu/hal"
)

// noLoader is a backend on a system without its library.
type noLoader struct{ hal.Backend }

func (noLoader) CreateInstance(*hal.InstanceDescriptor) (hal.Instance, error) {
	return nil, errors.New("libvulkan.so.1: cannot open\nshared object file")
}

// noDriver is what Vulkan's loader says where no driver is installed.
type noDriver struct{ hal.Backend }

func (noDriver) CreateInstance(*hal.InstanceDescriptor) (hal.Instance, error) {
	return nil, errors.New("vulkan: vkCreateInstance failed: -9")
}

func TestAMissingLoaderIsOneClearLine(t *testing.T) {
	_, _, err := enumerate([]hal.Backend{noLoader{}})
	if !errors.Is(err, ErrNoLoader) {
		t.Fatalf("got %v, want ErrNoLoader", err)
	}
	if s := err.Error(); strings.Contains(s, "\n") || !strings.Contains(s, "install") {
		t.Errorf("not one line that says what to do: %q", s)
	}
	if _, _, err := enumerate([]hal.Backend{noDriver{}}); !errors.Is(err, ErrNoAdapter) || strings.Contains(err.Error(), "\n") {
		t.Errorf("a loader without drivers: %v", err)
	}
	if _, _, err := enumerate(nil); !errors.Is(err, ErrNoLoader) {
		t.Errorf("without backends: %v", err)
	}
}

func adapters(list ...gputypes.AdapterInfo) []found {
	var all []found
	for _, info := range list {
		all = append(all, found{Adapter: describe(info)})
	}
	sortByKind(all)
	return all
}

func TestTheAdapterIsChosenByKindAndName(t *testing.T) {
	soft := gputypes.AdapterInfo{Name: "llvmpipe", DeviceType: gputypes.DeviceTypeCPU, Backend: gputypes.BackendVulkan}
	inner := gputypes.AdapterInfo{Name: "Iris Xe", DeviceType: gputypes.DeviceTypeIntegratedGPU, Backend: gputypes.BackendVulkan}
	card := gputypes.AdapterInfo{Name: "H100", DeviceType: gputypes.DeviceTypeDiscreteGPU, Backend: gputypes.BackendVulkan}
	for _, c := range []struct {
		name    string
		all     []found
		options Options
		want    string
		err     error
	}{
		{"the card before the others", adapters(soft, inner, card), Options{}, "H100", nil},
		{"the named one", adapters(soft, inner, card), Options{Device: "iris"}, "Iris Xe", nil},
		{"software only when nothing else is there", adapters(soft, inner), Options{AllowSoftware: true}, "Iris Xe", nil},
		{"software when allowed", adapters(soft), Options{AllowSoftware: true}, "llvmpipe", nil},
		{"software by name still needs leave", adapters(soft, card), Options{Device: "llvm"}, "", ErrOnlySoftware},
		{"software not allowed", adapters(soft), Options{}, "", ErrOnlySoftware},
		{"no such name", adapters(card), Options{Device: "iris"}, "", ErrNoAdapter},
		{"nothing there", adapters(), Options{}, "", ErrNoAdapter},
	} {
		got, err := choose(c.all, c.options)
		if got.Name != c.want || !errors.Is(err, c.err) {
			t.Errorf("%s: got %q and %v, want %q and %v", c.name, got.Name, err, c.want, c.err)
		}
		if err != nil && strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: more than one line: %q", c.name, err)
		}
	}
}

func TestOpenTellsWhatItTook(t *testing.T) {
	d := openDevice(t, Options{})
	list, err := Adapters()
	if err != nil || len(list) == 0 {
		t.Fatalf("adapters: %v, %v", list, err)
	}
	if list[0] != d.Adapter() || d.Name() != list[0].Name || d.Kind() != list[0].Kind {
		t.Errorf("opened %s, listed %v", d.Adapter(), list)
	}
	if d.Kind() == Software {
		if _, err := Open(Options{Device: d.Name()}); !errors.Is(err, ErrOnlySoftware) && !errors.Is(err, ErrNoAdapter) {
			t.Errorf("without leave for software: %v", err)
		}
	}
}

// lyingQueue works until it is told that the device is lost.
type lyingQueue struct {
	hal.Queue
	lost bool
}

func (q *lyingQueue) Submit(c []hal.CommandBuffer) (uint64, error) {
	if q.lost {
		return 0, hal.ErrDeviceLost
	}
	return q.Queue.Submit(c)
}

func TestALostDeviceShowsInEveryLaterCall(t *testing.T) {
	var q *lyingQueue
	d := openDevice(t, Options{wrapQueue: func(inner hal.Queue) hal.Queue {
		q = &lyingQueue{Queue: inner}
		return q
	}})
	c := tinyConfig()
	m, err := NewModel(d, c, find(tinyWeights(c, false)))
	if err != nil {
		t.Fatal(err)
	}
	if err := m.Prefill(tokens(3), 0); err != nil {
		t.Fatal(err)
	}
	q.lost = true
	if _, err := m.Decode(1); !errors.Is(err, ErrDeviceLost) {
		t.Errorf("the call that lost it: %v", err)
	}
	q.lost = false
	if _, err := m.Decode(1); !errors.Is(err, ErrDeviceLost) {
		t.Errorf("the next decode: %v", err)
	}
	if _, err := d.NewBuffer("x", 1); !errors.Is(err, ErrDeviceLost) {
		t.Errorf("the next buffer: %v", err)
	}
	if err := d.Begin().Run(); !errors.Is(err, ErrDeviceLost) {
		t.Errorf("the next step: %v", err)
	}
	if err := d.Close(); !errors.Is(err, ErrDeviceLost) {
		t.Errorf("close: %v", err)
	}
}

func TestAClosedDeviceSaysSo(t *testing.T) {
	d := openDevice(t, Options{})
	b, err := d.NewBuffer("x", 4)
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := d.NewBuffer("y", 4); !errors.Is(err, ErrClosed) {
		t.Errorf("buffer: %v", err)
	}
	if err := b.WriteFloats(0, []float32{1}); !errors.Is(err, ErrClosed) {
		t.Errorf("write: %v", err)
	}
	if err := d.Begin().Submit(); !errors.Is(err, ErrClosed) {
		t.Errorf("step: %v", err)
	}
	if err := d.Close(); err != nil {
		t.Errorf("second close: %v", err)
	}
	b.Release()
}
