// y[r] = x[row0 + r] / sqrt(mean(x^2) + eps) * w: a workgroup a row.
struct Params { cols: u32, row0: u32, eps: f32, rows: u32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> w: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;

var<workgroup> parts: array<f32, 64>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) wid: vec3<u32>, @builtin(num_workgroups) nwg: vec3<u32>,
        @builtin(local_invocation_id) lid: vec3<u32>) {
    let row = min(wid.x + wid.z * nwg.x, p.rows - 1u);
    let from0 = (p.row0 + row) * p.cols;
    var sum = 0.0;
    for (var i = lid.x; i < p.cols; i += 64u) {
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
    let inv = 1.0 / sqrt(parts[0] / f32(p.cols) + p.eps);
    for (var i = lid.x; i < p.cols; i += 64u) {
        y[row * p.cols + i] = x[from0 + i] * inv * w[i];
    }
}
