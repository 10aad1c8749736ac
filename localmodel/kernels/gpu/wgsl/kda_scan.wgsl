// The last: a head's state S through all chunks, {{mul .ValueQuads 4}} of its columns a workgroup.
// With W = solved and U = out of kda_solve and queries, keys and decay of kda_sums:
//   C = U - W S,  out = queries S + score C,  S = decay S + keys^T C
// An invocation has a row of the chunk and four columns, then a key channel of
// the state; S and C stay in workgroup memory, a chunk costs two barriers.
struct Params { tokens: u32, heads: u32, quads: u32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> solved: array<vec4<f32>>;  // [tokens, heads, key quads]
@group(0) @binding(2) var<storage, read> queries: array<vec4<f32>>; // [tokens, heads, key quads]
@group(0) @binding(3) var<storage, read> keys: array<f32>;          // [tokens, heads, key size]
@group(0) @binding(4) var<storage, read> score: array<f32>;         // [tokens, heads, 64]
@group(0) @binding(5) var<storage, read> decay: array<f32>;         // [chunks, heads, key size]
@group(0) @binding(6) var<storage, read_write> state: array<vec4<f32>>; // [heads, key size, quads]
@group(0) @binding(7) var<storage, read_write> out: array<vec4<f32>>;   // [tokens, heads, quads]
{{$size := mul .KeyQuads 4}}
var<workgroup> s: array<vec4<f32>, {{mul $size .ValueQuads}}>; // [key size][quad]
var<workgroup> c: array<vec4<f32>, {{mul 64 .ValueQuads}}>; // [row][quad]

@compute @workgroup_size({{mul 64 .ValueQuads}})
fn main(@builtin(workgroup_id) wid: vec3<u32>, @builtin(local_invocation_id) lid: vec3<u32>) {
    let i = lid.x / {{.ValueQuads}}u;
    let n = lid.x % {{.ValueQuads}}u;
    let head = wid.y;
    let own = wid.x * {{.ValueQuads}}u + n;
    let quad = min(own, p.quads - 1u);
    for (var x = i; x < {{$size}}u; x += 64u) {
        s[x * {{.ValueQuads}}u + n] = state[(head * {{$size}}u + x) * p.quads + quad];
    }
    for (var first = 0u; first < p.tokens; first += 64u) {
        let rows = min(64u, p.tokens - first);
        let row = (first + min(i, rows - 1u)) * p.heads + head;
        workgroupBarrier();
        var mine = out[row * p.quads + quad];
        var sum = vec4<f32>(0.0);
        for (var x = 0u; x < {{.KeyQuads}}u; x++) {
            let w = solved[row * {{.KeyQuads}}u + x];
            let q = queries[row * {{.KeyQuads}}u + x];
{{range $y := seq 4}}            let s{{$y}} = s[(4u * x + {{$y}}u) * {{$.ValueQuads}}u + n];
            mine -= w[{{$y}}] * s{{$y}};
            sum += q[{{$y}}] * s{{$y}};
{{end}}        }
        c[lid.x] = mine;
        workgroupBarrier();
        if (i < rows) {
            for (var j = 0u; j <= i; j++) {
                sum += score[row * 64u + j] * c[j * {{.ValueQuads}}u + n];
            }
            if (own < p.quads) {
                out[row * p.quads + own] = sum;
            }
        }
        let last = ((first / 64u) * p.heads + head) * {{$size}}u;
        for (var x = i; x < {{$size}}u; x += 64u) {
            var kept = decay[last + x] * s[x * {{.ValueQuads}}u + n];
            for (var j = 0u; j < rows; j++) {
                kept += keys[((first + j) * p.heads + head) * {{$size}}u + x] * c[j * {{.ValueQuads}}u + n];
            }
            s[x * {{.ValueQuads}}u + n] = kept;
        }
    }
    if (own < p.quads) {
        for (var x = i; x < {{$size}}u; x += 64u) {
            state[(head * {{$size}}u + x) * p.quads + own] = s[x * {{.ValueQuads}}u + n];
        }
    }
}
