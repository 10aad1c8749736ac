// x[i] = cap * tanh(x[i] / cap)
struct Params { n: u32, cap: f32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read_write> x: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) wid: vec3<u32>, @builtin(num_workgroups) nwg: vec3<u32>,
        @builtin(local_invocation_id) lid: vec3<u32>) {
    let i = (wid.x + wid.z * nwg.x) * 64u + lid.x;
    if (i < p.n) {
        x[i] = p.cap * tanh(clamp(x[i] / p.cap, -10.0, 10.0));
    }
}
