// The second: what rows of a chunk have to do with earlier ones, a workgroup 8
// rows by 8. Sums over channels x, with G of kda_sums:
//   own_ij   = beta_i sum k_ix k_jx exp(G_ix - G_jx)   for j < i
//   score_ij = factor sum q_ix k_jx exp(G_ix - G_jx)   for j <= i
// What lies above the diagonal is left as it is. Only differences of sums are
// taken to the exponent: exp(-G) alone would overflow in a chunk that forgets.
struct Params { tokens: u32, heads: u32, quads: u32, factor: f32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> q: array<vec4<f32>>; // [tokens, heads, quads]
@group(0) @binding(2) var<storage, read> k: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read> sums: array<vec4<f32>>;
@group(0) @binding(4) var<storage, read> beta: array<f32>; // [tokens, heads]
@group(0) @binding(5) var<storage, read_write> own: array<f32>; // [tokens, heads, 64]
@group(0) @binding(6) var<storage, read_write> score: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) wid: vec3<u32>, @builtin(local_invocation_id) lid: vec3<u32>) {
    let i = (wid.x / 8u) * 8u + lid.x / 8u;
    let j = (wid.x % 8u) * 8u + lid.x % 8u;
    let first = wid.y * 64u;
    if (j > i || first + i >= p.tokens) {
        return;
    }
    let row = (first + i) * p.heads + wid.z;
    let a = row * p.quads;
    let b = ((first + j) * p.heads + wid.z) * p.quads;
    var kk = 0.0;
    var qk = 0.0;
    for (var x = 0u; x < p.quads; x++) {
        let faded = k[b + x] * exp(max(sums[a + x] - sums[b + x], vec4<f32>(-100.0)));
        kk += dot(k[a + x], faded);
        qk += dot(q[a + x], faded);
    }
    own[row * 64u + j] = beta[row] * kk;
    score[row * 64u + j] = p.factor * qk;
}
