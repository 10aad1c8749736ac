// The nearest centre of each row by squared distance, the lowest of equals: x
// [rows, heads, size], centres [clusters, heads, size], each head by its own.
struct Params { rows: u32, heads: u32, clusters: u32, quads: u32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> centres: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read_write> labels: array<u32>; // [rows, heads]

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) wid: vec3<u32>, @builtin(num_workgroups) nwg: vec3<u32>,
        @builtin(local_invocation_id) lid: vec3<u32>) {
    let n = (wid.x + wid.z * nwg.x) * 64u + lid.x;
    if (n >= p.rows * p.heads) {
        return;
    }
    var best = 3.0e38;
    var label = 0u;
    for (var c = 0u; c < p.clusters; c++) {
        let at = (c * p.heads + n % p.heads) * p.quads;
        var far = 0.0;
        for (var i = 0u; i < p.quads; i++) {
            let d = x[n * p.quads + i] - centres[at + i];
            far += dot(d, d);
        }
        if (far < best) {
            best = far;
            label = c;
        }
    }
    labels[n] = label;
}
