// y[t][r] = sum_i W[r][i] x[t][i], for few tokens t: eight rows a workgroup,
// eight invocations a row, each taking every eighth unit of the row; a token
// reads all weights again.
{{decode}}
struct Params { cols: u32, row_bytes: u32, row0: u32, rows: u32, ld: u32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(2) var<storage, read> x: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;

var<workgroup> parts: array<f32, 64>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) wid: vec3<u32>, @builtin(num_workgroups) nwg: vec3<u32>,
        @builtin(local_invocation_id) lid: vec3<u32>) {
    let row = (wid.x + wid.z * nwg.x) * 8u + (lid.x >> 3u);
    let lane = lid.x & 7u;
    let at = min(row, p.rows - 1u) * p.row_bytes;
    let quads = p.cols / 4u;
    let x0 = wid.y * quads;
    var sum = 0.0;
    for (var u = lane * {{.Unit}}u; u < p.cols; u += 8u * {{.Unit}}u) {
        let s = scale(at, u);
        let end = min(u + {{.Unit}}u, p.cols);
        for (var k = u; k < end; k += 4u) {
            sum += dot(quad(at, k, s), x[x0 + (k >> 2u)]);
        }
    }
    parts[lid.x] = sum;
    workgroupBarrier();
    if (lane == 0u && row < p.rows) {
        var total = 0.0;
        for (var i = 0u; i < 8u; i++) {
            total += parts[lid.x + i];
        }
        y[wid.y * p.ld + p.row0 + row] = total;
    }
}
