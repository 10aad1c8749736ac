// Puts the keys and values of tokens pos.. into the cache, a ring of slots:
// token pos+t goes to slot (pos+t) mod slots. Widths are heads * head size.
struct Params { tokens: u32, kw: u32, vw: u32, pos: u32, slots: u32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> k: array<f32>;
@group(0) @binding(2) var<storage, read> v: array<f32>;
@group(0) @binding(3) var<storage, read_write> kc: array<f32>;
@group(0) @binding(4) var<storage, read_write> vc: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) wid: vec3<u32>, @builtin(local_invocation_id) lid: vec3<u32>) {
    let i = wid.x * 64u + lid.x;
    let slot = (p.pos + wid.y) % p.slots;
    if (i < p.kw) {
        kc[slot * p.kw + i] = k[wid.y * p.kw + i];
    } else if (i - p.kw < p.vw) {
        vc[slot * p.vw + i - p.kw] = v[wid.y * p.vw + i - p.kw];
    }
}
