// Q5_K, 176 bytes for 256 weights: f16 d, e; byte s[12]; byte h[32]; byte
// p[128]. Eight groups j of 32 with six-bit scale S and minimum M, the fifth
// bit of weight l of group j being bit j of h[l]: w = d S q - e M.
fn scale(row: u32, k: u32) -> vec2<f32> {
    let block = row + (k >> 8u) * 176u;
    let j = (k >> 5u) & 7u;
    let a = byte_at(block + 4u + j);                // s[j]
    let b = byte_at(block + 4u + select(j - 4u, j + 4u, j < 4u));
    let c = byte_at(block + 4u + (j & 3u) + 8u);    // s[j+4] of j >= 4
    let big = select(c & 15u, a & 63u, j < 4u) | select((b >> 6u) << 4u, 0u, j < 4u);
    let low = select(c >> 4u, b & 63u, j < 4u) | select((a >> 6u) << 4u, 0u, j < 4u);
    let v = wts[block >> 2u];
    return vec2<f32>(half_value(v & 65535u) * f32(big), -half_value(v >> 16u) * f32(low));
}

fn quad(row: u32, k: u32, s: vec2<f32>) -> vec4<f32> {
    let block = row + (k >> 8u) * 176u;
    let j = (k >> 5u) & 7u;
    let v = wts[(block + 48u + 32u * (j >> 1u) + (k & 31u)) >> 2u];
    let h = wts[(block + 16u + (k & 31u)) >> 2u];
    let low = (v >> ((j & 1u) * 4u)) & 0x0f0f0f0fu;
    return bytes(low | (((h >> j) & 0x01010101u) << 4u)) * s.x + s.y;
}
