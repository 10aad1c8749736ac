// out[t] = factor * table[ids[t]]: one invocation dequantises four weights.
// The table may come in pieces; each writes the rows that it holds.
{{decode}}
struct Params { cols: u32, row_bytes: u32, row0: u32, rows: u32, factor: f32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(2) var<storage, read> ids: array<u32>;
@group(0) @binding(3) var<storage, read_write> out: array<vec4<f32>>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) wid: vec3<u32>, @builtin(local_invocation_id) lid: vec3<u32>) {
    let q = wid.x * 64u + lid.x;
    let row = ids[wid.y] - p.row0; // wraps to a large number below row0
    if (q * 4u >= p.cols || row >= p.rows) {
        return;
    }
    let at = row * p.row_bytes;
    out[wid.y * (p.cols / 4u) + q] = p.factor * quad(at, 4u * q, scale(at, 4u * q));
}
