// A matrix for each head: out [rows, heads, quads + more] = x [rows, heads, width]
// times w [heads, inner, quads], by the first inner channels of x; the ones behind
// them, more times four, are appended. An invocation makes four numbers of a row.
struct Params { rows: u32, heads: u32, width: u32, inner: u32, quads: u32, more: u32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> w: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read_write> out: array<vec4<f32>>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) wid: vec3<u32>, @builtin(num_workgroups) nwg: vec3<u32>,
        @builtin(local_invocation_id) lid: vec3<u32>) {
    let n = (wid.x + wid.z * nwg.x) * 64u + lid.x;
    let size = p.quads + p.more;
    let row = n / size; // of rows * heads
    let c = n % size;
    if (row >= p.rows * p.heads) {
        return;
    }
    let at = row * p.width;
    if (c >= p.quads) {
        let from0 = at + p.inner + 4u * (c - p.quads);
        out[n] = vec4<f32>(x[from0], x[from0 + 1u], x[from0 + 2u], x[from0 + 3u]);
        return;
    }
    let first = (row % p.heads) * p.inner * p.quads + c;
    var sum = vec4<f32>(0.0);
    for (var i = 0u; i < p.inner; i++) {
        sum += x[at + i] * w[first + i * p.quads];
    }
    out[n] = sum;
}
