// Rotates pairs of channels in place: x [tokens, heads, dim], table [tokens,
// pairs] of (cos, sin) from offset on. Pair i is (2i, 2i+1) when interleaved,
// else (i, i + pairs); channels beyond 2 pairs stay.
struct Params { n: u32, heads: u32, dim: u32, pairs: u32, interleaved: u32, offset: u32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read_write> x: array<f32>;
@group(0) @binding(2) var<storage, read> table: array<vec2<f32>>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) wid: vec3<u32>, @builtin(num_workgroups) nwg: vec3<u32>,
        @builtin(local_invocation_id) lid: vec3<u32>) {
    let n = (wid.x + wid.z * nwg.x) * 64u + lid.x; // of tokens * heads * pairs
    if (n >= p.n) {
        return;
    }
    let i = n % p.pairs;
    let head = n / p.pairs;
    let cs = table[p.offset + (head / p.heads) * p.pairs + i];
    let a = head * p.dim + select(i, 2u * i, p.interleaved != 0u);
    let b = a + select(p.pairs, 1u, p.interleaved != 0u);
    let u = x[a];
    let v = x[b];
    x[a] = u * cs.x - v * cs.y;
    x[b] = v * cs.x + u * cs.y;
}
