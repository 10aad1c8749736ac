// Means of runs of rows: x [rows * run, quads], which begins start quads into it, to
// out [rows, quads], which begins to quads into it.
struct Params { n: u32, quads: u32, run: u32, start: u32, to: u32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read_write> out: array<vec4<f32>>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) wid: vec3<u32>, @builtin(num_workgroups) nwg: vec3<u32>,
        @builtin(local_invocation_id) lid: vec3<u32>) {
    let i = (wid.x + wid.z * nwg.x) * 64u + lid.x;
    if (i >= p.n) {
        return;
    }
    let at = p.start + (i / p.quads) * p.run * p.quads + i % p.quads;
    var sum = vec4<f32>(0.0);
    for (var k = 0u; k < p.run; k++) {
        sum += x[at + k * p.quads];
    }
    out[p.to + i] = sum / f32(p.run);
}
