// The means of each cluster's rows: x [rows, heads, size], labels [rows, heads]
// to centres [clusters, heads, size]. A cluster without a row stays as it is. An
// invocation adds up four channels of a cluster.
struct Params { rows: u32, heads: u32, clusters: u32, quads: u32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> labels: array<u32>;
@group(0) @binding(3) var<storage, read_write> centres: array<vec4<f32>>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) wid: vec3<u32>, @builtin(num_workgroups) nwg: vec3<u32>,
        @builtin(local_invocation_id) lid: vec3<u32>) {
    let n = (wid.x + wid.z * nwg.x) * 64u + lid.x;
    let width = p.heads * p.quads;
    if (n >= p.clusters * width) {
        return;
    }
    let head = n % width / p.quads;
    var sum = vec4<f32>(0.0);
    var count = 0u;
    for (var row = 0u; row < p.rows; row++) {
        if (labels[row * p.heads + head] == n / width) {
            sum += x[row * width + n % width];
            count++;
        }
    }
    if (count > 0u) {
        centres[n] = sum / f32(count);
    }
}
