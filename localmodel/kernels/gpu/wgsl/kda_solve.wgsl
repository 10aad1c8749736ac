// The third: (I + own) Y = beta [exp(G) k | v] for a chunk, own as kda_pairs left
// it, by forward substitution down each column, {{.Rows}} rows at a time in registers.
// The part of the keys goes to solved, that of the values to out, where the scan
// replaces it by results.
struct Params { tokens: u32, heads: u32, keys: u32, values: u32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> k: array<f32>; // [tokens, heads, keys]
@group(0) @binding(2) var<storage, read> sums: array<f32>;
@group(0) @binding(3) var<storage, read> v: array<f32>; // [tokens, heads, values]
@group(0) @binding(4) var<storage, read> beta: array<f32>; // [tokens, heads]
@group(0) @binding(5) var<storage, read> own: array<vec4<f32>>; // [tokens, heads, 16]
@group(0) @binding(6) var<storage, read_write> solved: array<f32>; // [tokens, heads, keys]
@group(0) @binding(7) var<storage, read_write> out: array<f32>;    // [tokens, heads, values]

fn right(row: u32, column: u32) -> f32 {
    if (column < p.keys) {
        let at = row * p.keys + column;
        return beta[row] * exp(max(sums[at], -100.0)) * k[at];
    }
    return beta[row] * v[row * p.values + column - p.keys];
}

fn above(row: u32, column: u32) -> f32 {
    if (column < p.keys) {
        return solved[row * p.keys + column];
    }
    return out[row * p.values + column - p.keys];
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) wid: vec3<u32>, @builtin(local_invocation_id) lid: vec3<u32>) {
    let column = wid.x * 64u + lid.x;
    if (column >= p.keys + p.values) {
        return;
    }
    let first = wid.y * 64u;
    let rows = min(64u, p.tokens - first);
    let at = first * p.heads + wid.z;
    for (var r0 = 0u; r0 < rows; r0 += {{.Rows}}u) {
{{range $i := seq .Rows}}        let row{{$i}} = at + min(r0 + {{$i}}u, rows - 1u) * p.heads;
        var y{{$i}} = right(row{{$i}}, column);
{{end}}        for (var j = 0u; j < r0; j += 4u) {
            let row = at + j * p.heads;
            let y = vec4<f32>(above(row, column), above(row + p.heads, column),
                above(row + 2u * p.heads, column), above(row + 3u * p.heads, column));
{{range $i := seq .Rows}}            y{{$i}} -= dot(own[row{{$i}} * 16u + j / 4u], y);
{{end}}        }
{{range $i := seq .Rows}}{{range $j := seq $i}}        y{{$i}} -= own[row{{$i}} * 16u + r0 / 4u + {{div $j 4}}u][{{mod $j 4}}] * y{{$j}};
{{end}}        if (r0 + {{$i}}u < rows) {
            if (column < p.keys) {
                solved[row{{$i}} * p.keys + column] = y{{$i}};
            } else {
                out[row{{$i}} * p.values + column - p.keys] = y{{$i}};
            }
        }
{{end}}    }
}
