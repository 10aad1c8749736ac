//go:build !linux && !darwin && !windows

package gpu

import "github.com/gogpu/wgpu/hal"

// backends is empty: no driver binding is built for this system.
func backends() []hal.Backend { return nil }
