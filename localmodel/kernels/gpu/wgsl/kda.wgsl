// Kimi Delta Attention as a recurrence over tokens: S' = diag(exp g) S, e = beta
// (v - S'^T k), S = S' + k e^T, o = factor S^T q. Columns of S know nothing of
// each other: {{.Rows}} of a head a workgroup, {{.Lanes}} invocations a column, which
// keep its key channels in registers. With q k known, o needs no second sum over
// lanes: S^T q = S'^T q + e (q k), so a token costs one barrier.
struct Params { tokens: u32, heads: u32, columns: u32, factor: f32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> q: array<vec4<f32>>; // [tokens, heads, key size]
@group(0) @binding(2) var<storage, read> k: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read> g: array<vec4<f32>>; // log decay
@group(0) @binding(4) var<storage, read> v: array<f32>;       // [tokens, heads, columns]
@group(0) @binding(5) var<storage, read> beta: array<f32>;    // [tokens, heads]
@group(0) @binding(6) var<storage, read_write> state: array<f32>; // [heads, key size, columns]
@group(0) @binding(7) var<storage, read_write> out: array<f32>;

// Sums of the lanes, of even and odd tokens: S'^T k, S'^T q, q k.
var<workgroup> sums: array<vec4<f32>, {{mul 2 (mul .Rows .Lanes)}}>;

{{$quads := ceil .KeyQuads .Lanes}}@compute @workgroup_size({{mul .Rows .Lanes}})
fn main(@builtin(workgroup_id) wid: vec3<u32>, @builtin(local_invocation_id) lid: vec3<u32>) {
    let r = lid.x / {{.Lanes}}u;
    let lane = lid.x % {{.Lanes}}u;
    let head = wid.y;
    let own = wid.x * {{.Rows}}u + r;
    let column = min(own, p.columns - 1u);
    let sat = head * {{mul .KeyQuads 4}}u * p.columns + column;
{{range $i := seq $quads}}    var k{{$i}} = vec4<f32>(0.0);
    var s{{$i}} = vec4<f32>(0.0);
    let x{{$i}} = lane + {{mul $i $.Lanes}}u;
    if (x{{$i}} < {{$.KeyQuads}}u) {
        let c = sat + 4u * x{{$i}} * p.columns;
        s{{$i}} = vec4<f32>(state[c], state[c + p.columns], state[c + 2u * p.columns], state[c + 3u * p.columns]);
    }
{{end}}    for (var t = 0u; t < p.tokens; t++) {
        let row = t * p.heads + head;
        let at = row * {{.KeyQuads}}u;
        var part = vec4<f32>(0.0);
{{range $i := seq $quads}}        if (x{{$i}} < {{$.KeyQuads}}u) {
            k{{$i}} = k[at + x{{$i}}];
            let qx = q[at + x{{$i}}];
            s{{$i}} *= exp(max(g[at + x{{$i}}], vec4<f32>(-100.0)));
            part += vec4<f32>(dot(k{{$i}}, s{{$i}}), dot(qx, s{{$i}}), dot(qx, k{{$i}}), 0.0);
        }
{{end}}        let base = (t % 2u) * {{mul .Rows .Lanes}}u;
        sums[base + lid.x] = part;
        workgroupBarrier();
        var sum = vec4<f32>(0.0);
        for (var i = 0u; i < {{.Lanes}}u; i++) {
            sum += sums[base + r * {{.Lanes}}u + i];
        }
        let e = beta[row] * (v[row * p.columns + column] - sum.x);
{{range $i := seq $quads}}        s{{$i}} += e * k{{$i}};
{{end}}        if (lane == 0u && own < p.columns) {
            out[row * p.columns + own] = p.factor * (sum.y + e * sum.z);
        }
    }
    if (own >= p.columns) {
        return;
    }
{{range $i := seq $quads}}    if (x{{$i}} < {{$.KeyQuads}}u) {
        let c = sat + 4u * x{{$i}} * p.columns;
        state[c] = s{{$i}}.x;
        state[c + p.columns] = s{{$i}}.y;
        state[c + 2u * p.columns] = s{{$i}}.z;
        state[c + 3u * p.columns] = s{{$i}}.w;
    }
{{end}}}
