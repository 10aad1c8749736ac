// Joins the parts of attention: o = sum_p w_p o_p with w = softmax(lse_p); an
// empty part has lse hidden and weighs nothing. rows = tokens * heads.
struct Params { rows: u32, quads: u32, parts: u32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> outs: array<vec4<f32>>; // [parts, rows, quads]
@group(0) @binding(2) var<storage, read> lses: array<f32>;       // [parts, rows]
@group(0) @binding(3) var<storage, read_write> out: array<vec4<f32>>;
@group(0) @binding(4) var<storage, read_write> lse: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) wid: vec3<u32>, @builtin(num_workgroups) nwg: vec3<u32>,
        @builtin(local_invocation_id) lid: vec3<u32>) {
    let i = (wid.x + wid.z * nwg.x) * 64u + lid.x;
    if (i >= p.rows * p.quads) {
        return;
    }
    let row = i / p.quads;
    var top = -3.0e38;
    for (var k = 0u; k < p.parts; k++) {
        top = max(top, lses[k * p.rows + row]);
    }
    var sum = vec4<f32>(0.0);
    var z = 0.0;
    for (var k = 0u; k < p.parts; k++) {
        let l = lses[k * p.rows + row];
        if (l > -3.0e38) { // what an empty part holds may be no number
            let w = exp(max(l - top, -100.0));
            z += w;
            sum += w * outs[k * p.rows * p.quads + i];
        }
    }
    out[i] = sum / max(z, 1.0e-30);
    if (i % p.quads == 0u) {
        lse[row] = select(top + log(max(z, 1.0e-30)), top, top <= -3.0e38);
    }
}
