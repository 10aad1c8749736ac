package gpu

import (
	"github.com/gogpu/wgpu/hal"
	"github.com/gogpu/wgpu/hal/metal"
	"github.com/gogpu/wgpu/hal/vulkan"
)

// backends lists the ways to a GPU on this system, the preferred one first;
// Vulkan is there for MoltenVK and software drivers.
func backends() []hal.Backend { return []hal.Backend{metal.Backend{}, vulkan.Backend{}} }
