// Package gpu runs transformer forward passes on any WebGPU device: kernels in
// WGSL, dispatched through Vulkan, Metal or Direct3D 12 without cgo.
//
// Weights stay in their quantised blocks in storage buffers of u32 and are
// dequantised inside the kernels. The operations of a step are recorded into
// one command buffer (Step), so that activations never leave the device; only
// token ids go in, and a token id or a row of logits comes out.
//
// No kernel asks for more than WebGPU's default limits: workgroups of at most
// 256 invocations, at most 16 KiB of workgroup memory, no f16 and no subgroup
// extension. A weight larger than the device binds at once is split by rows.
//
// The kernels are text templates in wgsl/, one file a kernel; a variant for
// each weight format or head size keeps every pipeline small. DESIGN.md says
// what was given up for what.
package gpu
