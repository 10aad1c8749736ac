// Attention by streaming softmax: {{.Rows}} query rows a workgroup (tokens x heads of
// one kv head), {{.Lanes}} invocations a row, eight keys at a time. q [tokens, heads,
// key size]; the caches [slots, kv heads, size]; a part sees a share of the keys
// and leaves its own softmax and lse. Scores live for eight keys, never more.
// {{if .Spans}}Each row sees a span of its own, pos is where all of them end.{{else}}Rows are causal, with a window.{{end}}
struct Params {
    tokens: u32, pos: u32, heads: u32, kv_heads: u32, group: u32, window: u32,
    slots: u32, parts: u32, factor: f32, cap: f32, part: u32,
}
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> q: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> kc: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read> vc: array<vec4<f32>>;
@group(0) @binding(4) var<storage, read_write> out: array<vec4<f32>>; // [parts, tokens, heads, value size]
@group(0) @binding(5) var<storage, read_write> lse: array<f32>;       // [parts, tokens, heads]
{{if .Spans}}@group(0) @binding(6) var<storage, read> spans: array<vec2<u32>>;     // [tokens, heads]: first key, end
{{end}}
{{template "memory" .}}
@compute @workgroup_size({{mul .Rows .Lanes}})
fn main(@builtin(workgroup_id) wid: vec3<u32>, @builtin(local_invocation_id) lid: vec3<u32>) {
    let r = lid.x / {{.Lanes}}u;
    let lane = lid.x % {{.Lanes}}u;
    let all = p.tokens * p.group;
    let first = wid.x * {{.Rows}}u;
    let row = first + r;
    let t = min(row, all - 1u) / p.group;
    let head = wid.y * p.group + min(row, all - 1u) % p.group;

    // What any row of the workgroup sees, and of that this part's share.
{{if .Spans}}    let span = spans[t * p.heads + head];
    var from0 = p.pos;
    var to_all = 0u;
    for (var n = first; n < min(first + {{.Rows}}u, all); n++) {
        let s = spans[(n / p.group) * p.heads + wid.y * p.group + n % p.group];
        if (s.x < s.y) {
            from0 = min(from0, s.x);
            to_all = max(to_all, min(s.y, p.pos));
        }
    }
    from0 = min(from0, to_all);
{{else}}    let at = p.pos + t; // the query's position
    let low = p.pos + first / p.group + 1u;
    var from0 = 0u;
    if (p.window != 0u && low > p.window) {
        from0 = low - p.window;
    }
    let to_all = p.pos + min(first + {{.Rows}}u - 1u, all - 1u) / p.group + 1u;
{{end}}    let share = ((to_all - from0 + p.parts - 1u) / p.parts + 7u) & 0xfffffff8u;
    let start = from0 + wid.z * share;
    let end = min(start + share, to_all);

{{template "registers" .}}    let qat = (t * p.heads + head) * {{.KeyQuads}}u;
{{template "load" .}}    var slot0 = start % p.slots; // of key j0; the ring has eight slots or more
    for (var j0 = start; j0 < end; j0 += 8u) {
        let keys = min(8u, end - j0);
        for (var j = 0u; j < keys; j++) {
            let kat = (ring(slot0 + j) * p.kv_heads + wid.y) * {{.KeyQuads}}u + lane;
{{template "dot" .}}        }
        workgroupBarrier();
        for (var n = lane; n < keys; n += {{.Lanes}}u) {
            let j = j0 + n;
{{if .Spans}}            let seen = j >= span.x && j < span.y;
{{else}}            let seen = j <= at && (p.window == 0u || at - j < p.window);
{{end}}            score[r * 8u + n] = select(hidden, scored(r * 8u + n), seen);
        }
        workgroupBarrier();
{{template "rescale" .}}        for (var j = 0u; j < keys; j++) {
            let vat = (ring(slot0 + j) * p.kv_heads + wid.y) * {{.ValueQuads}}u + lane;
{{template "add" .}}        }
        slot0 = ring(slot0 + 8u);
    }
    if (row >= all) {
        return;
    }
    let o = ((p.part + wid.z) * p.tokens + t) * p.heads + head;
{{template "finish" .}}}
