package gpu

import (
	"github.com/gogpu/wgpu/hal"
	"github.com/gogpu/wgpu/hal/dx12"
	"github.com/gogpu/wgpu/hal/vulkan"
)

// backends lists the ways to a GPU on this system, the preferred one first.
func backends() []hal.Backend { return []hal.Backend{vulkan.Backend{}, dx12.Backend{}} }
