// The index of the largest of n values, the lowest one of equals; NaNs do not
// count, and without any number it is 0xffffffff. A first run leaves one
// candidate a workgroup; a second run of one workgroup (n: the number of
// candidates, last: 1) picks among those. Candidates are pairs of (index,
// value's bits).
struct Params { n: u32, last: u32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> candidates: array<vec2<u32>>;
@group(0) @binding(3) var<storage, read_write> best: array<u32>;

var<workgroup> values: array<f32, 64>;
var<workgroup> indices: array<u32, 64>;

// better: entry j beats entry i.
fn better(i: u32, j: u32) -> bool {
    return values[j] > values[i] || (values[j] == values[i] && indices[j] < indices[i]);
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) wid: vec3<u32>, @builtin(num_workgroups) nwg: vec3<u32>,
        @builtin(local_invocation_id) lid: vec3<u32>) {
    var value = -3.4e38;
    var index = 0xffffffffu;
    for (var i = wid.x * 64u + lid.x; i < p.n; i += nwg.x * 64u) {
        var v = 0.0;
        var at = i;
        if (p.last != 0u) {
            v = bitcast<f32>(candidates[i].y);
            at = candidates[i].x;
        } else {
            v = x[i];
        }
        // Told by its bits, since drivers may compare a NaN as they like.
        let number = (bitcast<u32>(v) & 0x7fffffffu) <= 0x7f800000u;
        if (number && (v > value || (v == value && at < index))) {
            value = v;
            index = at;
        }
    }
    values[lid.x] = value;
    indices[lid.x] = index;
    workgroupBarrier();
    for (var half = 32u; half > 0u; half >>= 1u) {
        if (lid.x < half && better(lid.x, lid.x + half)) {
            values[lid.x] = values[lid.x + half];
            indices[lid.x] = indices[lid.x + half];
        }
        workgroupBarrier();
    }
    if (lid.x == 0u) {
        if (p.last != 0u) {
            best[0] = indices[0];
        } else {
            candidates[wid.x] = vec2<u32>(indices[0], bitcast<u32>(values[0]));
        }
    }
}
