// In place, of each token and head: channels z become the log decay -exp(rate)
// softplus(z + bias), and beta its sigmoid.
struct Params { rows: u32, heads: u32, size: u32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> rate: array<f32>; // [heads]
@group(0) @binding(2) var<storage, read> bias: array<f32>; // [heads, size]
@group(0) @binding(3) var<storage, read_write> decay: array<f32>; // [rows, size], rows = tokens * heads
@group(0) @binding(4) var<storage, read_write> beta: array<f32>;  // [rows]
{{act}}
// softplus(z) = log(1 + exp(z)) = max(z, 0) + log(1 + e), e = exp(-|z|) <= 1. The
// sum 1 + e would lose a small e, whose decay a state keeps for thousands of
// tokens: log(1 + e) = 2 artanh(s), s = e / (2 + e) <= 1/3, whose terms fall by 9.
fn softplus(z: f32) -> f32 {
    let e = exp(max(-abs(z), -80.0));
    let s = e / (2.0 + e);
    let t = s * s;
    let rest = t * (2.0 / 3.0 + t * (2.0 / 5.0 + t * (2.0 / 7.0 + t * (2.0 / 9.0 + t * (2.0 / 11.0 + t * (2.0 / 13.0 + t * 2.0 / 15.0))))));
    return max(z, 0.0) + s * (2.0 + rest);
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) wid: vec3<u32>, @builtin(num_workgroups) nwg: vec3<u32>,
        @builtin(local_invocation_id) lid: vec3<u32>) {
    let n = (wid.x + wid.z * nwg.x) * 64u + lid.x;
    if (n >= p.rows * p.size) {
        return;
    }
    let row = n / p.size;
    let head = row % p.heads;
    let x = n % p.size;
    decay[n] = -exp(min(rate[head], 80.0)) * softplus(decay[n] + bias[head * p.size + x]);
    if (x == 0u) {
        beta[row] = act(beta[row]);
    }
}
