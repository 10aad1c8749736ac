package gpu

import (
	"path/filepath"

	"github.com/gogpu/wgpu/hal"
	"github.com/gogpu/wgpu/hal/vulkan"
)

// backends lists the ways to a GPU on this system, the preferred one first.
func backends() []hal.Backend { return []hal.Backend{vulkan.Backend{}} }

// mayHaveGPU says whether some driver offers a GPU to programs: without one,
// loading Vulkan only costs time, and Mesa's software driver then complains on
// the terminal about a window system that nobody asked for.
func mayHaveGPU() bool {
	for _, nodes := range []string{"/dev/dri/renderD*", "/dev/nvidia[0-9]*", "/dev/dxg", "/dev/kgsl-3d*", "/dev/mali*"} {
		if found, err := filepath.Glob(nodes); err == nil && len(found) > 0 {
			return true
		}
	}
	return false
}
