// Keeps what the next tokens' convolutions need: the last taps - 1 samples of the
// tail and x behind it. An invocation moves a channel, oldest sample first.
struct Params { tokens: u32, channels: u32, taps: u32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>; // [tokens, channels]
@group(0) @binding(2) var<storage, read_write> tail: array<f32>; // [taps - 1, channels]

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) wid: vec3<u32>, @builtin(num_workgroups) nwg: vec3<u32>,
        @builtin(local_invocation_id) lid: vec3<u32>) {
    let c = (wid.x + wid.z * nwg.x) * 64u + lid.x;
    if (c >= p.channels) {
        return;
    }
    for (var i = 0u; i < p.taps - 1u; i++) {
        let at = p.tokens + i;
        if (at < p.taps - 1u) {
            tail[i * p.channels + c] = tail[at * p.channels + c];
        } else {
            tail[i * p.channels + c] = x[(at - p.taps + 1u) * p.channels + c];
        }
    }
}
