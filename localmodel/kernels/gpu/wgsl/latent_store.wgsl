// Puts latent rows into the cache, a workgroup a row: the first rank numbers of x
// [tokens, width] by their rms norm, the rest of them as they are. Token pos + t
// goes to slot (pos + t) mod slots.
struct Params { tokens: u32, width: u32, rank: u32, pos: u32, slots: u32, eps: f32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> w: array<f32>; // [rank]
@group(0) @binding(3) var<storage, read_write> rows: array<f32>; // [slots, width]

var<workgroup> parts: array<f32, 64>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) wid: vec3<u32>, @builtin(num_workgroups) nwg: vec3<u32>,
        @builtin(local_invocation_id) lid: vec3<u32>) {
    let t = min(wid.x + wid.z * nwg.x, p.tokens - 1u);
    let from0 = t * p.width;
    let to = ((p.pos + t) % p.slots) * p.width;
    var sum = 0.0;
    for (var i = lid.x; i < p.rank; i += 64u) {
        let v = x[from0 + i];
        sum += v * v;
    }
    parts[lid.x] = sum;
    workgroupBarrier();
    for (var half = 32u; half > 0u; half >>= 1u) {
        if (lid.x < half) {
            parts[lid.x] += parts[lid.x + half];
        }
        workgroupBarrier();
    }
    let inv = 1.0 / sqrt(parts[0] / f32(p.rank) + p.eps);
    for (var i = lid.x; i < p.width; i += 64u) {
        var v = x[from0 + i];
        if (i < p.rank) {
            v *= inv * w[i];
        }
        rows[to + i] = v;
    }
}
