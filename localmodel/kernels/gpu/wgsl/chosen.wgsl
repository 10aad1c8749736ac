// Attention by streaming softmax over chosen keys: a job is rows of one kv head
// with a list of entries, each up to 64 keys in a row of which a mask has some. An
// entry says which turn of the rows' queries meets it. The places of an entry's
// keys are ranked by counting bits; then it goes on as in attend.
struct Params {
    jobs: u32, heads: u32, group: u32, kv_heads: u32, slots: u32, parts: u32,
    part_rows: u32, turn_rows: u32, factor: f32, cap: f32, part: u32,
}
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> q: array<vec4<f32>>;       // [turns, turn_rows, key size]
@group(0) @binding(2) var<storage, read> kc: array<vec4<f32>>;      // [slots, kv heads, size]
@group(0) @binding(3) var<storage, read> vc: array<vec4<f32>>;
@group(0) @binding(4) var<storage, read> jobs: array<vec4<u32>>;    // two a job: first entry, end, kv head, rows; first row of q, of out
@group(0) @binding(5) var<storage, read> entries: array<vec4<u32>>; // first slot, mask of the first 32 keys, of the others, turn
@group(0) @binding(6) var<storage, read_write> out: array<vec4<f32>>; // [parts, part_rows, value size]
@group(0) @binding(7) var<storage, read_write> lse: array<f32>;       // [parts, part_rows]

var<workgroup> chosen: array<u32, 64>; // slots of an entry's keys

{{template "memory" .}}
@compute @workgroup_size({{mul .Rows .Lanes}})
fn main(@builtin(workgroup_id) wid: vec3<u32>, @builtin(num_workgroups) nwg: vec3<u32>,
        @builtin(local_invocation_id) lid: vec3<u32>) {
    let n = wid.x + wid.z * nwg.x;
    if (n >= p.jobs) {
        return;
    }
    let list = jobs[2u * n];
    let rows = jobs[2u * n + 1u];
    let part = wid.y % p.parts;
    let first = wid.y / p.parts * {{.Rows}}u;
    if (first >= list.w) {
        return;
    }
    let r = lid.x / {{.Lanes}}u;
    let lane = lid.x % {{.Lanes}}u;
    let row = first + r;
    // Rows go through a group of heads before the next token.
    let held = min(row, list.w - 1u);
    let at = (held / p.group) * p.heads + held % p.group;

    let share = (list.y - list.x + p.parts - 1u) / p.parts;
    let start = list.x + part * share;
    let end = min(start + share, list.y);

{{template "registers" .}}    var turn = 0xffffffffu;
    for (var b = start; b < end; b++) {
        let entry = entries[b];
        if (entry.w != turn) {
            turn = entry.w;
            let qat = (turn * p.turn_rows + rows.x + at) * {{.KeyQuads}}u;
{{template "load" .}}        }
        let low = countOneBits(entry.y);
        let count = low + countOneBits(entry.z);
        for (var i = lid.x; i < 64u; i += {{mul .Rows .Lanes}}u) {
            let word = select(entry.y, entry.z, i >= 32u);
            let bit = 1u << (i & 31u);
            if ((word & bit) != 0u) {
                chosen[select(0u, low, i >= 32u) + countOneBits(word & (bit - 1u))] = (entry.x + i) % p.slots;
            }
        }
        workgroupBarrier();
        for (var j0 = 0u; j0 < count; j0 += 8u) {
            let keys = min(8u, count - j0);
            for (var j = 0u; j < keys; j++) {
                let kat = (chosen[j0 + j] * p.kv_heads + list.z) * {{.KeyQuads}}u + lane;
{{template "dot" .}}            }
            workgroupBarrier();
            for (var j = lane; j < keys; j += {{.Lanes}}u) {
                score[r * 8u + j] = scored(r * 8u + j);
            }
            workgroupBarrier();
{{template "rescale" .}}            for (var j = 0u; j < keys; j++) {
                let vat = (chosen[j0 + j] * p.kv_heads + list.z) * {{.ValueQuads}}u + lane;
{{template "add" .}}            }
        }
        workgroupBarrier(); // before chosen is written again
    }
    if (row >= list.w) {
        return;
    }
    let o = (p.part + part) * p.part_rows + rows.y + at;
{{template "finish" .}}}
