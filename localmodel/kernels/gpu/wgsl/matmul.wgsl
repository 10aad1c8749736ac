// y[t][r] = sum_i W[r][i] x[t][i], for many tokens: a workgroup makes 32 rows
// by 32 tokens. 32 columns of both sides at a time lie in workgroup memory,
// the weights dequantised once for 32 tokens; an invocation makes 4 x 4.
{{decode}}
struct Params { cols: u32, row_bytes: u32, row0: u32, rows: u32, ld: u32, tokens: u32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(2) var<storage, read> x: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;

var<workgroup> ws: array<vec4<f32>, 256>; // [column / 4][row]
var<workgroup> xs: array<vec4<f32>, 256>; // [column / 4][token]

fn store(t: u32, r: u32, v: f32) {
    if (t < p.tokens && r < p.rows) {
        y[t * p.ld + p.row0 + r] = v;
    }
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) wid: vec3<u32>, @builtin(num_workgroups) nwg: vec3<u32>,
        @builtin(local_invocation_id) lid: vec3<u32>) {
    let r0 = (wid.x + wid.z * nwg.x) * 32u;
    let t0 = wid.y * 32u;
    let quads = p.cols / 4u;
    let mine = lid.x >> 1u;      // the row and the token that this invocation loads
    let part = (lid.x & 1u) * 4u; // and which quads of it
    let at = min(r0 + mine, p.rows - 1u) * p.row_bytes;
    let xrow = min(t0 + mine, p.tokens - 1u) * quads;
    let ry = lid.x >> 3u;
    let tx = lid.x & 7u;
{{range seq 4}}    var acc{{.}} = vec4<f32>(0.0);
{{end}}
    for (var k = 0u; k < quads; k += 8u) {
        let here = min(8u, quads - k); // quads of this step
        let mine_here = min(max(here, part) - part, 4u);
        let at_k = k + part;
        let s = scale(at, min(at_k, quads - 1u) * 4u);
        for (var i = 0u; i < mine_here; i++) {
            ws[(part + i) * 32u + mine] = quad(at, (at_k + i) * 4u, s);
            xs[(part + i) * 32u + mine] = x[xrow + at_k + i];
        }
        workgroupBarrier();
        for (var i = 0u; i < here; i++) {
            let base = i * 32u;
{{range seq 4}}            let x{{.}} = xs[base + tx + {{mul . 8}}u];
{{end}}{{range seq 4}}            let w{{.}} = ws[base + ry + {{mul . 8}}u];
            acc{{.}} += vec4<f32>(dot(w{{.}}, x0), dot(w{{.}}, x1), dot(w{{.}}, x2), dot(w{{.}}, x3));
{{end}}        }
        workgroupBarrier();
    }
{{range $i := seq 4}}{{range $j := seq 4}}    store(t0 + tx + {{mul $j 8}}u, r0 + ry + {{mul $i 8}}u, acc{{$i}}[{{$j}}]);
{{end}}{{end}}}
