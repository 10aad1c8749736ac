// x[i] += y[i % period]: a residual (period = n) or a bias (period = its length).
struct Params { n: u32, period: u32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read_write> x: array<f32>;
@group(0) @binding(2) var<storage, read> y: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) wid: vec3<u32>, @builtin(num_workgroups) nwg: vec3<u32>,
        @builtin(local_invocation_id) lid: vec3<u32>) {
    let i = (wid.x + wid.z * nwg.x) * 64u + lid.x;
    if (i < p.n) {
        x[i] = x[i] + y[i % p.period];
    }
}
