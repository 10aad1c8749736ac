// Rotates queries by several positions: out [turns, tokens, heads, dim] from x
// [tokens, heads, dim] and table [turns, tokens, pairs] of (cos, sin). Pairs are
// as in rope; channels beyond 2 pairs are copied. n = tokens * heads.
struct Params { n: u32, turns: u32, heads: u32, dim: u32, pairs: u32, interleaved: u32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> table: array<vec2<f32>>;
@group(0) @binding(3) var<storage, read_write> out: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) wid: vec3<u32>, @builtin(num_workgroups) nwg: vec3<u32>,
        @builtin(local_invocation_id) lid: vec3<u32>) {
    let half = p.dim / 2u;
    let i = (wid.x + wid.z * nwg.x) * 64u + lid.x; // of turns * n * half
    if (i >= p.turns * p.n * half) {
        return;
    }
    let pair = i % half;
    let row = i / half; // of [turns, tokens, heads]
    let from0 = (row % p.n) * p.dim;
    let to = row * p.dim;
    if (pair >= p.pairs) {
        out[to + 2u * pair] = x[from0 + 2u * pair];
        out[to + 2u * pair + 1u] = x[from0 + 2u * pair + 1u];
        return;
    }
    let cs = table[(row / p.heads) * p.pairs + pair];
    let a = select(pair, 2u * pair, p.interleaved != 0u);
    let b = a + select(p.pairs, 1u, p.interleaved != 0u);
    let u = x[from0 + a];
    let v = x[from0 + b];
    out[to + a] = u * cs.x - v * cs.y;
    out[to + b] = v * cs.x + u * cs.y;
}
