// Attention by streaming softmax: {{.Rows}} query rows a workgroup (tokens x heads of
// one kv head), {{.Lanes}} invocations a row, eight keys at a time. q [tokens, heads,
// key size]; the caches [slots, kv heads, size]; a part sees a share of the keys
// and leaves its own softmax and lse. Scores live for eight keys, never more.
struct Params {
    tokens: u32, pos: u32, heads: u32, kv_heads: u32, group: u32, window: u32,
    slots: u32, parts: u32, factor: f32, cap: f32,
}
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> q: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> kc: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read> vc: array<vec4<f32>>;
@group(0) @binding(4) var<storage, read_write> out: array<vec4<f32>>; // [parts, tokens, heads, value size]
@group(0) @binding(5) var<storage, read_write> lse: array<f32>;       // [parts, tokens, heads]

const hidden = -3.0e38;

var<workgroup> dots: array<f32, {{mul (mul .Rows 8) .Lanes}}>; // [row][key][lane]
var<workgroup> score: array<f32, {{mul .Rows 8}}>;                // [row][key]

// ring brings a slot less than twice around back, without a division.
fn ring(slot: u32) -> u32 {
    return select(slot, slot - p.slots, slot >= p.slots);
}
{{$keys := ceil .KeyQuads .Lanes}}{{$values := ceil .ValueQuads .Lanes}}
@compute @workgroup_size({{mul .Rows .Lanes}})
fn main(@builtin(workgroup_id) wid: vec3<u32>, @builtin(local_invocation_id) lid: vec3<u32>) {
    let r = lid.x / {{.Lanes}}u;
    let lane = lid.x % {{.Lanes}}u;
    let all = p.tokens * p.group;
    let first = wid.x * {{.Rows}}u;
    let row = first + r;
    let t = min(row, all - 1u) / p.group;
    let head = wid.y * p.group + min(row, all - 1u) % p.group;
    let at = p.pos + t; // the query's position

    // What any row of the workgroup sees, and of that this part's share.
    let low = p.pos + first / p.group + 1u;
    var from0 = 0u;
    if (p.window != 0u && low > p.window) {
        from0 = low - p.window;
    }
    let to_all = p.pos + min(first + {{.Rows}}u - 1u, all - 1u) / p.group + 1u;
    let share = ((to_all - from0 + p.parts - 1u) / p.parts + 7u) & 0xfffffff8u;
    let start = from0 + wid.z * share;
    let end = min(start + share, to_all);

    let qat = (t * p.heads + head) * {{.KeyQuads}}u;
{{range $i := seq $keys}}    var q{{$i}} = vec4<f32>(0.0);
    if (lane + {{mul $i $.Lanes}}u < {{$.KeyQuads}}u) { q{{$i}} = q[qat + lane + {{mul $i $.Lanes}}u]; }
{{end}}{{range seq $values}}    var a{{.}} = vec4<f32>(0.0);
{{end}}    var m = hidden;
    var z = 0.0;
    var slot0 = start % p.slots; // of key j0; the ring has eight slots or more
    for (var j0 = start; j0 < end; j0 += 8u) {
        let keys = min(8u, end - j0);
        for (var j = 0u; j < keys; j++) {
            let kat = (ring(slot0 + j) * p.kv_heads + wid.y) * {{.KeyQuads}}u + lane;
            var sum = 0.0;
{{range $i := seq $keys}}{{if divs $.Lanes $.KeyQuads}}            sum += dot(q{{$i}}, kc[kat + {{mul $i $.Lanes}}u]);
{{else}}            if (lane + {{mul $i $.Lanes}}u < {{$.KeyQuads}}u) { sum += dot(q{{$i}}, kc[kat + {{mul $i $.Lanes}}u]); }
{{end}}{{end}}            dots[(r * 8u + j) * {{.Lanes}}u + lane] = sum;
        }
        workgroupBarrier();
        for (var n = lane; n < keys; n += {{.Lanes}}u) {
            var s = 0.0;
            for (var i = 0u; i < {{.Lanes}}u; i++) {
                s += dots[(r * 8u + n) * {{.Lanes}}u + i];
            }
            s *= p.factor;
            if (p.cap > 0.0) {
                s = p.cap * tanh(clamp(s / p.cap, -10.0, 10.0));
            }
            let j = j0 + n;
            let seen = j <= at && (p.window == 0u || at - j < p.window);
            score[r * 8u + n] = select(hidden, s, seen);
        }
        workgroupBarrier();
        var top = m;
        for (var j = 0u; j < keys; j++) {
            top = max(top, score[r * 8u + j]);
        }
        let keep = exp(max(m - top, -100.0)) * select(1.0, 0.0, m == hidden);
        m = top;
        z *= keep;
{{range seq $values}}        a{{.}} *= keep;
{{end}}        for (var j = 0u; j < keys; j++) {
            let s = score[r * 8u + j];
            let e = exp(max(s - top, -100.0)) * select(1.0, 0.0, s == hidden);
            let vat = (ring(slot0 + j) * p.kv_heads + wid.y) * {{.ValueQuads}}u + lane;
            z += e;
{{range $i := seq $values}}{{if divs $.Lanes $.ValueQuads}}            a{{$i}} += e * vc[vat + {{mul $i $.Lanes}}u];
{{else}}            if (lane + {{mul $i $.Lanes}}u < {{$.ValueQuads}}u) { a{{$i}} += e * vc[vat + {{mul $i $.Lanes}}u]; }
{{end}}{{end}}        }
        slot0 = ring(slot0 + 8u);
    }
    if (row >= all) {
        return;
    }
    let inv = select(0.0, 1.0 / max(z, 1.0e-30), z > 0.0);
    let o = (wid.z * p.tokens + t) * p.heads + head;
{{range $i := seq $values}}    if (lane + {{mul $i $.Lanes}}u < {{$.ValueQuads}}u) { out[o * {{$.ValueQuads}}u + lane + {{mul $i $.Lanes}}u] = a{{$i}} * inv; }
{{end}}    if (lane == 0u) {
        lse[o] = select(hidden, m + log(max(z, 1.0e-30)), z > 0.0);
    }
}
