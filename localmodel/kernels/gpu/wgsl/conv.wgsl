// Short causal convolutions, one for each channel, and silu: out[t][c] = silu(sum_i
// w[i][c] x[t - taps + 1 + i][c]). tail [taps - 1, channels] is what came before.
struct Params { tokens: u32, channels: u32, taps: u32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>; // [tokens, channels]
@group(0) @binding(2) var<storage, read> w: array<f32>; // [taps, channels], the oldest sample's first
@group(0) @binding(3) var<storage, read> tail: array<f32>;
@group(0) @binding(4) var<storage, read_write> out: array<f32>;
{{act}}
@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) wid: vec3<u32>, @builtin(num_workgroups) nwg: vec3<u32>,
        @builtin(local_invocation_id) lid: vec3<u32>) {
    let n = (wid.x + wid.z * nwg.x) * 64u + lid.x;
    if (n >= p.tokens * p.channels) {
        return;
    }
    let t = n / p.channels;
    let c = n % p.channels;
    var sum = 0.0;
    for (var i = 0u; i < p.taps; i++) {
        let at = t + i; // of the tail and x behind it
        if (at < p.taps - 1u) {
            sum += w[i * p.channels + c] * tail[at * p.channels + c];
        } else {
            sum += w[i * p.channels + c] * x[(at - p.taps + 1u) * p.channels + c];
        }
    }
    out[n] = act(sum);
}
