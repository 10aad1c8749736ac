// The first of four kernels of Kimi Delta Attention by chunks of 64 rows. With G
// the sum of g from a chunk's first row on, inclusive: G, factor exp(G) q, exp(G
// at the chunk's last row - G) k and exp(G at the last row), an invocation four
// channels of a chunk. A log decay below -20 leaves less than float32 shows, like
// -20, which costs the sums behind it fewer digits.
struct Params { tokens: u32, heads: u32, quads: u32, factor: f32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> g: array<vec4<f32>>; // [tokens, heads, quads], as all below
@group(0) @binding(2) var<storage, read> q: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read> k: array<vec4<f32>>;
@group(0) @binding(4) var<storage, read_write> sums: array<vec4<f32>>;
@group(0) @binding(5) var<storage, read_write> queries: array<vec4<f32>>;
@group(0) @binding(6) var<storage, read_write> keys: array<vec4<f32>>;
@group(0) @binding(7) var<storage, read_write> decay: array<vec4<f32>>; // [chunks, heads, quads]

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) wid: vec3<u32>, @builtin(num_workgroups) nwg: vec3<u32>,
        @builtin(local_invocation_id) lid: vec3<u32>) {
    let i = (wid.x + wid.z * nwg.x) * 64u + lid.x; // of chunks * heads * quads
    let width = p.heads * p.quads;
    let first = (i / width) * 64u;
    if (first >= p.tokens) {
        return;
    }
    let end = min(first + 64u, p.tokens);
    var sum = vec4<f32>(0.0);
    for (var t = first; t < end; t++) {
        let at = t * width + i % width;
        sum += max(g[at], vec4<f32>(-20.0));
        sums[at] = sum;
        queries[at] = p.factor * exp(max(sum, vec4<f32>(-100.0))) * q[at];
    }
    decay[i] = exp(max(sum, vec4<f32>(-100.0)));
    for (var t = first; t < end; t++) {
        let at = t * width + i % width;
        keys[at] = exp(max(sum - sums[at], vec4<f32>(-100.0))) * k[at];
    }
}
