// What keys receive: sums [heads, stride] += sum over rows of exp(score - lse),
// {{.Rows}} keys of one query head a workgroup, {{.Lanes}} invocations a key, eight query
// rows at a time. A key's channels stay in registers and the queries stream past
// it. q [tokens, heads, size], the cache [slots, kv heads, size].
struct Params {
    tokens: u32, pos: u32, heads: u32, kv_heads: u32, group: u32, window: u32,
    slots: u32, keys: u32, factor: f32, cap: f32, stride: u32,
}
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> q: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> kc: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read> lse: array<f32>; // [tokens, heads]
@group(0) @binding(4) var<storage, read_write> sums: array<f32>;

{{template "dots" .}}
@compute @workgroup_size({{mul .Rows .Lanes}})
fn main(@builtin(workgroup_id) wid: vec3<u32>, @builtin(local_invocation_id) lid: vec3<u32>) {
    let r = lid.x / {{.Lanes}}u;
    let lane = lid.x % {{.Lanes}}u;
    let head = wid.y;
    let first = wid.x * {{.Rows}}u;
    let key = first + r;
    let last = min(first + {{.Rows}}u, p.keys) - 1u;
    let kat = ((min(key, last) % p.slots) * p.kv_heads + head / p.group) * {{.KeyQuads}}u;
{{range $i := seq (ceil .KeyQuads .Lanes)}}    var k{{$i}} = vec4<f32>(0.0);
    if (lane + {{mul $i $.Lanes}}u < {{$.KeyQuads}}u) { k{{$i}} = kc[kat + lane + {{mul $i $.Lanes}}u]; }
{{end}}
    // The rows that see any key of the workgroup.
    let start = max(first, p.pos) - p.pos;
    var end = p.tokens;
    if (p.window != 0u && last + p.window < p.pos + p.tokens) {
        end = max(last + p.window, p.pos) - p.pos;
    }
    var received = 0.0;
    for (var t0 = start; t0 < end; t0 += 8u) {
        let rows = min(8u, end - t0);
        for (var j = 0u; j < rows; j++) {
            let qat = ((t0 + j) * p.heads + head) * {{.KeyQuads}}u + lane;
            var sum = 0.0;
{{range $i := seq (ceil .KeyQuads .Lanes)}}            if (lane + {{mul $i $.Lanes}}u < {{$.KeyQuads}}u) { sum += dot(k{{$i}}, q[qat + {{mul $i $.Lanes}}u]); }
{{end}}            dots[(r * 8u + j) * {{.Lanes}}u + lane] = sum;
        }
        workgroupBarrier();
        for (var n = lane; n < rows; n += {{.Lanes}}u) {
            let at = p.pos + t0 + n;
            let total = lse[(t0 + n) * p.heads + head];
            if (key <= at && (p.window == 0u || at - key < p.window) && total > hidden) {
                received += exp(scored(r * 8u + n) - total);
            }
        }
        workgroupBarrier();
    }
    dots[r * 8u * {{.Lanes}}u + lane] = received;
    workgroupBarrier();
    if (lane == 0u && key <= last) {
        for (var i = 0u; i < {{.Lanes}}u; i++) {
            received += select(dots[r * 8u * {{.Lanes}}u + i], 0.0, i == 0u);
        }
        sums[head * p.stride + key] += received;
    }
}
