// Products of queries [tokens, heads, size] with a table [entries, kv heads, size]
// of centroids, chunks' vectors or the like: out [tokens * heads, entries]. The
// queries of a head meet the same entries; a table is small beside a cache.
// {{if .Listed}}Those entries that are listed, of each head its own.{{else}}Every step-th entry from the first on.{{end}}
struct Params { rows: u32, heads: u32, group: u32, kv_heads: u32, entries: u32, quads: u32, factor: f32, first: u32, step: u32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> q: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> table: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read_write> out: array<f32>;
{{if .Listed}}@group(0) @binding(4) var<storage, read> list: array<u32>; // [heads, entries]
{{end}}
@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) wid: vec3<u32>, @builtin(num_workgroups) nwg: vec3<u32>,
        @builtin(local_invocation_id) lid: vec3<u32>) {
    let i = (wid.x + wid.z * nwg.x) * 64u + lid.x;
    if (i >= p.rows * p.entries) {
        return;
    }
    let row = i / p.entries;
    let a = row * p.quads;
    let head = row % p.heads;
{{if .Listed}}    let entry = list[head * p.entries + i % p.entries];
{{else}}    let entry = p.first + i % p.entries * p.step;
{{end}}    let b = (entry * p.kv_heads + head / p.group) * p.quads;
    var sum = 0.0;
    for (var x = 0u; x < p.quads; x++) {
        sum += dot(q[a + x], table[b + x]);
    }
    out[i] = sum * p.factor;
}
